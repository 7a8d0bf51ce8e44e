"""The index that a server keeps of the library: it follows runs, merges and splits, from any thread."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from digest.errors import StoreError
from digest.home.settings_file import open_home
from digest.match.paper_index import places_of
from digest.match.query.parser import query_of
from digest.services import library_index
from digest.services.library_index import LibraryIndex
from digest.services.tuning import Interest, tune
from tests.homes import Card, TestHome, page

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture
def home(tmp_path, monkeypatch) -> TestHome:
    monkeypatch.setattr(library_index, "LOOK_EVERY", 0.0)
    made = TestHome(tmp_path)
    made.put("2026-11-16-a.txt", page("Lamps of the pier", "Bread of the baker"))
    made.run()
    return made


def index_of(home: TestHome) -> LibraryIndex:
    return LibraryIndex(lambda: open_home(str(home.path)))


def titles(index: LibraryIndex, query: str) -> list[str]:
    with index.opened() as papers:
        assert papers is not None
        return sorted(paper.title for paper in papers.papers(places_of(papers.accepted(query_of([query])))))


def test_papers_of_later_runs_are_found(home):
    index = index_of(home)
    assert titles(index, "title:pier") == ["Lamps of the pier"]
    home.put("2026-11-17-a.txt", page("Lamps of the pier", "Ropes of the pier", day="Nov 17"))
    home.run("2026-11-21T09:00")
    assert titles(index, "title:pier") == ["Lamps of the pier", "Ropes of the pier"]


def test_a_changed_text_replaces_the_old_one(home):
    index = index_of(home)
    assert titles(index, "seven") == ["Bread of the baker", "Lamps of the pier"]
    changed = Card("Lamps of the pier", "Nine " + "entirely different words about ropes and nets. " * 6)
    home.put("2026-11-18-a.txt", page(changed, day="Nov 18"))
    home.run("2026-11-22T09:00")
    assert titles(index, "title:pier -seven") == titles(index, "ropes") == ["Lamps of the pier"]


def test_merged_papers_are_one_and_split_ones_two(home):
    index = index_of(home)
    assert len(titles(index, "title:(pier OR baker)")) == 2
    home.call("library", "merge", "1", "2")
    assert len(titles(index, "title:(pier OR baker)")) == 1
    home.call("library", "split", "2")
    assert len(titles(index, "title:(pier OR baker)")) == 2


def test_a_library_that_was_replaced_is_read_again(home):
    index = index_of(home)
    assert titles(index, "title:pier")
    (home.path / "digest.db").unlink()
    home.put("2026-11-19-a.txt", page("Nets of the pier", day="Nov 19"))
    (home.path / "inbox/2026-11-16-a.txt").unlink()
    home.run("2026-11-22T09:00", "--new-library")
    assert titles(index, "title:pier") == ["Nets of the pier"]


def test_an_unreadable_library_is_an_error_until_it_is_mended(home):
    whole = (home.path / "digest.db").read_bytes()
    (home.path / "digest.db").write_bytes(b"no database" * 1000)
    index = index_of(home)
    for _ in range(2):
        with pytest.raises(StoreError), index.opened():
            pass
    (home.path / "digest.db").write_bytes(whole)
    assert titles(index, "title:pier")


def test_an_index_that_is_not_built_is_none(home, monkeypatch):
    index = index_of(home)
    monkeypatch.setattr(LibraryIndex, "_build", lambda _self: None)
    with index.opened(wait=0) as papers:
        assert papers is None


def test_many_threads_get_the_same_answer(home):
    index = index_of(home)

    def ask(_: int) -> int:
        with index.opened() as papers:
            assert papers is not None
            return tune(papers, [Interest(("lamps", "bread"))], NOW).matched

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(ask, range(40))) == {2}
