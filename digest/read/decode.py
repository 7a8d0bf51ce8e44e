"""Bytes to text: by byte order mark, as UTF-8, or in an encoding that is guessed and named."""

import codecs
import re
from dataclasses import dataclass
from typing import Any

# UTF-32 comes before UTF-16, because its mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LINE_END = re.compile(rb"\r\n|\r|\n")
# Detection takes time per byte, and more bytes than this hardly improve it.
_SAMPLE = 128 * 1024
# Several one-byte encodings often fit equally well; these are the usual ones for Latin letters.
_COMMON = ("cp1252", "latin_1")
# Text has tabs, line ends and form feeds. Data with more than one other control character in a thousand
# is not text.
_CONTROLS = re.compile("[\x01-\x08\x0e-\x1f\x7f]")
_MOST_CONTROLS = 0.001


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a file, or None if the file is not text.

    `guessed` names the encoding if it was guessed. `damaged` is the line (from 1) of the first invalid
    bytes in a file that is otherwise UTF-8; `text` is None then.
    """

    text: str | None
    guessed: str = ""
    damaged: int | None = None


def decode(data: bytes) -> Decoded:
    """Decode by byte order mark, as UTF-8, or in the encoding that fits best. Raises nothing."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return Decoded(_text(data[len(mark) :], encoding))
    try:
        return Decoded(_plausible(data.decode("utf-8")))
    except UnicodeDecodeError as error:
        damaged = _damaged_line(data, error.start)
        return Decoded(None, damaged=damaged) if damaged else _guess(data)


def _damaged_line(data: bytes, offset: int) -> int | None:
    """Return the line of the offset if the rest is clearly UTF-8, because a guess would garble that rest."""
    if b"\0" in data:
        return None
    text = data.decode("utf-8", "replace")
    invalid = text.count("\ufffd")
    valid = sum(1 for char in text if char > "\x7f") - invalid
    return _LINE_END.subn(b"", data[:offset])[1] + 1 if valid > 3 * invalid else None


def _guess(data: bytes) -> Decoded:
    if b"\0" in data and not _zeros_like_utf16(data):
        return Decoded(None)
    encoding = _detect(data)
    text = _text(data, encoding) if encoding else None
    return Decoded(text, encoding) if text is not None else Decoded(None)


def _detect(data: bytes) -> str:
    """Return the name of the encoding that fits best, or an empty string if none fits."""
    from charset_normalizer import from_bytes

    matches = from_bytes(_sample(data))
    best = matches.best()
    if best is None:
        return ""
    rivals = {match.encoding for match in matches if _fit(match) <= _fit(best)}
    return next((name for name in _COMMON if name in rivals), best.encoding)


def _fit(match: Any) -> float:
    return float(match.chaos)


def _sample(data: bytes) -> bytes:
    """Return the lines with bytes outside ASCII; other lines fit any encoding and suggest English."""
    if b"\0" in data:
        return data[:_SAMPLE]  # with two bytes per character, lines cannot be split at line-end bytes
    lines, size = [], 0
    for line in data.splitlines():
        if not line.isascii():
            lines.append(line[:_SAMPLE])
            size += len(line)
        if size >= _SAMPLE:
            break
    return b"\n".join(lines)[:_SAMPLE]


def _zeros_like_utf16(data: bytes) -> bool:
    """Return whether almost all zero bytes are at even or at odd offsets, as in UTF-16 of Latin text."""
    head = data[:4096]
    even, odd = head[::2].count(0), head[1::2].count(0)
    return max(even, odd) > len(head) * 0.3 and min(even, odd) * 20 <= max(even, odd)


def _text(data: bytes, encoding: str) -> str | None:
    try:
        return _plausible(data.decode(encoding).removeprefix("\ufeff"))
    except (UnicodeDecodeError, LookupError):
        return None


def _plausible(text: str) -> str | None:
    """Return the text, or None if it has characters that text does not have."""
    if "\0" in text:
        return None
    controls = sum(1 for _ in _CONTROLS.finditer(text))
    return text if controls <= len(text) * _MOST_CONTROLS else None
