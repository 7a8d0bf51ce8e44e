"""`digest library …`: names of papers, search, export, merge and split."""

import csv
import io
import json

import pytest

from tests.homes import Card, TestHome, issue_of, page, prose

ONE, OTHER = "Lamps for Foggy Piers", "Lamp Care on Foggy Piers"


@pytest.fixture
def home(tmp_path):
    made = TestHome(tmp_path / "home")
    made.subscribe("fog", "fog OR foggy", start="7 days")
    made.put(
        "2026-11-16.txt",
        page(Card(ONE, prose("a pier")), Card(OTHER, prose("oil")), Card("Bells of Brass", prose("bells"))),
    )
    return made


def titles(home: TestHome) -> list[str]:
    return [each["title"] for each in home.call("library", "export", "--json").lines]


def test_search_show_and_export(home):
    home.run()
    found = home.call("library", "search", "foggy", "--json").lines
    assert {each["title"] for each in found} == {ONE, OTHER}
    assert found[0]["number"] in {1, 2}
    assert home.call("library", "search", "title:bells").out.count("Bells") == 1
    assert len(home.call("library", "search", "pier OR oil OR bells", "--limit", "1", "--json").lines) == 1
    shown = home.call("library", "show", "1", "--json").json
    assert (shown["title"], shown["parts"], shown["decisions"]) == (ONE, [], [])
    assert [(each["rank"], each["rule"], each["evidence"]) for each in shown["listings"]] == [
        (1, "new", None)
    ]
    assert home.call("library", "show", ONE.upper(), "--json").json == shown
    assert ONE in home.call("library", "show", "1").out


def test_export_in_three_forms(home):
    home.run()
    lines = [json.loads(line) for line in home.call("library", "export").out.splitlines()]
    assert [each["title"] for each in lines] == [ONE, OTHER, "Bells of Brass"]
    rows = list(csv.DictReader(io.StringIO(home.call("library", "export", "--format", "csv").out)))
    assert [row["title"] for row in rows] == [ONE, OTHER, "Bells of Brass"]
    bibtex = home.call("library", "export", "title:bells", "--format", "bibtex").out
    assert bibtex.startswith("@misc{") and "title = {{Bells of Brass}}" in bibtex and ONE not in bibtex
    target = home.path / "papers.bib"
    assert home.call("library", "export", "--format", "bibtex", "--output", target).out == ""
    assert target.read_text("utf-8").count("@misc{") == 3


def bibliography(title: str, people: str, *, venue: str = "Annals of Lamps") -> str:
    fields = {"title": title, "author": people, "year": 2024, "journal": venue}
    return "@article{k," + ",".join(f"{name} = {{{value}}}" for name, value in fields.items()) + "}\n"


def test_a_possible_duplicate_is_listed_until_it_is_decided(home):
    people = "Ada Pier and Ben Lantern and Cleo Gull"
    home.put("1.bib", bibliography("Keeping Lamps Alight on Foggy Harbour Piers", people))
    home.run()
    home.put(
        "2.bib",
        bibliography(
            "Keeping Lamps Alight on Foggy Harbour Piers", people, venue="Proceedings of the Lamp Conference"
        ),
    )
    (file,) = [each for each in home.run()["files"] if each["path"] == "inbox/2.bib"]
    assert (file["new"], file["note"]) == (1, "1 of the new papers may be known ones: digest library doubts")
    (doubt,) = home.call("library", "doubts", "--json").json
    assert (doubt["kind"], doubt["rule"]) == ("doubt", "other publication")
    assert "Keeping Lamps" in home.call("library", "doubts").out
    assert home.call("library", "merges", "--json").json == []
    home.call("library", "merge", doubt["paper"], doubt["id"])
    assert home.call("library", "doubts", "--json").json == []
    home.call("library", "split", doubt["id"])
    assert home.call("library", "doubts", "--json").json == []
    assert "No papers are in doubt." in home.call("library", "doubts").out


@pytest.mark.parametrize(
    "title",
    ["Keeping Lamps Alight on Foggy Harbour Piers, Part II", "Painting Boats in the Rain of a Harbour"],
)
def test_a_series_and_another_title_are_not_possible_duplicates(home, title):
    people = "Ada Pier and Ben Lantern"
    home.put("1.bib", bibliography("Keeping Lamps Alight on Foggy Harbour Piers, Part I", people))
    home.run()
    home.put("2.bib", bibliography(title, people))
    home.run()
    assert home.call("library", "doubts", "--json").json == []


def test_merge_and_split_by_hand(home):
    home.run()
    before = home.dump()
    merged = home.call("library", "merge", "2", "1", "--json")
    assert merged.json == {"paper": 1, "id": 2}
    assert titles(home) == [home.call("library", "show", "2", "--json").json["title"], "Bells of Brass"]
    (decision,) = home.call("library", "merges", "--json").json
    assert (decision["kind"], decision["paper"], decision["id"], decision["rule"]) == (
        "merged",
        1,
        2,
        "by hand",
    )
    assert decision["titles"] == [ONE, OTHER]
    assert "by hand" in home.call("library", "merges").out
    report = home.run("2026-11-21T09:00", "--force")
    assert issue_of(report, "fog") is None  # a merge sends nothing
    pages = {path: data for path, data in home.output().items() if "/papers/" in path}
    assert (
        OTHER.encode() in pages["output/site/papers/2.html"]
        or ONE.encode() in pages["output/site/papers/2.html"]
    )
    assert home.run("2026-11-21T09:30", "--rewrite")["problems"] == []
    assert home.call("library", "split", "2", "--json").json == {"id": 2, "paper": 1}
    assert titles(home) == [ONE, OTHER, "Bells of Brass"]
    assert [row for row in before if 'INTO "paper"' in row] == [
        row for row in home.dump() if 'INTO "paper"' in row
    ]
    report = home.run("2026-11-22T09:00", "--force")
    assert issue_of(report, "fog") is None  # both were sent before
    assert [each["kind"] for each in home.call("library", "merges", "--json").json] == ["split", "merged"]


def test_a_split_paper_stays_split(home):
    home.run()
    home.call("library", "merge", "1", "2")
    home.call("library", "split", "1")  # a paper with one part may itself be named
    home.put("2026-11-17.txt", page(Card(ONE, prose("a pier")), Card(OTHER, prose("oil")), day="Nov 17"))
    report = home.run("2026-11-21T09:00")
    assert sum(file["new"] for file in report["files"]) == 0
    assert titles(home)[:2] == [ONE, OTHER]
    assert home.call("library", "merge", "1", "2").status == 0  # unless it is merged by hand
    assert len(titles(home)) == 2


def test_a_part_that_was_never_announced_is_announced_when_it_is_split(home):
    home.run()
    bibliography = page(Card("Lamps for Fogy Piers", prose("a pier")), day="Nov 18")
    home.put("2026-11-18.txt", bibliography)
    report = home.run("2026-11-19T09:00")
    assert [file["new"] for file in report["files"]][-1] == 0
    (decision,) = home.call("library", "merges", "--json").json
    assert (decision["kind"], decision["paper"], decision["rule"]) == ("joined", 1, "near title")
    assert "fogy" in decision["evidence"]
    assert home.call("library", "split", decision["id"], "--now", "2026-11-19T10:00").status == 0
    report = home.run("2026-11-19T11:00", "--force")
    issue = issue_of(report, "fog")
    assert issue is not None and issue["new"] == ["Lamps for Fogy Piers"]


@pytest.mark.parametrize(("words", "message"), [
    (("show", "99"), "the library has no paper '99'"), (("show", "arXiv:2501.00001"), "the library has no paper 'arXiv:2501.00001'"), (("merge", "1", "1"), "already the same paper: 1"),
    (("split", "1"), "no merged parts"), (("split", "77"), "the library has no paper '77'"), (("search", "a AND"), "invalid query"),
])  # fmt: skip
def test_errors_name_their_cause(home, words, message):
    home.run()
    before = home.dump()
    done = home.call("library", *words)
    assert done.status == 2 and message in done.err
    assert home.dump() == before


def test_a_paper_with_several_parts(home):
    home.run()
    for other in ("2", "3"):
        home.call("library", "merge", "1", other)
    done = home.call("library", "split", "1")
    assert done.status == 2 and "2, 3" in done.err
    assert home.call("library", "split", "3", "--json").json == {"id": 3, "paper": 1}


@pytest.fixture
def named(tmp_path):
    """A home with papers that have ids, and titles that share words."""
    made = TestHome(tmp_path / "home")
    made.subscribe("fog", "lamps OR bells")
    entries = [
        ("Lamps of the Northern Pier", "doi = {10.1234/Lamps.7}"),
        ("Lamps of the Southern Pier", "eprint = {2501.00007}, archiveprefix = {arXiv}"),
        ("Northern", ""),
    ]
    made.put(
        "1.bib",
        "".join(
            f"@article{{k{n}, title = {{{title}}}, author = {{Ada Pier}}, year = {{2026}}, {ids}}}\n"
            for n, (title, ids) in enumerate(entries)
        ),
    )
    made.run()
    return made


@pytest.mark.parametrize(("name", "number"), [
    ("1", 1), (" 1 ", 1), ("10.1234/lamps.7", 1), ("doi:10.1234/LAMPS.7", 1), ("https://doi.org/10.1234/lamps.7", 1),
    ("2501.00007", 2), ("arXiv:2501.00007v3", 2), ("https://arxiv.org/abs/2501.00007", 2), ("https://arxiv.org/pdf/2501.00007v1", 2),
    ("lamps of the northern pier", 1), ("NORTHERN PIER", 1), ("southern", 2), ("northern", 3),
])  # fmt: skip
def test_every_command_knows_the_same_names_of_papers(named, name, number):
    assert named.call("library", "show", name, "--json").json["number"] == number
    assert named.call("why", "fog", "--paper", name, "--json").json["paper"]["number"] == number
    assert named.call("feedback", "fog", "like", name).status == 0
    assert [each["paper"] for each in named.call("feedback", "fog", "list", "--json").json["votes"]] == [
        number
    ]
    assert named.call("suggest", name).status == 0
    other = {1: 2, 2: 3, 3: 1}[number]
    assert named.call("library", "merge", name, other, "--json").json["paper"] == min(number, other)
    assert named.call("library", "split", max(number, other), "--json").json["paper"] == min(number, other)


@pytest.mark.parametrize("words", [
    ("library", "show"), ("library", "merge", "3"), ("library", "split"),
    ("why", "fog", "--paper"), ("feedback", "fog", "like"), ("suggest",),
])  # fmt: skip
@pytest.mark.parametrize(("name", "message"), [
    ("pier lamps", "the library has no paper 'pier lamps'; give its number, arXiv id, DOI, or words from its title\n"),
    ("10.1234/lamps.8", "the library has no paper '10.1234/lamps.8'"),
    ("lamps of the", "2 papers match 'lamps of the'; give the number of one of them:\n  1  Lamps of the Northern Pier\n  2  Lamps"),
])  # fmt: skip
def test_a_name_of_no_paper_or_of_several_is_an_error(named, words, name, message):
    before = named.dump()
    done = named.call(*words, name)
    assert done.status == 2
    assert message in done.err
    assert named.dump() == before


def test_a_long_list_of_candidates_is_cut(tmp_path):
    home = TestHome(tmp_path / "home")
    home.put("1.txt", page(*(f"Lamp number {n}" for n in range(12))))
    home.run()
    error = home.call("library", "show", "lamp").err
    assert "12 papers match 'lamp'" in error
    assert "  9  Lamp number 8\n  and 3 more\n" in error
    assert "Lamp number 9" not in error


def test_an_empty_library(tmp_path):
    home = TestHome(tmp_path / "home")
    assert home.call("library", "export").out == ""
    assert home.call("library", "merges", "--json").json == []
    assert home.call("library", "search", "x").status == 0


def test_special_characters_in_bibtex(home):
    home.run()
    home.put(
        "2026-11-17.txt",
        page(
            Card(r"Costs {of} 50% & $x_1$", prose("cost")),
            Card(r"{\it Schr\"odinger} lamps", prose("cats")),
            day="Nov 17",
        ),
    )
    home.run("2026-11-18T09:00")
    bibtex = home.call("library", "export", "--format", "bibtex").out
    assert r"title = {{Costs \{of\} 50\% \& x₁}}" in bibtex
    assert r"title = {{{\it Schr\"odinger} lamps}}" in bibtex
    assert home.call("library", "show", "doi:10.1/x").status == 2
