"""The pages on which people subscribe: the form with what it would bring, and the link that confirms.

/subscribe           the form; POST shows what the keywords bring, or stores the request
/subscribe/try       what the keywords bring, for the script of the form
/subscribe/sent      what to do next, the same for every address
/confirm/<code>      GET asks, POST makes the subscription
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from digest.errors import StoreError
from digest.i18n.catalogue import language
from digest.model import Home
from digest.render import reader_notices
from digest.render.sign_up import LANGUAGE_NAMES, FaultView, FormView, days_of, problem_text, tried_view
from digest.services import accounts
from digest.services.sign_up import DAYS, SIZES, Checked, Draft, Tried, check_draft, try_draft, zones
from digest.services.tuning import Fault, faults_of
from digest.services.workspace import Clock
from digest.web.forms import STAMP, Form, age_of_stamp, form_of
from digest.web.people import People

_PURPOSE = "subscribe"
_FASTEST = timedelta(seconds=2)  # from the page to its form; programs are faster
_WAIT = 1.5  # seconds for the index of the library
_BUTTONS = ("add", "without", "instead")  # that change keywords
_FIELDS = ("days", "time", "timezone", "size", "language", "email", "name")


def subscribe_routes(people: People) -> list[Route]:
    """Return the routes of these pages."""
    pages = SubscribePages(people)
    return [
        Route("/subscribe", people.reading(pages.form)),
        Route("/subscribe", people.sending(pages.send), methods=["POST"]),
        Route("/subscribe/try", people.sending(pages.try_it), methods=["POST"]),
        Route("/subscribe/sent", people.reading(pages.sent)),
        Route("/confirm/{code}", people.reading(pages.ask)),
        Route("/confirm/{code}", people.sending(pages.confirm), methods=["POST"]),
    ]


def read_draft(form: Form, default: Draft) -> Draft:
    """Return the draft in a form, with the term that its button adds or excludes."""
    texts = {name: form.text(name) for name in _FIELDS if form.has(name)}
    old, _, better = form.text("instead").partition("\t")
    typed = [better if better and each == old else each for each in form.lines("keywords")]
    keywords = (*typed, *form.lines("add"))
    exclude = (*form.lines("exclude"), *form.lines("without"))
    return replace(
        default, keywords=tuple(dict.fromkeys(keywords)), exclude=tuple(dict.fromkeys(exclude)), **texts
    )


def fault_views(faults: tuple[Fault, ...]) -> dict[str, tuple[FaultView, ...]]:
    """Return the mistakes in queries by field."""
    return {
        key: tuple(
            FaultView(each.message[:1].upper() + each.message[1:], each.remedy, each.excerpt)
            for each in faults
            if each.key == key
        )
        for key in ("keywords", "exclude")
    }


@dataclass(frozen=True, slots=True)
class _Answer:
    """How the form is shown: with the stamp that it had ("" for another), an HTTP status, and what is said above it."""

    stamp: str = ""
    status: int = 200
    said: str = ""
    template: str = "subscribe.html"


_FIRST = _Answer()


class SubscribePages:
    """The handlers of the pages on which people subscribe."""

    def __init__(self, people: People) -> None:
        self._people = people

    def form(self, request: Request) -> Response:
        """Show the form, with keywords of the address where there are any."""
        home = self._people.need_sign_up()
        query = form_of(request.url.query) or Form({})
        return self._page(request, Checked(read_draft(query, self._default(request, home))))

    def send(self, request: Request, form: Form) -> Response:
        """Store a request, or show what the keywords would bring."""
        home = self._people.need_sign_up()
        draft = read_draft(form, self._default(request, home))
        if form.text("action") != "send" or any(map(form.has, _BUTTONS)):
            return self._page(request, Checked(draft, faults_of([draft.interest])), _Answer(form.text(STAMP)))
        if form.is_trapped:
            return self._to_sent()
        checked = check_draft(home, draft)
        if checked.wish is None:
            return self._page(request, checked, _Answer(form.text(STAMP), status=422))
        clock = Clock.at(None)
        age = age_of_stamp(self._people.secret(), _PURPOSE, form.text(STAMP), clock.now)
        if age is None or age < _FASTEST:
            answer = _Answer("", 422, "stale") if age is None else _Answer(form.text(STAMP), 422, "too fast")
            return self._page(request, checked, answer)
        if not accounts.request(home, draft.email, checked.wish, self._people.network(request), clock):
            notice = reader_notices.too_many(self._people.language(request))
            return self._people.notice(request, notice, 429)
        response = self._to_sent()
        response.background = self._people.follow_up()
        return response

    def _to_sent(self) -> Response:
        return RedirectResponse("subscribe/sent", 303)

    def sent(self, request: Request) -> Response:
        """Say what to do next."""
        self._people.need_sign_up()
        notice = reader_notices.check_your_mail(self._people.language(request))
        return self._people.notice(request, notice)

    def try_it(self, request: Request, form: Form) -> Response:
        """Return what keywords would bring, as parts of the form."""
        home = self._people.home()
        draft = read_draft(form, self._default(request, home))
        answer = _Answer("-", template="sign-up-tried.html")
        return self._page(request, Checked(draft, faults_of([draft.interest])), answer)

    def ask(self, request: Request) -> Response:
        """Ask whether to subscribe. Change nothing: mail scanners follow links."""
        home, code = self._people.home(), request.path_params["code"]
        found = accounts.confirmation(home, code, Clock.at(None))
        if found is None:
            notice = reader_notices.outdated_link(self._people.language(request))
            return self._people.notice(request, notice, 404)
        lang, name = found.wish.language, found.wish.name
        if found.done:
            return self._people.notice(request, reader_notices.confirmed(name, lang, waits=found.waits))
        stamp = self._people.stamp(f"confirm {code}")
        return self._people.notice(request, reader_notices.confirm_form(name, lang, stamp))

    def confirm(self, request: Request, form: Form) -> Response:
        """Make the subscription, if our own page was sent."""
        home, code = self._people.home(), request.path_params["code"]
        if not self._people.has_stamp(form, f"confirm {code}"):
            notice = reader_notices.refused(self._people.language(request))
            return self._people.notice(request, notice, 400)
        found = accounts.confirm(home, code, Clock.at(None))
        if found is None:
            notice = reader_notices.outdated_link(self._people.language(request))
            return self._people.notice(request, notice, 404)
        if found.code:
            response: Response = RedirectResponse(f"../manage/{found.code}?new", 303)
        else:
            notice = reader_notices.confirmed(found.wish.name, found.wish.language, waits=found.waits)
            response = self._people.notice(request, notice)
        response.background = self._people.follow_up()
        return response

    def _default(self, request: Request, home: Home) -> Draft:
        return Draft(timezone=home.settings.timezone, language=self._people.language(request))

    def _page(self, request: Request, checked: Checked, answer: _Answer = _FIRST) -> Response:
        from digest.pipeline.outputs import renderer_for

        home, code = self._people.home(), self._people.language(request)
        view = form_view(home, code, checked, self.tried(home, checked))
        said = problem_text(language(code), answer.said) if answer.said else ""
        view = replace(view, stamp=answer.stamp or self._people.stamp(_PURPOSE), said=said)
        page = renderer_for(home).web_page(answer.template, view)
        return self._people.page(request, page, answer.status)

    def tried(self, home: Home, checked: Checked) -> Tried | None:
        """Return what keywords without mistakes bring; None while the library is being read."""
        if not checked.draft.keywords or checked.faults:
            return None
        try:
            with self._people.index.opened(_WAIT) as index:
                return None if index is None else try_draft(home, index, checked.draft, Clock.at(None))
        except StoreError:  # the form works without
            return None


def form_view(home: Home, code: str, checked: Checked, found: Tried | None) -> FormView:
    """Return the form as its template sees it, in a language."""
    from digest.pipeline.outputs import site_context

    lang, draft, web = language(code), checked.draft, home.settings.web
    domains = ", ".join(f"@{each}" for each in web.domains)
    names = ("keywords", "exclude", "email", "days", "time", "timezone", "size", "language")
    texts = {name: checked.problems.get(name, "") for name in names}
    return FormView(
        code,
        lang.gettext("The papers you would want, in one email"),
        {
            **{name: getattr(draft, name) for name in _FIELDS},
            "keywords": "\n".join(draft.keywords),
            "exclude": "\n".join(draft.exclude),
        },
        tuple(each for each in days_of(lang) if each[0] in DAYS),
        LANGUAGE_NAMES,
        tuple(map(str, SIZES)),
        zones(),
        "",
        lang.gettext("only %(domains)s", domains=domains) if domains else "",
        {name: problem_text(lang, text) if text else "" for name, text in texts.items()},
        fault_views(checked.faults),
        tried_view(site_context(home), lang, found.tuning, found.related) if found else None,
        waiting=bool(draft.keywords) and not checked.faults and found is None,
    )
