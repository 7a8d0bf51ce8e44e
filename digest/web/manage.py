"""The reader's own page, and the way to it by email.

/manage              asks for an address, to which the link is mailed
/manage/<code>       what the reader has; GET changes nothing, POST does what its button says
/manage/<code>.json  everything that is stored about the reader
"""

import json
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from digest.i18n.catalogue import language
from digest.render import own_page as view
from digest.render import reader_notices
from digest.render.sign_up import FormView, problem_text
from digest.services import accounts, readers
from digest.services.readers import Owned, OwnPage
from digest.services.sign_up import Checked, Draft, check_draft, draft_of, name_of, try_draft
from digest.services.tuning import faults_of
from digest.services.workspace import Clock
from digest.text.addresses import address_error
from digest.web.forms import Form
from digest.web.people import People
from digest.web.private import hidden
from digest.web.subscribe import form_view, read_draft

_SIGN_IN = "sign in"
_WAIT = 1.5  # seconds for the index of the library
_CHANGES: dict[str, readers.Change] = {
    "weekly": readers.weekly,
    "fewer": readers.fewer,
    "pause": readers.paused,
    "resume": readers.resumed,
}


def manage_routes(people: People) -> list[Route]:
    """Return the routes of these pages."""
    pages = ManagePages(people)
    return [
        Route("/manage", people.reading(pages.sign_in)),
        Route("/manage", people.sending(pages.send_link), methods=["POST"]),
        Route("/manage/{code}.json", people.reading(pages.everything)),
        Route("/manage/{code}", people.reading(pages.show)),
        Route("/manage/{code}", people.sending(pages.act), methods=["POST"]),
    ]


class ManagePages:
    """The handlers of a reader's own page."""

    def __init__(self, people: People) -> None:
        self._people = people

    def sign_in(self, request: Request) -> Response:
        """Ask for an address."""
        return self._sign_in(request)

    def _sign_in(self, request: Request, email: str = "", problem: str = "") -> Response:
        from digest.pipeline.outputs import renderer_for

        code = self._people.language(request)
        said = problem_text(language(code), problem) if problem else ""
        page = view.sign_in_view(code, self._people.stamp(_SIGN_IN), email, said)
        shown = renderer_for(self._people.home()).web_page("sign-in.html", page)
        return self._people.page(request, shown, 422 if problem else 200)

    def send_link(self, request: Request, form: Form) -> Response:
        """Store that somebody wants the link; the response is the same for every address."""
        code, email = self._people.language(request), form.text("email")
        if not self._people.has_stamp(form, _SIGN_IN):
            return self._sign_in(request, email, "stale")
        if not email or address_error(email):
            return self._sign_in(request, email, "not an address" if email else "no address")
        network = self._people.network(request)
        if not accounts.request(self._people.home(), email, None, network, Clock.at(None)):
            return self._people.notice(request, reader_notices.too_many(code), 429)
        response = self._people.notice(request, reader_notices.check_your_mail(code))
        response.background = self._people.follow_up()
        return response

    def everything(self, request: Request) -> Response:
        """Return all that is stored about a reader."""
        found = readers.everything(self._people.home(), request.path_params["code"])
        if found is None:
            return self._unknown(request)
        text = json.dumps(found, ensure_ascii=False, indent=1) + "\n"
        response = hidden(Response(text, media_type="application/json"))
        response.headers["content-disposition"] = 'attachment; filename="paper-digest.json"'
        response.headers["cache-control"] = "no-store"
        return response

    def show(self, request: Request) -> Response:
        """Show what the reader has. Change nothing: mail scanners follow links."""
        found = readers.own_page(self._people.home(), request.path_params["code"])
        if found is None:
            return self._unknown(request)
        done = "new" if "new" in request.query_params else request.query_params.get("done", "")
        return self._page(request, found, done=done, edited=self._edited(request, found))

    def act(self, request: Request, form: Form) -> Response:
        """Do what the pressed button says."""
        home, code = self._people.home(), request.path_params["code"]
        found = readers.own_page(home, code)
        if found is None:
            return self._unknown(request)
        if not self._people.has_stamp(form, f"manage {code}"):
            return self._people.notice(request, reader_notices.refused(found.reader.language), 400)
        name, action = form.text("subscription"), form.text("action")
        if action in {"erase", "revoke"}:
            return self._end(request, found, form)
        owned = next((each for each in found.owned if each.subscription.id == name), None)
        if owned is None:
            return self._unknown(request)
        if action in _CHANGES:
            return self._changed(action, readers.change(home, code, name, _CHANGES[action], Clock.at(None)))
        if action == "undo" and form.text("paper").isdigit():
            number = int(form.text("paper")[:15])
            return self._changed(action, readers.undo_feedback(home, code, name, number))
        if action == "leave":
            return self._changed(action, readers.leave(home, code, name, Clock.at(None)))
        return self._edit(request, found, owned, form)

    def _changed(self, action: str, done: object) -> Response:
        return RedirectResponse(f"?done={action}" if done else "?", 303)

    def _edit(self, request: Request, found: OwnPage, owned: Owned, form: Form) -> Response:
        """Save what was typed, or show what it would bring."""
        home, code = self._people.home(), request.path_params["code"]
        draft = read_draft(form, draft_of(home, owned.subscription))
        if form.text("action") != "save":
            checked = Checked(draft, faults_of([draft.interest]))
            return self._page(request, found, edited=(owned.subscription.id, checked))
        if owned.subscription.name == name_of(Draft(owned.subscription.keywords)):  # nobody has named it
            draft = replace(draft, name="")
        checked = check_draft(home, draft, address=False)
        if checked.wish is None:
            return self._page(request, found, done="faults", edited=(owned.subscription.id, checked))
        change = readers.with_wish(checked.wish)
        saved = readers.change(home, code, owned.subscription.id, change, Clock.at(None))
        response = self._changed("save", saved)
        response.background = self._people.follow_up()
        return response

    def _end(self, request: Request, found: OwnPage, form: Form) -> Response:
        home, code, lang = self._people.home(), request.path_params["code"], found.reader.language
        if form.text("action") == "revoke":
            readers.revoke(home, code, Clock.at(None))
            response = self._people.notice(request, reader_notices.link_replaced(lang))
            response.background = self._people.follow_up()
            return response
        if form.text("sure") != "yes":
            return self._page(request, found, done="unsure")
        readers.erase(home, code, Clock.at(None))
        return self._people.notice(request, reader_notices.erased(lang))

    def _unknown(self, request: Request) -> Response:
        return self._people.notice(request, reader_notices.outdated_link(self._people.language(request)), 404)

    def _edited(self, request: Request, found: OwnPage) -> tuple[str, Checked] | None:
        """Return the subscription whose form is open, with what it is now."""
        wanted = request.query_params.get("edit", "")
        for each in found.owned:
            if each.subscription.id == wanted or (not wanted and len(found.owned) == 1):
                return each.subscription.id, Checked(draft_of(self._people.home(), each.subscription))
        return None

    def _page(
        self, request: Request, found: OwnPage, *, done: str = "", edited: tuple[str, Checked] | None = None
    ) -> Response:
        from digest.pipeline.outputs import renderer_for

        home, code = self._people.home(), found.reader.language
        lang, bad = language(code), done in {"unsure", "faults"}
        address = request.path_params["code"]
        page = view.OwnPageView(
            lang.code,
            view.heading(code),
            found.reader.recipient,
            tuple(self._owned(each, code, edited) for each in found.owned),
            self._people.stamp(f"manage {address}"),
            f"{address}.json",
            view.done_text(lang, done),
            bad,
        )
        shown = renderer_for(home).web_page("manage.html", page)
        return self._people.page(request, shown, 422 if bad else 200)

    def _owned(self, each: Owned, code: str, edited: tuple[str, Checked] | None) -> view.OwnedView:
        lang, one = language(code), each.subscription
        until = readers.pause_end(one, Clock.at(None).now)
        form = self._form(code, edited[1]) if edited and edited[0] == one.id else None
        return view.OwnedView(
            one.id,
            one.name,
            view.summary(lang, one, until),
            view.actions(
                lang,
                weekly=readers.is_weekly(one),
                paused=until is not None,
                most=one.max_papers,
                fewer=readers.fewer_papers(one),
            ),
            tuple(view.issue_line(lang, issue.day, issue.papers, issue.url) for issue in each.issues),
            tuple(view.vote_line(lang, paper, verdict) for paper, verdict in each.votes),
            form,
        )

    def _form(self, code: str, checked: Checked) -> FormView:
        home, tried = self._people.home(), None
        if checked.draft.keywords and not checked.faults:
            with self._people.index.opened(_WAIT) as index:
                tried = None if index is None else try_draft(home, index, checked.draft, Clock.at(None))
        return form_view(home, code, checked, tried)
