"""Tokens that only this home can make: in unsubscribe links, return addresses, message ids and links to
papers. Pure.
"""

import base64
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from digest.text.addresses import address_key

UNSUBSCRIBE, BOUNCE, MESSAGE = "unsubscribe", "bounce", "message"  # purposes of tokens
CONFIRM, READER, FEEDBACK = "confirm", "reader", "feedback"  # of links to pages of readers
_BYTES = 15  # of the code: 120 bits, 24 characters
CODE_LENGTH = 24
# Of a code in a return address that has no room for more: 60 bits, which nobody can guess by sending mail.
SHORTEST_CODE = 12
_SIGNED_PARTS = 3  # of an unsubscribe code: the token of its line, the subscription, the departure


def sign(secret: bytes, purpose: str, *subject: object) -> str:
    """Return a code of 24 lower-case letters and digits that depends on the secret, purpose and subject."""
    # A unit separator occurs in no address and no id, so that two parts of a subject cannot run together.
    text = "\x1f".join((purpose, *map(str, subject)))
    code = _keyed(secret).copy()
    code.update(text.encode("utf-8", "backslashreplace"))
    return base64.b32encode(code.digest()[:_BYTES]).decode("ascii").lower()


@lru_cache(8)
def _keyed(secret: bytes) -> hmac.HMAC:
    return hmac.new(secret, digestmod="sha256")


def token(secret: bytes, purpose: str, number: int) -> str:
    """Return the token `<number>-<code>` of a number, such as a line of the outbox, for one purpose."""
    return f"{number}-{sign(secret, purpose, number)}"


def verify_token(secret: bytes, purpose: str, text: str, *, shortest: int = CODE_LENGTH) -> int | None:
    """Return the number in a token; None if the token was not made with this secret for this purpose.

    Codes that were shortened are accepted down to `shortest` characters.
    """
    number, _, code = text.strip().lower().partition("-")
    if not (number.isascii() and number.isdigit() and len(number) < 19 and code.isascii()):
        return None
    if not shortest <= len(code) <= CODE_LENGTH:
        return None
    valid = hmac.compare_digest(sign(secret, purpose, int(number))[: len(code)], code)
    return int(number) if valid else None


def reader_code(secret: bytes, reader: int, generation: int) -> str:
    """Return the code of a reader's own page; a later generation makes it invalid."""
    return f"{reader}-{sign(secret, READER, reader, generation)}"


def reader_in(text: str) -> int | None:
    """Return the number of the reader that a code names, whether it is valid or not; None if it names none."""
    number, _, code = text.strip().lower().partition("-")
    valid = number.isascii() and number.isdigit() and len(number) < 19 and len(code) == CODE_LENGTH
    return int(number) if valid else None


def is_reader_code(secret: bytes, reader: int, generation: int, text: str) -> bool:
    """Return whether a text is the code of a reader's page, of this generation."""
    expected = reader_code(secret, reader, generation).encode()
    return hmac.compare_digest(expected, text.strip().lower().encode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class UnsubscribeCode:
    """What an unsubscribe code says: a line of the outbox, and who leaves which subscription.

    `line` is None if the code was made by another library. `departure` is the code of the departure, and
    `subscription` its subscription; both are "" in codes of older versions.
    """

    line: int | None
    subscription: str = ""
    departure: str = ""


def departure_code(key: bytes, address: str, subscription: str) -> str:
    """Return the code of an address that leaves a subscription: a keyed hash, from which neither can be found."""
    return sign(key, "left", address_key(address), subscription)


def unsubscribe_code(secret: bytes, key: bytes, line: int, subscription: str, address: str) -> str:
    """Return the code of an unsubscribe link.

    It begins with the token of the line of the outbox, made with the library's `secret`. Who leaves what follows,
    signed with the `key` of departures, so that the code works without the line and without the library.
    """
    parts = token(secret, UNSUBSCRIBE, line), subscription, departure_code(key, address, subscription)
    return ".".join((*parts, sign(key, UNSUBSCRIBE, *parts)))


def read_unsubscribe_code(secret: bytes | None, keys: Iterable[bytes], text: str) -> UnsubscribeCode | None:
    """Return what an unsubscribe code says; None if neither the library nor the holder of a key made it."""
    *signed, signature = text.strip().lower().split(".")
    if not signed:
        line = verify_token(secret, UNSUBSCRIBE, signature) if secret else None
        return UnsubscribeCode(line) if line is not None else None
    expected = [sign(key, UNSUBSCRIBE, *signed).encode() for key in keys]
    valid = any(hmac.compare_digest(each, signature.encode()) for each in expected)
    if len(signed) != _SIGNED_PARTS or not valid:
        return None
    line = verify_token(secret, UNSUBSCRIBE, signed[0]) if secret else None
    return UnsubscribeCode(line, *signed[1:])
