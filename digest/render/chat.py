"""An issue in short, for a chat: a title, a link and a line about each paper, and where the rest is."""

from collections.abc import Callable, Iterator

from digest.i18n.catalogue import language
from digest.i18n.language import Language
from digest.render.highlight import text_of
from digest.render.view import IssueView, PaperView
from digest.text.clean import shorten

Fits = Callable[[str, str], bool]
_LINE = 160  # characters about a paper
_TITLES = (300, 120, 60)  # characters of a title, shorter and shorter until one paper fits


def compact(view: IssueView, subject: str, fits: Fits) -> tuple[str, str]:
    """Return title and text of a message with as many papers as fit; behind the link are all."""
    say = language(view.language)
    papers = [paper for section in view.sections for paper in section.papers]
    total = sum(section.total for section in view.sections)
    for count in range(len(papers), 0, -1):
        text = _text(view, papers[:count], total - count, say, _TITLES[0])
        if fits(subject, text):
            return subject, text
    for longest in _TITLES[1:]:
        text = _text(view, papers[:1], total - 1, say, longest, about=False)
        if papers and fits(subject, text):
            return subject, text
    return subject, _text(view, [], total, say, 0)


def _text(
    view: IssueView, papers: list[PaperView], more: int, say: Language, longest: int, *, about: bool = True
) -> str:
    blocks = [_paper(number, paper, longest, say, about=about) for number, paper in enumerate(papers, 1)]
    if not papers:
        blocks.append(view.summary)
    if more > 0:
        told = say.gettext("and %(number)s more on the web", number=say.number(more))
        blocks.append(f"{told}: {view.archive_url}")
    elif not papers:
        blocks.append(view.archive_url)
    return "\n\n".join(blocks)


def _paper(number: int, paper: PaperView, longest: int, say: Language, *, about: bool) -> str:
    lines = [f"{number}. {shorten(paper.title, longest)}"]
    if about and (told := " · ".join(_about(paper, say))):
        lines.append(shorten(told, _LINE))
    return "\n".join([*lines, paper.url])


def _about(paper: PaperView, say: Language) -> Iterator[str]:
    """Yield why the paper is here and who wrote it, what a reader decides by first."""
    if paper.withdrawn:
        yield say.gettext("withdrawn")
    if paper.changes:
        yield f"{say.gettext('Changed:')} {paper.changes}"
    if authors := text_of(paper.authors):
        yield authors
    if because := text_of(paper.because):
        yield f"{say.gettext('Here because:')} {because}"
