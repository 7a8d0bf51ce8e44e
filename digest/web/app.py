"""The addresses of `digest serve`, and their handlers.

    /                              the archive: the files of output/site
    /issues/<subscription>/….html  the same; where clicks are counted, with titles that link to /r/
    /private/<subscription>.<code>/….html  issues of private subscriptions; only those who got the link know it
    /feeds/                        a page that lists the feeds, and the feeds
    /subscribe, /confirm/<code>    see `digest.web.subscribe`
    /manage, /feedback             see `digest.web.manage` and `digest.web.feedback`
    /r/<subscription>/<token>      counts a click and redirects to the paper
    /unsubscribe/<token>           GET asks for confirmation, POST unsubscribes (RFC 8058); no cookie, no redirect
    /admin…                        the operator's console, if a password is set (digest/web/console)
    /search                        the query language over all papers
    /healthz, /metrics             for monitoring

If `base_url` has a path, all of these also work below it, so a proxy may strip the path or keep it.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Scope

from digest.errors import ConfigError, DigestError
from digest.home.settings_file import FILE, open_home
from digest.model import Home
from digest.rank.clicks import made_by_hand
from digest.render import notice_pages
from digest.services import issue_files, reader_pages
from digest.services.library_index import LibraryIndex
from digest.services.metrics import Meters
from digest.services.workspace import Clock
from digest.web.console.routes import Console
from digest.web.feedback import feedback_routes
from digest.web.manage import manage_routes
from digest.web.monitoring import monitoring_routes
from digest.web.page_cache import PageCache
from digest.web.people import People
from digest.web.prefix import PathPrefix, with_slash
from digest.web.private import private_routes
from digest.web.search import search_routes
from digest.web.static import TYPES, Files, Page, SecurityHeaders, page_response
from digest.web.subscribe import subscribe_routes

if TYPE_CHECKING:
    from digest.render.notice_pages import Notice

_FORM_BYTES = 10_000  # limit of a POST body; that of RFC 8058 has 26
_ROBOTS = "".join(
    f"{line}\n"
    for line in (
        "User-agent: *",
        *(
            f"Disallow: /{path}"
            for path in (
                "admin",
                "confirm/",
                "feedback/",
                "manage",
                "private/",
                "r/",
                "search",
                "unsubscribe/",
            )
        ),
    )
)
_PAGE_PARTS = 3  # of the path of an issue's page: issues, the subscription, the file


class ReloadingHome:
    """A home whose settings are read again when they change; invalid ones leave the old ones in effect."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._version = self._file_version()

    def __call__(self) -> Home:
        version = self._file_version()
        if version != self._version:
            self._version = version
            with suppress(ConfigError):
                self._home = open_home(str(self._home.path))
        return self._home

    def _file_version(self) -> tuple[int, ...]:
        """Return a value that changes when the settings file does."""
        with suppress(OSError):
            found = (self._home.path / FILE).stat()
            return found.st_ino, found.st_mtime_ns, found.st_size
        return ()


@dataclass(frozen=True, slots=True)
class Handlers:
    """The handlers of the routes. `home` returns the home with its current settings; `log` logs an error.

    `afterwards` limits the threads for work after a response.
    """

    home: Callable[[], Home]
    log: Callable[[BaseException], None]
    afterwards: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(1))

    def confirm_unsubscribe(self, request: Request) -> Response:
        """Show who would be unsubscribed from what. Change nothing: mail scanners follow links."""
        home = self.home()
        found = reader_pages.unsubscribe_target(home, request.path_params["token"])
        if found is None:
            return self._notice(home, request, notice_pages.invalid_link(home.settings.language), 404)
        notice = notice_pages.unsubscribed if found.unsubscribed else notice_pages.unsubscribe_form
        return self._notice(home, request, notice(found.name, found.address, found.language))

    async def unsubscribe(self, request: Request) -> Response:
        """Unsubscribe, if the body is the one-click form that mail programs and our own page send."""
        valid = await _is_one_click_form(request)
        return await to_thread.run_sync(self._unsubscribe, request, valid)

    def _unsubscribe(self, request: Request, valid: bool) -> Response:
        home = self.home()
        token = request.path_params["token"]
        found = reader_pages.unsubscribe(home, token, Clock.at(None)) if valid else None
        if found is None:
            status = 404 if valid else 400
            return self._notice(home, request, notice_pages.invalid_link(home.settings.language), status)
        notice = notice_pages.unsubscribed(found.name, found.address, found.language)
        response = self._notice(home, request, notice)
        response.background = self._afterwards(reader_pages.record_unsubscribe, home, token, Clock.at(None))
        return response

    def _afterwards(self, work: Callable[..., object], *arguments: object) -> BackgroundTask:
        """Return work to do after a response. It may wait for a run, in one thread for all of it."""

        def logged() -> None:
            try:
                work(*arguments)
            except DigestError as error:  # the reader has got a response already
                self.log(error)

        return BackgroundTask(partial(to_thread.run_sync, logged, limiter=self.afterwards))

    def click(self, request: Request) -> Response:
        """Redirect to a paper of the library, nowhere else; record the click after the response."""
        home, subscription = self.home(), request.path_params["subscription"]
        found = reader_pages.click_target(home, subscription, request.path_params["token"])
        if found is None:
            raise HTTPException(404)
        paper, url = found
        recording = None
        if made_by_hand(request.method, request.headers):
            recording = self._afterwards(reader_pages.record_click, home, subscription, paper, Clock.at(None))
        return Response(
            status_code=303,
            headers={"location": url, "cache-control": "no-store", "x-robots-tag": "noindex, nofollow"},
            background=recording,
        )

    def http_error(self, request: Request, error: Exception) -> Response:
        """Respond to an HTTPException; the start page of an empty archive explains how to begin."""
        assert isinstance(error, HTTPException)
        home = self.home()
        if error.status_code == 404 and request.scope["path"] in {"/", "/index.html"}:
            return page_response(reader_pages.empty_archive(home), request.scope)
        if error.status_code != 404:
            return PlainTextResponse(f"{error.detail}\n", error.status_code, headers=error.headers)
        return self._notice(home, request, notice_pages.not_found(home.settings.language), 404)

    def unavailable(self, request: Request, error: Exception) -> Response:
        """Respond when the library or a template fails."""
        self.log(error)
        home = self.home()
        return self._notice(home, request, notice_pages.unavailable(home.settings.language), 503)

    def _notice(self, home: Home, request: Request, notice: "Notice", status: int = 200) -> Response:
        try:
            page = reader_pages.notice_page(home, notice)
        except DigestError as error:  # the home's own template fails
            self.log(error)
            return PlainTextResponse("\n\n".join((notice.heading, *notice.text)) + "\n", status)
        response = page_response(page, request.scope, status)
        response.headers["cache-control"] = "no-store"
        return response


class Archive(Files):
    """The files of the archive. Issue pages are rendered on request where clicks are counted."""

    def __init__(self, home: Callable[[], Home]) -> None:
        super().__init__(home().output / "site")
        self._current_home = home
        self._tracked: PageCache[Page] = PageCache(lambda page: page.size)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file at a path; an issue's page with counted clicks, or made now if it has no file."""
        parts = path.split("/")
        is_issue = len(parts) == _PAGE_PARTS and parts[0] == "issues" and scope["method"] in {"GET", "HEAD"}
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            if error.status_code != 404 or not is_issue or not parts[2].endswith(".html"):
                raise
            made = await to_thread.run_sync(
                issue_files.page_on_request, self._current_home(), parts[1], parts[2].removesuffix(".html")
            )
            if made is None:
                raise
            return page_response(made, scope)
        if is_issue:
            page = await to_thread.run_sync(self._tracked_page, parts[1], parts[2].removesuffix(".html"))
            return response if page is None else page_response(page, scope)
        return response

    def _tracked_page(self, subscription: str, stem: str) -> Page | None:
        home = self._current_home()
        version = reader_pages.tracked_page_version(home, subscription, stem)
        if version is None:
            return None

        def rendered() -> Page | None:
            text = reader_pages.tracked_page(home, subscription, stem)
            return None if text is None else Page.of(text)

        return self._tracked.get(version, rendered)


class Feeds(Files):
    """The feeds; those of subscriptions without files are made on request."""

    def __init__(self, home: Callable[[], Home]) -> None:
        super().__init__(home().output / "feeds")
        self._current_home = home

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file at a path, or a feed that is made now."""
        try:
            return await super().get_response(path, scope)
        except HTTPException as error:
            if error.status_code != 404 or scope["method"] not in {"GET", "HEAD"}:
                raise
            data = await to_thread.run_sync(issue_files.feed_on_request, self._current_home(), path)
            if data is None:
                raise
            return page_response(data.decode(), scope, media_type=TYPES[f".{path.rpartition('.')[2]}"])


def application(
    home: Callable[[], Home],
    meters: Meters,
    log: Callable[[BaseException], None],
    mail_due: Callable[[], None] = lambda: None,
) -> ASGIApp:
    """Return the whole site as one ASGI application; `log` logs errors of pages.

    `mail_due` is called when a page has caused mail, or a first issue.
    """
    handlers, index = Handlers(home, log), LibraryIndex(home)
    people = People(home, log, index, mail_due, handlers.afterwards)
    token = "/unsubscribe/{token}"  # noqa: S105 - a path, not a secret
    site = Starlette(
        routes=[
            *monitoring_routes(home, meters),
            Route("/robots.txt", _robots),
            Route(token, handlers.confirm_unsubscribe),
            Route(token, handlers.unsubscribe, methods=["POST"]),
            Route("/r/{subscription}/{token}", handlers.click),
            *private_routes(home),
            *search_routes(home, index),
            *subscribe_routes(people),
            *manage_routes(people),
            *feedback_routes(people),
            *Console(home, log).routes(),
            Route("/feeds", lambda request: with_slash(request.scope)),
            Mount("/feeds", Feeds(home)),
            Mount("/", Archive(home)),
        ],
        exception_handlers={HTTPException: handlers.http_error, DigestError: handlers.unavailable},
    )
    site.router.redirect_slashes = False
    return SecurityHeaders(PathPrefix(site, home))


def _robots(_request: Request) -> Response:
    return PlainTextResponse(_ROBOTS)


async def _is_one_click_form(request: Request) -> bool:
    """Return whether the body is the form of RFC 8058, in either encoding of forms."""
    body = b""
    try:
        async for part in request.stream():
            body += part
            if len(body) > _FORM_BYTES:
                return False
    except ClientDisconnect:
        return False
    return b"List-Unsubscribe" in body and b"One-Click" in body
