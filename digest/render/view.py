"""What the templates of an issue see: texts, dates and addresses, ready to print.

Every text here is clean and plain; templates escape it for their format.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import cached_property, lru_cache
from itertools import count
from operator import attrgetter
from typing import NamedTuple, TypeVar

from digest.i18n.catalogue import language
from digest.i18n.language import ENGLISH, Language
from digest.model import Issue, Item, Paper
from digest.render import layout, phrases
from digest.render.context import SiteContext
from digest.render.excerpts import ABOUT, shorten_abstract
from digest.render.headline import LIMIT, NAME, NAMED, headline
from digest.render.highlight import Piece, isolated_pieces, pieces, spans, text_of
from digest.render.paper_links import Link, short_links
from digest.render.phrases import Reason
from digest.text.clean import clean, shorten
from digest.text.direction import isolated
from digest.text.gist import Part
from digest.text.links import Span
from digest.text.math import readable, shown
from digest.urls import issue_page, paper_page, paper_url, web_url

ViewOf = Callable[..., "PaperView"]
_KEPT = 2_048  # views of papers; each takes about 10 kB
V = TypeVar("V", "PaperView", "SectionView", "IssueView")

_BRIEF = 200  # characters of an abstract without a gist that a compact section shows, about
_TERMS = 3  # that a compact section names


class _Excerpts(NamedTuple):
    """What was done and the best result, which are the gist, and the rest; each may be empty."""

    claim: tuple[Piece, ...]
    result: tuple[Piece, ...]
    rest: tuple[Piece, ...]
    whole: bool


class Abstract:
    """The abstract of an item, whole and in excerpts of about `about` characters.

    Both are made on demand: emails show only excerpts, and archive pages only whole abstracts.
    """

    def __init__(self, item: Item, about: int) -> None:
        self._item, self._about = item, about

    @cached_property
    def _read(self) -> tuple[str, tuple[Span, ...]]:
        """The readable text, and what matched in it."""
        read = readable(self._item.paper.abstract)
        return read.text, read.spans(spans(self._item.evidence, "abstract"))

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        found = pieces(*self._read)
        return found if any(not piece.text.isspace() for piece in found) else ()

    @cached_property
    def excerpts(self) -> _Excerpts:
        text, matched = self._read
        item = self._item
        short = shorten_abstract(text, self._about, item.paper.title, with_gist=not _summary(item))
        rest = pieces(text, matched, *short.excerpt) if short.excerpt else ()
        gist = short.gist
        return _Excerpts(
            _part(text, matched, gist.claim) if gist else (),
            _part(text, matched, gist.result) if gist and gist.result else (),
            (*rest, Piece("…")) if short.cut else rest,
            short.whole,
        )

    @cached_property
    def brief(self) -> tuple[Piece, ...]:
        """What was done; without a gist, the first sentences in about _BRIEF characters."""
        if self.excerpts.claim or self._about <= 0 or _summary(self._item):
            return self.excerpts.claim
        text, matched = self._read
        short = shorten_abstract(text, min(self._about, _BRIEF), with_gist=False)
        found = pieces(text, matched, *short.excerpt) if short.excerpt else ()
        return (*found, Piece("…")) if short.cut else found


@dataclass(frozen=True, slots=True)
class PaperView:
    """A paper in an issue, the one with this `place` in it, from 1.

    `page_url` is its page in the archive. `whole`: `gist` and `excerpt` together are the whole `abstract`.
    A `summary`, by the model `written_by`, takes the place of the gist. `more_reasons` counts the terms that
    `reasons` leaves out; `because` is the reasons as one line, `lower` what speaks against the paper, and `terms`
    are the first words found. `interests` are the names of those that it meets, if the issue has several.
    """

    number: int
    anchor: str
    title: str
    title_pieces: tuple[Piece, ...]
    url: str
    page_url: str
    code_url: str | None
    links: tuple[Link, ...]
    authors: tuple[Piece, ...]
    facts: tuple[str, ...]
    context: tuple[Piece, ...]
    withdrawn: bool
    status: str
    summary: str
    written_by: str
    snippet: bool
    reasons: tuple[Reason, ...]
    more_reasons: int
    because: tuple[Piece, ...]
    lower: tuple[Piece, ...]
    terms: tuple[str, ...]
    changes: str
    interests: tuple[str, ...]
    place: int
    _paper: Paper
    _abstract: "Abstract"

    @property
    def gist(self) -> tuple[Piece, ...]:
        claim, result = self.claim, self.result
        return (*claim, Piece(" "), *result) if claim and result else claim or result

    @property
    def claim(self) -> tuple[Piece, ...]:
        return self._abstract.excerpts.claim

    @property
    def result(self) -> tuple[Piece, ...]:
        return self._abstract.excerpts.result

    @property
    def brief(self) -> tuple[Piece, ...]:
        return self._abstract.brief

    @property
    def excerpt(self) -> tuple[Piece, ...]:
        return self._abstract.excerpts.rest

    @property
    def whole(self) -> bool:
        return self._abstract.excerpts.whole

    @property
    def abstract(self) -> tuple[Piece, ...]:
        return self._abstract.pieces

    def placed(self, site: SiteContext, lang: Language) -> "PaperView":
        """Return the same view with the addresses of another site."""
        place = _place(self._paper, site.base_url, lang)
        return _changed(self, url=place.url, page_url=place.page_url)


@dataclass(frozen=True, slots=True)
class SectionView:
    """A section of an issue, as `layout` makes them.

    `total` counts all its papers, `more` those that only the archive shows.
    """

    id: str
    heading: str
    style: str
    papers: tuple[PaperView, ...]
    total: int
    more: int


@dataclass(frozen=True, slots=True)
class IssueView:
    """An issue. `title` is the name of the digest, `name` that of the subscription."""

    language: str
    title: str
    name: str
    subscription: str
    number: int
    day: date
    date: str
    date_with_year: str
    short_date: str
    new: int
    updated: int
    summary: str
    sections: tuple[SectionView, ...]
    long: bool
    archive_url: str
    home_url: str
    manage_url: str
    feedback_url: str
    feed_url: str
    keywords: tuple[str, ...]
    exclude: tuple[str, ...]
    schedule: str
    timezone: str
    settings_file: str
    mailed: bool
    contact: str
    _best: tuple[str, ...]
    themes: str = ""
    rising: str = ""
    trends: tuple[tuple[str, str], ...] = ()

    @property
    def short_name(self) -> str:
        """The name of the subscription, in few enough characters for a subject."""
        return shorten(self.name, NAME)

    @property
    def headline(self) -> str:
        """The best papers by name, new or else updated, in what `short_name` leaves of a subject; "" if none."""
        lang, room = language(self.language), LIMIT - len(f"{self.short_name}: ")
        if self.new:
            return headline(self._best, self.new, room, lang)
        if self.updated:
            room -= len(lang.gettext("%(papers)s (updated)", papers=""))
            return lang.gettext("%(papers)s (updated)", papers=headline(self._best, self.updated, room, lang))
        return ""

    @property
    def contents(self) -> tuple[SectionView, ...]:
        """The sections after the leads, if there are leads."""
        return tuple(section for section in self.sections if section.style != "lead") if self.long else ()

    @property
    def preheader(self) -> str:
        """What the first paper is about, which mail programs show next to the subject that names it."""
        papers = [paper for section in self.sections for paper in section.papers]
        if not papers:
            return ""
        about = papers[0].summary or text_of(papers[0].gist) or text_of(papers[0].excerpt)
        return shorten(about or " · ".join(paper.title for paper in papers), 160)


@dataclass(frozen=True, slots=True)
class Fit:
    """How much of an issue is shown: about how many characters of each abstract, how many papers (None: all)."""

    about: int = ABOUT
    papers: int | None = None


WHOLE = Fit()


class Views:
    """The views of an issue for its forms. What does not depend on the site is computed once for all of them."""

    def __init__(self, issue: Issue, view_of: "ViewOf | None" = None) -> None:
        """`view_of` is from `kept_views`, where several issues share the views of papers."""
        self.issue = issue
        self._view_of = view_of or paper_view
        self.page: list[str] | None = None  # the HTML of the email, once it is made: see `context.parts_of`
        self._papers: dict[tuple[int, int], PaperView] = {}
        self._sources = len({item.paper.sources for item in _items(issue)}) > 1  # whether they differ
        self._made: dict[tuple[bool, Fit], tuple[SiteContext, IssueView]] = {}

    def view(self, site: SiteContext, *, everything: bool = False, fit: Fit = WHOLE) -> IssueView:
        """Return the issue as templates see it; `everything` also shows the papers behind "and N more".

        `fit` limits the size of an email: the papers that it leaves out move behind "and N more".
        """
        everything = everything and bool(self.issue.more_new or self.issue.more_updated)
        made = self._made.get((everything, fit))
        if made is None:
            sections = _sections(self, site, fit, everything=everything)
            made = self._made[everything, fit] = site, _issue_view(self.issue, site, sections)
        return made[1] if made[0] == site else _placed(made[1], self.issue, site)

    def paper(self, item: Item, site: SiteContext, about: int) -> PaperView:
        """Return one of the issue's papers as templates see it, with about `about` characters of its abstract."""
        key, lang = (id(item), about), language(self.issue.language)
        if key not in self._papers:
            self._papers[key] = self._view_of(item, site, about, lang, sources=self._sources)
            return self._papers[key]
        return self._papers[key].placed(site, lang)


def kept_views() -> "ViewOf":
    """Return `paper_view`, which keeps the last views: many readers get a paper for the same words."""
    return lru_cache(maxsize=_KEPT)(paper_view)


def _items(issue: Issue) -> tuple[Item, ...]:
    return (*issue.new, *issue.more_new, *issue.updated, *issue.more_updated, *issue.discover)


def _placed(view: IssueView, issue: Issue, site: SiteContext) -> IssueView:
    """Return the same view with the addresses of another site."""
    lang = language(issue.language)
    sections = tuple(
        _changed(each, papers=tuple(paper.placed(site, lang) for paper in each.papers))
        for each in view.sections
    )
    return _changed(view, sections=sections, **_addresses(issue, site))


def _addresses(issue: Issue, site: SiteContext) -> dict[str, str]:
    return {
        "archive_url": f"{site.private}{issue.stem}.html"
        if site.private
        else site.base_url + issue_page(issue.subscription, issue.stem),
        "home_url": site.home_url,
        "manage_url": site.manage,
        "feedback_url": site.feedback,
        "feed_url": "" if site.private else site.feed_url(issue.subscription, "atom"),
    }


def _changed(view: V, **values: object) -> V:
    """Return a copy with other values, as `dataclasses.replace` in a third of its time."""
    kind: type[V] = type(view)
    names, get = _FIELDS[kind]
    make: Callable[..., V] = kind
    return make(*map(values.get, names, get(view)))


# For each kind of view the names of its fields, and a function that returns their values.
_FIELDS: dict[type, tuple[tuple[str, ...], Callable[[object], tuple[object, ...]]]] = {
    kind: (names := tuple(field.name for field in fields(kind)), attrgetter(*names))
    for kind in (PaperView, SectionView, IssueView)
}


def _issue_view(issue: Issue, site: SiteContext, sections: "tuple[SectionView, ...]") -> IssueView:
    lang = language(issue.language)
    return IssueView(
        language=lang.code,
        title=named(site.title, "Paper Digest"),
        name=named(issue.name, issue.subscription),
        subscription=issue.subscription,
        number=issue.number,
        day=issue.day,
        date=lang.long_day(issue.day),
        date_with_year=lang.long_day(issue.day, year=True),
        short_date=lang.day_and_month(issue.day),
        new=len(issue.new) + len(issue.more_new),
        updated=len(issue.updated) + len(issue.more_updated),
        summary=phrases.summary(issue, lang),
        sections=sections,
        long=layout.is_laid_out(issue),
        **_addresses(issue, site),
        keywords=tuple(map(clean, issue.keywords)),
        exclude=tuple(map(clean, issue.exclude)),
        schedule=clean(issue.schedule),
        timezone=clean(issue.timezone),
        settings_file=f"subscriptions/{issue.subscription}.toml",
        mailed=issue.mailed,
        contact=clean(site.contact),
        _best=tuple(title_of(item.paper, lang) for item in (issue.new or issue.updated)[:NAMED]),
        themes=phrases.themes(issue, lang),
        rising=phrases.rising(issue.trends, lang),
        trends=phrases.trends(issue.trends, lang),
    )


def _sections(views: Views, site: SiteContext, fit: Fit, *, everything: bool) -> tuple[SectionView, ...]:
    """Return the sections that have papers, their papers numbered from 1."""
    found: list[SectionView] = []
    places = count(1)
    lang = language(views.issue.language)
    for each in layout.sections(views.issue, lang, room=fit.papers, everything=everything):
        papers = tuple(
            _changed(
                views.paper(item, site, fit.about),
                place=place,
                interests=_interests(views.issue, item, each.id.partition("-")[0]),
            )
            for item, place in zip(each.items, places, strict=False)
        )
        more = each.total - len(papers)
        found.append(SectionView(each.id, each.heading, each.style, papers, each.total, more))
    return tuple(found)


def _interests(issue: Issue, item: Item, section: str) -> tuple[str, ...]:
    """Return the names of an item's interests; none if there is only the one that its section names."""
    if section == "interest" and len(item.interests) < 2:
        return ()
    return tuple(isolated(named(issue.interests[place], "")) for place in item.interests)


def with_tracked_links(view: IssueView, link_to: Callable[[int], str]) -> IssueView:
    """Return an issue whose titles link to the addresses that `link_to` gives for the papers' numbers."""

    def tracked(section: SectionView) -> SectionView:
        papers = tuple(replace(paper, url=link_to(paper.number)) for paper in section.papers)
        return replace(section, papers=papers)

    return replace(view, sections=tuple(map(tracked, view.sections)))


def named(name: str, fallback: str) -> str:
    """Return a name in one line of at most 200 characters, or the fallback if it is empty."""
    return shorten(" ".join(clean(name).split()), 200) or fallback


def paper_view(
    item: Item, site: SiteContext, about: int = ABOUT, lang: Language = ENGLISH, *, sources: bool = True
) -> PaperView:
    """Return a paper as templates see it, with about `about` characters of its abstract.

    `sources`: its facts include them.
    """
    paper, summary = item.paper, _summary(item)
    matches, unnamed = phrases.reasons(item.evidence, lang)
    ranks = phrases.ranked_by(item, lang)
    named = any(each.field == "author" for each in item.evidence)
    authors, facts, context = (
        _context_with(item, lang, sources=sources) if named else _context(paper, lang, sources=sources)
    )
    place = _place(paper, site.base_url, lang)
    return PaperView(
        number=paper.number,
        anchor=f"paper-{paper.number}",
        title=place.title,
        title_pieces=_title_pieces(item, place.title),
        url=place.url,
        page_url=place.page_url,
        code_url=place.code_url,
        links=short_links(paper, lang),
        authors=authors,
        facts=facts,
        context=context,
        withdrawn=paper.withdrawn,
        status=phrases.status(paper, lang),
        summary=summary,
        written_by=clean(item.summary.model) if item.summary and summary else "",
        snippet=paper.snippet,
        reasons=(*matches, *ranks),
        more_reasons=unnamed,
        because=phrases.because(matches, unnamed, ranks, lang=lang),
        lower=phrases.but(item, lang),
        terms=_terms((*matches, *ranks)),
        changes=phrases.changes(item.changes, lang),
        interests=(),
        place=0,
        _paper=paper,
        _abstract=Abstract(item, about),
    )


def _terms(reasons: Sequence[Reason]) -> tuple[str, ...]:
    """Return the first words of some reasons, each once however it is written: One Step, one-step."""
    found: dict[str, str] = {}
    for reason in reasons:
        for each in reason.found:
            found.setdefault(each.term.casefold().replace("-", " "), each.term)
    return tuple(found.values())[:_TERMS]


def _part(text: str, matched: Sequence[Span], part: Part) -> tuple[Piece, ...]:
    """Return a sentence of the gist in pieces, with a capital letter at its beginning and a full stop at its end."""
    first, *rest = pieces(text, matched, *part.span) or (Piece(""),)
    if part.trimmed:
        first = Piece(first.text[:1].upper() + first.text[1:], first.hit)
    end = (Piece("."),) if part.cut else ()
    return tuple(piece for piece in (first, *rest, *end) if piece.text)


def _title_pieces(item: Item, title: str) -> tuple[Piece, ...]:
    """Return the title in pieces, with what `title` has before it: the mark of a sample."""
    heading = readable(item.paper.title)
    found = pieces(heading.text, heading.spans(spans(item.evidence, "title")))
    before = title.removesuffix(clean(heading.text).strip()) if item.paper.is_sample and found else ""
    return ((Piece(before),) if before else ()) + (found or (Piece(title),))


def _summary(item: Item) -> str:
    return clean(shown(item.summary.text)).strip() if item.summary else ""


class _Place(NamedTuple):
    """What is the same for every reader of a paper, and so is computed once."""

    title: str
    url: str
    page_url: str
    code_url: str | None


@lru_cache(maxsize=4096)
def _place(paper: Paper, base_url: str, lang: Language) -> _Place:
    return _Place(
        title_of(paper, lang),
        paper_url(paper, base_url),
        base_url + paper_page(paper.number),
        web_url(paper.code_url),
    )


Context = tuple[tuple[Piece, ...], tuple[str, ...], tuple[Piece, ...]]


@lru_cache(maxsize=4096)
def _context(paper: Paper, lang: Language, *, sources: bool) -> Context:
    """Return authors, facts, and both as one line, as they are for readers whose query names no author."""
    return _context_with(Item(paper), lang, sources=sources)


def _context_with(item: Item, lang: Language, *, sources: bool) -> Context:
    authors = phrases.authors(item.paper, item.evidence, lang=lang)
    facts = phrases.facts(item.paper, lang, source=sources)
    return authors, facts, _joined(authors, facts)


def _joined(authors: tuple[Piece, ...], facts: tuple[str, ...]) -> tuple[Piece, ...]:
    """Return authors and facts as one line, each isolated where it runs from right to left."""
    found = list(authors)
    for fact in facts:
        found += [*([Piece(" · ")] if found else []), *isolated_pieces((Piece(fact),))]
    return tuple(found)


def title_of(paper: Paper, lang: Language) -> str:
    """Return the title of a paper for people, never empty."""
    title = clean(shown(paper.title)).strip() or lang.gettext("Untitled paper")
    return lang.gettext("Sample: %(title)s", title=title) if paper.is_sample else title
