"""Tokens that only this home can make: in unsubscribe links, return addresses, message ids and links to
papers. Pure.
"""

import base64
import hmac
from functools import lru_cache

_BYTES = 15  # of the code: 120 bits, 24 characters


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


def verify_token(secret: bytes, purpose: str, text: str) -> int | None:
    """Return the number in a token; None if the token was not made with this secret for this purpose."""
    number, _, code = text.strip().lower().partition("-")
    if not (number.isascii() and number.isdigit() and len(number) < 19 and code.isascii()):
        return None
    valid = hmac.compare_digest(sign(secret, purpose, int(number)), code)
    return int(number) if valid else None
