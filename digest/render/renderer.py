"""Templates and a frame, ready to render issues."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digest.i18n.catalogue import language
from digest.model import FORMS, Issue, IssueLine, Paper
from digest.render import chat, mail, phrases
from digest.render import markdown as md
from digest.render.context import SiteContext
from digest.render.environment import make_environment, render
from digest.render.notices import Notice
from digest.render.view import (
    WHOLE,
    ArchiveStats,
    Fit,
    IssueView,
    index_view,
    issue_view,
    named,
    page_view,
    with_tracked_links,
)
from digest.text.clean import clean
from digest.urls import host_of

if TYPE_CHECKING:
    from jinja2 import Environment


# Gmail cuts mails off at about 102 KB of HTML; what delivery adds (how to leave) must fit as well.
BUDGET = 92_000
NOTHING = ArchiveStats()
SITE = "../../site/"  # from an issue's files to the archive


def _fits(papers: int) -> Iterator[Fit]:
    """Yield ways to show an issue, each smaller than the one before."""
    yield WHOLE
    for about in (400, 250, 120):
        yield Fit(about)
    while papers > 1:
        papers -= max(1, papers // 6)
        yield Fit(120, papers)
    yield Fit(0, 1)
    yield Fit(0, 0)


class Renderer:
    """Turns issues and papers into what people read.

    `home_templates` is a folder whose templates come before the program's, one by one; it need not
    exist. Every method is a pure function of its arguments, the templates and the frame, and raises
    TemplateProblem if a template cannot be rendered.
    """

    def __init__(self, home_templates: Path | None, frame: SiteContext) -> None:
        self._home_templates = home_templates
        self._frame = frame
        self._environments: dict[str, Environment] = {}

    def _environment(self, code: str) -> "Environment":
        """Return the environment for one language, made when it is first asked for."""
        if code not in self._environments:
            self._environments[code] = make_environment(self._home_templates, language(code))
        return self._environments[code]

    def _render(self, template: str, code: str, **values: Any) -> str:
        return clean_lines(render(self._environment(code), template, values))

    def html(self, issue: Issue, site: str = SITE) -> str:
        """Return the issue as the HTML of a mail, in a file from which `site` leads to the archive."""
        return self._html(issue, self._frame.relative_to(site))

    def _html(self, issue: Issue, frame: SiteContext) -> str:
        """Return the HTML of a mail: abstracts in short, styles inline, below BUDGET bytes.

        What is too large for that has shorter abstracts, then fewer papers; the rest is on the web.
        """
        return self._fitting(issue, frame, issue_view(issue, frame))

    def _fitting(self, issue: Issue, frame: SiteContext, view: IssueView) -> str:
        page = ""
        for fit in _fits(len(issue.new) + len(issue.updated) + len(issue.discover)):
            view = view if fit == WHOLE else issue_view(issue, frame, fit=fit)
            page = self._render("issue.html", view.language, issue=view)
            if len(page.encode("utf-8", "replace")) <= BUDGET:
                break
        return page

    def file(self, issue: Issue, form: str) -> bytes:
        """Return the content of an issue's file in one of FORMS."""
        content = _FORMS[form](self, issue)
        return content if isinstance(content, bytes) else content.encode()

    def markdown(self, issue: Issue) -> str:
        """Return the issue in Markdown, abstracts whole, in a file next to that of `html`."""
        return self._markdown(issue_view(issue, self._frame.relative_to(SITE)))

    def _markdown(self, view: IssueView) -> str:
        # Blank lines mean nothing in Markdown beyond the first, and templates read better with more.
        return re.sub(r"\n{3,}", "\n\n", self._render("issue.md", view.language, issue=view))

    def text(self, issue: Issue) -> str:
        """Return the issue as plain text: abstracts in short, 72 columns."""
        return self._text(issue_view(issue, self._frame))

    def _text(self, view: IssueView) -> str:
        return self._render("issue.txt", view.language, issue=view)

    def subject(self, issue: Issue) -> str:
        """Return the subject of the issue's mail, a single line."""
        return self._subject(issue_view(issue, self._frame))

    def _subject(self, view: IssueView) -> str:
        return " ".join(clean(self._render("subject.txt", view.language, issue=view)).split())

    def chat(self, issue: Issue, fits: chat.Fits) -> tuple[str, str]:
        """Return title and text of the issue in short, for which `fits` holds unless not even a link fits."""
        view = issue_view(issue, self._frame)
        return chat.compact(view, self._subject(view), fits)

    def eml(self, issue: Issue) -> bytes:
        """Return the issue as a mail with no recipient in it: text first, then HTML."""
        view = issue_view(issue, self._frame)
        return mail.message(
            subject=self._subject(view),
            sender=self._frame.sender,
            to=view.name,
            list_id=issue.subscription,
            host=host_of(self._frame.base_url),
            stem=issue.stem,
            date=phrases.in_zone(issue.made, issue.timezone),
            text=self._text(view),
            html=self._fitting(issue, self._frame, view),
        )

    def archive(self, issue: Issue, through: Callable[[int], str] | None = None) -> str:
        """Return the issue's page in the archive: its Markdown as HTML, with all its papers.

        `through` gives the address that leads to a paper by its number, where what is opened is counted.
        """
        from markupsafe import Markup

        top = "../../"
        view = issue_view(issue, self._frame.relative_to(top), everything=True)
        if through:
            view = with_tracked_links(view, through)
        body = md.to_html(
            self._markdown(view),
            [paper.anchor for section in view.sections for paper in section.papers],
            [*(section.id for section in view.sections), *(["rising"] if view.trends else [])],
        )
        # Nothing in it but what the converter made; all text from outside was escaped before.
        body = Markup(body)  # noqa: S704
        return self._render(
            "archive-issue.html", view.language, issue=view, body=body, top=top, counted=through is not None
        )

    def paper(self, paper: Paper, issues: Sequence[IssueLine] = ()) -> str:
        """Return the page of one paper; `issues` are those that brought it."""
        view = page_view(paper, issues, self._frame.relative_to("../"))
        return self._render("paper.html", view.language, paper=view, top="../")

    def index(
        self,
        issues: Sequence[IssueLine],
        names: Mapping[str, str] | None = None,
        holdings: ArchiveStats = NOTHING,
    ) -> str:
        """Return the first page of the archive.

        `names` maps the id of every subscription that has a feed to its name; those of `issues` are
        known without.
        """
        view = index_view(issues, names or {}, self._frame.relative_to(""), holdings)
        return self._render("index.html", view.language, archive=view, top="")

    def notice(self, notice: Notice) -> str:
        """Return a short page that a server answers with."""
        frame = self._frame.relative_to("/")
        home_url = frame.home_url.removesuffix("index.html") if frame.feeds_base else frame.home_url
        title = named(frame.title, "Paper Digest")
        return self._render("notice.html", notice.language, notice=notice, title=title, home_url=home_url)


_FORMS: dict[str, Callable[[Renderer, Issue], str | bytes]] = {
    "html": Renderer.html,
    "markdown": Renderer.markdown,
    "text": Renderer.text,
    "eml": Renderer.eml,
}
assert _FORMS.keys() == FORMS.keys()


def clean_lines(text: str) -> str:
    """Return a rendered text with nothing in it that a file cannot hold; its line ends stay."""
    if text.replace("\n", "").isprintable():
        return text
    return "\n".join(clean(line) if not line.isprintable() else line for line in text.split("\n"))
