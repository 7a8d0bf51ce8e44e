"""What mail programs do to an alert that is forwarded inline, undone: quote marks, HTML, headers in the text. Pure.

Gmail puts `---------- Forwarded message ---------` above the headers, Apple Mail `Begin forwarded message:`, Outlook a
line and then `From:`, `Sent:`, `To:`, `Subject:`, each in the language of its user. Plain text gets quote marks, or
becomes HTML with a block for each line. The labels of headers are those of the fixtures of crisp-oss/email-forward-parser.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from digest.read.parsing import html_tree
from digest.text.wrapped import layers, unwrapped, unwrapped_text

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_LINE_END = re.compile(r"\r\n|\r|\n")
_QUOTED = re.compile(r"[ \t]{0,3}((?:[>|][ \t]?){1,20})")
# A quoted line that only blocks of alerts have, or a header of a forwarded message.
_ANCHOR = re.compile(
    r"[ \t]{0,3}((?:[>|][ \t]?){1,20})(?:\\\\\s*\Z|arXiv:\d|\*?[^\W\d_]{2,15}\s?:\*?\s|[^<\n]{0,500}<https?://)"
)
_SUBJECTS = (
    "subject betreff objet asunto oggetto onderwerp assunto ämne emne aihe otsikko temat předmět predmet тема konu"
    " subiect tárgy 件名 主题 主旨 主題 제목 θέμα נושא الموضوع"
)
_SUBJECT = re.compile(rf"[\s>*]*(?:{'|'.join(_SUBJECTS.split())})\s*\*?\s*[:：]\s*\*?\s*(.*)", re.IGNORECASE)
_HEADER = re.compile(r"[\s>*]{0,20}[^\W\d_][^\W\d_ -]{0,15}(?: [^\W\d_]{1,15})?\s?\*?\s?[:：]\*?(?:\s.*)?")
_LEAST_HEADERS, _MOST_HEADERS = 3, 12
_LINK = re.compile(r"<(https?://[^\s<>]+)>")


class Forwarded(NamedTuple):
    """A message in the text of another: its subject, and the text below its headers."""

    subject: str
    text: str


def unquoted(text: str) -> str:
    """Return a plain text without the quote marks of a forwarded message, and with unwrapped addresses."""
    return unwrapped_text(unquoted_lines(text))


@lru_cache(maxsize=2)
def unquoted_lines(text: str) -> str:
    """Return a plain text without the quote marks of a forwarded message."""
    if ">" not in text and "|" not in text:
        return text
    lines = _LINE_END.split(text)
    depth = max((_depth(match[1]) for line in lines if line and (match := _ANCHOR.match(line))), default=0)
    return "\n".join(_without_marks(line, depth) for line in lines) if depth else text


def _depth(marks: str) -> int:
    return sum(1 for sign in marks if sign in ">|")


def _without_marks(line: str, depth: int) -> str:
    match = _QUOTED.match(line)
    if match is None:
        return line
    end = match.end()
    if (extra := _depth(match[1]) - depth) > 0:  # deeper marks belong to the text
        places = [place for place in range(match.start(1), end) if line[place] in ">|"]
        end = places[-extra]
    return line[end:]


def text_of_html(markup: str) -> str:
    """Return the visible text of HTML with a line for each block and `<address>` after the text of each link."""
    root = html_tree.html(markup)
    if root is None:
        return ""
    lines = "".join(html_tree.visible_lines(root, _after_link)).replace("\xa0", " ").split("\n")
    return "\n".join(" ".join(line.split()) for line in lines if line.strip())


def _after_link(link: "Element") -> str:
    address = (link.get("href") or "").strip()
    if not address.lower().startswith(("http://", "https://")) or any(sign in address for sign in " <>\n"):
        return ""
    shown = unwrapped("".join(link.itertext()).strip())
    return (
        "" if shown.rstrip("/") in {address.rstrip("/"), unwrapped(address).rstrip("/")} else f" <{address}>"
    )


def links(line: str) -> list[str]:
    """Return the addresses in angle brackets on a line."""
    return _LINK.findall(line)


def leads_through(address: str, part: str) -> bool:
    """Return whether an address, or one that it wraps, contains a text."""
    return any(part in layer for layer in layers(address))


def _is_header(line: str) -> bool:
    return (":" in line or "：" in line) and _HEADER.fullmatch(line[:300]) is not None


def inside(text: str) -> Iterator[Forwarded]:
    """Yield the messages in a text, each with the text up to the next."""
    lines = _LINE_END.split(text)
    found: list[tuple[str, int, int]] = []
    place = 0
    while place < len(lines):
        end = place
        if not lines[place]:
            place += 1
            continue
        while end < len(lines) and end - place < _MOST_HEADERS and _is_header(lines[end]):
            end += 1
        if end - place >= _LEAST_HEADERS:
            subjects = [match[1] for line in lines[place:end] if (match := _SUBJECT.fullmatch(line[:300]))]
            if subjects:
                found.append((subjects[0].strip(), place, end))
        place = max(end, place + 1)
    following = [start for _, start, _ in found[1:]] + [len(lines)]
    for (subject, _, start), end in zip(found, following[: len(found)], strict=True):
        yield Forwarded(subject, "\n".join(lines[start:end]))
