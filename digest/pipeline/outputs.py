"""render | publish: whatever is not yet marked as written is rendered from stored content and written."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from digest.errors import DigestError
from digest.i18n.catalogue import language
from digest.identity import feed_uid
from digest.model import FORMS, FeedItem, Home, Issue
from digest.pipeline.trends import trends_of
from digest.store.store import Store, Transaction
from digest.system.files import write_whole

if TYPE_CHECKING:
    from digest.render import Renderer, SiteContext
    from digest.store.pending_files import Kind

_PAGES_AT_ONCE = 500
_CHARTED = 10_000  # papers of a subscription's feed that its chart counts, the newest


@dataclass(slots=True)
class Written:
    """What a run wrote: feeds by path, and what kept something from being written."""

    paths: list[str] = field(default_factory=list)
    complaints: dict[str, None] = field(default_factory=dict)

    @property
    def feeds(self) -> tuple[str, ...]:
        return tuple(self.paths)

    @property
    def problems(self) -> tuple[str, ...]:
        return tuple(self.complaints)


def issue_path(issue: Issue, form: str) -> str:
    """Return where a form of an issue is written, relative to the home."""
    return f"output/issues/{issue.subscription}/{issue.stem}.{FORMS[form]}"


def frame_of(home: Home) -> "SiteContext":
    """Return what a home's settings contribute to issues and pages."""
    from digest.render import SiteContext

    settings = home.settings
    sender = settings.sender or settings.title
    return SiteContext(settings.title, settings.base_url, sender, settings.timezone, settings.language)


def renderer_for(home: Home) -> "Renderer":
    """Return the renderer with a home's templates and frame."""
    from digest.render import Renderer

    return Renderer(home.templates, frame_of(home))


def write_unwritten(home: Home, store: Store, progress: Callable[[str, int, int], None]) -> Written:
    """Write all that is marked unwritten: issues, pages of papers, feeds, the index."""
    written = Written()
    jobs: tuple[tuple[Kind, Callable[..., Iterator[tuple[str, bytes]]]], ...] = (
        ("issue", _issue_files),
        ("paper", _paper_pages),
        ("feed", _feed_files),
        ("index", _archive_pages),
    )
    _mark_archive(store)
    renderer: Renderer | None = None
    for kind, files_of in jobs:
        with store.begin(write=False) as tx:
            keys = tx.pending_files.keys(kind)
        for start in range(0, len(keys), _PAGES_AT_ONCE):
            progress(f"writing {kind}s", start, len(keys))
            renderer = renderer or renderer_for(home)
            chunk = keys[start : start + _PAGES_AT_ONCE]
            done = [
                key
                for key in chunk
                if _write(home, store, renderer, key, files_of, written, feed=kind == "feed")
            ]
            with store.begin() as tx:
                tx.pending_files.clear(kind, done)
    return written


def _write(
    home: Home,
    store: Store,
    renderer: "Renderer",
    key: str,
    files_of: Callable[..., Iterator[tuple[str, bytes]]],
    written: Written,
    *,
    feed: bool,
) -> bool:
    """Write the files of one unwritten thing; tell whether all were. A failure is noted, the rest goes on."""
    try:
        for path, data in files_of(home, store, renderer, key):
            if write_whole(home.path / path, data) and feed:
                written.paths.append(path)
    except DigestError as error:
        written.complaints[str(error)] = None
        return False
    return True


def _issue_files(_home: Home, store: Store, renderer: "Renderer", key: str) -> Iterator[tuple[str, bytes]]:
    with store.begin(write=False) as tx:
        stored = tx.issues.get(int(key))
    issue = stored.issue
    for form in stored.formats:
        yield issue_path(issue, form), renderer.file(issue, form)
    yield f"output/site/issues/{issue.subscription}/{issue.stem}.html", renderer.archive(issue).encode()


def _paper_pages(_home: Home, store: Store, renderer: "Renderer", key: str) -> Iterator[tuple[str, bytes]]:
    with store.begin(write=False) as tx:
        paper = tx.library.papers([int(key)])[int(key)]
        lines = tx.issues.lines_with(int(key))
    yield f"output/site/papers/{key}.html", renderer.paper(paper, lines).encode()


def _mark_archive(store: Store) -> None:
    """Mark what papers that came or changed alter in the archive: its first page, and files of titles."""
    from digest.render.search import shard_of

    with store.begin() as tx:
        numbers = tx.pending_files.keys("paper")
        if numbers:
            tx.pending_files.mark("index", "")
        for shard in sorted({shard_of(int(number)) for number in numbers}):
            tx.pending_files.mark("index", f"titles {shard}")


def _archive_pages(home: Home, store: Store, renderer: "Renderer", key: str) -> Iterator[tuple[str, bytes]]:
    if key:
        yield _titles(store, int(key.split()[1]))
        return
    from digest.publish import opml
    from digest.render import ArchiveStats

    zone = ZoneInfo(home.settings.timezone)
    with store.begin(write=False) as tx:
        lines = tx.issues.lines()
        names = {cursor.subscription: cursor.name for cursor in tx.cursors.all()}
        seen = tx.library.seen()
        entered = {
            each: [line.entered.astimezone(zone).date() for line in tx.feeds.newest(each, _CHARTED)]
            for each in names
        }
        trends = trends_of(tx)
    days = [at.astimezone(zone).date() for _, at in seen]
    holdings = ArchiveStats(days, entered, seen[-1][0] if seen else 0, trends)
    yield "output/site/index.html", renderer.index(lines, names, holdings).encode()
    settings = home.settings
    every = language(settings.language).gettext("%(title)s: every new paper", title=settings.title)
    feeds = [("all", every), *sorted(names.items())]
    yield "output/feeds/all.opml", opml(settings.title, settings.base_url, feeds)


def _titles(store: Store, shard: int) -> tuple[str, bytes]:
    from digest.render import search

    with store.begin(write=False) as tx:
        papers = tx.library.papers(range(shard * search.SHARD, (shard + 1) * search.SHARD))
    return f"output/site/{search.shard_file(shard)}", search.shard(papers.values())


def _feed_files(home: Home, store: Store, _renderer: "Renderer", key: str) -> Iterator[tuple[str, bytes]]:
    from digest import publish

    settings = home.settings
    say = language(settings.language)
    with store.begin(write=False) as tx:
        if key == "all":
            items, title, born = _all_items(tx), settings.title, tx.ledger.began()
            about = say.gettext("Every new paper")
        else:
            cursor = tx.cursors.get(key)
            assert cursor is not None, "a feed is marked when its subscription is enrolled"
            items, title, born = _items(tx, key, settings.feed_items), cursor.name, cursor.enrolled
            about = say.gettext("Papers for %(name)s", name=cursor.name)
    channel = publish.Channel(
        name=key,
        title=title,
        description=about,
        base_url=settings.base_url,
        id=feed_uid(f"feed:{key}"),
        updated=max((item.updated for item in items), default=born),
        language=say.code,
    )
    for form, write_feed in publish.FORMS.items():
        yield f"output/feeds/{key}.{form}", write_feed(channel, items)


def _items(tx: Transaction, subscription: str, limit: int) -> list[FeedItem]:
    lines = tx.feeds.newest(subscription, limit)
    papers = tx.library.papers(line.paper for line in lines)
    revised = tx.library.updated_at(papers)
    return [
        FeedItem(
            papers[line.paper],
            line.entered,
            max(line.entered, revised.get(line.paper, line.entered)),
            line.terms,
        )
        for line in lines
    ]


def _all_items(tx: Transaction) -> list[FeedItem]:
    found = tx.library.newest(None)
    revised = tx.library.updated_at(paper.number for paper, _ in found)
    return [FeedItem(paper, at, max(at, revised.get(paper.number, at))) for paper, at in found]
