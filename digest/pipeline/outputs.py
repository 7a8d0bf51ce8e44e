"""render | publish: everything that is marked as pending is rendered from stored content and written."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from digest.errors import DigestError, StoreError
from digest.i18n.catalogue import language
from digest.model import FORMS, FeedItem, Home, Issue, IssueLine, Paper, Trend
from digest.pipeline import rendering
from digest.pipeline.context import Progress
from digest.pipeline.feeds import channel_of, feed_bytes, feeds_of, items_of
from digest.pipeline.plugin_work import form_of
from digest.pipeline.privacy import personal_places, private_places, withdraw
from digest.pipeline.ranking import trends_of
from digest.pipeline.set_aside import Boundary
from digest.publish.history import PAGE, numbers_of, page_before, page_name, pages_with
from digest.rank.alike import papers_alike, window_of
from digest.store.store import Store, Transaction
from digest.system.deadline import TookTooLong
from digest.system.files import FileBatch, private_folder

if TYPE_CHECKING:
    from digest.publish import Channel
    from digest.render import ArchiveStats, Renderer, SiteContext
    from digest.store.issues import StoredIssue
    from digest.store.pending_files import Kind

_PAGES_AT_ONCE = 500
_RECENT = timedelta(days=7)  # that the feed `all` holds at least

Content = Callable[[], bytes | None]  # None: there is nothing to write
Files = Iterator[tuple[str, Content]]  # paths relative to the home, and contents


@dataclass(slots=True)
class Written:
    """What a run has written: the paths of feeds that changed, and the reasons why output could not be written."""

    feed_paths: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def feeds(self) -> tuple[str, ...]:
        return tuple(self.feed_paths)

    @property
    def problems(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.failures))


def issue_path(issue: Issue, form: str) -> str:
    """Return the path of a form of an issue, relative to the home; the name of a plug-in is its extension."""
    return f"output/issues/{issue.subscription}/{issue.stem}.{FORMS.get(form, form)}"


def site_context(home: Home) -> "SiteContext":
    """Return what the settings of a home contribute to issues and pages."""
    from digest.render import SiteContext

    settings = home.settings
    sender = settings.sender or settings.title
    return SiteContext(
        settings.title,
        settings.base_url,
        sender,
        settings.timezone,
        settings.language,
        alphaxiv=settings.alphaxiv,
        contact=settings.contact,
        subscribe="" if settings.web.signup == "off" else f"{settings.base_url}subscribe",
    )


def renderer_for(home: Home, store: Store | None = None) -> "Renderer":
    """Return a renderer with the templates and settings of a home.

    With its library, issues of private subscriptions link to their own pages. Raises StoreError.
    """
    from digest.render import Renderer

    site = site_context(home)
    if store is None:
        return Renderer(home.templates, site)
    return Renderer(
        home.templates, site, private_places(store, site.base_url), personal_places(store, site.base_url)
    )


def write_pending(home: Home, store: Store, progress: Progress, boundary: Boundary | None = None) -> Written:
    """Write everything that is marked as pending: issues, pages of papers, feeds, the archive.

    A failure is recorded and its files stay pending; all others are written. What a single paper makes fail is
    written with less of its text, as the `boundary` says.
    """
    with store.begin() as tx:
        tx.on_disk.drop(home.settings.files)
    _mark_archive(store)
    writer = _Writer(home, store, boundary or Boundary())
    for kind in _FILES_OF:
        with store.begin(write=False) as tx:
            keys = tx.pending_files.keys(kind)
        if kind == "paper":  # neighbours are looked at together
            keys = tuple(sorted(keys, key=int))
        at_once = _FILES_OF[kind].at_once
        for start in range(0, len(keys), at_once):
            progress(f"writing {kind}s", start, len(keys))
            done = writer.write_all(kind, keys[start : start + at_once])
            with store.begin() as tx:
                tx.pending_files.clear(kind, done)
    return writer.written


def write_issue(home: Home, store: Store, key: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Write the files of an issue; return their paths, and why some could not be written."""
    writer = _Writer(home, store, Boundary.of(store))
    writer.write_all("issue", [str(key)])
    with store.begin(write=False) as tx:
        loaded = writer.load_issues(tx, [str(key)])[str(key)]
    return tuple(name for name, _ in writer.issue("", loaded)), writer.written.problems


def made_on_request(home: Home, store: Store, kind: "Kind", key: str, path: str) -> bytes | None:
    """Return the file at a path, one of the files for a key, as a run would write it; or None."""
    writer = _Writer(home, store, Boundary.of(store))
    files = _FILES_OF[kind]
    with store.begin(write=False) as tx:
        loaded = files.load(writer, tx, [key])
    found = dict(files.files(writer, key, loaded[key]))
    return found[path]() if path in found else None


def write_concealed(home: Home, store: Store) -> tuple[str, ...]:
    """Write what is pending if a subscription that is not public is concerned; return the problems.

    A subscription that was public so far disappears from pages and feeds at once, not at the next run. The caller
    holds the home's lock. Raises StoreError.
    """
    with store.begin(write=False) as tx:
        names = frozenset(tx.pending_files.keys("feed")) - {"all"}
        concealed = names - tx.on_disk.listed(home.settings.files).keys() if names else names
    return write_pending(home, store, lambda *_: None).problems if concealed else ()


class _Writer:
    """Writes pending files and records what was written. The renderer, slow to import, is made when needed."""

    def __init__(self, home: Home, store: Store, boundary: Boundary) -> None:
        self.home, self.store, self.boundary = home, store, boundary
        self.written = Written()
        self._batch = FileBatch()
        self._private: set[Path] = set()  # folders that this run made private, or found so
        self._renderer: Renderer | None = None

    @property
    def renderer(self) -> "Renderer":
        if self._renderer is None:
            self._renderer = renderer_for(self.home, self.store)
        return self._renderer

    def write_all(self, kind: "Kind", keys: Sequence[str]) -> list[str]:
        """Write the files for pending keys; return those of which all files were written."""
        written: dict[str, list[str]] = {}
        loaded = self._loaded(kind, keys)
        for key in loaded:
            names: list[str] = []
            if self._draft(kind, key, loaded, names):
                written[key] = names
        try:
            failed = self._batch.finish()
        except StoreError as error:
            self.written.failures.append(str(error))
            return []
        self.written.failures += map(str, failed.values())
        missing = {str(path.relative_to(self.home.path)) for path in failed}
        if kind in {"feed", "history"}:
            self.written.feed_paths += [
                each for names in written.values() for each in names if each not in missing
            ]
        return [key for key, names in written.items() if missing.isdisjoint(names)]

    def _draft(self, kind: "Kind", key: str, loaded: Any, names: list[str]) -> bool:
        """Draft the files for a pending key, and add those that change to `names`; return whether none failed."""
        failed = len(self.written.failures)
        with self._noted(f"the files of {kind} {key}"):
            for name, content in _FILES_OF[kind].files(self, key, loaded[key]):
                with self._noted(name):
                    data = content()
                    if data is not None and self._write(name, data):
                        names.append(name)
        return len(self.written.failures) == failed

    def _loaded(self, kind: "Kind", keys: Sequence[str]) -> dict[str, Any]:
        """Return what the files for pending keys are made from, by key; one by one if that fails for all at once."""
        load = _FILES_OF[kind].load
        try:
            with self.store.begin(write=False) as tx:
                return load(self, tx, keys)
        except DigestError:
            raise
        except Exception:  # noqa: BLE001 - which key is to blame is tried next
            found: dict[str, Any] = {}
            for key in keys:
                with self._noted(f"the files of {kind} {key}"), self.store.begin(write=False) as tx:
                    found |= load(self, tx, [key])
            return found

    @contextmanager
    def _noted(self, what: str) -> Iterator[None]:
        """Note why the block failed; one file must not keep the others from being written."""
        try:
            yield
        except DigestError as error:
            self.written.failures.append(str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is
            reason = f"{what} cannot be written ({type(error).__name__}: {error})"
            from digest.render.overrides import templates

            own = any(each.own for each in templates(self.home.path / "templates"))
            slow = isinstance(error, TookTooLong) and own
            remedy = "see: digest templates check" if slow else "report this as a bug of paper-digest"
            self.written.failures.append(f"{reason}; {remedy}")

    def _write(self, name: str, data: bytes) -> bool:
        """Draft a file; return whether it changes. Issues are private, the archive and the feeds are not."""
        path = self.home.path / name
        if name.startswith("output/issues/") and path.parent not in self._private:
            for folder in (path.parent.parent, path.parent):
                private_folder(folder)
            self._private.add(path.parent)
        return self._batch.write(path, data, private=name.endswith(".eml"))

    def load_issues(self, tx: Transaction, keys: Sequence[str]) -> "dict[str, tuple[StoredIssue, bool]]":
        found = tx.issues.several(map(int, keys))
        private = tx.cursors.private_among(each.issue.subscription for each in found.values())
        return {str(key): (each, each.issue.subscription in private) for key, each in found.items()}

    def issue(self, _key: str, loaded: "tuple[StoredIssue, bool]") -> Files:
        """Yield the files of an issue in the forms it was made for, and its page in the archive, unless private."""
        (stored, private), issue = loaded, loaded[0].issue
        for form in stored.formats:
            yield issue_path(issue, form), partial(self._issue_file, issue, form)
        page = f"output/site/issues/{issue.subscription}/{issue.stem}.html"
        if not private:
            yield page, lambda: rendering.issue(self.boundary, issue, self.renderer.archive).encode()

    def _issue_file(self, issue: Issue, form: str) -> bytes:
        render = partial(self.renderer.file, form=form) if form in FORMS else form_of(self.home, form)
        return rendering.issue(self.boundary, issue, render)

    def load_papers(self, tx: Transaction, keys: Sequence[str]) -> dict[str, "_OnPage"]:
        numbers = list(map(int, keys))
        papers = tx.library.papers(numbers)
        lines = tx.issues.lines_by_paper(numbers, self.home.settings.files)
        around = {number for each in numbers for number in window_of(each)}
        others = tx.library.papers(around - papers.keys()) | papers
        none: dict[int, tuple[Paper, ...]] = {}
        alike = self.boundary.whole(
            "page", "", lambda: papers_alike(others.values(), numbers), otherwise=none
        )
        return {
            key: _OnPage(papers[number], lines.get(number, ()), alike.get(number, ()))
            for key, number in zip(keys, numbers, strict=True)
        }

    def paper(self, key: str, loaded: "_OnPage") -> Files:
        """Yield the page of a paper."""
        paper, lines, alike = loaded

        def named(
            other: Paper,
        ) -> str:  # a paper that cannot be shown must not keep this page from being written
            return self.boundary.one("page", other, self.renderer.title, subject="likeness", otherwise="")

        def page() -> bytes | None:
            near = [(other.number, title) for other in alike if (title := named(other))]
            render = lambda some: [self.renderer.paper(each, lines, near) for each in some.values()]  # noqa: E731
            pages = self.boundary.many("page", {int(key): paper}, render)
            return pages[0].encode() if pages else None

        yield f"output/site/papers/{key}.html", page

    def load_archive(self, tx: Transaction, keys: Sequence[str]) -> dict[str, Any]:
        from digest.render.search import SHARD

        found: dict[str, Any] = {}
        for key in keys:
            if key:
                first = int(key.split()[1]) * SHARD
                found[key] = tx.library.papers(range(first, first + SHARD))
            else:
                found[key] = self._load_index(tx)
        return found

    def _load_index(self, tx: Transaction) -> "tuple[Sequence[IssueLine], dict[str, str], ArchiveStats]":
        from digest.render import ArchiveStats
        from digest.render.archive_view import RECENT, newest_first
        from digest.render.chart import CHART

        zone = ZoneInfo(self.home.settings.timezone)
        files = self.home.settings.files
        names = tx.on_disk.listed(files)

        def days(times: Sequence[tuple[datetime, int]]) -> list[date]:
            return [day for at, many in times for day in [at.astimezone(zone).date()] * many]

        entered = {name: days(times) for name, times in tx.feeds.entered(files).items()}
        none: tuple[Trend, ...] = ()
        trends = self.boundary.whole("trends", "", lambda: trends_of(tx), otherwise=none)
        seen = days(tx.library.seen_within(CHART))
        stats = ArchiveStats(seen, entered, tx.library.last_number(), trends)
        lines = tx.issues.lines(files)
        best = tx.issues.best_titles(newest_first(lines)[:RECENT])
        lines = tuple(replace(each, best=best.get((each.subscription, each.number), ())) for each in lines)
        return lines, names, stats

    def archive(self, key: str, loaded: Any) -> Files:
        """Yield the first page of the archive and the lists of feeds; for `titles N` the N-th file of titles."""
        if key:
            from digest.render import search

            data = partial(self.boundary.many, "search", loaded, lambda some: search.shard(some.values()))
            yield f"output/site/{search.shard_file(int(key.split()[1]))}", data
            return
        from digest.publish import STYLES, opml

        lines, names, stats = loaded
        settings = self.home.settings
        yield "output/site/index.html", lambda: self.renderer.index(lines, names, stats).encode()
        every = language(settings.language).gettext("%(title)s: every new paper", title=settings.title)
        feeds = [("all", every), *sorted(names.items())]
        yield "output/feeds/all.opml", lambda: opml(settings.title, settings.base_url, feeds)
        yield "output/feeds/index.html", lambda: self.renderer.feeds(names).encode()
        for name in STYLES.values():
            yield f"output/feeds/{name}", partial(self._style, name)

    def _style(self, name: str) -> bytes:
        return self.renderer.style(name).encode()

    def load_feeds(
        self, tx: Transaction, keys: Sequence[str]
    ) -> "dict[str, tuple[Channel, list[FeedItem]] | str]":
        """Load feeds with their items; of a private subscription, only its id."""
        names = [key for key in keys if key != "all"]
        private = tx.cursors.private_among(names)
        found: dict[str, tuple[Channel, list[FeedItem]] | str] = {name: name for name in private}
        found |= feeds_of(self.home, tx, [name for name in names if name not in private])
        if "all" in keys:
            listed, before = tx.library.recent(_RECENT, PAGE)
            items = items_of(tx, listed)
            title = self.home.settings.title
            channel = channel_of(self.home, "all", title, self._about_all, items, begun=tx.ledger.began())
            older = page_name(page_before(before, tx.library.last_number()))
            found["all"] = replace(channel, older=older), items
        return found

    @property
    def _about_all(self) -> str:
        return language(self.home.settings.language).gettext("Every new paper")

    def load_history(
        self, tx: Transaction, keys: Sequence[str]
    ) -> "dict[str, tuple[Channel, list[FeedItem]]]":
        """Load pages of the feed `all` with their papers, newest first."""
        began, title = tx.ledger.began(), self.home.settings.title
        last = tx.library.last_number()
        found = {}
        for key in keys:
            page = int(key)
            items = items_of(tx, tx.library.numbered(numbers_of(page)))
            channel = channel_of(self.home, "all", title, self._about_all, items, begun=began)
            newer = page_name(page_before(page * PAGE + 1, last)) if last >= (page + 1) * PAGE else ""
            found[key] = (
                replace(channel, name=page_name(page), older=page_name(page - 1), newer=newer, current="all"),
                items,
            )
        return found

    def feed(self, _key: str, loaded: "tuple[Channel, list[FeedItem]] | str") -> Files:
        """Yield the files of a subscription's feed, of the feed `all`, or of a page of older papers.

        What is public of a private subscription is removed.
        """
        from digest import publish

        if isinstance(loaded, str):
            yield f"output/feeds/{loaded}", lambda: withdraw(self.home.output, loaded)
            return
        channel, items = loaded
        for form in publish.FORMS:
            write = partial(feed_bytes, self.boundary, form, channel, items)
            yield f"output/feeds/{channel.name}.{form}", write


class _OnPage(NamedTuple):
    """What the page of a paper shows: the issues that it was in, and papers like it."""

    paper: Paper
    issues: tuple[IssueLine, ...]
    alike: tuple[Paper, ...]


class _Files(NamedTuple):
    """How the files of one kind are made: what the store has for several keys, then the files for each of them."""

    load: Callable[[_Writer, Transaction, Sequence[str]], dict[str, Any]]
    files: Callable[[_Writer, str, Any], Files]
    at_once: int = _PAGES_AT_ONCE  # keys whose content is in memory together


# In the order in which they are written.
_FILES_OF: "dict[Kind, _Files]" = {
    "issue": _Files(_Writer.load_issues, _Writer.issue),
    "paper": _Files(_Writer.load_papers, _Writer.paper),
    "feed": _Files(_Writer.load_feeds, _Writer.feed),
    "history": _Files(_Writer.load_history, _Writer.feed, 4),
    "index": _Files(_Writer.load_archive, _Writer.archive, 4),
}


def _mark_archive(store: Store) -> None:
    """Mark what pending papers change: the first page of the archive, files of titles, pages of the feed `all`."""
    from digest.render.search import shard_of

    with store.begin() as tx:
        numbers = [int(key) for key in tx.pending_files.keys("paper")]
        if numbers:
            tx.pending_files.mark("index", "")
            tx.pending_files.mark_all("history", map(str, pages_with(numbers, tx.library.last_number())))
        for shard in sorted({shard_of(number) for number in numbers}):
            tx.pending_files.mark("index", f"titles {shard}")
