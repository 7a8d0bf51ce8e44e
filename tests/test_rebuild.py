"""Output that somebody deleted: the next run writes it again, even one with nothing new."""

import shutil

import pytest

from tests.homes import TestHome, page


@pytest.fixture
def home(tmp_path):
    home = TestHome(tmp_path)
    home.subscribe("fog", "fog")
    home.subscribe("pier", "pier", email="reader@example.org")
    home.subscribe("quiet", "nothing", enabled=False)
    home.put("2026-11-15.txt", page("Fog over the pier", "The pier of Brest"))
    home.run("2026-11-16T09:00")
    home.put("2026-11-16.txt", page("More fog", day="Nov 17"))
    home.run("2026-11-17T09:00")
    return home


@pytest.mark.parametrize(
    "gone",
    [
        "",
        "/site",
        "/feeds",
        "/issues",
        "/issues/fog",
        "/site/issues",
        "/site/papers",
        "/site/titles",
        "/site/index.html",
        "/site/papers/2.html",
        "/feeds/all.rss",
        "/feeds/all.opml",
        "/feeds/feed.xsl",
        "/feeds/index.html",
        "/feeds/pier.json",
        "/issues/pier/2026-11-16-1.eml",
        "/issues/fog/2026-11-17-2.md",
        "/site/issues/fog/2026-11-16-1.html",
    ],
)
def test_deleted_output_comes_back(home, gone):
    before = home.output()
    path = home.path / f"output{gone}"
    assert path.exists()
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert home.output() != before
    home.run("2026-11-17T10:00")
    assert home.output() == before


def test_each_file_is_missed(home):
    home.run("2026-11-17T09:30")
    before = home.output()
    assert home.rows("select * from unwritten") == []
    for name in before:
        (home.path / name).unlink()
        home.run("2026-11-17T10:00")
        assert home.output().keys() == before.keys(), name
    assert home.output() == before


def test_nothing_is_marked_while_all_is_on_disk(home, monkeypatch):
    marked = []
    monkeypatch.setattr(
        "digest.store.pending_files.PendingFiles.mark_all",
        lambda _self, kind, keys: marked.extend((kind, key) for key in keys),
    )
    home.run("2026-11-17T10:00")
    assert marked == []


def test_files_that_maintenance_removed_stay_away(home):
    home.write("digest.toml", '[schedule]\nkeep_output = "30 days"\n')
    home.run("2027-03-01T09:00")
    shutil.rmtree(home.path / "output/issues")
    before = home.output()
    home.run("2027-03-01T10:00")
    assert home.output() == before
