"""Email messages as parts: parsed in time proportional to their size, within limits, whatever the bytes are. Pure.

This is the only parser of mail in this program. Bounces, messages in the inbox and messages from IMAP can come from
anybody; the parser of the standard library recurses into every level and rescans its headers. The format is that of
RFC 5322, RFC 2045 to 2047 and RFC 2231.
"""

import binascii
import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final, Literal
from urllib.parse import unquote_to_bytes

# Postfix rejects messages with more levels (mime_nesting_limit), so that no honest message has them.
MOST_LEVELS: Final = 100
MOST_PARTS: Final = 10_000
# A message inside a message that is itself encoded counts as this many levels.
_ENCODED_LEVELS: Final = 20

_HEADER = re.compile(rb"([!-9;-~]{1,200}+)[ \t]*+:(.*)", re.DOTALL)
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[^";]++|;', re.DOTALL)
_CONTINUED = re.compile(r"(.+?)\*(\d{1,3})?(\*)?", re.DOTALL)
_MOST_PARAMETERS = 100
_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+", re.ASCII)
# These codecs take more than linear time, or are not charsets of mail.
_NO_CHARSETS = frozenset(
    {"punycode", "idna", "undefined", "unicode_escape", "raw_unicode_escape", "mbcs", "oem"}
)


@dataclass(slots=True)
class Part:
    """A message or a part of one.

    `headers` are the names and the values as they were sent, unfolded. `kind` is the content type in lower case.
    `body` holds the bytes of a part without parts. `cut` is set if the closing boundary is missing. `problem` says
    which limit the message exceeds, so that it was not read completely; only the outermost part has it.
    """

    level: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    kind: str = "text/plain"
    parameters: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    parts: list["Part"] = field(default_factory=list)
    cut: bool = False
    problem: str = ""

    def values(self, name: str) -> Iterator[str]:
        """Yield the values of a header on one line each, with their encoded words decoded."""
        return (one_line(decode_words(value)) for key, value in self.headers if key.lower() == name.lower())

    def get(self, name: str) -> str:
        """Return the first value of a header, or an empty string."""
        return next(self.values(name), "")

    @property
    def disposition(self) -> str:
        return self.get("Content-Disposition").partition(";")[0].strip().lower()

    @property
    def filename(self) -> str:
        """The name of an attached file, or an empty string."""
        found = parameters_of(self.get("Content-Disposition")).get("filename")
        return decode_words(found or self.parameters.get("name", ""))

    @property
    def wraps(self) -> bool:
        """Whether this part holds a message, its only part."""
        return bool(self.parts) and not self.kind.startswith("multipart/")

    def walk(self) -> Iterator["Part"]:
        """Yield this part and all parts in it, in their order."""
        waiting = [self]
        while waiting:
            part = waiting.pop()
            yield part
            waiting.extend(reversed(part.parts))

    def own_parts(self) -> Iterator["Part"]:
        """Yield the parts of this message that are not parts of a message inside it."""
        waiting = [self]
        while waiting:
            part = waiting.pop()
            yield part
            if not part.wraps:
                waiting.extend(reversed(part.parts))

    def messages(self) -> Iterator["Part"]:
        """Yield this message, and then all messages inside it, in their order."""
        yield self
        yield from (part.parts[0] for part in self.walk() if part.wraps)

    def content(self) -> bytes:
        """Return the body without its transfer encoding."""
        encoding = self.get("Content-Transfer-Encoding").lower()
        if encoding == "quoted-printable":
            return binascii.a2b_qp(self.body)
        if encoding != "base64":
            return self.body
        try:
            return binascii.a2b_base64(self.body)
        except binascii.Error:  # the padding is missing, or the last characters are
            plain = re.sub(rb"[^A-Za-z0-9+/]", b"", self.body)
            return binascii.a2b_base64(plain[: len(plain) // 4 * 4])


def parse(data: bytes) -> Part:
    """Return a message. Raises nothing."""
    root = Part()
    waiting: list[tuple[Part, bytes]] = [(root, data)]
    count = 1
    while waiting and not root.problem:
        part, content = waiting.pop()
        reader = _Reader(part, count, content)
        reader.read()
        count, root.problem = reader.count, reader.problem
        for one in part.walk():
            if one.body and _is_encoded_message(one):
                inner = Part(level=one.level + _ENCODED_LEVELS)
                waiting.append((inner, one.content()))
                one.parts, one.body = [inner], b""
                count += 1
    return root


def header_blocks(part: Part) -> list[Part]:
    """Return the blocks of header fields in a report, such as `message/delivery-status` (RFC 3464)."""
    blocks: list[list[bytes]] = [[]]
    for line in part.content().splitlines():
        if line.strip():
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    return [Part(headers=found) for block in blocks if (found := _headers(block))]


def parameters_of(value: str) -> dict[str, str]:
    """Return the parameters of a header such as Content-Type, with the continuations of RFC 2231 joined."""
    found: dict[str, str] = {}
    continued: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, text in _pairs(value):
        match = _CONTINUED.fullmatch(name)
        if match is None:
            found.setdefault(name, text)
        else:
            number = int(match[2] or 0)
            continued.setdefault(match[1], {}).setdefault(number, (text, bool(match[3]) or match[2] is None))
    for name, pieces in continued.items():
        found[name] = _joined([pieces[number] for number in sorted(pieces)])
    return found


def decode_words(text: str) -> str:
    """Return a header with the encoded words of RFC 2047 decoded; what cannot be decoded stays as it is."""
    if "=?" not in text:
        return text
    pieces: list[tuple[bytes | str, str]] = []  # bytes with their charset, and text between encoded words
    end = 0
    for match in _ENCODED_WORD.finditer(text):
        between = text[end : match.start()]
        content = _word(match[2], match[3])
        charset = match[1].partition("*")[0].lower()
        if between and (between.strip() or not pieces or not pieces[-1][1]):
            pieces.append((between, ""))
        if content is None:
            pieces.append((match[0], ""))
        else:
            pieces.append((content, charset))
        end = match.end()
    pieces.append((text[end:], ""))
    return "".join(_decoded_pieces(pieces))


def decode_charset(data: bytes, charset: str) -> str | None:
    """Return the text, or None if the charset is unknown, is not used in mail, or does not fit."""
    try:
        if codecs.lookup(charset).name.replace("-", "_") in _NO_CHARSETS:
            return None
        return data.decode(charset)
    except (LookupError, ValueError):
        return None


def one_line(text: str) -> str:
    """Return a text with its white space collapsed."""
    return " ".join(text.split())


class _Reader:
    """Builds a message line by line. `_open` holds the multiparts around the current line, with their boundaries."""

    def __init__(self, root: Part, count: int, data: bytes) -> None:
        self.problem = ""
        self.count = count
        self._data = data if b"\n" in data else data.replace(b"\r", b"\n")
        self._part = root
        self._head: list[bytes] = []
        self._state: Literal["head", "body", "between"] = "head"
        self._start = self._at = 0  # of the body, and of the current line
        self._open: list[tuple[Part, bytes]] = []
        self._boundaries: dict[bytes, list[int]] = {}

    def read(self) -> None:
        """Read all lines; multiparts that are open at the end are cut."""
        while self._at < len(self._data):
            if self._state != "head" and not self._data.startswith(b"--", self._at):
                # Nothing but a boundary ends a body.
                next_dashes = self._data.find(b"\n--", self._at) if self._boundaries else -1
                self._at = next_dashes + 1 or len(self._data)
                continue
            end = self._data.find(b"\n", self._at) + 1 or len(self._data)
            line = self._data[self._at : end]
            if not (self._boundaries and line.startswith(b"--") and self._is_boundary(line.rstrip()[2:])):
                self._line(line)
            self._at = end
            if self.problem:
                return
        self._end_part(self._at)
        for part, _ in self._open:
            part.cut = True

    def _line(self, line: bytes) -> None:
        if self._state != "head":
            return
        if not line.strip():
            self._end_head(self._at + len(line))
        elif _HEADER.match(line) or (line[:1] in {b" ", b"\t"} and self._head):
            self._head.append(line)
        elif not line.startswith((b"From ", b">From ")):  # of an mbox, perhaps below headers that were added
            self._end_head(self._at)

    def _is_boundary(self, found: bytes) -> bool:
        """Begin the next part, or end a multipart, if the line is one of the open boundaries."""
        closing = found not in self._boundaries
        if closing:
            found = found.removesuffix(b"--")
            if found not in self._boundaries:
                return False
        self._end_part(self._at)
        place = self._boundaries[found][-1]
        while len(self._open) > place + 1:
            self._open[-1][0].cut = True
            self._pop()
        parent = self._open[-1][0]
        if closing:
            self._pop()
            self._state = "between"
        else:
            self._begin(parent, "message/rfc822" if parent.kind == "multipart/digest" else "text/plain")
        return True

    def _pop(self) -> None:
        boundary = self._open.pop()[1]
        self._boundaries[boundary].pop()
        if not self._boundaries[boundary]:
            del self._boundaries[boundary]

    def _begin(self, parent: Part, kind: str) -> None:
        self.count += 1
        if self.count > MOST_PARTS:
            self.problem = f"the message has more than {MOST_PARTS:,} parts"
        elif parent.level >= MOST_LEVELS:
            self.problem = f"the message has more than {MOST_LEVELS} levels of parts inside each other"
        else:
            self._part = Part(level=parent.level + 1, kind=kind)
            parent.parts.append(self._part)
            self._head, self._state = [], "head"

    def _end_head(self, end: int) -> None:
        """Decide by its headers what the current part is; its body begins at `end`."""
        part = self._part
        part.headers = _headers(self._head)
        self._head, self._state, self._start = [], "body", end
        value = next((value for key, value in part.headers if key.lower() == "content-type"), "")
        kind = value.partition(";")[0].strip().lower()
        if kind:
            part.kind = kind if _TYPE.fullmatch(kind) else "text/plain"
            part.parameters = parameters_of(value)
        boundary = part.parameters.get("boundary", "").rstrip().encode("utf-8", "replace")
        if part.kind.startswith("multipart/") and boundary:
            self._boundaries.setdefault(boundary, []).append(len(self._open))
            self._open.append((part, boundary))
            self._state = "between"
        elif part.kind in _MESSAGES and not _is_encoded(part):
            self._begin(part, "text/plain")

    def _end_part(self, end: int) -> None:
        """Give its body to the current part. The line end before a boundary belongs to the boundary."""
        if self._state == "head":
            self._end_head(end)
        if self._state == "body":
            body = self._data[self._start : end]
            self._part.body = body if end == len(self._data) else body.removesuffix(b"\n").removesuffix(b"\r")
        self._state = "between"


# The headers of a returned message, without the message, are read like a message.
_MESSAGES = frozenset({"message/rfc822", "message/global", "message/news", "text/rfc822-headers"})


def _is_encoded(part: Part) -> bool:
    return part.get("Content-Transfer-Encoding").lower() in {"base64", "quoted-printable"}


def _is_encoded_message(part: Part) -> bool:
    """Return whether a part is a message that must be decoded before it can be parsed, or a file with one."""
    if part.kind in _MESSAGES:
        return _is_encoded(part)
    return not part.kind.startswith(("text/", "multipart/")) and part.filename.lower().endswith(".eml")


def _headers(lines: list[bytes]) -> list[tuple[str, str]]:
    """Return names and values of header lines; a line that begins with a blank continues the one before."""
    found: list[tuple[str, list[bytes]]] = []
    for line in lines:
        match = _HEADER.match(line)
        if match:
            found.append((match[1].decode("ascii"), [match[2]]))
        elif found:
            found[-1][1].append(line)
    return [(name, _text(b"".join(parts))) for name, parts in found]


def _text(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8")
    except ValueError:
        text = raw.decode("latin-1")
    return re.sub(r"\r?\n|\r", "", text).strip()


def _pairs(value: str) -> Iterator[tuple[str, str]]:
    """Yield the names, in lower case, and the values of parameters; each character is looked at once."""
    segments: list[list[str]] = [[]]
    for match in _TOKEN.finditer(value):
        if match[0] != ";":
            segments[-1].append(match[0])
        elif segments[-1]:
            if len(segments) > _MOST_PARAMETERS:
                break
            segments.append([])
    for segment in segments[1:]:
        name, sign, text = "".join(segment).partition("=")
        if sign:
            yield name.strip().lower(), _unquoted(text.strip())


def _unquoted(text: str) -> str:
    if not text.startswith('"'):
        return text
    return re.sub(r"\\(.)", r"\1", text[1:].removesuffix('"'), flags=re.DOTALL)


def _joined(pieces: list[tuple[str, bool]]) -> str:
    """Return the text of the pieces of a parameter; those that are marked are percent-encoded."""
    if not any(encoded for _, encoded in pieces):
        return "".join(text for text, _ in pieces)
    charset, mark, first = pieces[0][0].partition("'")
    if mark:
        pieces = [(first.partition("'")[2], pieces[0][1]), *pieces[1:]]
    data = b"".join(unquote_to_bytes(text) if encoded else text.encode() for text, encoded in pieces)
    found = decode_charset(data, charset) if mark and charset else None
    return data.decode("utf-8", "replace") if found is None else found


def _word(encoding: str, text: str) -> bytes | None:
    """Return the bytes of an encoded word, None if it cannot be decoded."""
    try:
        if encoding in "qQ":
            return binascii.a2b_qp(text.encode("ascii"), header=True)
        return binascii.a2b_base64(text + "=" * (-len(text) % 4))
    except ValueError:
        return None


def _decoded_pieces(pieces: list[tuple[bytes | str, str]]) -> Iterator[str]:
    """Yield the text of the pieces; a character may be divided between words with the same charset."""
    for charset, group in groupby(pieces, key=lambda piece: piece[1]):
        values = [value for value, _ in group]
        data = b"".join(value for value in values if isinstance(value, bytes))
        found = decode_charset(data, charset) if charset else None
        yield from (value for value in values if isinstance(value, str))
        if data:
            yield data.decode("utf-8", "replace") if found is None else found
