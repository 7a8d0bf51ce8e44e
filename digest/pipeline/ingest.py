"""read | diff: digest files on their way into the library.

Files are read and parsed first, ordered, then recorded one by one, each in a transaction of its own.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from zlib import crc32
from zoneinfo import ZoneInfo

from digest import __version__, read
from digest.diff.changes import Change, diff
from digest.identity import by_key, keys_of
from digest.model import DigestFile, Home, Listing, Paper, Rejected
from digest.model.reports import FileReport, ListingReport
from digest.store import Library
from digest.store.store import Store, Transaction

Progress = Callable[[str, int, int], None]  # stage, done, of how many


@dataclass(frozen=True, slots=True)
class Options:
    """What a run was asked for. `named` paths come before `inbox`; `captured` dates them all.

    `among` limits it to these subscriptions; `leave` are files of the inbox that are not looked at.
    """

    paths: tuple[str, ...] = ()
    captured: date | None = None
    force: bool = False
    only: str | None = None
    rewrite: bool = False
    among: frozenset[str] | None = None
    leave: frozenset[str] = frozenset()


def silent(_stage: str, _done: int, _total: int) -> None:
    """Show no progress."""


@dataclass(frozen=True, slots=True)
class _Gathered:
    """A path on its way in. `captured` orders inbox and folders; None if it could not be read.

    `reader` is what judged the file: this version and, of a file not read whole, the limit.
    """

    path: str
    named: bool
    outcome: DigestFile | FileReport
    captured: date | None
    digest: str | None
    reader: str = __version__


def read_files(
    home: Home,
    store: Store,
    options: Options,
    *,
    run: int,
    now: datetime,
    progress: Progress,
    tell: bool = True,
) -> Iterator[FileReport]:
    """Read, diff and record the digest files asked for, and report on each.

    `tell` adds the papers to the reports also of files that were read before.
    """
    gathered = list(_gather(home, store, options, now, progress))
    for done, item in enumerate(gathered):
        progress("recording", done, len(gathered))
        with store.begin() as tx:
            yield _record(tx, item, run=run, at=now, tell=tell)


@dataclass(frozen=True, slots=True)
class Owned:
    """The papers that the files of the setting `library` list, by identity key, and why a file cannot be read."""

    papers: Mapping[str, Listing]
    problems: tuple[str, ...] = ()

    def has(self, paper: Paper) -> bool:
        """Say whether a paper is among them."""
        if not self.papers:
            return False
        listing = Listing(0, paper.title, "", arxiv=paper.arxiv, doi=paper.doi)
        keys = (key for key in keys_of(listing) if key in self.papers)
        return any(by_key(key, listing, self.papers[key]).same for key in keys)


def owned(home: Home, now: datetime) -> Owned:
    """Read the files of the setting `library`."""
    found: dict[str, Listing] = {}
    problems = []
    zone = ZoneInfo(home.settings.timezone)
    most = home.settings.max_file_mb * 1024 * 1024
    for name in home.settings.library:
        file = read.read(
            str(home.path / name),
            today=now.astimezone(zone).date(),
            zone=zone,
            max_bytes=most,
            columns=home.settings.columns,
        )
        if isinstance(file, Rejected):
            problems.append(str(replace(file, path=name)))
            continue
        for listing in file.listings:
            found.update((key, listing) for key in keys_of(listing))
    return Owned(found, tuple(problems))


def _gather(
    home: Home, store: Store, options: Options, now: datetime, progress: Progress
) -> Iterator[_Gathered]:
    if options.paths:
        groups = [_expand(path) for path in options.paths]
    else:
        files = read.files_of(str(home.inbox))
        groups = [(False, tuple(path for path in files if path not in options.leave))]
    total = sum(len(paths) for _, paths in groups)
    done = 0
    for named, paths in groups:
        batch = []
        for path in paths:
            progress("reading", done, total)
            batch.append(_load(home, store, path, options, named=named, now=now))
            done += 1
        # Named files keep the order given; a folder's are read by capture date, then name.
        yield from batch if named else sorted(batch, key=lambda item: (item.captured or date.min, item.path))


def _expand(path: str) -> tuple[bool, tuple[str, ...]]:
    """Return whether the path names a file, and the files it stands for."""
    if Path(path).is_dir():
        return False, read.files_of(path)
    return True, (path,)


def _load(home: Home, store: Store, path: str, options: Options, *, named: bool, now: datetime) -> _Gathered:
    settings = home.settings
    zone = ZoneInfo(settings.timezone)
    loaded = read.load(path, max_bytes=settings.max_file_mb * 1024 * 1024)
    whole = isinstance(loaded, read.Loaded)
    reader = __version__ if whole else f"{__version__}, {settings.max_file_mb} MB"
    if settings.columns:
        reader += f", columns {crc32(repr(settings.columns).encode()):x}"
    shown = _shown(home, path) if not options.paths else path
    with store.begin(write=False) as tx:
        known = tx.library.file(loaded.digest) if loaded.digest else None
        remembered = (
            tx.ledger.rejection(loaded.digest, reader=reader) if loaded.digest and not named else None
        )
    if known:
        report = FileReport(shown, known.source, known.captured, seen=known.listed)
        return _Gathered(shown, named, report, known.captured, loaded.digest)
    if remembered:
        report = FileReport(shown, rejected=replace(remembered, path=shown), remembered=True)
        return _Gathered(shown, named, report, None, loaded.digest)
    if isinstance(loaded, Rejected):
        rejected = replace(loaded, path=shown)
        return _Gathered(shown, named, FileReport(shown, rejected=rejected), None, loaded.digest, reader)
    parsed = read.parse(
        loaded,
        today=now.astimezone(zone).date(),
        zone=zone,
        captured=options.captured,
        columns=settings.columns,
    )
    if isinstance(parsed, Rejected):
        report = FileReport(shown, rejected=replace(parsed, path=shown))
        return _Gathered(shown, named, report, None, loaded.digest)
    return _Gathered(shown, named, replace(parsed, path=shown), parsed.captured, loaded.digest)


def _shown(home: Home, path: str) -> str:
    """Return an inbox path as seen from the home."""
    try:
        return Path(path).relative_to(home.path).as_posix()
    except ValueError:
        return path


def _record(tx: Transaction, item: _Gathered, *, run: int, at: datetime, tell: bool) -> FileReport:
    """Record one gathered file, if there is anything to record, and report on it."""
    if isinstance(item.outcome, FileReport):
        rejected = item.outcome.rejected
        if rejected is None:
            return _seen(tx.library, item, tell=tell)
        if not item.outcome.remembered:
            tx.ledger.reject(rejected, run=run, reader=item.reader)
        return item.outcome
    file = item.outcome
    if tx.library.file(file.digest):  # the same bytes under another name, earlier in this run
        return _seen(tx.library, item, tell=tell)
    changes = judge(tx, file)
    touched = tx.library.record(file, changes, run=run, at=at)
    if any(change.entry for change in changes):
        tx.pending_files.mark("feed", "all")
    for name in tx.feeds.containing(touched):
        tx.pending_files.mark("feed", name)
    return _file_report(file, changes)


def judge(tx: Transaction, file: DigestFile) -> tuple[Change, ...]:
    """Say what a file's listings mean to the library, recording nothing."""
    keys = {listing.rank: keys_of(listing) for listing in file.listings}
    known = tx.identities.known(key for each in keys.values() for key in each)
    strange = [each for each in file.listings if not any(key in known for key in keys[each.rank])]
    return diff(file, known, tx.identities.near(strange), keys)


def _seen(library: Library, item: _Gathered, *, tell: bool) -> FileReport:
    """Report on a file whose bytes were read before: everything in it is seen."""
    known = library.file(item.digest or "")
    assert known is not None, "it was found by this digest"
    papers = library.listed_in(known.id) if tell else ()
    told = tuple(ListingReport(paper.title, "seen", paper.first_seen, item.path) for paper in papers)
    return FileReport(
        item.path, known.source, known.captured, known.captured_guessed, seen=known.listed, papers=told
    )


def _merged(changes: Sequence[Change]) -> Iterator[str]:
    for change in changes:
        for each in change.merges:
            yield f"merged {each.absorbed} into {each.survivor}: {each.why.rule} {each.why.evidence}"


def _doubts(changes: Sequence[Change]) -> str:
    count = sum(1 for change in changes if change.doubt)
    return f"{count} of the new may be known papers: digest library doubts" if count else ""


def _file_report(file: DigestFile, changes: Sequence[Change]) -> FileReport:
    statuses = [change.status for change in changes]
    return FileReport(
        path=file.path,
        source=file.source,
        captured=file.captured,
        captured_guessed=file.captured_guessed,
        new=statuses.count("new"),
        updated=statuses.count("updated"),
        seen=statuses.count("seen"),
        note="; ".join(filter(None, (file.note, *_merged(changes), _doubts(changes)))),
        papers=tuple(
            ListingReport(
                change.listing.title,
                change.status,
                change.known.first_seen if change.known else None,
                file.path,
            )
            for change in changes
        ),
    )
