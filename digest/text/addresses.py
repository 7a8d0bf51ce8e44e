"""E-mail addresses: one grammar, for settings, subscriptions and sending. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from unicodedata import category, normalize

from digest.text.hosts import JOINERS, ascii_host

_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\U0010ffff]"
_LOCAL = re.compile(rf"{_ATEXT}+(?:\.{_ATEXT}+)*")
# A local part in quotation marks (RFC 5321, 4.1.2), without angle brackets, which no SMTP command could hold safely.
_QUOTED = re.compile(r'"((?:[ !#-;=?-\[\]-~]|\\[ -;=?-~])+)"')
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
# A name, in quotes or without characters that need them, and an address in angle brackets (RFC 5322, 3.4).
_NAMED = re.compile(r' *(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^<>"]*?)) *<(?P<address>[^<>]*)> *')
# Letters, marks, numbers, punctuation and symbols: nothing invisible, no line breaks, no change of direction.
_VISIBLE = {"L", "M", "N", "P", "S"}
LONGEST_LOCAL, _LONGEST_DOMAIN, _LONGEST = 64, 253, 254  # bytes (RFC 5321, 4.5.3.1)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address: the local part as written, the domain in ASCII and lower case."""

    local: str
    domain: str

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"

    @property
    def international(self) -> bool:
        """Whether it needs SMTPUTF8 (RFC 6531)."""
        return not self.local.isascii()

    @property
    def quoted(self) -> bool:
        """Whether the local part is in quotation marks."""
        return self.local.startswith('"')


def mailbox(text: str) -> Mailbox | None:
    """Return the address in a text, None if the text is not a valid address.

    Accepts the dot-atoms and quoted strings of RFC 5321 without comments, and the letters of other scripts of RFC 6531:
    every valid address is safe in a header and in an SMTP command. Needless quotation marks are removed.
    """
    found = _parse(text)
    return found if isinstance(found, Mailbox) else None


def address_error(text: str) -> str | None:
    """Return what is wrong with an address, as "has …"; None for a valid address."""
    found = _parse(text)
    return None if isinstance(found, Mailbox) else found


def _parse(text: str) -> Mailbox | str:
    local, at, domain = text.rpartition("@")
    if not at:
        return "has no @"
    quoted = _QUOTED.fullmatch(local)
    if quoted and _LOCAL.fullmatch(plain := re.sub(r"\\(.)", r"\1", quoted[1])):
        local, quoted = plain, None
    if (not quoted and not _LOCAL.fullmatch(local)) or (
        not local.isascii() and any(category(char)[0] not in _VISIBLE for char in local)
    ):
        return "has a character or a dot before the @ that is not allowed there"
    if len(local.encode()) > LONGEST_LOCAL:
        return f"has more than {LONGEST_LOCAL} bytes before the @"
    name = _domain(domain)
    if name is None:
        return "has an invalid domain"
    if len(local.encode()) + 1 + len(name) > _LONGEST:
        return f"has more than {_LONGEST} bytes"
    return Mailbox(local, name)


@lru_cache(maxsize=1_000)  # many addresses share a domain
def _domain(text: str) -> str | None:
    # A browser ignores invisible characters in a host; in an address they are a mistake. Joiners belong to words.
    if not text.isascii() and any(category(char)[0] not in _VISIBLE and char not in JOINERS for char in text):
        return None
    name = ascii_host(text)
    if name is None:
        return None
    labels = name.split(".")
    if len(name) > _LONGEST_DOMAIN or not all(map(_LABEL.fullmatch, labels)) or labels[-1].isdigit():
        return None
    return name


def name_and_address(text: str) -> tuple[str, str]:
    """Return the two parts of `Name <address>`, neither checked; ("", text) for a text without angle brackets."""
    found = _NAMED.fullmatch(text)
    if found is None:
        return "", text.strip(" ")
    quoted = found["quoted"]
    name = found["plain"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
    return name.strip(" "), found["address"].strip(" ")


def name_error(name: str) -> str | None:
    """Return what is wrong with the name of a person, as "has …"; None for a valid name."""
    if any(category(char)[0] not in _VISIBLE and char != " " for char in name):
        return "has an invisible character in the name"
    return None


def address_key(text: str) -> str:
    """Return what is the same for all spellings of an address: lower case, the domain in ASCII."""
    if text.isascii():
        return text.lower()
    found = mailbox(text)
    return normalize("NFC", str(found) if found else text).lower()


def one_of_each(addresses: Iterable[str]) -> tuple[str, ...]:
    """Return addresses in order, of several spellings of one only the first."""
    found: dict[str, str] = {}
    for each in addresses:
        found.setdefault(address_key(each), each)
    return tuple(found.values())


def sender_mailbox(text: str) -> Mailbox | None:
    """Return the address in a From such as `Paper Digest <digest@example.org>`, None without a valid one."""
    return mailbox(name_and_address(text)[1])
