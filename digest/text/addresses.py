"""E-mail addresses that are safe in a header and in an SMTP command. Pure."""

import re
from dataclasses import dataclass
from unicodedata import category

_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\U0010ffff]"
_LOCAL = re.compile(rf"{_ATEXT}+(?:\.{_ATEXT}+)*")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_ANGLED = re.compile(r"[^<>]*<([^<>]*)>")
# Letters, marks, numbers, punctuation and symbols: nothing invisible, no line ends, no change of direction.
_VISIBLE = {"L", "M", "N", "P", "S"}


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address: the local part as written, the domain in ASCII and lower case."""

    local: str
    domain: str

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"

    @property
    def international(self) -> bool:
        """Return whether the address needs SMTPUTF8 (RFC 6531)."""
        return not self.local.isascii()


def mailbox(text: str) -> Mailbox | None:
    """Parse an address, or return None if it is not valid.

    Accepts the dot-atoms of RFC 5321, without quoted strings and comments, and the letters of RFC 6531.
    """
    local, _, domain = text.rpartition("@")
    if not _LOCAL.fullmatch(local):
        return None
    if not local.isascii() and any(category(char)[0] not in _VISIBLE for char in local):
        return None
    name = _domain(domain)
    if name is None or len(local.encode()) > 64 or len(local.encode()) + 1 + len(name) > 254:
        return None
    return Mailbox(local, name)


def _domain(text: str) -> str | None:
    lower = text.lower()
    try:
        name = lower if lower.isascii() else lower.encode("idna").decode("ascii")
        # The codec maps some letters to others (ß to ss), which would be a different domain.
        if name != lower and name.encode("ascii").decode("idna") != lower:
            return None
    except UnicodeError:
        return None
    labels = name.split(".")
    if len(name) > 253 or not all(map(_LABEL.fullmatch, labels)) or labels[-1].isdigit():
        return None
    return name


def sender_mailbox(text: str) -> Mailbox | None:
    """Return the address in a From header such as `Paper Digest <digest@example.org>`, or None."""
    found = _ANGLED.fullmatch(text.strip())
    return mailbox((found[1] if found else text).strip())
