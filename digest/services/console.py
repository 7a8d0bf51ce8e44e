"""The operator's console: its password, its sessions, and the record of what operators did.

Password and sessions are in one private file of the home, `state/console.json`, so that several processes of
`digest serve` behave as one. A session is a signed text in a cookie; the file has the key, and the sessions that were
ended before their time. A new password comes with a new key, so it ends all sessions.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digest.errors import StoreError, UsageError
from digest.home.private import STATE
from digest.model import Home
from digest.services.workspace import Clock, open_library
from digest.system.files import private_folder, write_whole

if TYPE_CHECKING:
    from digest.model.actions import Action

FILE = "console.json"
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 1_000  # characters
IDLE, LONGEST = 3_600, 12 * 3_600  # seconds after the last request, and after signing in, that a session ends
_RENEWED = 60  # seconds after which a request makes the session's end later
_PARTS = 4
_LOCK = ".digest.console.lock"
# Argon2id (RFC 9106): 64 MiB, three passes, four lanes, the second recommended option.
_MEMORY, _PASSES, _LANES = 64 * 1024, 3, 4


@dataclass(frozen=True, slots=True)
class Access:
    """What the file says: the hash of the password, the key of the sessions, and when ended sessions are forgotten."""

    password: str = ""
    key: str = ""
    ended: dict[str, int] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether a password has been set."""
        return bool(self.password and self.key)

    def sign(self, purpose: str, text: str) -> str:
        """Return a signature that only this home can make."""
        return hmac.new(self.key.encode(), f"{purpose}|{text}".encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Session:
    """A session of an operator: its id, and the Unix times of signing in and of its last renewal."""

    id: str
    began: int
    seen: int


def access(home: Home) -> Access:
    """Return who may use the console; nobody if no password was set. Raises StoreError."""
    path = _file(home)
    try:
        found: Any = json.loads(path.read_bytes())
        return Access(str(found["password"]), str(found["key"]), dict(found["ended"]))
    except FileNotFoundError:
        return Access()
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path}: is damaged; set the password again: digest admin password") from error


def _file(home: Home) -> Path:
    return home.path / STATE / FILE


@contextmanager
def _changing(home: Home) -> Iterator[None]:
    """Let one process at a time change the file."""
    from digest.system.locks import hold

    with hold(home.path, command="digest admin", file=_LOCK, timeout=10):
        yield


def _store(home: Home, changed: Access) -> None:
    private_folder(_file(home).parent)
    write_whole(_file(home), json.dumps(asdict(changed)).encode(), private=True)


def set_password(home: Home, password: str) -> None:
    """Set the password of the console; this ends all sessions. Raises UsageError if it is too short or too long."""
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise UsageError(
            f"the password must have from {SHORTEST_PASSWORD} to {LONGEST_PASSWORD:,} characters; use several words"
        )
    hashed = Argon2id(
        salt=secrets.token_bytes(16), length=32, iterations=_PASSES, lanes=_LANES, memory_cost=_MEMORY
    ).derive_phc_encoded(password.encode("utf-8", "replace"))
    with _changing(home):
        _store(home, Access(hashed, secrets.token_hex(32)))


def sign_in(home: Home, password: str, now: float) -> Session | None:
    """Return a new session if the password is right."""
    from cryptography.exceptions import InvalidKey
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    found = access(home)
    if not found.is_open or len(password) > LONGEST_PASSWORD:
        return None
    try:
        Argon2id.verify_phc_encoded(password.encode("utf-8", "replace"), found.password)
    except InvalidKey:
        return None
    return Session(secrets.token_urlsafe(16), int(now), int(now))


def sign_out(home: Home, session: Session) -> None:
    """End a session before its time."""
    with _changing(home):
        found = access(home)
        kept = {name: until for name, until in found.ended.items() if until > session.seen}
        _store(home, replace(found, ended={**kept, session.id: session.began + LONGEST}))


def session_text(found: Access, session: Session) -> str:
    """Return what a cookie holds of a session."""
    text = f"{session.id}.{session.began}.{session.seen}"
    return f"{text}.{found.sign('session', text)}"


def read_session(found: Access, text: str, now: float) -> Session | None:
    """Return the session of a cookie, None if it is not ours or has ended."""
    signed, _, signature = text.rpartition(".")
    parts = text.split(".")
    if not found.is_open or len(parts) != _PARTS or not text.isascii():
        return None
    if not hmac.compare_digest(found.sign("session", signed), signature):
        return None
    session = Session(parts[0], int(parts[1]), int(parts[2]))
    over = now - session.seen > IDLE or now - session.began > LONGEST or session.id in found.ended
    return None if over else session


def renewed(session: Session, now: float) -> Session | None:
    """Return the session as a later request renews it; None if that is not needed yet."""
    return replace(session, seen=int(now)) if now - session.seen > _RENEWED else None


def record(home: Home, clock: Clock, client: str, action: str, subject: str = "", detail: str = "") -> None:
    """Record what an operator did. Raises StoreError."""
    with open_library(home, create=True) as store, store.begin() as tx:
        tx.actions.add(clock.now, client, action, subject, detail)


def actions(home: Home, *, limit: int, before: int | None = None, text: str = "") -> "tuple[Action, ...]":
    """Return what operators did, newest first: at most `limit`, before the one with this id, with `text` in them."""
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        return tx.actions.newest(limit=limit, before=before, text=text)


def action_json(each: "Action") -> dict[str, object]:
    """Return an action as `digest ledger --actions --json` prints it."""
    from digest.text.format import iso

    return {
        "id": each.id,
        "at": iso(each.at),
        "client": each.client,
        "action": each.action,
        "subject": each.subject,
        "detail": each.detail,
    }
