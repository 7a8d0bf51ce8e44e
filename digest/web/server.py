"""Listening: the pages in a thread of their own, the clock in the main one, until SIGTERM or SIGINT."""

import errno
import socket
import threading
import time
from typing import Any, Self
from urllib.parse import urlsplit

import uvicorn

from digest.errors import UsageError
from digest.model import Home
from digest.scheduler.service import Service, logger
from digest.urls import public_base
from digest.web.app import ReloadingHome, application

_AT_ONCE = 200  # requests; more are told to come again
_GRACE = 5  # seconds that an answer at work has at the end


def serve(home: Home, port: int | None, *, clock: bool, machine: bool) -> int:
    """Serve until SIGTERM or SIGINT, at the port given or else that of the settings; `clock`: make rounds, too.

    `machine` writes the log as JSON to stdout. Raises UsageError if it cannot listen there.
    """
    service = Service(home, logger(machine=machine), command="digest serve")
    host, usual = home.settings.serve
    with Listener(host, usual if port is None else port, service) as listener:
        service.stop_at_signals()
        service.log.info("serving", url=listener.url)
        _tell_of_links(home, listener.port, service.log)
        if clock:
            service.run_in_turn()
        else:
            while not service.stop.wait(1):  # a signal that came to another thread is seen between two waits
                pass
            service.log.info("stopped")
    return 0


def _tell_of_links(home: Home, port: int, log: Any) -> None:
    """Say so where links to this machine lead to another port than this server's."""
    base = home.settings.base_url
    if not public_base(base) and urlsplit(base).port != port:
        log.warning("elsewhere", base_url=base, remedy=f"set base_url to http://localhost:{port}/")


class Listener:
    """The pages of a service at an address, for the block. Port 0 is any free one."""

    def __init__(self, host: str, port: int, service: Service) -> None:
        self._socket = _bound(host, port)
        self.host, self.port = host, int(self._socket.getsockname()[1])
        log = service.log

        def failed(error: BaseException) -> None:
            log.error("page", reason=str(error))

        self._server = uvicorn.Server(
            uvicorn.Config(
                application(ReloadingHome(service.home), service.meters, failed),
                http="h11",
                loop="asyncio",
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                limit_concurrency=_AT_ONCE,
                timeout_graceful_shutdown=_GRACE,
            )
        )
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="pages", daemon=True
        )

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/"

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(_GRACE + 1)
        self._socket.close()


def _bound(host: str, port: int) -> socket.socket:
    """Return a socket that listens. Raises UsageError, with what to do."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        reason = "it is taken, perhaps by another digest serve" if taken else error.strerror or str(error)
        raise UsageError(
            f"cannot listen at {host} port {port}: {reason}; name another port with --port, or host and port "
            "under [serve] in digest.toml"
        ) from error
