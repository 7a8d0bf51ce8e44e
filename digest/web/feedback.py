"""Feedback from a mail: `/feedback/<subscription>.<code>/<paper>`. GET shows buttons, POST does what they say."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.render import reader_notices
from digest.render.feedback_page import feedback_view
from digest.services.mail_feedback import Opinion, give_opinion, mute, opinion
from digest.services.workspace import Clock
from digest.web.forms import Form
from digest.web.people import People


def feedback_routes(people: People) -> list[Route]:
    """Return the routes of these pages."""

    def show(request: Request) -> Response:
        found = opinion(people.home(), *_place(request))
        return unknown(request) if found is None else page(request, found, found.verdict)

    def act(request: Request, form: Form) -> Response:
        folder, number = _place(request)
        if opinion(people.home(), folder, number) is None:
            return unknown(request)
        if not people.has_stamp(form, f"feedback {folder}"):
            return people.notice(request, reader_notices.refused(people.language(request)), 400)
        if form.has("mute"):
            found = mute(people.home(), folder, number, form.text("mute"), Clock.at(None))
            return unknown(request) if found is None else page(request, found, "muted")
        found = give_opinion(people.home(), folder, number, form.text("action"), Clock.at(None))
        return unknown(request) if found is None else page(request, found, found.verdict)

    def page(request: Request, found: Opinion, verdict: str) -> Response:
        from digest.pipeline.outputs import renderer_for

        one, (folder, _) = found.subscription, _place(request)
        several = len(one.keywords) > 1 and not one.interests
        view = feedback_view(
            one.language,
            one.name,
            found.paper,
            verdict,
            found.keywords if several else (),
            people.stamp(f"feedback {folder}"),
        )
        return people.page(request, renderer_for(people.home()).web_page("feedback.html", view))

    def unknown(request: Request) -> Response:
        return people.notice(request, reader_notices.outdated_link(people.language(request)), 404)

    path = "/feedback/{folder}/{paper:int}"
    return [
        Route(path, people.reading(show)),
        Route(path, people.sending(act), methods=["POST"]),
    ]


def _place(request: Request) -> tuple[str, int]:
    return request.path_params["folder"], min(int(request.path_params["paper"]), 2**62)
