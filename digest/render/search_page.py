"""What the template of the search page sees. Every text here is clean and plain; the template escapes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from digest.i18n.language import Language
from digest.model import Match, Paper
from digest.render.highlight import Piece, pieces, spans
from digest.render.view import title_of
from digest.text.clean import clean
from digest.text.math import readable

_BEFORE, _ABOUT = 90, 280  # characters before the first match of an excerpt, and of all of it
_MOST_AUTHORS = 6


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a filter: what is shown, with a count, and whether it is chosen."""

    value: str
    text: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class FoundPaper:
    """A paper that was found, with its matches marked; `facts` are its date and sources."""

    path: str
    title: tuple[Piece, ...]
    authors: tuple[tuple[Piece, ...], ...]
    excerpt: tuple[Piece, ...]
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SearchPage:
    """The page: the form, what is wrong with the query or unusual about it, the papers, and the way to other pages."""

    language: str
    heading: str
    query: str
    subscriptions: tuple[Choice, ...]
    sources: tuple[Choice, ...]
    years: tuple[Choice, ...]
    fault: str = ""
    excerpt: str = ""
    notes: tuple[str, ...] = ()
    summary: str = ""
    found: tuple[FoundPaper, ...] = ()
    before: str = ""
    after: str = ""


def filters(
    lang: Language, chosen: str, every: str, values: Sequence[tuple[str, str, int | None]]
) -> tuple[Choice, ...]:
    """Return the choices of a filter, the first of which is all; `values` are (value, name, papers)."""
    known = [value for value, _, _ in values]
    more = [(chosen, chosen, None)] if chosen and chosen not in known else []
    return (
        Choice("", every, not chosen),
        *(
            Choice(
                value,
                clean(name) if count is None else f"{clean(name)} ({lang.number(count)})",
                value == chosen,
            )
            for value, name, count in (*values, *more)
        ),
    )


def found_paper(found: Match, lang: Language) -> FoundPaper:
    """Return a paper with its matches marked, and an excerpt around the first match of its abstract."""
    paper = found.paper
    return FoundPaper(
        f"papers/{paper.number}.html",
        _title(found, lang),
        _authors(found),
        _excerpt(found),
        _facts(paper, lang),
    )


def _title(found: Match, lang: Language) -> tuple[Piece, ...]:
    """Return the title, with the mark of a sample before it."""
    read, whole = readable(found.paper.title), title_of(found.paper, lang)
    marked = pieces(read.text, read.spans(spans(found.evidence, "title")))
    if not marked:
        return (Piece(whole),)
    before = whole.removesuffix(clean(read.text).strip()) if found.paper.is_sample else ""
    return ((Piece(before),) if before else ()) + marked


def _facts(paper: Paper, lang: Language) -> tuple[str, ...]:
    day = lang.day_and_month(paper.published, year=True) if paper.published else ""
    return tuple(filter(None, (day, ", ".join(paper.sources))))


def _authors(found: Match) -> tuple[tuple[Piece, ...], ...]:
    """Return the first authors, and those that match."""
    matched = {each.item for each in found.evidence if each.field == "author"}
    return tuple(
        pieces(name, spans(found.evidence, "author", item))
        for item, name in enumerate(found.paper.authors)
        if item < _MOST_AUTHORS or item in matched
    )


def _excerpt(found: Match) -> tuple[Piece, ...]:
    read = readable(found.paper.abstract)
    text, matched = read.text, read.spans(spans(found.evidence, "abstract"))
    start = max(0, matched[0][0] - _BEFORE) if matched else 0
    start = text.rfind(" ", 0, start) + 1 if start else 0
    end = min(len(text), start + _ABOUT)
    end = end if end == len(text) else max(text.rfind(" ", start, end), start + _ABOUT // 2)
    inner = tuple(span for span in matched if span[0] < end)
    shown = pieces(text, inner, start, end)
    before = (Piece("… "),) if start else ()
    return (*before, *shown, *((Piece(" …"),) if end < len(text) else ()))


def page_link(asked: Mapping[str, str], page: int) -> str:
    """Return the address of a page of results, relative to the search."""
    values = {name: value for name, value in asked.items() if value}
    return "?" + urlencode(values | ({"page": str(page)} if page > 1 else {}), errors="replace")
