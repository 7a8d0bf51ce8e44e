"""What the pages for people who subscribe share: languages, hosts, stamps, notices, and work after a response."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from anyio import CapacityLimiter, to_thread
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from digest.errors import DigestError
from digest.i18n.language import LANGUAGES
from digest.model import Home
from digest.render import reader_notices
from digest.render.notice_pages import Notice
from digest.services import accounts, reader_pages
from digest.services.library_index import LibraryIndex
from digest.services.workspace import Clock
from digest.web.clients import client_network, is_known_host
from digest.web.forms import STAMP, Form, age_of_stamp, make_stamp, read_form
from digest.web.private import hidden
from digest.web.static import page_response

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class People:
    """The state behind the pages. `mail_due` is called when there is mail to send or a first issue to make."""

    home: Callable[[], Home]
    log: Callable[[BaseException], None]
    index: LibraryIndex
    mail_due: Callable[[], None]
    afterwards: CapacityLimiter

    def secret(self) -> bytes:
        return accounts.secret_of(self.home())

    def stamp(self, purpose: str) -> str:
        return make_stamp(self.secret(), purpose, Clock.at(None).now)

    def has_stamp(self, form: Form, purpose: str) -> bool:
        return age_of_stamp(self.secret(), purpose, form.text(STAMP), Clock.at(None).now) is not None

    def network(self, request: Request) -> str:
        return client_network(request.scope, self.home().settings.web.trusted_proxies)

    def language(self, request: Request) -> str:
        """Return the language of a page: the first one that the browser asks for and that we have."""
        for each in request.headers.get("accept-language", "").split(","):
            code = each.partition(";")[0].strip().lower().partition("-")[0]
            if code in LANGUAGES:
                return code
        return self.home().settings.language

    def notice(self, request: Request, notice: Notice, status: int = 200) -> Response:
        try:
            page = reader_pages.notice_page(self.home(), notice)
        except DigestError as error:  # the home's own template fails
            self.log(error)
            return PlainTextResponse("\n\n".join((notice.heading, *notice.text)) + "\n", status)
        return self.page(request, page, status)

    def page(self, request: Request, page: str, status: int = 200) -> Response:
        """Return a page that nobody keeps."""
        response = hidden(page_response(page, request.scope, status))
        response.headers["cache-control"] = "no-store"
        return response

    def follow_up(self) -> BackgroundTask:
        """Return work to do after a response: emails of requests, then their delivery."""

        def work() -> None:
            try:
                accounts.work(self.home(), Clock.at(None))
                self.mail_due()
            except DigestError as error:  # the reader has got a response; the next round tries again
                self.log(error)

        return BackgroundTask(partial(to_thread.run_sync, work, limiter=self.afterwards))

    def reading(self, handler: Callable[[Request], Response]) -> Handler:
        """Return a handler that answers in a thread, for our own host only."""

        async def handle(request: Request) -> Response:
            return await to_thread.run_sync(self._checked, request, lambda: handler(request))

        return handle

    def sending(self, handler: Callable[[Request, Form], Response]) -> Handler:
        """Return a handler of forms that answers in a thread, for our own host only."""

        async def handle(request: Request) -> Response:
            form = await read_form(request)

            def answer() -> Response:
                if form is None:
                    return self.notice(request, reader_notices.refused(self.language(request)), 400)
                return handler(request, form)

            return await to_thread.run_sync(self._checked, request, answer)

        return handle

    def _checked(self, request: Request, answer: Callable[[], Response]) -> Response:
        if not is_known_host(request.scope, self.home().settings):
            return self.notice(request, reader_notices.wrong_host(self.language(request)), 421)
        return answer()

    def need_sign_up(self) -> Home:
        """Return the home. Raises HTTPException 404 if nobody may subscribe on the web."""
        home = self.home()
        if home.settings.web.signup == "off":
            raise HTTPException(404)
        return home
