"""What templates see: an issue as words and pieces of text, nothing left to work out.

Every text here is clean and plain; templates escape it for their format.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from digest.display import clean, shorten
from digest.links import arxiv_url, doi_url, feed_file, issue_page, paper_page, paper_url, web_url
from digest.model import Issue, Item, Paper
from digest.render import phrases
from digest.render.frame import Frame, IssueLine
from digest.render.highlight import Piece, pieces, spans
from digest.render.phrases import Reason
from digest.render.sentences import shorten_abstract

UNTITLED = "Untitled paper"
LONG = 8  # an issue of more papers begins with a table of contents
RECENT = 40  # issues on the first list of the index


@dataclass(frozen=True, slots=True)
class PaperView:
    """A paper in an issue. `page_url` is its page in the archive; `whole` says that `gist` and
    `excerpt` together are all of `abstract`.
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
    withdrawn: bool
    gist: tuple[Piece, ...]
    excerpt: tuple[Piece, ...]
    whole: bool
    abstract: tuple[Piece, ...]
    snippet: bool
    reasons: tuple[Reason, ...]
    more_reasons: int
    changes: str


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


def issue_view(issue: Issue, frame: Frame, *, everything: bool = False) -> IssueView:
    """Return an issue as templates see it; `everything` shows the papers behind "and N more", too."""
    sections = tuple(
        section
        for section in (
            _section("new", "New", issue.new, issue.more_new, frame, everything=everything),
            _section("updated", "Updated", issue.updated, issue.more_updated, frame, everything=everything),
            _section("discover", "Discover", issue.discover, (), frame, everything=everything),
        )
        if section.total
    )
    name = _named(issue.name, issue.subscription)
    return IssueView(
        title=_named(frame.title, "Paper Digest"),
        name=name,
        subscription=issue.subscription,
        number=issue.number,
        day=issue.day,
        date=phrases.long_day(issue.day),
        date_with_year=f"{phrases.long_day(issue.day)} {issue.day.year}",
        short_date=phrases.day_and_month(issue.day),
        new=len(issue.new) + len(issue.more_new),
        updated=len(issue.updated) + len(issue.more_updated),
        summary=phrases.summary(issue),
        preheader=_preheader(sections),
        sections=sections,
        long=sum(len(section.papers) for section in sections) > LONG,
        archive_url=frame.base_url + issue_page(issue.subscription, issue.stem),
        home_url=frame.base_url,
        feed_url=frame.base_url + feed_file(issue.subscription, "atom"),
        keywords=tuple(map(clean, issue.keywords)),
        exclude=tuple(map(clean, issue.exclude)),
        schedule=clean(issue.schedule),
        timezone=clean(issue.timezone),
        settings_file=f"subscriptions/{issue.subscription}.toml",
        themes=phrases.themes(issue),
    )


def _named(name: str, fallback: str) -> str:
    return shorten(" ".join(clean(name).split()), 200) or fallback


def _preheader(sections: tuple[SectionView, ...]) -> str:
    """Return what a mail program shows next to the subject: the titles."""
    return shorten(" · ".join(paper.title for section in sections for paper in section.papers), 160)


def _section(
    section_id: str,
    heading: str,
    shown: tuple[Item, ...],
    more: tuple[Item, ...],
    frame: Frame,
    *,
    everything: bool,
) -> SectionView:
    items = (*shown, *more) if everything else shown
    return SectionView(
        id=section_id,
        heading=heading,
        papers=tuple(paper_view(item, frame) for item in items),
        total=len(shown) + len(more),
        more=0 if everything else len(more),
    )


def paper_view(item: Item, frame: Frame) -> PaperView:
    """Return a paper as templates see it."""
    paper, matched = item.paper, spans(item.evidence, "abstract")
    short = shorten_abstract(paper.abstract)
    excerpt = pieces(paper.abstract, matched, *short.excerpt) if short.excerpt else ()
    if short.cut:
        excerpt = (*excerpt, Piece("…"))
    told, untold = phrases.reasons(item.evidence)
    title = title_of(paper)
    return PaperView(
        number=paper.number,
        anchor=f"paper-{paper.number}",
        title=title,
        title_pieces=pieces(paper.title, spans(item.evidence, "title")) or (Piece(title),),
        url=paper_url(paper, frame.base_url),
        page_url=frame.base_url + paper_page(paper.number),
        code_url=web_url(paper.code_url),
        authors=phrases.authors(paper, item.evidence),
        facts=phrases.facts(paper),
        withdrawn=paper.withdrawn,
        gist=pieces(paper.abstract, matched, *short.gist) if short.gist else (),
        excerpt=excerpt,
        whole=short.whole,
        abstract=pieces(paper.abstract, matched),
        snippet=paper.snippet,
        reasons=(*told, *phrases.ranked_by(item)),
        more_reasons=untold,
        changes=phrases.changes(item.changes),
    )


def title_of(paper: Paper) -> str:
    """Return a paper's title for people, never empty."""
    return clean(paper.title).strip() or UNTITLED


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


@dataclass(frozen=True, slots=True)
class IndexView:
    """The archive's first page. `days` are the latest issues, `shelves` all, by subscription."""

    title: str
    home_url: str
    summary: str
    feed: FeedView
    days: tuple[DayView, ...]
    shelves: tuple[ShelfView, ...]


def index_view(issues: Sequence[IssueLine], names: Mapping[str, str], frame: Frame) -> IndexView:
    """Return the archive's first page; `names` are the subscriptions that have a feed, by id."""
    newest = sorted(issues, key=lambda line: (-line.day.toordinal(), line.subscription, -line.number))
    ids = dict(names)
    for line in newest:
        ids.setdefault(line.subscription, line.name)
    shelves = tuple(
        ShelfView(
            id=each,
            name=_named(name, each),
            feed=feed_view(each, _named(name, each), frame),
            issues=tuple(_line(line) for line in newest if line.subscription == each),
        )
        for each, name in sorted(ids.items(), key=lambda pair: (pair[1].casefold(), pair[0]))
    )
    title = _named(frame.title, "Paper Digest")
    return IndexView(
        title=title,
        home_url=frame.base_url,
        summary=f"{phrases.count(len(newest), 'issue')} for {phrases.count(len(shelves), 'subscription')}.",
        feed=feed_view("all", f"{title}: every new paper", frame),
        days=tuple(
            DayView(f"{phrases.long_day(day)} {day.year}", tuple(map(_line, lines)))
            for day, lines in groupby(newest[:RECENT], key=lambda line: line.day)
        ),
        shelves=shelves,
    )


def feed_view(name: str, title: str, frame: Frame) -> FeedView:
    """Return the addresses of a feed."""
    rss, atom, json = (frame.base_url + feed_file(name, form) for form in ("rss", "atom", "json"))
    return FeedView(title, rss, atom, json)


def _line(line: IssueLine) -> LineView:
    counts = [
        f"{number:,} {word}" for number, word in ((line.new, "new"), (line.updated, "updated")) if number
    ]
    return LineView(
        name=_named(line.name, line.subscription),
        number=line.number,
        date=phrases.short_day(line.day),
        counts=", ".join(counts),
        path=issue_page(line.subscription, line.stem),
    )


@dataclass(frozen=True, slots=True)
class PageView:
    """A paper on a page of its own. `links` are pairs of a name and an address."""

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


def page_view(paper: Paper, issues: Sequence[IssueLine], frame: Frame) -> PageView:
    """Return a paper as its own page shows it."""
    names = tuple(filter(None, (clean(author).strip() for author in paper.authors)))
    return PageView(
        title=title_of(paper),
        digest=_named(frame.title, "Paper Digest"),
        url=paper_url(paper, frame.base_url),
        authors=names,
        author_count=max(paper.author_count or 0, len(names)),
        facts=phrases.facts(paper, source=False),
        abstract=clean(paper.abstract).strip(),
        snippet=paper.snippet,
        withdrawn=paper.withdrawn,
        links=_links(paper),
        first_seen=phrases.short_day(phrases.in_zone(paper.first_seen, frame.timezone).date()),
        sources=phrases.sources(paper),
        issues=tuple(map(_line, issues)),
    )


def _links(paper: Paper) -> tuple[tuple[str, str], ...]:
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
        found.append(("code", code))
    return tuple(found)
