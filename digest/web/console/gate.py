"""Who may use the console: sessions in a cookie, stamps of forms, and limits on guessing."""

import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock

from starlette.requests import Request
from starlette.responses import Response

from digest.model import Home
from digest.services import console
from digest.services.console import Access, Session
from digest.urls import is_loopback
from digest.web.clients import client_network
from digest.web.forms import STAMP, Form, age_of_stamp, make_stamp

COOKIE = "digest-console"
GUESSES, WITHIN = 5, 600  # wrong passwords from one client, in seconds, before it has to wait


@dataclass(frozen=True, slots=True)
class Visit:
    """A request of an operator: the home, who may use its console, the session (None: not signed in), the client's network."""

    home: Home
    access: Access
    session: Session | None
    client: str

    @property
    def key(self) -> bytes:
        """The key of the stamps of forms."""
        return self.access.key.encode()

    @property
    def stamp(self) -> str:
        """The stamp of a form that is shown now, for the session alone."""
        return make_stamp(self.key, self.session.id, datetime.now(UTC)) if self.session else ""


def visit_of(request: Request, home: Home) -> Visit:
    """Return the visit of a request. Raises StoreError."""
    found = console.access(home)
    session = console.read_session(found, request.cookies.get(COOKIE, ""), time.time())
    return Visit(home, found, session, client_network(request.scope, home.settings.web.trusted_proxies))


def is_safe(request: Request, home: Home) -> bool:
    """Return whether a password does not travel in the clear: by TLS, of a proxy too, or on this machine."""
    if home.settings.base_url.startswith("https:") or request.url.scheme == "https":
        return True
    return is_loopback(request.url.hostname or "")


def has_stamp(visit: Visit, form: Form) -> bool:
    """Return whether a form was made for the session."""
    if visit.session is None:
        return False
    age = age_of_stamp(visit.key, visit.session.id, form.text(STAMP), datetime.now(UTC))
    return age is not None


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
