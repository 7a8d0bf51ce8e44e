"""The addresses of `digest serve`, and what answers at each.

    /                              the archive, as it lies in output/site
    /issues/<subscription>/….html  the same; where clicks are counted, with titles that count them
    /feeds/                        the feeds
    /r/<subscription>/<token>      counts a click, leads on to the paper
    /unsubscribe/<token>           GET asks, POST does (RFC 8058); no cookie, no redirect
    /healthz, /metrics             what a monitor asks

Where `base_url` has a path, the same below it: a proxy may strip the path, or leave it.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from anyio import to_thread
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from digest.errors import ConfigError, DigestError
from digest.home.settings_file import FILE, open_home
from digest.model import Home
from digest.rank.clicks import made_by_hand
from digest.render import notice_pages
from digest.services import reader_pages
from digest.services.metrics import Meters, Page, figures, health
from digest.services.workspace import Clock
from digest.web.static import Files, SecurityHeaders, page_response

if TYPE_CHECKING:
    from digest.render.notice_pages import Notice

_FORM_BYTES = 10_000  # of the body of a POST; RFC 8058's has 26
_ROBOTS = "User-agent: *\nDisallow: /r/\nDisallow: /unsubscribe/\n"
_PAGE_PARTS = 3  # issues, the subscription, the file


class ReloadingHome:
    """A home with its settings as they stand now; while they have mistakes, those before stay in force."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._seen = self._mark()

    def __call__(self) -> Home:
        seen = self._mark()
        if seen != self._seen:
            self._seen = seen
            with suppress(ConfigError):
                self._home = open_home(str(self._home.path))
        return self._home

    def _mark(self) -> tuple[int, ...]:
        """Return what changes when the settings file does."""
        with suppress(OSError):
            found = (self._home.path / FILE).stat()
            return found.st_ino, found.st_mtime_ns, found.st_size
        return ()


@dataclass(frozen=True, slots=True)
class Handlers:
    """What answers. `home` returns the home as it is now, `log` notes what went wrong."""

    home: Callable[[], Home]
    meters: Meters
    log: Callable[[BaseException], None]

    def health(self, _request: Request) -> Response:
        return _answered(health(self.meters))

    def metrics(self, _request: Request) -> Response:
        return _answered(figures(self.home(), self.meters))

    # --- leaving

    def ask_to_leave(self, request: Request) -> Response:
        """Show who would leave what. Programs that follow links come here: nothing is changed."""
        home = self.home()
        found = reader_pages.unsubscribe_target(home, request.path_params["token"])
        if found is None:
            return self._notice(home, request, notice_pages.invalid_link(home.settings.language), 404)
        made = notice_pages.unsubscribed if found.gone else notice_pages.unsubscribe_form
        return self._notice(home, request, made(found.name, found.address, found.language))

    async def leave(self, request: Request) -> Response:
        """Do it, if the form says so that a mail program sends, and our own page."""
        meant = await _says_one_click(request)
        return await to_thread.run_sync(self._leave, request, meant)

    def _leave(self, request: Request, meant: bool) -> Response:
        home = self.home()
        found = (
            reader_pages.unsubscribe(home, request.path_params["token"], Clock.at(None)) if meant else None
        )
        if found is None:
            status = 404 if meant else 400
            return self._notice(home, request, notice_pages.invalid_link(home.settings.language), status)
        return self._notice(
            home, request, notice_pages.unsubscribed(found.name, found.address, found.language)
        )

    # --- clicks

    def follow(self, request: Request) -> Response:
        """Lead on to a paper of ours, and to nowhere else; the click is noted when the reader is on the way."""
        home, subscription = self.home(), request.path_params["subscription"]
        found = reader_pages.click_target(home, subscription, request.path_params["token"])
        if found is None:
            raise HTTPException(404)
        paper, url = found
        noting = None
        if made_by_hand(request.method, request.headers):
            noting = BackgroundTask(self._count, home, subscription, paper, Clock.at(None))
        return Response(
            status_code=303,
            headers={"location": url, "cache-control": "no-store", "x-robots-tag": "noindex, nofollow"},
            background=noting,
        )

    def _count(self, home: Home, subscription: str, paper: int, clock: Clock) -> None:
        try:
            reader_pages.record_click(home, subscription, paper, clock)
        except DigestError as error:  # the reader has long been answered
            self.log(error)

    # --- what is not there, and what goes wrong

    def missing(self, request: Request, error: Exception) -> Response:
        """Answer what nothing else answers; the first page of an archive without any says how to begin."""
        assert isinstance(error, HTTPException)
        home = self.home()
        if error.status_code == 404 and request.url.path in {"/", "/index.html"}:
            return page_response(reader_pages.empty_archive(home), request.scope)
        if error.status_code != 404:
            return PlainTextResponse(f"{error.detail}\n", error.status_code, headers=error.headers)
        return self._notice(home, request, notice_pages.not_found(home.settings.language), 404)

    def failed(self, request: Request, error: Exception) -> Response:
        """Answer where the library or a template fails."""
        self.log(error)
        home = self.home()
        return self._notice(home, request, notice_pages.unavailable(home.settings.language), 503)

    def _notice(self, home: Home, request: Request, notice: "Notice", status: int = 200) -> Response:
        try:
            page = reader_pages.notice_page(home, notice)
        except DigestError as error:  # a template of the home's own that fails
            self.log(error)
            return PlainTextResponse("\n\n".join((notice.heading, *notice.text)) + "\n", status)
        response = page_response(page, request.scope, status)
        response.headers["cache-control"] = "no-store"
        return response


class Archive(Files):
    """The archive's files; an issue's page is made anew where its titles count clicks."""

    def __init__(self, home: Callable[[], Home]) -> None:
        super().__init__(home().output / "site")
        self._settled = home

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file at a path, `index.html` for none."""
        response = await super().get_response("index.html" if path == "." else path, scope)
        parts = path.split("/")
        if len(parts) == _PAGE_PARTS and parts[0] == "issues" and scope["method"] in {"GET", "HEAD"}:
            made = await to_thread.run_sync(self._counting, parts[1], parts[2].removesuffix(".html"))
            return response if made is None else page_response(made, scope)
        return response

    def _counting(self, subscription: str, stem: str) -> str | None:
        return reader_pages.counting_page(self._settled(), subscription, stem)


class PathPrefix:
    """An application whose addresses may have the path of `base_url` before them."""

    def __init__(self, app: ASGIApp, home: Callable[[], Home]) -> None:
        self._app, self._home = app, home

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        prefix = urlsplit(self._home().settings.base_url).path.rstrip("/")
        if prefix and scope["type"] == "http" and f"{scope['path']}/".startswith(f"{prefix}/"):
            path = scope["path"].removeprefix(prefix) or "/"
            scope = {**scope, "path": path, "raw_path": path.encode("utf-8", "surrogateescape")}
        await self._app(scope, receive, send)


def application(home: Callable[[], Home], meters: Meters, log: Callable[[BaseException], None]) -> ASGIApp:
    """Return all addresses as one ASGI application."""
    pages = Handlers(home, meters, log)
    token = "/unsubscribe/{token}"  # noqa: S105 - the place of one
    site = Starlette(
        routes=[
            Route("/healthz", pages.health),
            Route("/metrics", pages.metrics),
            Route("/robots.txt", _robots),
            Route(token, pages.ask_to_leave),
            Route(token, pages.leave, methods=["POST"]),
            Route("/r/{subscription}/{token}", pages.follow),
            Mount("/feeds", Files(home().output / "feeds")),
            Mount("/", Archive(home)),
        ],
        exception_handlers={HTTPException: pages.missing, DigestError: pages.failed},
    )
    site.router.redirect_slashes = False
    return SecurityHeaders(PathPrefix(site, home))


def _robots(_request: Request) -> Response:
    return PlainTextResponse(_ROBOTS)


def _answered(answer: Page) -> Response:
    status, kind, text = answer
    return Response(text.encode("utf-8", "backslashreplace"), status, {"content-type": kind})


async def _says_one_click(request: Request) -> bool:
    """Tell whether a body is RFC 8058's form, in either way that forms are sent."""
    body = b""
    try:
        async for part in request.stream():
            body += part
            if len(body) > _FORM_BYTES:
                return False
    except ClientDisconnect:
        return False
    return b"List-Unsubscribe" in body and b"One-Click" in body
