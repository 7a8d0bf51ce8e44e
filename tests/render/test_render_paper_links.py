"""The addresses of a paper."""

from dataclasses import replace
from datetime import UTC, datetime

from digest.i18n.language import ENGLISH
from digest.model import Paper
from digest.render.paper_links import paper_links, short_links
from tests.homes import Card, TestHome, page

PAPER = Paper(1, "u", "Kelp: a “study” of tides & nets", "Tides.", datetime(2026, 1, 1, tzinfo=UTC))


def links(**more):
    return [(link.kind, link.name, link.url) for link in paper_links(replace(PAPER, **more), ENGLISH)]


def test_a_paper_of_arxiv():
    assert links(arxiv="2511.10629", version=2) == [
        ("paper", "arXiv:2511.10629v2", "https://arxiv.org/abs/2511.10629"),
        ("paper", "PDF", "https://arxiv.org/pdf/2511.10629"),
        ("paper", "HTML", "https://arxiv.org/html/2511.10629"),
    ]
    assert [name for _, name, _ in links(arxiv="hep-th/9901001")] == ["arXiv:hep-th/9901001", "PDF"]
    both = paper_links(replace(PAPER, arxiv="2511.10629"), ENGLISH, alphaxiv=True)
    assert both[-1].url == "https://www.alphaxiv.org/abs/2511.10629"


def test_identifiers_of_other_papers():
    assert links(doi="10.1000/kelp") == [("paper", "doi:10.1000/kelp", "https://doi.org/10.1000/kelp")]
    pubmed = "https://pubmed.ncbi.nlm.nih.gov/12345/"
    assert links(url=pubmed) == [("paper", "PMID:12345", pubmed)]
    assert links(url="https://tides.example.org/a") == [
        ("paper", "tides.example.org/a", "https://tides.example.org/a")
    ]


def test_addresses_in_the_abstract_are_links():
    abstract = (
        r"Code: https://github.com/tides/kelp\_net. See tides.example.org/kelp (or mail kelp@example.org)."
    )
    assert links(abstract=abstract, arxiv="2511.10629")[3:] == [
        ("code", "code", "https://github.com/tides/kelp_net"),
        ("project", "project page", "https://tides.example.org/kelp"),
    ]
    same = links(abstract="At https://github.com/tides/kelp.", code_url="https://github.com/tides/kelp")
    assert [each for each in same if each[0] == "code"] == [("code", "code", "https://github.com/tides/kelp")]


def test_without_an_address_a_search_is_offered_as_one():
    found = links()
    assert [kind for kind, _, _ in found] == ["search", "search"]
    assert found[0][1:] == (
        "search arXiv",
        "https://arxiv.org/search/?searchtype=title&query=%22Kelp%3A+a+%E2%80%9Cstudy%E2%80%9D+of+tides+%26+nets%22",
    )
    assert found[1][2].startswith("https://scholar.google.com/scholar?q=%22Kelp")
    assert "q=%22A+study+of+kelp%22" in links(title='A "study" of kelp')[1][2]
    assert not any(kind == "search" for kind, _, _ in links(doi="10.1000/kelp"))


def test_an_email_has_what_the_title_does_not_lead_to():
    names = [
        link.name
        for link in short_links(replace(PAPER, arxiv="2511.10629", code_url="https://x.org/c"), ENGLISH)
    ]
    assert names == ["PDF", "code"]


def test_a_title_of_a_saved_page_leads_to_the_paper(tmp_path):
    home = TestHome(tmp_path)
    home.write("digest.toml", 'base_url = "https://digest.example.org/"\n')
    home.subscribe("a", "kelp", formats=["html", "text", "markdown"])
    home.put(
        "2026-11-19.txt", page(Card("Kelp of the north", "We count kelp. See https://github.com/tides/kelp."))
    )
    home.run()
    made = home.output()
    for name in (
        "issues/a/2026-11-20-1.html",
        "issues/a/2026-11-20-1.txt",
        "issues/a/2026-11-20-1.md",
        "site/papers/1.html",
    ):
        shown = made[f"output/{name}"].decode().replace("&amp;", "&")
        assert "https://arxiv.org/search/?searchtype=title&query=%22Kelp+of+the+north%22" in shown, name
        assert "https://github.com/tides/kelp" in shown
