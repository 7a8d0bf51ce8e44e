"""An issue as a chat message: the title, a line and a link for each paper, and a link to the rest."""

from collections.abc import Callable, Iterator, Sequence

from digest.i18n.catalogue import language
from digest.i18n.language import Language
from digest.render.highlight import text_of
from digest.render.view import IssueView, PaperView
from digest.text.clean import shorten

Fits = Callable[[str, str], bool]
_LINE = 160  # characters of the line below a title
_TITLES = (300, 120, 60)  # characters of a title; the shorter ones are tried until one paper fits


def compact(view: IssueView, subject: str, fits: Fits) -> tuple[str, str]:
    """Return title and text of a message with as many papers as fit; its link leads to all of them.

    `fits` tells whether a channel accepts a title and a text.
    """
    lang = language(view.language)
    papers = [paper for section in view.sections for paper in section.papers]
    total = sum(section.total for section in view.sections)
    blocks = [_paper(number, paper, lang) for number, paper in enumerate(papers, 1)]
    for count in range(len(papers), 0, -1):
        text = _text(view, blocks[:count], total - count, lang)
        if fits(subject, text):
            return subject, text
    for longest in _TITLES[1:] if papers else ():
        text = _text(view, [_titled(1, papers[0], longest)], total - 1, lang)
        if fits(subject, text):
            return subject, text
    return subject, _text(view, [], total, lang)


def _text(view: IssueView, papers: Sequence[str], more: int, lang: Language) -> str:
    blocks = list(papers) or [view.summary]
    if more > 0:
        label = lang.gettext("and %(number)s more on the web", number=lang.number(more))
        blocks.append(f"{label}: {view.archive_url}")
    elif not papers:
        blocks.append(view.archive_url)
    return "\n\n".join(blocks)


def _paper(number: int, paper: PaperView, lang: Language) -> str:
    about = " · ".join(_about(paper, lang))
    return _titled(number, paper, _TITLES[0], shorten(about, _LINE))


def _titled(number: int, paper: PaperView, longest: int, about: str = "") -> str:
    return "\n".join(filter(None, (f"{number}. {shorten(paper.title, longest)}", about, paper.url)))


def _about(paper: PaperView, lang: Language) -> Iterator[str]:
    """Yield the authors and why the paper is here, which readers decide by first."""
    if paper.withdrawn:
        yield paper.status
    if paper.changes:
        yield f"{lang.gettext('Changed:')} {paper.changes}"
    if authors := text_of(paper.authors):
        yield authors
    if because := text_of(paper.because):
        yield f"{lang.gettext('Why it is here:')} {because}"
    if lower := text_of(paper.lower):
        yield f"{lang.gettext('Lower because of:')} {lower}"
