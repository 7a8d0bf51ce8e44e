"""The apparent type of a file: for the message about an unknown format, and for formats to exclude others."""

import re

from digest.ports import Document
from digest.read.parsing import json_text

_BINARIES = (
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"bplist", "a binary property list (perhaps a web archive)"),
)
HTML = "an HTML page"
BIBTEX = "a BibTeX bibliography"

_HTML = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?:(?!-->).)*-->\s*)*<(?:!doctype html|html|head|body|div|table|meta)\b",
    re.IGNORECASE | re.DOTALL,
)
_XML = re.compile(r"\s*<(?:\?xml|!doctype|!--|[A-Za-z][\w.-]*(?::[\w.-]+)?[\s/>])", re.IGNORECASE)
_HEADER_LINE = re.compile(r"([A-Za-z][A-Za-z0-9-]*):(?: |$)")
_MAIL_HEADERS = frozenset(
    {"from", "to", "subject", "date", "received", "message-id", "mime-version", "return-path"}
)
_BIBTEX = re.compile(r"^\s*@[A-Za-z]+\s*[{(]", re.MULTILINE)
_RIS = re.compile(r"\A\s*TY  -", re.ASCII)
_MARKDOWN = re.compile(r"^#{1,6} \S|!?\[[^\]\n]*\]\([^)\s]+\)", re.MULTILINE)
_HEAD = 4000


def describe(document: Document) -> str:
    """Return the apparent type of a document, with its article; an empty string for plain text."""
    if not document.data:
        return "an empty file"
    for start, name in _BINARIES:
        if document.data.startswith(start):
            return name
    if document.text is None:
        return "a binary file"
    if not document.text.strip():
        return "a file with only blank lines"
    return markup(document.text)


def markup(text: str) -> str:
    """Return the markup or data language of a text, with its article; an empty string for plain text."""
    head = text[:_HEAD]
    if _HTML.match(head):
        return HTML
    if _XML.match(head):
        return "an XML file"
    if _is_json(text):
        return "a JSON file"
    if is_mail(head):
        return "an email message"
    if _RIS.match(head):
        return "a RIS bibliography"
    if _BIBTEX.match(head):
        return BIBTEX
    return "a Markdown file" if len(_MARKDOWN.findall(head)) >= 3 else ""


def starts_with_tag(text: str) -> bool:
    """Return whether a text begins with a tag, as HTML pages and fragments do."""
    return text[:_HEAD].lstrip().startswith("<")


def _is_json(text: str) -> bool:
    stripped = text.strip()
    if (stripped[:1], stripped[-1:]) not in {("{", "}"), ("[", "]")}:
        return False
    fault = json_text.load(text)[1]
    return fault is None or fault.line is None or stripped.startswith(('{"', '[{"'))


def is_mail(head: str) -> bool:
    """Return whether the text begins with the header lines of an email."""
    found: set[str] = set()
    for line in head.lstrip("\r\n").splitlines():
        match = _HEADER_LINE.match(line)
        if match is None and not (found and line[:1] in {" ", "\t"}):
            break
        if match:
            found.add(match[1].lower())
    return len(found & _MAIL_HEADERS) >= 2
