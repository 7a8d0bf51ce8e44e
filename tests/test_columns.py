"""User-defined column headings of tables: `[columns]` in digest.toml."""

import pytest

from tests.homes import TestHome

TABLE = "Titel;Verfasser;标题\r\nLaternen am Hafen;Pier, Ada;Lanterns in the Harbour\r\n"


@pytest.fixture
def home(tmp_path) -> TestHome:
    return TestHome(tmp_path / "home")


@pytest.mark.parametrize(
    ("name", "title"), [("Titel", "Laternen am Hafen"), ("标题", "Lanterns in the Harbour")]
)
def test_named_columns_are_read(home, name, title):
    home.put("papers.csv", TABLE)
    assert home.call("read", str(home.path / "inbox/papers.csv")).status == 1
    home.write("digest.toml", f'[columns]\ntitle = ["{name}"]\nauthors = ["Verfasser"]\n')
    (found,) = home.call("read", str(home.path / "inbox/papers.csv"), "--json").lines
    assert (found["title"], found["authors"]) == (title, ["Ada Pier"])


def test_a_rejected_table_is_read_once_its_columns_are_named(home):
    home.put("papers.csv", TABLE)
    assert home.call("run").status == 1
    assert home.call("run").status == 0  # reported once
    home.write("digest.toml", '[columns]\ntitle = ["titel"]\nauthors = ["VERFASSER"]\n')
    assert [file["new"] for file in home.run()["files"]] == [1]


def test_an_unknown_field_is_refused(home):
    home.write("digest.toml", '[columns]\ntitel = ["Titel"]\n')
    done = home.call("run")
    assert done.status == 2 and "columns.titel" in done.err and "'title'" in done.err
