"""The same papers from many sources: each is one in the library, with the facts of all its sources."""

import json

import pytest

from digest.model import Listing
from digest.store.codec import decode
from tests.homes import Card, TestHome, below, page, prose

KELP = "Kelp in the Harbour Log"
ABSTRACT = prose("the kelp")
API = [
    {
        "paper": {
            "id": "2611.01001", "title": KELP, "summary": ABSTRACT, "upvotes": 7, "publishedAt": "2026-11-16T00:00:00.000Z",
            "authors": [{"name": "Ada Brook"}], "githubRepo": "https://github.example/kelp", "ai_keywords": ["kelp"],
        },
        "numComments": 2,
    }
]  # fmt: skip
MAIL = f"""\\\\
arXiv:2611.01001
Date: Mon, 16 Nov 2026 19:00:02 GMT   (3197kb,D)

Title: {KELP}
Authors: Ada Brook, Fern Kelp
Categories: q-bio.PE cs.CV
DOI: 10.1234/KELP.1
\\\\
  {ABSTRACT}
\\\\ ( https://arxiv.org/abs/2611.01001 ,  3197kb)
"""
FEED = f"""<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Shore</title>
<item><title>{KELP}</title><link>https://doi.org/10.1234/kelp.1</link><description>{ABSTRACT}</description>
<dc:date>2026-11-16</dc:date></item></channel></rss>
"""
FILES = {
    "2026-11-16-page.txt": page(Card(KELP, ABSTRACT, below=below("Pier Institute", "Nov 16", 3))),
    "2026-11-17-api.json": json.dumps(API),
    "2026-11-18-mail.txt": MAIL,
    "2026-11-19-feed.xml": FEED,
}


def records(home: TestHome) -> list[tuple[Listing, str]]:
    return [
        (decode(Listing, record), sources)
        for record, sources in home.rows(
            "select record, sources from paper where number not in (select paper from absorbed)"
        )
    ]


@pytest.mark.parametrize(
    "order", [list(FILES), list(reversed(FILES)), sorted(FILES, key=lambda name: name[11:])]
)
def test_one_paper_from_page_api_mail_and_feed(tmp_path, order):
    """Whatever the order of reading: the DOI of the feed is the mail's, the title of the page is all others'."""
    home = TestHome(tmp_path / "home")
    home.subscribe("kelp", "kelp")
    news = []
    for name in order:
        home.put(name, FILES[name])
        report = home.run("2026-11-20T09:00")
        news += [file["new"] for file in report["files"] if file["path"].endswith(name)]
    assert news == [1, 0, 0, 0]
    ((record, sources),) = records(home)
    assert sorted(sources.split()) == ["arxiv-mail", "daily-papers-api", "daily-papers-page", "feed"]
    assert (record.title, record.abstract, record.arxiv, record.doi) == (
        KELP,
        ABSTRACT,
        "2611.01001",
        "10.1234/kelp.1",
    )
    assert record.authors == ("Ada Brook", "Fern Kelp") and record.categories == ("q-bio.PE", "cs.CV")
    assert (record.organization, record.code_url) == ("Pier Institute", "https://github.example/kelp")
    assert record.upvotes == 7 and record.keywords == ("kelp",)


@pytest.mark.shared
def test_the_110_days_bring_each_paper_once(tmp_path, shared):
    found = TestHome(tmp_path / "home").call("diff", "--json", shared / "daily-papers-api").json
    files = found["files"]
    assert (len(files), sum(file["new"] for file in files), sum(file["listed"] for file in files)) == (
        110,
        1446,
        1446,
    )
    assert len({paper["title"] for paper in found["papers"] if paper["status"] == "new"}) == 1446


@pytest.mark.shared
def test_the_arxiv_mail_and_its_papers_in_the_general_mail_are_the_same(tmp_path, shared):
    """The mail of a class lists papers of the whole archive's: what both have is new once."""
    home = TestHome(tmp_path / "home")
    home.subscribe("none", "walrus AND trombone")
    for path in sorted((shared / "arxiv-mail").iterdir()):
        home.put(path.name, path.read_bytes())
    files = home.run("2026-11-20T09:00")["files"]
    ids = {listing.arxiv for listing, _ in records(home)}
    assert sum(file["listed"] for file in files) == 124
    assert sum(file["new"] for file in files) == len(ids) == len(records(home)) < 124


BIB = """@article{kelp, title = {Another Title}, doi = {10.1234/KELP.1}}
@misc{lamp, title = {A {Lantern} for every pier}}
@misc{other, title = {Granite Steps Counted Twice}, eprint = {2001.00001}}
"""


def test_owned_papers_are_not_shown(tmp_path):
    """By DOI, by title; not by the title of another arXiv paper. The library knows them all the same."""
    home = TestHome(tmp_path / "home")
    home.subscribe("pier", "harbour*")
    home.write("digest.toml", 'library = ["zotero.bib"]\n')
    home.write("zotero.bib", BIB)
    lines = [
        {"title": KELP, "abstract": ABSTRACT, "ids": {"arxiv": "2611.01001", "doi": "10.1234/kelp.1"}},
        {
            "title": "A Lantern for Every Pier",
            "abstract": ABSTRACT,
            "ids": {"arxiv": "2611.01002", "doi": None},
        },
        {
            "title": "Granite Steps Counted Twice",
            "abstract": ABSTRACT,
            "ids": {"arxiv": "2611.01003", "doi": None},
        },
    ]
    home.put("2026-11-18.jsonl", "\n".join(map(json.dumps, lines)))
    report = home.run("2026-11-20T09:00")
    (verdict,) = report["subscriptions"]
    assert verdict["issue"]["new"] == ["Granite Steps Counted Twice"]
    assert len(records(home)) == 3


def test_an_owned_library_that_cannot_be_read_is_reported(tmp_path):
    home = TestHome(tmp_path / "home")
    home.subscribe("pier", "harbour*")
    home.write("digest.toml", 'library = ["gone.bib", "broken.bib"]\n')
    home.write("broken.bib", "@article{a, title = {x")
    report = home.run("2026-11-20T09:00", status=1)
    assert [problem.split(":")[0] for problem in report["problems"]] == ["gone.bib", "broken.bib"]


def test_silent_sources_are_reported(tmp_path):
    home = TestHome(tmp_path / "home")
    sources = "".join(
        f'[[sources]]\nname = "{name}"\nkind = "feed"\nurl = "https://a.example/"\n'
        for name in ("new", "old", "never")
    )
    home.write("digest.toml", sources)
    memory = {
        "new": {"changed": "2026-11-19T09:00:00+00:00"},
        "old": {"changed": "2026-11-10T09:00:00+00:00"},
    }
    home.write("inbox/.fetched.json", json.dumps(memory))
    notes = [note for note in home.run("2026-11-20T09:00")["stale"] if note.startswith("the source")]
    assert [note.split()[2] for note in notes] == ["old", "never"]
    assert "2026-11-10" in notes[0]
