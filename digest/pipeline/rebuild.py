"""Files of `output/` that were written and are gone: they are marked, so that the run writes them again.

Nothing is read: the names in a handful of folders are compared with what the library says was written.
"""

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from digest.model import FORMS
from digest.pipeline.context import RunContext
from digest.publish.history import PAGE, page_name, pages_with
from digest.store.store import Transaction

# Of so many issues, the newest, each file is looked for; of older ones, the folders of their subscriptions.
_ISSUES = 5_000
_FEEDS = ("rss", "atom", "json")
# Beside the feeds: the list of feeds, and the style sheets.
_LISTS = frozenset({"all.opml", "index.html", "feed.xsl", "feed.css"})


def mark_missing(tx: Transaction, context: RunContext) -> None:
    """Mark the issues, feeds and pages of which a file is missing, or has to go as its subscription is private."""
    output, last = context.home.output, tx.library.last_number()
    feeds, site = _names(output / "feeds"), _names(output / "site")
    if "index.html" not in site or not feeds >= _LISTS:
        tx.pending_files.mark("index", "")
    files, private = context.home.settings.files, tx.cursors.private()
    public = private & (_names(output / "site/issues") | {Path(each).stem for each in feeds})
    tx.pending_files.mark_all("feed", sorted(public))
    with_files = tx.on_disk.with_files(files).keys() - private
    kept = {f"{name}.{form}" for name in with_files | private for form in _FEEDS}
    _remove_feeds(tx, output / "feeds", feeds - kept)
    names = {"all", *with_files}
    tx.pending_files.mark_all("feed", sorted(name for name in names if not _has_feed(feeds, name)))
    older = _names(output / "feeds/all")
    history = pages_with(range(1, last + 1, PAGE), last)
    tx.pending_files.mark_all(
        "history", [str(page) for page in history if not _has_feed(older, Path(page_name(page)).name)]
    )
    tx.pending_files.mark_all("paper", map(str, _papers(tx, output / "site/papers", last)))
    tx.pending_files.mark_all("index", _titles(output / "site", last))
    today = context.now.astimezone(ZoneInfo(context.home.settings.timezone)).date()
    keep = context.home.settings.schedule.keep_output
    first_kept = today - keep if keep else date.min
    tx.pending_files.mark_all("issue", map(str, _issues(tx, output, first_kept, files)))


def _remove_feeds(tx: Transaction, folder: Path, others: frozenset[str]) -> None:
    """Remove the feeds of subscriptions that no longer have files: they would stay as they are for ever."""
    names = {Path(each).stem for each in others if Path(each).suffix[1:] in _FEEDS} - {"all"}
    for name in tx.cursors.of(names):
        for form in _FEEDS:
            (folder / f"{name}.{form}").unlink(missing_ok=True)


def _names(folder: Path) -> frozenset[str]:
    try:
        with os.scandir(folder) as found:
            return frozenset(each.name for each in found)
    except OSError:  # missing; or unreadable, which writing into it reports
        return frozenset()


def _has_feed(names: frozenset[str], name: str) -> bool:
    return all(f"{name}.{form}" in names for form in _FEEDS)


def _papers(tx: Transaction, folder: Path, last: int) -> list[int]:
    """Return the numbers of the papers whose page is missing, without those for which none can be made."""
    names = _names(folder)
    missing = {number for number in range(1, last + 1) if f"{number}.html" not in names}
    missing -= {each.paper for each in tx.set_aside.all() if each.stage == "page"} if missing else set()
    if not missing:
        return []
    found = {paper.number for paper in tx.library.all_papers()}
    # The page of a merged paper redirects to the other one.
    found |= {each.part for each in tx.identities.decisions() if each.kind == "merged"}
    return sorted(missing & found)


def _titles(site: Path, last: int) -> Iterator[str]:
    from digest.render.search import shard_file, shard_of

    names = _names(site / "titles")
    for shard in range(shard_of(last) + 1 if last else 0):
        if Path(shard_file(shard)).name not in names:
            yield f"titles {shard}"


def _issues(tx: Transaction, output: Path, first_kept: date, files: str) -> Iterator[int]:
    """Yield the keys of the issues of which a file is missing."""
    written, pages = _names(output / "issues"), _names(output / "site/issues")
    private = tx.cursors.private()
    gone = {
        name
        for name, day in tx.issues.newest_days(files).items()
        if not (name in pages or name in private) or (name not in written and day >= first_kept)
    }
    yield from tx.issues.ids_of(gone)
    for each in tx.issues.newest(_ISSUES, files):
        if each.subscription in gone:
            continue
        stem = f"{each.subscription}/{each.stem}"
        paths = [] if each.subscription in private else [output / f"site/issues/{stem}.html"]
        if each.day >= first_kept:
            paths += [output / f"issues/{stem}.{FORMS.get(form, form)}" for form in each.formats]
        if not all(map(os.path.exists, paths)):
            yield each.key
