"""The operator's console below /admin: its pages show the library, its forms change it, and each change is recorded.

    /admin                         figures, the latest runs, a test mail
    /admin/sign-in, …/sign-out     with the password that `digest admin password` sets
    /admin/subscriptions[/<id>]    find, look at, change, pause, delete; …/preview shows the next issue
    /admin/readers                 addresses, and whether they get mail
    /admin/mail                    the outbox with the words of the servers
    /admin/runs[/<id>], /admin/sources, /admin/actions

Without a password, the console is off: all of these are 404. GET changes nothing.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from anyio import CapacityLimiter, to_thread
from starlette.background import BackgroundTask
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from digest.errors import DigestError, UsageError
from digest.model import Home
from digest.services import console
from digest.services.templates import preview_page
from digest.services.workspace import Clock
from digest.system.resources import folder
from digest.web.clients import is_known_host
from digest.web.console import deeds, gate, views
from digest.web.console.gate import Guesses, Visit
from digest.web.forms import Form, read_form
from digest.web.static import page_response

if TYPE_CHECKING:
    from jinja2 import Environment

AT = "/admin"
_TEMPORARY = "The console could not do this now: {}"


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    places = [Path(__file__).parent / "pages", folder("templates")]
    return Environment(
        loader=FileSystemLoader(places), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )


@dataclass(frozen=True, slots=True)
class Console:
    """The handlers. `home` returns the home with its current settings; `log` logs an error.

    `hashing` lets one password at a time be checked, as each check takes 64 MiB; `recording` limits the threads for what
    is recorded after a response.
    """

    home: Callable[[], Home]
    log: Callable[[BaseException], None]
    guesses: Guesses = field(default_factory=Guesses)
    hashing: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(1))
    recording: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(1))

    def routes(self) -> list[Route]:
        """Return the routes of the console."""
        found = [
            Route(f"{AT}/sign-in", self._show_sign_in),
            Route(f"{AT}/sign-in", self._sign_in, methods=["POST"]),
            Route(f"{AT}/sign-out", self._sign_out, methods=["POST"]),
            *(Route(f"{AT}{path}", self._page(path)) for path in views.PAGES),
            Route(f"{AT}/", self._page("")),
            Route(
                f"{AT}/runs/{{number}}",
                self._one("/runs", lambda home, path, query: views.run(home, path["number"], query)),
            ),
            Route(f"{AT}/subscriptions/{{id}}/preview", self._preview),
            Route(
                f"{AT}/subscriptions/{{id}}",
                self._one("/subscriptions", lambda home, path, _query: views.subscription(home, path["id"])),
            ),
        ]
        found += [
            Route(f"{AT}{path}", self._deed(deed), methods=["POST"]) for path, deed in deeds.DEEDS.items()
        ]
        return found

    def _page(self, path: str) -> Callable[[Request], Response]:
        """Return the handler of a page of the navigation."""

        def handler(request: Request) -> Response:
            return self._shown(request, path, lambda home: views.PAGES[path](home, request.query_params))

        return handler

    def _one(
        self, path: str, show: Callable[[Home, Mapping[str, str], QueryParams], views.Shown]
    ) -> Callable[[Request], Response]:
        """Return the handler of a page about one thing."""

        def handler(request: Request) -> Response:
            return self._shown(
                request, path, lambda home: show(home, request.path_params, request.query_params)
            )

        return handler

    def _shown(self, request: Request, here: str, show: Callable[[Home], views.Shown]) -> Response:
        visit = self._visit(request)
        if visit.session is None:
            return _redirect(visit, "/sign-in")
        try:
            shown = show(visit.home)
        except UsageError as error:
            return self._message(request, visit, "Not found", str(error), status=404)
        note = deeds.NOTES.get(request.query_params.get("done", ""), "")
        return self._respond(request, visit, shown.template, here, {**shown.values, "note": note})

    def _visit(self, request: Request) -> Visit:
        """Return the visit of a request. Raises HTTPException 404 if the console is off, or not at this host."""
        home = self.home()
        visit = gate.visit_of(request, home)
        if not visit.access.is_open or not is_known_host(request.scope, home.settings):
            raise HTTPException(404)
        return visit

    def _show_sign_in(self, request: Request) -> Response:
        visit = self._visit(request)
        if visit.session is not None:
            return _redirect(visit, "")
        if not gate.is_safe(request, visit.home):
            return self._unsafe(request, visit)
        return self._respond(request, visit, "sign-in.html", "", {})

    async def _sign_in(self, request: Request) -> Response:
        form = await read_form(request)
        return await to_thread.run_sync(self._signed_in, request, form, limiter=self.hashing)

    def _signed_in(self, request: Request, form: Form | None) -> Response:
        visit, now = self._visit(request), time.time()
        if not gate.is_safe(request, visit.home):
            return self._unsafe(request, visit)
        if form is None:
            return self._message(request, visit, "Not accepted", "Use the form of this page.", status=400)
        if wait := self.guesses.wait(visit.client, now):
            text = f"Too many wrong passwords from this address. Try again in {wait // 60 + 1} minutes."
            response = self._respond(request, visit, "sign-in.html", "", {"wrong": text}, 429)
            response.headers["retry-after"] = str(wait)
            return response
        session = console.sign_in(visit.home, next(iter(form.fields.get("password", ())), ""), now)
        if session is None:
            self.guesses.wrong(visit.client, now)
            text = "This is not the password."
            response = self._respond(request, visit, "sign-in.html", "", {"wrong": text}, 403)
            return self._recorded(response, visit, "wrong password")
        response = _redirect(visit, "")
        gate.keep(response, visit, session)
        return self._recorded(response, visit, "signed in")

    def _recorded(self, response: Response, visit: Visit, action: str) -> Response:
        """Return a response after which it is recorded who came or went: that may have to wait for a run."""

        def record() -> None:
            try:
                console.record(visit.home, Clock.at(None), visit.client, action)
            except DigestError as error:
                self.log(error)

        response.background = BackgroundTask(partial(to_thread.run_sync, record, limiter=self.recording))
        return response

    def _deed(self, deed: deeds.Deed) -> Callable[[Request], Awaitable[Response]]:
        """Return the handler of a form that changes something."""

        async def handler(request: Request) -> Response:
            form = await read_form(request)
            return await to_thread.run_sync(self._done, request, form, deed)

        return handler

    def _done(self, request: Request, form: Form | None, deed: deeds.Deed) -> Response:
        visit = self._visit(request)
        if not self._is_allowed(visit, form) or form is None:
            return self._foreign(request, visit)
        try:
            done = deed(visit.home, request.path_params, form)
            console.record(visit.home, Clock.at(None), visit.client, done.action, done.subject, done.detail)
        except UsageError as error:
            return self._refused(request, visit, form, str(error))
        except DigestError as error:
            self.log(error)
            return self._message(request, visit, "Not done", _TEMPORARY.format(error), status=503)
        return _redirect(visit, f"{done.then}?done={done.note}")

    async def _sign_out(self, request: Request) -> Response:
        form = await read_form(request)
        return await to_thread.run_sync(self._signed_out, request, form)

    def _signed_out(self, request: Request, form: Form | None) -> Response:
        visit = self._visit(request)
        if visit.session is None or not self._is_allowed(visit, form):
            return self._foreign(request, visit)
        console.sign_out(visit.home, visit.session)
        response = _redirect(visit, "/sign-in")
        gate.forget(response, visit.home)
        return self._recorded(response, visit, "signed out")

    def _is_allowed(self, visit: Visit, form: Form | None) -> bool:
        """Return whether a form comes from a page of an operator's own session."""
        return form is not None and gate.has_stamp(visit, form)

    def _foreign(self, request: Request, visit: Visit) -> Response:
        """Respond to a form that is not of a session."""
        if visit.session is None:
            return _redirect(visit, "/sign-in")
        text = "This form is not of this session. Go back, load the page again, and send it again."
        return self._message(request, visit, "Not accepted", text, status=403)

    def _refused(self, request: Request, visit: Visit, form: Form, reason: str) -> Response:
        """Respond to a form with a mistake; a changed text is shown again with what is wrong with it."""
        name = request.path_params.get("id")
        if name and form.has("text"):
            shown = views.subscription(visit.home, name, form.fields["text"][0])
            values = {**shown.values, "wrong": reason, "known": form.text("known")}
            return self._respond(request, visit, shown.template, "/subscriptions", values, 400)
        return self._message(request, visit, "Not done", reason, status=400)

    def _preview(self, request: Request) -> Response:
        visit = self._visit(request)
        if visit.session is None:
            return _redirect(visit, "/sign-in")
        name = request.path_params["id"]
        try:
            page = preview_page(visit.home, name, Clock.at(None), site=visit.home.settings.base_url)
        except UsageError as error:
            back = f"/subscriptions/{quote(name, safe='')}"
            return self._message(request, visit, "No issue now", str(error), back=back)
        return _private(page_response(page, request.scope))

    def _unsafe(self, request: Request, visit: Visit) -> Response:
        text = (
            "The password would travel unencrypted. Use https (set base_url in digest.toml to the https address of "
            "your proxy), or open the console on the machine itself."
        )
        return self._message(request, visit, "Not here", text, status=403)

    def _message(
        self, request: Request, visit: Visit, heading: str, text: str, *, status: int = 200, back: str = ""
    ) -> Response:
        values = {"heading": heading, "text": text.split("\n"), "back": back}
        return self._respond(request, visit, "message.html", "", values, status)

    def _respond(
        self,
        request: Request,
        visit: Visit,
        template: str,
        here: str,
        values: Mapping[str, object],
        status: int = 200,
    ) -> Response:
        settings = visit.home.settings
        base = _base(visit.home)
        site = {
            "title": settings.title,
            "base": f"{base}/",
            "at": f"{base}{AT}",
            "nav": list(views.NAMES.items()),
            "zone": settings.timezone,
        }
        session = {"stamp": visit.stamp} if visit.session else None
        every = {"site": site, "session": session, "here": here, "note": "", "wrong": "", **values}
        response = page_response(_environment().get_template(template).render(every), request.scope, status)
        later = visit.session and console.renewed(visit.session, time.time())
        if later:
            gate.keep(response, visit, later)
        return _private(response)


def _base(home: Home) -> str:
    """Return the path of `base_url` without its last slash."""
    return urlsplit(home.settings.base_url).path.rstrip("/")


def _redirect(visit: Visit, path: str) -> Response:
    return _private(RedirectResponse(f"{_base(visit.home)}{AT}{path}", 303))


def _private(response: Response) -> Response:
    """Return a response that nobody keeps."""
    response.headers["cache-control"] = "no-store"
    response.headers["x-robots-tag"] = "noindex, nofollow"
    return response
