"""Who may use the console: sessions in a cookie, forms that no other site can send, and limits on guessing."""

import hmac
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from digest.model import Home
from digest.services import console
from digest.services.console import Access, Session
from digest.urls import is_loopback

COOKIE = "digest-console"
_FORM_BYTES = 256_000
_FORM_FIELDS = 1_000
GUESSES, WITHIN = 5, 600  # wrong passwords from one client, in seconds, before it has to wait


@dataclass(frozen=True, slots=True)
class Visit:
    """A request of an operator: the home, who may use its console, and the session ("None": not signed in)."""

    home: Home
    access: Access
    session: Session | None
    client: str

    @property
    def code(self) -> str:
        """The code of the session's forms."""
        return console.form_code(self.access, self.session) if self.session else ""


def visit_of(request: Request, home: Home) -> Visit:
    """Return the visit of a request. Raises StoreError."""
    found = console.access(home)
    session = console.read_session(found, request.cookies.get(COOKIE, ""), time.time())
    return Visit(home, found, session, request.client.host if request.client else "")


def is_safe(request: Request, home: Home) -> bool:
    """Return whether a password does not travel in the clear: by TLS, of a proxy too, or on this machine."""
    if home.settings.base_url.startswith("https:") or request.url.scheme == "https":
        return True
    return is_loopback(request.url.hostname or "")


def is_own_form(request: Request) -> bool:
    """Return whether a browser says that a form was sent by a page of this site. Other clients say nothing."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def has_code(visit: Visit, form: Mapping[str, list[str]]) -> bool:
    """Return whether a form carries the code of the session."""
    sent = (form.get("code") or [""])[0]
    return bool(visit.code) and sent.isascii() and hmac.compare_digest(visit.code, sent)


def keep(response: Response, visit: Visit, session: Session) -> None:
    """Set the cookie of a session."""
    _set(response, visit.home, console.session_text(visit.access, session), console.IDLE)


def forget(response: Response, home: Home) -> None:
    """Remove the cookie of a session."""
    _set(response, home, "", 0)


def _set(response: Response, home: Home, value: str, seconds: int) -> None:
    secure = home.settings.base_url.startswith("https:")
    response.set_cookie(COOKIE, value, max_age=seconds, httponly=True, samesite="strict", secure=secure)


@dataclass(slots=True)
class Guesses:
    """The wrong passwords of the last minutes, by client."""

    _of: dict[str, deque[float]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def wait(self, client: str, now: float) -> int:
        """Return for how many seconds a client has to wait before its next attempt; 0 for not at all."""
        with self._lock:
            for name in [each for each, times in self._of.items() if now - times[-1] > WITHIN]:
                del self._of[name]
            times = self._of.get(client)
            if times is None or len(times) < GUESSES:
                return 0
            return max(0, int(WITHIN - (now - times[0])) + 1)

    def wrong(self, client: str, now: float) -> None:
        """Note a wrong password."""
        with self._lock:
            self._of.setdefault(client, deque(maxlen=GUESSES)).append(now)


async def form_of(request: Request) -> dict[str, list[str]] | None:
    """Return the fields of a form, None if the body is too long or is not a form."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return None
    body = b""
    try:
        async for part in request.stream():
            body += part
            if len(body) > _FORM_BYTES:
                return None
    except ClientDisconnect:
        return None
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=_FORM_FIELDS, errors="replace"
        )
    except ValueError:
        return None
    form: dict[str, list[str]] = {}
    for name, value in pairs:
        form.setdefault(name, []).append(value)
    return form
