"""What the templates of the archive see: its first page, and the page of one paper.

Every text here is clean and plain; templates escape it for their format.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

from digest.i18n.catalogue import language
from digest.i18n.language import Language
from digest.model import IssueLine, Paper, Trend
from digest.render import phrases
from digest.render.chart import Chart, papers_a_week, weekly_bars
from digest.render.context import SiteContext
from digest.render.paper_links import paper_links
from digest.render.search import shard_file, shard_of
from digest.render.view import named, title_of
from digest.text.bibtex import bibtex_entry, citation_key
from digest.text.clean import clean, shorten
from digest.text.direction import isolated
from digest.text.math import shown
from digest.urls import issue_page, paper_page, paper_url, public_url

RECENT = 40  # issues on the first list of the index
_TITLE = 110  # characters of a title there


@dataclass(frozen=True, slots=True)
class LineView:
    """An issue in a list, with the titles of its first papers. `path` leads from the top of the archive to its page."""

    name: str
    number: int
    date: str
    counts: str
    path: str
    best: tuple[str, ...]


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
class SubscriptionView:
    """A subscription in the archive, with its feed and its issues, newest first."""

    id: str
    name: str
    feed: FeedView
    issues: tuple[LineView, ...]
    chart: Chart | None


@dataclass(frozen=True, slots=True)
class TrendView:
    """A trend: its name, the papers of its last weeks as a sentence, and a chart of all its weeks."""

    name: str
    counts: str
    chart: Chart


@dataclass(frozen=True, slots=True)
class IndexView:
    """The first page of the archive. `days` holds the latest issues, `shelves` all of them by subscription.

    `titles` are the files that the search reads, those of the newest papers first; `feeds_page` and `opml` are
    the addresses of the list of all feeds, as a page and for feed readers; `subscribe_url` is where people subscribe, ""
    if nobody can; `rising` introduces `trends`.
    """

    language: str
    title: str
    home_url: str
    summary: str
    feed: FeedView
    feeds_page: str
    opml: str
    subscribe_url: str
    days: tuple[DayView, ...]
    shelves: tuple[SubscriptionView, ...]
    chart: Chart | None
    titles: tuple[str, ...]
    rising: str
    trends: tuple[TrendView, ...]


@dataclass(frozen=True, slots=True)
class FeedsView:
    """The page that lists the feeds: that of every new paper, then those of the subscriptions by name.

    `home_url` is "" if the page does not know where the archive is.
    """

    language: str
    title: str
    home_url: str
    feeds: tuple[FeedView, ...]
    opml: str


@dataclass(frozen=True, slots=True)
class ArchiveStats:
    """What the first page shows besides issues.

    `seen` has the day on which each paper was first seen, `entered` by subscription the day on which each
    paper entered its feed. `last` is the number of the newest paper, 0 in an empty library.
    """

    seen: Sequence[date] = ()
    entered: Mapping[str, Sequence[date]] = field(default_factory=dict)
    last: int = 0
    trends: Sequence[Trend] = ()


def index_view(
    issues: Sequence[IssueLine], names: Mapping[str, str], site: SiteContext, stats: ArchiveStats
) -> IndexView:
    """Return the first page of the archive; `names` maps the id of each subscription with a feed to its name."""
    lang = language(site.language)
    newest = newest_first(issues)
    shelves = _subscriptions(newest, names, site, stats)
    title = named(site.title, "Paper Digest")
    return IndexView(
        title=title,
        home_url=site.home_url,
        language=lang.code,
        summary=lang.gettext(
            "%(issues)s for %(subscriptions)s.",
            issues=lang.ngettext("%(number)s issue", "%(number)s issues", len(newest)),
            subscriptions=lang.ngettext("%(number)s subscription", "%(number)s subscriptions", len(shelves)),
        ),
        feed=feed_view("all", lang.gettext("%(title)s: every new paper", title=title), site),
        days=tuple(
            DayView(lang.long_day(day, year=True), tuple(_line(line, lang) for line in lines))
            for day, lines in groupby(newest[:RECENT], key=lambda line: line.day)
        ),
        shelves=shelves,
        chart=papers_a_week(stats.seen, lang),
        titles=tuple(map(shard_file, range(shard_of(stats.last), -1, -1))) if stats.last else (),
        feeds_page=site.feeds_page,
        opml=site.feed_url("all", "opml"),
        subscribe_url=site.subscribe,
        rising=phrases.rising(stats.trends, lang),
        trends=tuple(
            TrendView(name, counts, weekly_bars(each.last, each.weeks, lang))
            for each, (name, counts) in zip(stats.trends, phrases.trends(stats.trends, lang), strict=True)
        ),
    )


def newest_first(issues: Iterable[IssueLine]) -> list[IssueLine]:
    """Return issues in the order of the first page, which shows the best titles of the first RECENT."""
    return sorted(issues, key=lambda line: (-line.day.toordinal(), line.subscription, -line.number))


def _subscriptions(
    newest: Sequence[IssueLine], names: Mapping[str, str], site: SiteContext, stats: ArchiveStats
) -> tuple[SubscriptionView, ...]:
    """Return the subscriptions that have a feed or an issue, by name."""
    lang = language(site.language)
    names = dict(names)
    issues: dict[str, list[LineView]] = {}
    for line in newest:
        names.setdefault(line.subscription, line.name)
        issues.setdefault(line.subscription, []).append(_line(line, lang))
    return tuple(
        SubscriptionView(
            id=each,
            name=named(name, each),
            feed=feed_view(each, named(name, each), site),
            issues=tuple(issues.get(each, ())),
            chart=papers_a_week(stats.entered.get(each, ()), lang),
        )
        for each, name in _by_name(names)
    )


def feed_view(name: str, title: str, site: SiteContext) -> FeedView:
    """Return the addresses of the feed of a subscription, or of `all`."""
    rss, atom, json = (site.feed_url(name, form) for form in ("rss", "atom", "json"))
    return FeedView(title, rss, atom, json)


def feeds_view(names: Mapping[str, str], site: SiteContext) -> FeedsView:
    """Return the page that lists the feeds; `names` maps the id of each subscription with a feed to its name."""
    lang, title = language(site.language), named(site.title, "Paper Digest")
    listed = [("all", lang.gettext("%(title)s: every new paper", title=title)), *_by_name(names)]
    return FeedsView(
        language=lang.code,
        title=title,
        home_url=site.home_url if site.base_url else "",
        feeds=tuple(feed_view(each, named(name, each), site) for each, name in listed),
        opml=site.feed_url("all", "opml"),
    )


def _by_name(names: Mapping[str, str]) -> list[tuple[str, str]]:
    return sorted(names.items(), key=lambda pair: (pair[1].casefold(), pair[0]))


def _line(line: IssueLine, lang: Language) -> LineView:
    return LineView(
        name=named(line.name, line.subscription),
        number=line.number,
        date=lang.short_day(line.day),
        counts=", ".join(phrases.counts(line.new, line.updated, lang)) or lang.gettext("nothing new"),
        path=issue_page(line.subscription, line.stem),
        best=tuple(isolated(shorten(clean(shown(title)).strip(), _TITLE)) for title in line.best),
    )


@dataclass(frozen=True, slots=True)
class PageView:
    """A paper on its own page. `links` are pairs of a name and an address, `alike` of a title and a path from the top."""

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
    status: str
    links: tuple[tuple[str, str], ...]
    first_seen: str
    sources: tuple[str, ...]
    issues: tuple[LineView, ...]
    alike: tuple[tuple[str, str], ...]
    bibtex: str
    feed: FeedView


def page_view(
    paper: Paper, issues: Sequence[IssueLine], site: SiteContext, alike: Sequence[tuple[int, str]] = ()
) -> PageView:
    """Return the page of one paper; `issues` are those that it was in, `alike` numbers and titles of papers like it."""
    names = tuple(filter(None, (clean(author).strip() for author in paper.authors)))
    lang, digest = language(site.language), named(site.title, "Paper Digest")
    return PageView(
        language=lang.code,
        title=title_of(paper, lang),
        digest=digest,
        url=paper_url(paper, site.base_url),
        authors=names,
        author_count=max(paper.author_count or 0, len(names)),
        facts=phrases.facts(paper, lang, source=False),
        abstract=clean(shown(paper.abstract)).strip(),
        snippet=paper.snippet,
        withdrawn=paper.withdrawn,
        status=phrases.status(paper, lang),
        links=tuple((link.name, link.url) for link in paper_links(paper, lang, alphaxiv=site.alphaxiv)),
        first_seen=lang.short_day(phrases.in_zone(paper.first_seen, site.timezone).date()),
        sources=phrases.sources(paper),
        issues=tuple(_line(line, lang) for line in issues),
        alike=tuple((title, paper_page(number)) for number, title in alike),
        bibtex=bibtex_entry(paper, key=citation_key(paper), url=public_url(paper)),
        feed=feed_view("all", lang.gettext("%(title)s: every new paper", title=digest), site),
    )
