"""The feeds in a list that a feed reader exported: OPML 1.0 and 2.0 (http://opml.org/spec2.opml)."""

import codecs
import html.entities
import re
from dataclasses import dataclass, replace

from digest.ports import Document, Fault
from digest.read.decode import decode
from digest.read.parsing import html_tree

_DECLARED = re.compile(r"\A\s*<\?xml[^>]*\?>")
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
# An ampersand that begins no reference of XML: in addresses (?a=1&b=2) and titles, and in names of HTML (&nbsp;).
_LOOSE = re.compile(
    rb"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#[xX][\da-fA-F]{1,6});)(?:([A-Za-z][A-Za-z\d]{0,31});)?"
)
_REMEDY = "export the list from the feed reader again, or correct this line"


@dataclass(frozen=True, slots=True)
class Outline:
    """A feed of the list: its address as written, its title ("" without one), and its line where known."""

    url: str
    title: str
    line: int | None


def feeds(data: bytes) -> tuple[Outline, ...] | Fault:
    """Return the feeds of an OPML file in its order, however deep in folders, or why it cannot be read."""
    start, data = _without_blanks(_utf8_if_wide(data))
    root = html_tree.xml(Document("", data, None))
    # Feed readers export addresses and titles as they are.
    if isinstance(root, Fault) and b"<!ENTITY" not in data and _LOOSE.search(data):
        mended = html_tree.xml(Document("", _LOOSE.sub(_escaped, data), None))
        root = root if isinstance(mended, Fault) else mended
    if isinstance(root, Fault):
        return replace(root, remedy=_REMEDY, line=root.line + start if root.line else None)
    name = html_tree.local_name(root)
    if name.lower() != "opml":
        reason = f"it is not OPML: its first element is <{name}>, not <opml>"
        return Fault(reason, "name a list of feeds that a feed reader exported as OPML")
    found = []
    for element in root.iter():
        if html_tree.local_name(element).lower() != "outline":
            continue
        values = {str(key).lower(): str(value) for key, value in element.attrib.items()}
        if url := values.get("xmlurl", "").strip():
            title = " ".join((values.get("title") or values.get("text") or "").split())
            line = element.sourceline
            found.append(Outline(url, title, line + start if line else None))
    return tuple(found)


def _escaped(found: re.Match[bytes]) -> bytes:
    """Return a loose ampersand as a reference, and the character that a name of HTML means."""
    name = (found[1] or b"").decode("ascii")
    code = html.entities.name2codepoint.get(name)
    return f"&#{code};".encode() if code else b"&amp;" + found[0][1:]


def _utf8_if_wide(data: bytes) -> bytes:
    """Return UTF-16 and UTF-32 as UTF-8: their declarations often name another encoding."""
    text = decode(data).text if data.startswith(_WIDE) or b"\0" in data[:4] else None
    return data if text is None else _DECLARED.sub("", text).encode("utf-8", "replace")


def _without_blanks(data: bytes) -> tuple[int, bytes]:
    """Return a file without blanks at its beginning, which XML does not allow, and the number of their lines."""
    bare = data.removeprefix(codecs.BOM_UTF8).lstrip()
    return data[: len(data) - len(bare)].count(b"\n"), bare
