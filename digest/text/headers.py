"""The values of mail headers: names and free text in ASCII, folded. Pure.

They are not written by `EmailMessage`, because its folding differs between versions of Python and it raises on
names that papers and readers do have.
"""

import base64
import re

from digest.text.clean import clean, shorten

_PRINTABLE = re.compile(r"[ -~]*")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_NAME_LENGTH = 120
_WORD_BYTES = 42  # of UTF-8 in an encoded word: 56 of base64, less than 75 with the delimiters
_LINE = 76


def unstructured(text: str) -> str:
    """Return the folded value of a header of free text."""
    text = one_line(text)
    if _PRINTABLE.fullmatch(text) and "=?" not in text:
        folded = _folded(text)
        if folded is not None:
            return folded
    return _encoded(text)


def phrase(text: str) -> str:
    """Return a display name, never empty."""
    text = shorten(one_line(text), _NAME_LENGTH) or "Paper Digest"
    if _PRINTABLE.fullmatch(text) and "=?" not in text and len(text) < 64:
        if _ATOMS.fullmatch(text):
            return text
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return _encoded(text)


def address(name: str, to: str) -> str:
    """Return `Name <address>`, on two lines if it is long; the address alone without a name."""
    if not name:
        return to
    shown = phrase(name)
    blank = " " if len(shown.rpartition("\n")[2]) + len(to) < _LINE - len("To:  <>") else "\r\n "
    return f"{shown}{blank}<{to}>"


def one_line(text: str) -> str:
    """Return a text cleaned and on one line."""
    return " ".join(clean(text).split())


def _folded(text: str) -> str | None:
    """Return words in lines of at most 76 characters, or None if a word is longer than a line."""
    lines = [""]
    for word in text.split():
        if len(word) > 60:
            return None
        if lines[-1] and len(lines[-1]) + 1 + len(word) > 64:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return "\r\n ".join(lines)


def _encoded(text: str) -> str:
    """Return encoded words (RFC 2047), one a line; no character is split."""
    words, chunk = [], ""
    for char in text:
        if len((chunk + char).encode()) > _WORD_BYTES:
            words.append(chunk)
            chunk = ""
        chunk += char
    words.append(chunk)
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(word.encode()).decode()}?=" for word in words)
