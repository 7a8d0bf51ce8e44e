"""Identity over real papers: days of arXiv in order, pages and API answers together; none twice, none hidden."""

import ast
import gzip
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from digest import read
from digest.diff.changes import Change
from digest.model import DigestFile, Listing
from digest.pipeline.ingest import judge
from digest.store.engine import open_store
from digest.store.store import Store

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def of(name: str, source: str, day: date, papers: list[dict[str, Any]]) -> DigestFile:
    """Return a file of papers with `id`, `title`, `summary` and `authors`."""
    listings = tuple(
        Listing(
            rank,
            " ".join(paper["title"].split()),
            " ".join((paper.get("summary") or "").split()),
            tuple(paper["authors"]),
            arxiv=paper["id"],
        )
        for rank, paper in enumerate(papers, 1)
    )
    return DigestFile(name, name.ljust(64, "0"), source, day, False, NOON, listings)


def days(folder: Path) -> Iterator[DigestFile]:
    (papers_file,) = folder.glob("papers_*.jsonl.gz")
    (days_file,) = folder.glob("day_ids_*.json.gz")
    with gzip.open(papers_file, "rt", encoding="utf-8") as lines:
        papers = {paper["id"]: paper for paper in map(json.loads, lines)}
    with gzip.open(days_file, "rt", encoding="utf-8") as text:
        listed = json.load(text)
    for day in sorted(listed):
        yield of(day, "arxiv-json", date.fromisoformat(day), [papers[each] for each in listed[day]])


def answers(folder: Path) -> Iterator[DigestFile]:
    for path in sorted(folder.glob("*.json")):
        value = json.loads(path.read_text("utf-8"))
        if isinstance(value, dict):
            value = next(each for each in value.values() if isinstance(each, list))
        found = [ast.literal_eval(each) if isinstance(each, str) else each for each in value]
        papers = [
            {
                **each["paper"],
                "authors": [author["name"] for author in each["paper"]["authors"] if "name" in author],
            }
            for each in found
        ]
        yield of(path.name, "daily-papers-api", date.fromisoformat(path.stem), papers)


def pages(folder: Path) -> Iterator[DigestFile]:
    for path in sorted(folder.glob("[0-9]*.txt")):
        loaded = read.load(str(path), max_bytes=1 << 24)
        assert isinstance(loaded, read.Loaded)
        file = read.parse(loaded, today=date(2025, 11, 30), zone=ZoneInfo("UTC"), captured=None)
        assert isinstance(file, DigestFile)
        yield file


def take(store: Store, file: DigestFile) -> tuple[Change, ...]:
    with store.begin() as tx:
        run = tx.ledger.open_run(started=NOON, clock=NOON)
        changes = judge(tx, file)
        tx.library.record(file, changes, run=run, at=NOON)
    return changes


@pytest.mark.shared
def test_real_papers_are_each_new_once_and_never_hidden(shared, tmp_path):
    store = open_store("sqlite:///digest.db", home=tmp_path)
    met: set[str] = set()
    for file in days(shared / "arxiv-days"):
        changes = take(store, file)
        ids = list(dict.fromkeys(each.arxiv or "" for each in file.listings))
        assert [change.listing.arxiv for change in changes if change.status == "new"] == [
            each for each in ids if each not in met
        ], file.path
        assert {change.status for change in changes} <= {"new", "seen"}
        met.update(ids)
    assert len(met) > 12_000
    joined = []
    for file in (*pages(shared / "daily-papers-pages"), *answers(shared / "daily-papers-api")):
        joined += [change for change in take(store, file) if change.known and change.why.rule != "arxiv id"]
    assert len(joined) > 20
    for change in joined:  # by an equal title, and then the abstracts agree too
        assert change.why.rule == "same title" and change.known is not None
        mine, theirs = change.listing.abstract.split(), change.known.record.abstract.split()
        assert len({*mine} & {*theirs}) > 0.6 * len({*mine}), change.listing.title
    with store.begin(write=False) as tx:
        records = list(tx.library.all_papers())
        arxiv = [paper.arxiv for paper in records if paper.arxiv]
        assert len(arxiv) == len(set(arxiv))
        assert {each.kind for each in tx.identities.decisions()} <= {"joined"}
    store.close()


@pytest.mark.shared
@pytest.mark.parametrize("reverse", [False, True])
def test_pages_in_any_order_give_the_same_papers(shared, tmp_path, reverse):
    store = open_store("sqlite:///digest.db", home=tmp_path)
    files = sorted(pages(shared / "daily-papers-pages"), key=lambda file: file.path, reverse=reverse)
    told = [sum(change.status == "new" for change in take(store, file)) for file in files]
    assert sum(told) == 259
    assert reverse or told == [33, 160, 66]
    store.close()
