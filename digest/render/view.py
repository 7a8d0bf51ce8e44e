"""What templates see: an issue as words and pieces of text, nothing left to work out.

Every text here is clean and plain; templates escape it for their format.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from digest.i18n.catalogue import language
from digest.i18n.language import ENGLISH, Language
from digest.model import Issue, IssueLine, Item, Paper, Trend
from digest.render import phrases
from digest.render.chart import Chart, papers_a_week, weekly_bars
from digest.render.context import SiteContext
from digest.render.excerpts import ABOUT, shorten_abstract
from digest.render.highlight import Piece, Span, pieces, spans
from digest.render.phrases import Reason
from digest.render.search import shard_file, shard_of
from digest.text.bibtex import bibtex_entry, citation_key
from digest.text.clean import clean, shorten
from digest.text.math import readable, shown
from digest.urls import arxiv_url, doi_url, issue_page, paper_page, paper_url, public_url, web_url

LONG = 8  # an issue of more papers begins with a table of contents
RECENT = 40  # issues on the first list of the index


@dataclass(frozen=True, slots=True)
class PaperView:
    """A paper in an issue. `page_url` is its page in the archive; `whole` says that `gist` and
    `excerpt` together are all of `abstract`; a `summary`, by the model `written_by`, is in place of the gist.
    """

    number: int
    anchor: str
    title: str
    title_pieces: tuple[Piece, ...]
    url: str
    page_url: str
    code_url: str | None
    authors: tuple[Piece, ...]
    facts: tuple[str, ...]
    context: tuple[Piece, ...]
    withdrawn: bool
    summary: str
    written_by: str
    gist: tuple[Piece, ...]
    excerpt: tuple[Piece, ...]
    whole: bool
    snippet: bool
    reasons: tuple[Reason, ...]
    more_reasons: int
    because: tuple[Piece, ...]
    changes: str
    _text: str
    _matched: tuple[Span, ...]

    @property
    def abstract(self) -> tuple[Piece, ...]:
        """All of the abstract; cut only when it is asked for, as mails show it in short."""
        return pieces(self._text, self._matched)


@dataclass(frozen=True, slots=True)
class SectionView:
    """New or Updated. `total` counts all its papers, `more` those that are only in the archive."""

    id: str
    heading: str
    papers: tuple[PaperView, ...]
    total: int
    more: int


@dataclass(frozen=True, slots=True)
class IssueView:
    """An issue. `title` is the digest's, `name` the subscription's."""

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
    preheader: str
    sections: tuple[SectionView, ...]
    long: bool
    archive_url: str
    home_url: str
    feed_url: str
    keywords: tuple[str, ...]
    exclude: tuple[str, ...]
    schedule: str
    timezone: str
    settings_file: str
    themes: str = ""
    rising: str = ""
    trends: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Fit:
    """How much of an issue is shown: about how many characters of each abstract, and how many papers."""

    about: int = ABOUT
    papers: int | None = None


WHOLE = Fit()


def issue_view(issue: Issue, frame: SiteContext, *, everything: bool = False, fit: Fit = WHOLE) -> IssueView:
    """Return an issue as templates see it; `everything` shows the papers behind "and N more", too.

    `fit` is for mails that must not grow too large: what it leaves out is behind "and N more".
    """
    say = language(issue.language)
    room = len(issue.new) + len(issue.updated) + len(issue.discover) if fit.papers is None else fit.papers
    new, updated = issue.new[:room], issue.updated[: max(0, room - len(issue.new))]
    discover = issue.discover[: max(0, room - len(issue.new) - len(issue.updated))]
    more_new, more_updated = (
        issue.new[len(new) :] + issue.more_new,
        issue.updated[len(updated) :] + issue.more_updated,
    )
    sections = tuple(
        section
        for section in (
            _section("new", say.gettext("New"), new, more_new, frame, fit.about, say, everything=everything),
            _section(
                "updated",
                say.gettext("Updated"),
                updated,
                more_updated,
                frame,
                fit.about,
                say,
                everything=everything,
            ),
            _section(
                "discover",
                say.gettext("Discover"),
                discover,
                issue.discover[len(discover) :],
                frame,
                fit.about,
                say,
                everything=everything,
            ),
        )
        if section.total
    )
    name = named(issue.name, issue.subscription)
    return IssueView(
        language=say.code,
        title=named(frame.title, "Paper Digest"),
        name=name,
        subscription=issue.subscription,
        number=issue.number,
        day=issue.day,
        date=say.long_day(issue.day),
        date_with_year=say.long_day(issue.day, year=True),
        short_date=say.day_and_month(issue.day),
        new=len(issue.new) + len(issue.more_new),
        updated=len(issue.updated) + len(issue.more_updated),
        summary=phrases.summary(issue, say),
        preheader=_preheader(sections),
        sections=sections,
        long=sum(len(section.papers) for section in sections) > LONG,
        archive_url=frame.base_url + issue_page(issue.subscription, issue.stem),
        home_url=frame.home_url,
        feed_url=frame.feed_url(issue.subscription, "atom"),
        keywords=tuple(map(clean, issue.keywords)),
        exclude=tuple(map(clean, issue.exclude)),
        schedule=clean(issue.schedule),
        timezone=clean(issue.timezone),
        settings_file=f"subscriptions/{issue.subscription}.toml",
        themes=phrases.themes(issue, say),
        rising=phrases.rising(issue.trends, say),
        trends=phrases.trends(issue.trends, say),
    )


def with_tracked_links(view: IssueView, through: Callable[[int], str]) -> IssueView:
    """Return an issue whose titles lead to the addresses that `through` gives by the papers' numbers."""

    def led(section: SectionView) -> SectionView:
        return replace(
            section, papers=tuple(replace(paper, url=through(paper.number)) for paper in section.papers)
        )

    return replace(view, sections=tuple(map(led, view.sections)))


def named(name: str, fallback: str) -> str:
    return shorten(" ".join(clean(name).split()), 200) or fallback


def _preheader(sections: tuple[SectionView, ...]) -> str:
    """Return what a mail program shows next to the subject: the titles."""
    return shorten(" · ".join(paper.title for section in sections for paper in section.papers), 160)


def _section(
    section_id: str,
    heading: str,
    shown: tuple[Item, ...],
    more: tuple[Item, ...],
    frame: SiteContext,
    about: int,
    say: Language,
    *,
    everything: bool,
) -> SectionView:
    items = (*shown, *more) if everything else shown
    return SectionView(
        id=section_id,
        heading=heading,
        papers=tuple(paper_view(item, frame, about, say) for item in items),
        total=len(shown) + len(more),
        more=0 if everything else len(more),
    )


def paper_view(item: Item, frame: SiteContext, about: int = ABOUT, say: Language = ENGLISH) -> PaperView:
    """Return a paper as templates see it, with about so many characters of its abstract in short."""
    paper, read = item.paper, readable(item.paper.abstract)
    matched = read.spans(spans(item.evidence, "abstract"))
    summary = _summary(item)
    short = shorten_abstract(read.text, about, with_gist=not summary)
    excerpt = pieces(read.text, matched, *short.excerpt) if short.excerpt else ()
    if short.cut:
        excerpt = (*excerpt, Piece("…"))
    told, untold = phrases.reasons(item.evidence, say)
    standing = phrases.ranked_by(item, say)
    authors = phrases.authors(paper, item.evidence, say=say)
    facts = phrases.facts(paper, say)
    heading, place = readable(paper.title), _place(paper, frame.base_url, say)
    return PaperView(
        number=paper.number,
        anchor=f"paper-{paper.number}",
        title=place.title,
        title_pieces=pieces(heading.text, heading.spans(spans(item.evidence, "title")))
        or (Piece(place.title),),
        url=place.url,
        page_url=place.page_url,
        code_url=place.code_url,
        authors=authors,
        facts=facts,
        context=_joined(authors, facts),
        withdrawn=paper.withdrawn,
        summary=summary,
        written_by=clean(item.summary.model) if item.summary and summary else "",
        gist=pieces(read.text, matched, *short.gist) if short.gist else (),
        excerpt=excerpt,
        whole=short.whole,
        snippet=paper.snippet,
        reasons=(*told, *standing),
        more_reasons=untold,
        because=phrases.because(told, untold, standing, say=say),
        changes=phrases.changes(item.changes, say),
        _text=read.text,
        _matched=matched,
    )


def _summary(item: Item) -> str:
    return clean(shown(item.summary.text)).strip() if item.summary else ""


class _Place(NamedTuple):
    """What of a paper is the same for every reader."""

    title: str
    url: str
    page_url: str
    code_url: str | None


@lru_cache(maxsize=4096)
def _place(paper: Paper, base_url: str, say: Language) -> _Place:
    return _Place(
        title_of(paper, say),
        paper_url(paper, base_url),
        base_url + paper_page(paper.number),
        web_url(paper.code_url),
    )


def _joined(authors: tuple[Piece, ...], facts: tuple[str, ...]) -> tuple[Piece, ...]:
    """Return authors and facts as one line."""
    told = " · ".join(facts)
    return (*authors, Piece(f" · {told}" if authors else told)) if told else authors


def title_of(paper: Paper, say: Language) -> str:
    """Return a paper's title for people, never empty."""
    return clean(shown(paper.title)).strip() or say.gettext("Untitled paper")


# --- the pages of the archive --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LineView:
    """An issue in a list. `path` leads to its page from the top of the archive."""

    name: str
    number: int
    date: str
    counts: str
    path: str


@dataclass(frozen=True, slots=True)
class DayView:
    """The issues of one day."""

    date: str
    issues: tuple[LineView, ...]


@dataclass(frozen=True, slots=True)
class FeedView:
    """A feed's addresses, by format: `rss`, `atom`, `json`."""

    title: str
    rss: str
    atom: str
    json: str


@dataclass(frozen=True, slots=True)
class ShelfView:
    """A subscription in the archive: its feed and its issues, newest first."""

    id: str
    name: str
    feed: FeedView
    issues: tuple[LineView, ...]
    chart: Chart | None


@dataclass(frozen=True, slots=True)
class TrendView:
    """What rises: its name, its last counts in words, and a chart of its weeks."""

    name: str
    counts: str
    chart: Chart


@dataclass(frozen=True, slots=True)
class IndexView:
    """The archive's first page. `days` are the latest issues, `shelves` all, by subscription.

    `titles` are the files that the search looks through, newest papers first; `opml` lists all feeds.
    """

    language: str
    title: str
    home_url: str
    summary: str
    feed: FeedView
    opml: str
    days: tuple[DayView, ...]
    shelves: tuple[ShelfView, ...]
    chart: Chart | None
    titles: tuple[str, ...]
    rising: str
    trends: tuple[TrendView, ...]


@dataclass(frozen=True, slots=True)
class ArchiveStats:
    """What the archive holds besides issues.

    `seen` are the days on which papers were first seen, `entered` those on which papers entered each
    subscription's feed; `last` is the number of the newest paper, 0 if there is none; `trends` what rises.
    """

    seen: Sequence[date] = ()
    entered: Mapping[str, Sequence[date]] = field(default_factory=dict)
    last: int = 0
    trends: Sequence[Trend] = ()


def index_view(
    issues: Sequence[IssueLine], names: Mapping[str, str], frame: SiteContext, holdings: ArchiveStats
) -> IndexView:
    """Return the archive's first page; `names` are the subscriptions that have a feed, by id."""
    say = language(frame.language)
    newest = sorted(issues, key=lambda line: (-line.day.toordinal(), line.subscription, -line.number))
    ids = dict(names)
    for line in newest:
        ids.setdefault(line.subscription, line.name)
    shelves = tuple(
        ShelfView(
            id=each,
            name=named(name, each),
            feed=feed_view(each, named(name, each), frame),
            issues=tuple(_line(line, say) for line in newest if line.subscription == each),
            chart=papers_a_week(holdings.entered.get(each, ()), say),
        )
        for each, name in sorted(ids.items(), key=lambda pair: (pair[1].casefold(), pair[0]))
    )
    title = named(frame.title, "Paper Digest")
    return IndexView(
        title=title,
        home_url=frame.home_url,
        language=say.code,
        summary=say.gettext(
            "%(issues)s for %(subscriptions)s.",
            issues=say.ngettext("%(number)s issue", "%(number)s issues", len(newest)),
            subscriptions=say.ngettext("%(number)s subscription", "%(number)s subscriptions", len(shelves)),
        ),
        feed=feed_view("all", say.gettext("%(title)s: every new paper", title=title), frame),
        days=tuple(
            DayView(say.long_day(day, year=True), tuple(_line(line, say) for line in lines))
            for day, lines in groupby(newest[:RECENT], key=lambda line: line.day)
        ),
        shelves=shelves,
        chart=papers_a_week(holdings.seen, say),
        titles=tuple(map(shard_file, range(shard_of(holdings.last), -1, -1))) if holdings.last else (),
        opml=frame.feed_url("all", "opml"),
        rising=phrases.rising(holdings.trends, say),
        trends=tuple(
            TrendView(name, counts, weekly_bars(each.last, each.weeks, say))
            for each, (name, counts) in zip(
                holdings.trends, phrases.trends(holdings.trends, say), strict=True
            )
        ),
    )


def feed_view(name: str, title: str, frame: SiteContext) -> FeedView:
    """Return the addresses of a feed."""
    rss, atom, json = (frame.feed_url(name, form) for form in ("rss", "atom", "json"))
    return FeedView(title, rss, atom, json)


def _line(line: IssueLine, say: Language) -> LineView:
    return LineView(
        name=named(line.name, line.subscription),
        number=line.number,
        date=say.short_day(line.day),
        counts=", ".join(phrases.counts(line.new, line.updated, say)) or say.gettext("nothing new"),
        path=issue_page(line.subscription, line.stem),
    )


@dataclass(frozen=True, slots=True)
class PageView:
    """A paper on a page of its own. `links` are pairs of a name and an address."""

    language: str
    title: str
    digest: str
    url: str
    authors: tuple[str, ...]
    author_count: int
    facts: tuple[str, ...]
    abstract: str
    snippet: bool
    withdrawn: bool
    links: tuple[tuple[str, str], ...]
    first_seen: str
    sources: tuple[str, ...]
    issues: tuple[LineView, ...]
    bibtex: str
    feed: FeedView


def page_view(paper: Paper, issues: Sequence[IssueLine], frame: SiteContext) -> PageView:
    """Return a paper as its own page shows it."""
    names = tuple(filter(None, (clean(author).strip() for author in paper.authors)))
    say, digest = language(frame.language), named(frame.title, "Paper Digest")
    return PageView(
        language=say.code,
        title=title_of(paper, say),
        digest=digest,
        url=paper_url(paper, frame.base_url),
        authors=names,
        author_count=max(paper.author_count or 0, len(names)),
        facts=phrases.facts(paper, say, source=False),
        abstract=clean(shown(paper.abstract)).strip(),
        snippet=paper.snippet,
        withdrawn=paper.withdrawn,
        links=_links(paper, say),
        first_seen=say.short_day(phrases.in_zone(paper.first_seen, frame.timezone).date()),
        sources=phrases.sources(paper),
        issues=tuple(_line(line, say) for line in issues),
        bibtex=bibtex_entry(paper, key=citation_key(paper), url=public_url(paper)),
        feed=feed_view("all", say.gettext("%(title)s: every new paper", title=digest), frame),
    )


def _links(paper: Paper, say: Language) -> tuple[tuple[str, str], ...]:
    found = []
    if paper.arxiv:
        version = f"v{paper.version}" if paper.version else ""
        found.append((f"arXiv:{clean(paper.arxiv)}{version}", arxiv_url(paper.arxiv)))
    if paper.doi:
        found.append((f"doi:{clean(paper.doi)}", doi_url(paper.doi)))
    own, code = web_url(paper.url), web_url(paper.code_url)
    if own and own not in {url for _, url in found}:
        found.insert(0, (shorten(own.split("://", 1)[1], 60), own))
    if code:
        found.append((say.gettext("code"), code))
    return tuple(found)
