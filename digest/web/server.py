"""`digest serve`: the pages in a thread, the schedule in the main thread, until SIGTERM or SIGINT."""

import errno
import os
from contextlib import ExitStack, suppress
from typing import Any

from digest.errors import StoreError, UsageError
from digest.model import Home
from digest.scheduler.service import Service, logger
from digest.system.locks import SERVERS, liveness_file
from digest.urls import port_of, public_base
from digest.web.app import ReloadingHome, application
from digest.web.listener import Listener
from digest.web.monitoring import metrics_server


def serve(home: Home, port: int | None, *, clock: bool, machine: bool) -> int:
    """Serve until SIGTERM or SIGINT at `port`, or the port of the settings, and return the exit status.

    `clock` runs the schedule as well; `machine` logs JSON to stdout. Raises UsageError if it cannot listen.
    """
    service = Service(home, logger(machine=machine), command="digest serve", metrics_server=metrics_server)
    host, usual = home.settings.serve
    with ExitStack() as held:
        listener = held.enter_context(page_listener(service, host, usual if port is None else port))
        with suppress(StoreError):  # the note is for digest doctor; a server can do without
            note = liveness_file(home.path, str(os.getpid()), SERVERS, listener.url)
            held.enter_context(note)
        service.stop_at_signals()
        service.log.info("serving", url=listener.url)
        _warn_of_base_url(home, listener.port, service.log)
        if clock:
            service.run_when_leader()
        else:
            while not service.stop.wait(1):  # wakes up for signals that another thread received
                pass
            service.log.info("stopped")
    return 0


def page_listener(service: Service, host: str, port: int) -> Listener:
    """Return a listener for the pages of a service's home. Raises UsageError if it cannot listen."""

    def log_error(error: BaseException) -> None:
        service.log.error("page", reason=str(error))

    app = application(ReloadingHome(service.home), service.meters, log_error, service.people_wait)
    try:
        return Listener(app, host, port)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        reason = (
            "the port is in use, perhaps by another digest serve" if taken else error.strerror or str(error)
        )
        raise UsageError(
            f"cannot listen at {host} port {port}: {reason}; choose another port with --port, or set host and "
            "port under [serve] in digest.toml"
        ) from error


def _warn_of_base_url(home: Home, port: int, log: Any) -> None:
    """Warn if `base_url` names this machine but another port than that of this server."""
    base = home.settings.base_url
    if not public_base(base) and port_of(base) != port:
        log.warning("elsewhere", base_url=base, remedy=f"set base_url to http://localhost:{port}/")
