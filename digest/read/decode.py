"""Bytes to text: byte order marks, UTF-8, and a named guess for everything else."""

import codecs
import re
from dataclasses import dataclass
from typing import Any

# UTF-32's mark begins with UTF-16's, so it is asked first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LINE_END = re.compile(rb"\r\n|\r|\n")
# Detection costs time per byte and learns little after this much.
_SAMPLE = 128 * 1024
# Several one-byte encodings often fit equally well; these are what people really use for Latin letters.
_COMMON = ("cp1252", "latin_1")
# Text has tabs, line ends, form feeds; more of the others than one character in a thousand is no text.
_CONTROLS = re.compile("[\x01-\x08\x0e-\x1f\x7f]")
_MOST_CONTROLS = 0.001


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a file, None if it has none.

    `guessed` names the encoding if it had to be guessed. `damaged` is the line (from 1) of the first
    bytes that are not UTF-8 in a file that is UTF-8 otherwise; such a file has no text.
    """

    text: str | None
    guessed: str = ""
    damaged: int | None = None


def decode(data: bytes) -> Decoded:
    """Return the text: by byte order mark, as UTF-8, or in the encoding that fits best. Never raises."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return Decoded(_text(data[len(mark) :], encoding))
    try:
        return Decoded(_plausible(data.decode("utf-8")))
    except UnicodeDecodeError as problem:
        damaged = _damaged(data, problem.start)
        return Decoded(None, damaged=damaged) if damaged else _guess(data)


def _damaged(data: bytes, place: int) -> int | None:
    """Return the line of the place if the rest is UTF-8 beyond doubt: guessing would garble that rest."""
    if b"\0" in data:
        return None
    text = data.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    right = sum(1 for char in text if char > "\x7f") - wrong
    return _LINE_END.subn(b"", data[:place])[1] + 1 if right > 3 * wrong else None


def _guess(data: bytes) -> Decoded:
    if b"\0" in data and not _zeros_like_utf16(data):
        return Decoded(None)
    encoding = _detect(data)
    text = _text(data, encoding) if encoding else None
    return Decoded(text, encoding) if text is not None else Decoded(None)


def _detect(data: bytes) -> str:
    """Return the name of the encoding that fits best, or an empty string."""
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
    """Return lines that hold bytes outside ASCII: the others fit any encoding, and hint at English."""
    if b"\0" in data:
        return data[:_SAMPLE]  # two bytes a character: its lines end elsewhere
    telling, size = [], 0
    for line in data.splitlines():
        if not line.isascii():
            telling.append(line[:_SAMPLE])
            size += len(line)
        if size >= _SAMPLE:
            break
    return b"\n".join(telling)[:_SAMPLE]


def _zeros_like_utf16(data: bytes) -> bool:
    """Say whether zero bytes stand (nearly) only at odd or only at even places, as in Latin UTF-16."""
    head = data[:4096]
    even, odd = head[::2].count(0), head[1::2].count(0)
    return max(even, odd) > len(head) * 0.3 and min(even, odd) * 20 <= max(even, odd)


def _text(data: bytes, encoding: str) -> str | None:
    try:
        return _plausible(data.decode(encoding).removeprefix("\ufeff"))
    except (UnicodeDecodeError, LookupError):
        return None


def _plausible(text: str) -> str | None:
    """Return the text unless it holds what no text holds."""
    if "\0" in text:
        return None
    controls = sum(1 for _ in _CONTROLS.finditer(text))
    return text if controls <= len(text) * _MOST_CONTROLS else None
