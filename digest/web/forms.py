"""Forms on pages of `digest serve`: reading them, and finding out whether one of our own pages has sent them.

A form contains a stamp: when the page was made, signed together with a purpose, such as the path of the page, or the
session of who is signed in. No cookie is needed. Another site can only have a stamp for a purpose that it knows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from urllib.parse import parse_qs, urlsplit

from starlette.requests import ClientDisconnect, Request

from digest.signing import sign

LARGEST = 64_000  # bytes of a form; the longest one has some hundred keywords
STAMP = "stamp"  # the name of the field
TRAP = "website"  # the name of a field that only programs see and fill in
VALID = timedelta(hours=12)  # for how long a page can be sent
_MOST_FIELDS = 1_000
_TYPE = "application/x-www-form-urlencoded"
_PURPOSE = "form"


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form, in the order of the page. An absent field is empty."""

    fields: Mapping[str, Sequence[str]]

    def text(self, name: str) -> str:
        """Return the first value of a field without white space around it."""
        return next(iter(self.fields.get(name, ())), "").strip()

    def lines(self, name: str) -> tuple[str, ...]:
        """Return the lines of all values of a field that are not empty, each once."""
        found = (line.strip() for value in self.fields.get(name, ()) for line in value.splitlines())
        return tuple(dict.fromkeys(filter(None, found)))

    def has(self, name: str) -> bool:
        """Return whether the form has a field, such as a ticked box or the button that was pressed."""
        return name in self.fields

    @property
    def is_trapped(self) -> bool:
        """Whether the field is filled in that nobody sees."""
        return bool(self.text(TRAP))


def form_of(text: str) -> Form | None:
    """Return the form in a body or a query; None if it has too many fields."""
    try:
        return Form(parse_qs(text, keep_blank_values=True, errors="replace", max_num_fields=_MOST_FIELDS))
    except ValueError:
        return None


async def read_form(request: Request) -> Form | None:
    """Return the form in the body of a request; None if it is too large, of another type, or sent by another site."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _TYPE or is_from_elsewhere(request):
        return None
    body = b""
    try:
        async for part in request.stream():
            body += part
            if len(body) > LARGEST:
                return None
    except ClientDisconnect:
        return None
    return form_of(body.decode("utf-8", "replace"))


def is_from_elsewhere(request: Request) -> bool:
    """Return whether a browser says that a page of another site has sent a request.

    Browsers send `Sec-Fetch-Site` over https and to this machine; older ones, and others, at most `Origin`, which is
    "null" because our pages ask for no referrer.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.headers.get("origin", "null")
    return origin != "null" and urlsplit(origin).netloc != request.headers.get("host", "")


def make_stamp(secret: bytes, purpose: str, now: datetime) -> str:
    """Return the stamp of a form; `purpose` tells it from those of other pages and of other people."""
    made = int(now.timestamp())
    return f"{made}-{sign(secret, _PURPOSE, purpose, made)}"


def age_of_stamp(secret: bytes, purpose: str, stamp: str, now: datetime) -> timedelta | None:
    """Return how old a stamp is; None if it is for another purpose, invalid, or older than VALID."""
    made, _, code = stamp.partition("-")
    if not (made.isascii() and made.isdigit() and len(made) < 12):
        return None
    expected = sign(secret, _PURPOSE, purpose, int(made)).encode()
    if not compare_digest(expected, code.encode("utf-8", "replace")):
        return None
    age = timedelta(seconds=now.timestamp() - int(made))
    return age if timedelta(seconds=-1) <= age <= VALID else None
