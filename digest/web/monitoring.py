"""`/metrics` and `/healthz`: routes of `digest serve`, or a server of their own for `[schedule] metrics`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from digest.errors import UsageError
from digest.model import Home
from digest.services.metrics import Meters, Page, health_page, metrics_page
from digest.web.listener import Listener


def monitoring_routes(home: Callable[[], Home], meters: Meters) -> list[Route]:
    """Return the routes; `home` returns the home with its current settings."""

    def health(_request: Request) -> Response:
        return _response(health_page(meters))

    def metrics(_request: Request) -> Response:
        return _response(metrics_page(home(), meters))

    return [Route("/healthz", health), Route("/metrics", metrics)]


@contextmanager
def metrics_server(address: tuple[str, int], home: Home, meters: Meters) -> Iterator[int]:
    """Serve only these two pages at (host, port) for the block; yields the port.

    Raises UsageError if it cannot listen there.
    """
    app = Starlette(
        routes=monitoring_routes(lambda: home, meters), exception_handlers={HTTPException: _not_found}
    )
    app.router.redirect_slashes = False
    try:
        listener = Listener(app, *address)
    except OSError as error:
        host, port = address
        raise UsageError(
            f"digest.toml: schedule.metrics: cannot listen at {host}:{port} ({error.strerror or error}); "
            "use another address"
        ) from error
    with listener:
        yield listener.port


def _not_found(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    text = "Use /metrics or /healthz." if error.status_code == 404 else error.detail
    return PlainTextResponse(f"{text}\n", error.status_code, headers=error.headers)


def _response(page: Page) -> Response:
    status, media_type, text = page
    return Response(text.encode("utf-8", "backslashreplace"), status, {"content-type": media_type})
