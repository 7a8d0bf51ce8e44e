"""read | diff: digest files are read into the library.

All files are read and parsed first, then ordered, then recorded one by one, each in its own transaction.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from zlib import crc32
from zoneinfo import ZoneInfo

from digest import __version__, read
from digest.diff.changes import Change, diff
from digest.identity import by_key, fold_text, keys_of
from digest.model import DigestFile, Home, Listing, Paper, Rejected
from digest.model.reports import FileReport, ListingReport
from digest.pipeline.context import RunContext
from digest.pipeline.set_aside import ends_run, reason_of
from digest.read.inbox_watcher import being_written
from digest.read.registry import OWN_REMEDY
from digest.store import Library
from digest.store.store import Store, Transaction
from digest.system.deadline import SECONDS, within

_FURTHER = 0.05  # seconds for each listing of a file; comparing it takes a tenth of that


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A file that was read and is to be recorded; or the report on it, if there is nothing to record.

    `captured` orders the files of a folder (None: it could not be read). `reader` is what a rejection depends
    on, so that the file is read again when it changes: the version and the settings.
    """

    path: str
    named: bool
    outcome: DigestFile | FileReport
    captured: date | None
    digest: str | None
    reader: str = __version__


def read_files(store: Store, context: RunContext, *, with_papers: bool = True) -> Iterator[FileReport]:
    """Read, diff and record the digest files of a run, and yield a report on each.

    `with_papers` adds the papers to the reports even of files that were read before.
    """
    loaded = list(_load_all(store, context))
    for done, item in enumerate(loaded):
        context.progress("recording", done, len(loaded))
        yield _record_or_reject(store, item, context, with_papers=with_papers)


def _record_or_reject(store: Store, item: _Loaded, context: RunContext, *, with_papers: bool) -> FileReport:
    """Record a file in a transaction of its own, without the listings that make this fail.

    If it fails for all of them, the file is rejected, and nothing of it stays.
    """
    try:
        with store.begin() as tx:
            return _record(tx, item, context, with_papers=with_papers)
    except Exception as error:
        if ends_run(error):
            raise
        if (some := _without_broken(store, item, context, error)) is not None:
            return some
        reason = f"its papers cannot be recorded ({reason_of(error)})"
        rejected = Rejected(item.path, reason, OWN_REMEDY, digest=item.digest)
    with store.begin() as tx:
        tx.ledger.reject(rejected, run=context.number, reader=item.reader)
    return FileReport(item.path, rejected=rejected)


def _without_broken(store: Store, item: _Loaded, context: RunContext, error: Exception) -> FileReport | None:
    """Record a file without the listings that make this fail; None if that are all, or no single one does."""
    file = item.outcome
    if not isinstance(file, DigestFile):
        return None
    broken = {listing.rank for listing in _broken(store, item, context, file.listings)}
    if len(broken) == len(file.listings):
        return None
    if not broken:  # all can be recorded now: what disturbed them is over
        return _record_if_possible(store, item, context)
    left = tuple(listing for listing in file.listings if listing.rank not in broken)
    first = next(listing for listing in file.listings if listing.rank in broken)
    rest = f" and {len(broken) - 1} more" if len(broken) > 1 else ""
    problem = (
        f"{item.path}: paper {first.rank} ({first.title[:80]}){rest} cannot be recorded "
        f"({reason_of(error)}); the others of the file are; report this with the file as a bug of paper-digest"
    )
    report = _record_if_possible(store, _with_listings(item, left), context)
    return report and replace(report, problems=(problem,))


def _record_if_possible(store: Store, item: _Loaded, context: RunContext) -> FileReport | None:
    try:
        with store.begin() as tx:
            return _record(tx, item, context, with_papers=False)
    except Exception as error:
        if ends_run(error):
            raise
        return None


def _broken(
    store: Store, item: _Loaded, context: RunContext, listings: Sequence[Listing]
) -> Iterator[Listing]:
    """Yield the listings that cannot be recorded: a part of them is tried, then each half of it if that fails."""
    try:
        with store.rehearse(), store.begin() as tx:
            _record(tx, _with_listings(item, listings), context, with_papers=False)
    except Exception as error:
        if ends_run(error):
            raise
        if len(listings) == 1:
            yield listings[0]
            return
        half = len(listings) // 2
        yield from _broken(store, item, context, listings[:half])
        yield from _broken(store, item, context, listings[half:])


def _with_listings(item: _Loaded, listings: Sequence[Listing]) -> _Loaded:
    assert isinstance(item.outcome, DigestFile)
    return replace(item, outcome=replace(item.outcome, listings=tuple(listings)))


@dataclass(frozen=True, slots=True)
class Owned:
    """The papers in the files of the setting `library`, by identity key, and the files that cannot be read."""

    papers: Mapping[str, Listing]
    problems: tuple[str, ...] = ()

    def has(self, paper: Paper) -> bool:
        """Return whether a paper is among them."""
        if not self.papers:
            return False
        listing = Listing(0, paper.title, "", arxiv=paper.arxiv, doi=paper.doi)
        keys = (key for key in keys_of(listing) if key in self.papers)
        return any(by_key(key, listing, self.papers[key]).same for key in keys)


def owned(home: Home, now: datetime) -> Owned:
    """Return the papers in the files of the setting `library`."""
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


def _load_all(store: Store, context: RunContext) -> Iterator[_Loaded]:
    """Yield the files of a run in the order in which to record them."""
    options = context.options
    if options.paths:
        groups = [_expand(path) for path in options.paths]
    else:
        files = read.files_of(str(context.home.inbox))
        groups = [(False, tuple(path for path in files if path not in options.leave))]
    total = sum(len(paths) for _, paths in groups)
    done = 0
    for named, paths in groups:
        batch = []
        for path in paths:
            context.progress("reading", done, total)
            batch.append(_load(store, path, context, named=named))
            done += 1
        # Named files keep their order; those of a folder are ordered by capture date, then by name.
        yield from batch if named else sorted(batch, key=lambda item: (item.captured or date.min, item.path))


def _expand(path: str) -> tuple[bool, tuple[str, ...]]:
    """Return whether a path is a file rather than a folder, and the files to read for it."""
    if Path(path).is_dir():
        return False, read.files_of(path)
    return True, (path,)


def _load(store: Store, path: str, context: RunContext, *, named: bool) -> _Loaded:
    """Read and parse a file unless it was read or rejected before; a named file is always parsed again."""
    home, options, settings = context.home, context.options, context.home.settings
    zone = ZoneInfo(settings.timezone)
    loaded = read.load(path, max_bytes=settings.max_file_mb * 1024 * 1024)
    whole = isinstance(loaded, read.Loaded)
    reader = __version__ if whole else f"{__version__}, {settings.max_file_mb} MB"
    if settings.columns:
        reader += f", columns {crc32(repr(settings.columns).encode()):x}"
    shown = _shown(home, path) if not options.paths else path
    if being_written(path):
        return _Loaded(shown, named, _unfinished(shown, named=named), None, None)
    with store.begin(write=False) as tx:
        known = tx.library.file(loaded.digest) if loaded.digest else None
        remembered = (
            tx.ledger.rejection(loaded.digest, reader=reader) if loaded.digest and not named else None
        )
    if known:
        report = FileReport(shown, known.source, known.captured, seen=known.listed)
        return _Loaded(shown, named, report, known.captured, loaded.digest)
    if remembered:
        report = FileReport(shown, rejected=replace(remembered, path=shown), remembered=True)
        return _Loaded(shown, named, report, None, loaded.digest)
    if isinstance(loaded, Rejected):
        rejected = replace(loaded, path=shown)
        return _Loaded(shown, named, FileReport(shown, rejected=rejected), None, loaded.digest, reader)
    parsed = read.parse(
        loaded,
        today=context.now.astimezone(zone).date(),
        zone=zone,
        captured=options.captured,
        columns=settings.columns,
    )
    if isinstance(parsed, Rejected):
        report = FileReport(shown, rejected=replace(parsed, path=shown))
        return _Loaded(shown, named, report, None, loaded.digest)
    return _Loaded(shown, named, replace(parsed, path=shown), parsed.captured, loaded.digest)


def _unfinished(path: str, *, named: bool) -> FileReport:
    """Return the report on a file that a program is still writing."""
    if named:
        reason = Rejected(path, "is still being written", "run again when it is complete")
        return FileReport(path, rejected=reason)
    return FileReport(path, note="still being written; the next run reads it", unfinished=True)


def _shown(home: Home, path: str) -> str:
    """Return a path relative to the home, if it lies there."""
    try:
        return Path(path).relative_to(home.path).as_posix()
    except ValueError:
        return path


def _record(tx: Transaction, item: _Loaded, context: RunContext, *, with_papers: bool) -> FileReport:
    """Record a file, if there is anything to record, and return the report on it."""
    if isinstance(item.outcome, FileReport):
        rejected = item.outcome.rejected
        if item.outcome.unfinished:
            return item.outcome
        if rejected is None:
            return _seen(tx.library, item, with_papers=with_papers)
        if not item.outcome.remembered:
            tx.ledger.reject(rejected, run=context.number, reader=item.reader)
        return item.outcome
    file = item.outcome
    if tx.library.file(file.digest):  # this run has read the same bytes under another name
        return _seen(tx.library, item, with_papers=with_papers)
    changes = judge(tx, file)
    touched = tx.library.record(file, changes, run=context.number, at=context.now)
    tx.set_aside.forget(touched)
    if any(change.entry for change in changes):
        tx.pending_files.mark("feed", "all")
    for name in tx.feeds.containing(touched):
        tx.pending_files.mark("feed", name)
    return _file_report(file, changes)


def judge(tx: Transaction, file: DigestFile) -> tuple[Change, ...]:
    """Return what a file changes in the library, without recording it."""
    keys = {listing.rank: keys_of(listing) for listing in file.listings}
    known = tx.identities.known(key for each in keys.values() for key in each)
    unknown = [each for each in file.listings if not any(key in known for key in keys[each.rank])]
    near = tx.identities.near(unknown)
    return within(lambda: diff(file, known, near, keys), SECONDS + _FURTHER * len(file.listings))


def _seen(library: Library, item: _Loaded, *, with_papers: bool) -> FileReport:
    """Return the report on a file whose bytes were read before: all its papers are seen."""
    known = library.file(item.digest or "")
    assert known is not None, "the library has a file with this digest"
    papers = library.listed_in(known.id) if with_papers else ()
    listings = tuple(ListingReport(paper.title, "seen", paper.first_seen, item.path) for paper in papers)
    return FileReport(
        item.path, known.source, known.captured, known.captured_guessed, seen=known.listed, papers=listings
    )


def _merged(changes: Sequence[Change]) -> Iterator[str]:
    for change in changes:
        for each in change.merges:
            yield f"merged {each.absorbed} into {each.survivor}: {each.why.rule} {each.why.evidence}"


_NAMED_PAIRS = 3  # pairs of listings that a note names; the report counts the rest


def _one_in_file(changes: Sequence[Change]) -> Iterator[str]:
    """Yield which different listings of a file are one paper, so that no listing disappears unseen."""
    pairs = [
        (changes[first.like], first)
        for place, first in enumerate(changes)
        if first.like != place and _differ(changes[first.like].listing, first.listing)
    ]
    for one, other in pairs[:_NAMED_PAIRS]:
        ranks = f"listings {one.listing.rank} and {other.listing.rank} are one paper ({other.why.rule})"
        titles = dict.fromkeys((one.listing.title, other.listing.title))
        yield f"{ranks}: {' | '.join(map(_shortened, titles))}"
    if len(pairs) > _NAMED_PAIRS:
        yield f"{len(pairs) - _NAMED_PAIRS} more listings are papers listed above them"


def _differ(one: Listing, other: Listing) -> bool:
    """Return whether two listings differ in what tells papers apart, not only in spelling."""
    texts = [(each.title, " ".join(each.authors), each.venue or "") for each in (one, other)]
    if any(
        left and right and fold_text(left) != fold_text(right) for left, right in zip(*texts, strict=True)
    ):
        return True
    years = [each.published.year if each.published else None for each in (one, other)]
    return None not in years and years[0] != years[1]


def _shortened(title: str) -> str:
    return title if len(title) <= 80 else f"{title[:79]}…"


def _doubts(changes: Sequence[Change]) -> str:
    count = sum(1 for change in changes if change.doubt)
    return f"{count} of the new papers may be known ones: digest library doubts" if count else ""


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
        note="; ".join(
            filter(None, (file.note, *_merged(changes), *_one_in_file(changes), _doubts(changes)))
        ),
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
