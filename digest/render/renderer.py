"""Rendering of issues and pages with the templates of a home."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol

from digest.i18n.catalogue import language
from digest.model import FORMS, Issue, IssueLine, Letter, Paper
from digest.ports import Message
from digest.render import chat, mail, markdown, phrases
from digest.render.archive_view import ArchiveStats, feeds_view, index_view, page_view
from digest.render.context import SiteContext, addressed, nowhere, parts_of
from digest.render.environment import make_environment, own_templates, render
from digest.render.letters import letter_view
from digest.render.notice_pages import Notice
from digest.render.view import WHOLE, Fit, IssueView, Views, kept_views, named, title_of, with_tracked_links
from digest.text.clean import clean, clean_but_isolates
from digest.urls import host_of, public_base

if TYPE_CHECKING:
    from jinja2 import Environment


# Gmail clips emails at about 102 KB of HTML; the unsubscribe link that delivery adds must fit as well.
BUDGET = 92_000
NO_STATS = ArchiveStats()
ARCHIVE = "../../site/"  # from the files of an issue to the archive


def _fits(papers: int) -> Iterator[Fit]:
    """Yield ways to show an issue of so many papers, each smaller than the one before."""
    yield WHOLE
    for about in (400, 250, 120):
        yield Fit(about)
    while papers > 1:
        papers -= max(1, papers // 6)
        yield Fit(120, papers)
    yield Fit(0, 1)
    yield Fit(0, 0)


class WebPage(Protocol):
    """What every page of the web server has, for `page.html`."""

    @property
    def language(self) -> str: ...

    @property
    def heading(self) -> str: ...


class Renderer:
    """Renders issues and pages.

    `home_templates` is a folder whose templates replace those of the program, one by one; it need not exist.
    `private` returns the address below which the pages of a private subscription are, "" for other subscriptions;
    `personal` the addresses of the page of its reader and of the reader's feedback, "" for subscriptions of several.
    Every method is a pure function of its arguments, the templates and the site, and raises TemplateError
    if a template cannot be rendered.
    """

    def __init__(
        self,
        home_templates: Path | None,
        site: SiteContext,
        private: Callable[[str], str] = lambda _subscription: "",
        personal: Callable[[str], tuple[str, str]] = lambda _subscription: ("", ""),
    ) -> None:
        self._home_templates = home_templates
        self._site = site
        self._private = private
        self._personal = personal
        self._environments: dict[str, Environment] = {}
        self._own = own_templates(home_templates) if home_templates else frozenset()
        self._body_of_markdown = "issue.md" in self._own and "issue-body.html" not in self._own
        self._last: Views | None = None
        self._view_of = kept_views()

    def _environment(self, code: str) -> "Environment":
        """Return the environment of a language, created on first use."""
        if code not in self._environments:
            self._environments[code] = make_environment(self._home_templates, language(code))
        return self._environments[code]

    def _views(self, issue: Issue) -> Views:
        """Return the views of an issue; those of the last one are kept, as its forms are asked for in turn."""
        last = self._last
        if last is None or last.issue is not issue:
            self._last = last = Views(issue, self._view_of)
        return last

    def _site_of(self, issue: Issue) -> SiteContext:
        private = self._private(issue.subscription)
        if not private:
            return self._site
        manage, feedback = self._personal(issue.subscription)
        return replace(self._site, private=private, manage=manage, feedback=feedback)

    def _render(self, template: str, code: str, **values: Any) -> str:
        return clean_lines(render(self._environment(code), template, values))

    def html(self, issue: Issue, archive: str = ARCHIVE) -> str:
        """Return the HTML of the issue's email as a file; `archive` is the path from it to the archive."""
        return self._fitting(issue, self._site_of(issue).relative_to(archive))

    def _fitting(self, issue: Issue, site: SiteContext) -> str:
        """Return the HTML of an email: short abstracts, inline styles, at most BUDGET bytes.

        An issue that is too large gets shorter abstracts, then fewer papers; the rest is on the web.
        """
        page = self._shared(issue, site)
        if page and _in_budget(page):
            return page
        for fit in _fits(len(issue.new) + len(issue.updated) + len(issue.discover)):
            view = self._views(issue).view(site, fit=fit)
            page = self._render("issue.html", view.language, issue=view)
            if _in_budget(page):
                break
        return page

    def _shared(self, issue: Issue, site: SiteContext) -> str:
        """Return the HTML of an email, of which file and mail differ in addresses only; "" if that is not known.

        A template of the home may do with addresses what it likes.
        """
        if "issue.html" in self._own:
            return ""
        views = self._views(issue)
        if views.page is None:
            view = views.view(nowhere(self._site_of(issue)))
            page = render(self._environment(view.language), "issue.html", {"issue": view})
            parts = parts_of(page)
            views.page = parts if _is_clean("".join(parts[::2])) else []
        return addressed(views.page, site)

    def file(self, issue: Issue, form: str) -> bytes:
        """Return the content of an issue's file in one of FORMS."""
        content = _FORMS[form](self, issue)
        return content if isinstance(content, bytes) else content.encode()

    def markdown(self, issue: Issue) -> str:
        """Return the issue in Markdown with whole abstracts, as a file next to that of `html`."""
        return self._markdown(self._views(issue).view(self._site_of(issue).relative_to(ARCHIVE)))

    def _markdown(self, view: IssueView) -> str:
        # Templates are easier to read with more blank lines than Markdown needs.
        return re.sub(r"\n{3,}", "\n\n", self._render("issue.md", view.language, issue=view))

    def text(self, issue: Issue) -> str:
        """Return the issue as plain text: short abstracts, 72 columns."""
        return self._text(self._views(issue).view(self._site_of(issue)))

    def _text(self, view: IssueView) -> str:
        return self._render("issue.txt", view.language, issue=view)

    def subject(self, issue: Issue) -> str:
        """Return the subject of the issue's email, in one line."""
        return self._subject(self._views(issue).view(self._site_of(issue)))

    def _subject(self, view: IssueView) -> str:
        return " ".join(clean(self._render("subject.txt", view.language, issue=view)).split())

    def chat(self, issue: Issue, fits: chat.Fits) -> tuple[str, str]:
        """Return title and text of the issue as a chat message.

        `fits` tells whether a channel accepts a title and a text; it accepts the result, unless not even a link fits.
        """
        view = self._views(issue).view(self._site_of(issue))
        return chat.compact(view, self._subject(view), fits)

    def message(self, issue: Issue) -> Message:
        """Return the issue as a message without a recipient."""
        site = self._site_of(issue)
        view = self._views(issue).view(site)
        url = view.archive_url if public_base(site.base_url) else ""
        return Message(self._subject(view), self._text(view), self._fitting(issue, site), url)

    def eml(self, issue: Issue) -> bytes:
        """Return the issue as an email without a recipient, as text and HTML."""
        view = self._views(issue).view(self._site_of(issue))
        envelope = mail.Envelope(
            subject=self._subject(view),
            sender=self._site.sender,
            to=view.name,
            date=phrases.in_zone(issue.made, issue.timezone),
            list_id=issue.subscription,
            stem=issue.stem,
            host=host_of(self._site.base_url),
        )
        return mail.message(envelope, self._text(view), self._fitting(issue, self._site_of(issue)))

    def letter(self, letter: Letter, url: str) -> bytes:
        """Return a letter as an email without a recipient, as text and HTML; `url` is the address of its link."""
        view = letter_view(letter, self._site, url)
        text, html = (
            self._render(name, view.language, letter=view) for name in ("letter.txt", "letter.html")
        )
        envelope = mail.Envelope(
            subject=" ".join(clean(view.subject).split()),
            sender=self._site.sender,
            to=view.title,
            date=phrases.in_zone(letter.made, self._site.timezone),
            list_id="",
            stem=f"{letter.kind}-{letter.subject}",
            host=host_of(self._site.base_url),
        )
        return mail.message(envelope, text, html)

    def archive(self, issue: Issue, link_to: Callable[[int], str] | None = None) -> str:
        """Return the issue's page in the archive, with all papers.

        Its body is made by `issue-body.html`, or from the Markdown of a home with its own `issue.md`.

        `link_to` gives the address of a paper by its number; it is None where clicks are not counted.
        """
        from markupsafe import Markup

        top = "../../"
        view = self._views(issue).view(self._site_of(issue).relative_to(top), everything=True)
        if link_to:
            view = with_tracked_links(view, link_to)
        body = Markup(self._body(view))  # noqa: S704 - the template or the converter has escaped all text
        return self._render(
            "archive-issue.html", view.language, issue=view, body=body, top=top, counted=link_to is not None
        )

    def _body(self, view: IssueView) -> str:
        if self._body_of_markdown:
            return markdown.to_html(
                self._markdown(view),
                [paper.anchor for section in view.sections for paper in section.papers],
                [*(section.id for section in view.sections), *(["rising"] if view.trends else [])],
            )
        return self._render("issue-body.html", view.language, issue=view).removesuffix("\n")

    def title(self, paper: Paper) -> str:
        """Return the title of a paper as pages show it, never empty."""
        return title_of(paper, language(self._site.language))

    def paper(
        self, paper: Paper, issues: Sequence[IssueLine] = (), alike: Sequence[tuple[int, str]] = ()
    ) -> str:
        """Return the page of one paper; `issues` are those that it was in, `alike` numbers and titles of papers like it."""
        view = page_view(paper, issues, self._site.relative_to("../"), alike)
        return self._render("paper.html", view.language, paper=view, top="../")

    def index(
        self,
        issues: Sequence[IssueLine],
        names: Mapping[str, str] | None = None,
        stats: ArchiveStats = NO_STATS,
    ) -> str:
        """Return the first page of the archive.

        `names` maps the id of every subscription that has a feed to its name; those of `issues` may be absent.
        """
        view = index_view(issues, names or {}, self._site.relative_to(""), stats)
        return self._render("index.html", view.language, archive=view, top="")

    def feeds(self, names: Mapping[str, str]) -> str:
        """Return the page that lists the feeds; `names` maps the id of every subscription with a feed to its name."""
        view = feeds_view(names, self._site.beside_feeds())
        return self._render("feeds.html", view.language, page=view)

    def style(self, name: str) -> str:
        """Return a style sheet of the feeds, for browsers: `feed.xsl` or `feed.css`."""
        site = self._site.beside_feeds()
        title, home_url = named(site.title, "Paper Digest"), site.home_url if site.base_url else ""
        lang = language(site.language).code
        return self._render(name, lang, page=SimpleNamespace(language=lang, title=title, home_url=home_url))

    def notice(self, notice: Notice) -> str:
        """Return a short page that the web server answers with."""
        return self._render("notice.html", notice.language, notice=notice, **self._names())

    def web_page(self, template: str, page: WebPage) -> str:
        """Return a page that the web server answers with, made by a template that extends `page.html`."""
        return self._render(template, page.language, page=page, **self._names())

    def _names(self) -> dict[str, str]:
        """Return the title of the site and the address of its first page, for pages of the web server."""
        site = self._site.relative_to("/")
        home_url = site.home_url.removesuffix("index.html") if site.feeds_base else site.home_url
        return {"title": named(site.title, "Paper Digest"), "home_url": home_url}


_FORMS: dict[str, Callable[[Renderer, Issue], str | bytes]] = {
    "html": Renderer.html,
    "markdown": Renderer.markdown,
    "text": Renderer.text,
    "eml": Renderer.eml,
}
assert _FORMS.keys() == FORMS.keys()


def clean_lines(text: str) -> str:
    """Return a rendered text without the characters that a file cannot hold; line ends stay."""
    if _is_clean(text):
        return text
    return "\n".join(map(clean_but_isolates, text.split("\n")))


def _is_clean(text: str) -> bool:
    """Return whether a text has no character that a file cannot hold; it may have some if this is false."""
    return text.replace("\n", "").isprintable()


def _in_budget(page: str) -> bool:
    return len(page.encode("utf-8", "replace")) <= BUDGET
