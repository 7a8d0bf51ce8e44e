"""What the archive's pages show: the best titles of each issue, and papers like a paper."""

import re
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from digest.model import Paper
from digest.rank.alike import BLOCK, papers_alike, window_of
from tests.homes import TestHome, page

SEEN = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = ("lighthouse lenses", "kelp forests", "harbour bells", "winter gulls", "salt marshes", "paper boats")


def paper(number, title="", abstract=""):
    return Paper(number=number, uid=f"urn:uuid:{number}", title=title, abstract=abstract, first_seen=SEEN)


def library(size):
    return [
        paper(n, f"Study {KINDS[n % 6]}", f"{KINDS[n % 6]} unlike other coastal subjects")
        for n in range(1, size + 1)
    ]


def test_papers_alike_share_rare_words():
    papers = library(30)
    found = papers_alike(papers, [28, 29])
    assert [each.number for each in found[28]] == [22, 16, 10, 4]
    assert {each.number % 6 for each in found[29]} == {5}
    assert papers_alike([paper(1, "Fog"), paper(2, "Kelp")], [1, 2]) == {1: (), 2: ()}


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 2 * BLOCK + 40), min_size=1, max_size=5, unique=True), st.integers(0, 60))
def test_the_page_of_a_paper_does_not_depend_on_which_others_are_written(wanted, more):
    papers = library(2 * BLOCK + 40)
    needed = {number for each in wanted for number in window_of(each)}
    some = [each for each in papers if each.number in needed or each.number <= more]
    assert papers_alike(some, wanted) == {
        number: found
        for number, found in papers_alike(papers, [each.number for each in papers]).items()
        if number in wanted
    }


@given(st.lists(st.tuples(st.text(max_size=40), st.text(max_size=40)), max_size=12))
def test_any_texts_have_papers_alike(texts):
    papers = [paper(n, *each) for n, each in enumerate(texts, 1)]
    found = papers_alike(papers, range(1, len(papers) + 1))
    for number, near in found.items():
        assert all(each.number < number for each in near) and len(set(near)) == len(near) <= 4


def test_the_first_page_names_the_best_papers_and_paper_pages_lead_to_others(tmp_path):
    home = TestHome(tmp_path / "home")
    home.put("2026-11-16.txt", page("Fog & <Lamps>", "Fog at the Pier", "Lamp Oil", "Lamp Wicks"))
    home.subscribe("lamps", "title:lamp*", "title:fog")
    home.subscribe("hidden", "title:lamp*", visibility="unlisted", name="Hidden Otters")
    home.run()
    index = home.output()["output/site/index.html"].decode()
    shown = [
        re.sub("<.*?>", "", each) for each in re.findall('<p(?: class="first")?>(?:Fog|Lamp).*?</p>', index)
    ]
    assert shown[0] == "Fog &amp; &lt;Lamps&gt;"
    assert len(shown) == 3
    home.put("2026-11-17.txt", page("Fog of Lenses", "Kelp", day="Nov 17"))
    home.run("2026-11-17T09:00")
    pages = {
        path: data.decode() for path, data in home.output().items() if path.startswith("output/site/papers/")
    }
    assert any("Papers like this one" in each for each in pages.values())
    assert not any("Hidden Otters" in each for each in pages.values())
    assert all('id="copy" hidden' in each and "@misc" in each for each in pages.values())
    before = home.output()
    home.run("2026-11-17T09:01", "--rewrite")
    assert home.output() == before


def test_a_new_title_reaches_the_pages_that_name_the_paper(tmp_path):
    home = TestHome(tmp_path / "home")
    home.put("2026-11-16.txt", page("Lighthouse Lamp Keepers", "Lighthouse Lamp Keepers in Winter"))
    home.run("2026-11-16T09:00")
    written = home.output()
    later = "output/site/papers/2.html"
    assert b"Lighthouse Lamp Keepers</a>" in written[later]
    bibliography = "@article{a, title={%s}, author={Ada Brook}, doi={10.1000/lamp.1}, abstract={%s}}"
    abstract = "Keepers of lighthouse lamps were followed through one winter on three piers."
    home.put("1.bib", bibliography % ("Mussel Beds of Harbours", abstract))
    home.put(
        "2.bib", bibliography.replace("lamp.1", "lamp.2") % ("Mussel Beds of Harbours and Piers", abstract)
    )
    home.run("2026-11-17T09:00")
    home.put("3.bib", bibliography % ("Mussel Beds of Old Harbours", abstract))
    home.run("2026-11-18T09:00")
    before = home.output()
    home.run("2026-11-18T10:00", "--rewrite")
    assert home.output() == before
    assert any(
        b"Mussel Beds of Old Harbours</a>" in data for name, data in before.items() if "/papers/" in name
    )
