"""A home served by this process at a free port."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from digest.home.settings_file import open_home
from digest.scheduler.service import Service
from digest.web.server import page_listener
from tests.deliver.mail_home import MailHome

READER = "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0"


@dataclass
class Log:
    """A log that keeps its events."""

    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def _add(self, event: str, **facts: Any) -> None:
        self.events.append((event, facts))

    info = warning = error = _add


@dataclass(frozen=True)
class Got:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Site:
    """A running server. Requests are sent as given: paths are not normalised, redirects not followed."""

    port: int
    log: Log

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Got:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, {"User-Agent": READER, **sent})
            answer = connection.getresponse()
            named = {name.lower(): value for name, value in answer.getheaders()}
            return Got(answer.status, named, answer.read())
        finally:
            connection.close()


@contextmanager
def serving(home: MailHome) -> Iterator[Site]:
    log = Log()
    with page_listener(Service(open_home(str(home.path)), log), "127.0.0.1", 0) as listener:
        yield Site(listener.port, log)


@pytest.fixture
def home(tmp_path: Path) -> MailHome:
    return MailHome(tmp_path / "home")


@pytest.fixture
def site(home: MailHome) -> Iterator[Site]:
    with serving(home) as site:
        yield site


def path_of(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")
