"""Nothing is dropped inside a file: a listing is a repeat only if nothing shows another paper."""

import json
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import page

from digest.model import Listing
from digest.read import normalize
from tests.homes import TestHome

EDITORIAL = Listing(
    0,
    "Editorial",
    "",
    ("Ada Brook",),
    published=date(2024, 1, 5),
    venue="Tide Letters",
    url="https://tide.example/1",
)


@pytest.mark.parametrize(
    "other",
    [
        {"authors": ("Fern Kelp",)}, {"venue": "Journal of Foam"}, {"published": date(2023, 1, 5)}, {"url": "https://tide.example/9"},
        {"url": "https://pubmed.ncbi.nlm.nih.gov/31000001/"}, {"doi": "10.1000/1"}, {"abstract": "About sand."}, {"title": "Editorials"},
    ],
)  # fmt: skip
def test_a_listing_that_differs_is_kept(other):
    found = normalize.parsed([EDITORIAL, replace(EDITORIAL, **other)])
    assert [one.rank for one in found.listings] == [1, 2]


@pytest.mark.parametrize(
    "other",
    [
        {}, {"authors": ()}, {"authors": ("ada  BROOK",)}, {"venue": None}, {"venue": "Tide letters."}, {"published": None},
        {"url": None}, {"url": "http://www.tide.example/1/"}, {"comments": 3, "upvotes": 7},
    ],
)  # fmt: skip
def test_a_repeat_fills_what_the_first_does_not_show(other):
    for pair in ((EDITORIAL, replace(EDITORIAL, **other)), (replace(EDITORIAL, **other), EDITORIAL)):
        (found,) = normalize.parsed(pair).listings
        assert (found.published, bool(found.authors), bool(found.url)) == (EDITORIAL.published, True, True)
        assert found.comments == other.get("comments")


LISTINGS = st.builds(
    Listing, st.just(0), st.sampled_from(["Editorial", "Gulls"]), st.sampled_from(["", "All."]),
    authors=st.sampled_from([(), ("Ada Brook",), ("Fern Kelp",)]), venue=st.sampled_from([None, "Tide Letters", "Foam"]),
    published=st.sampled_from([None, date(2023, 1, 1), date(2024, 1, 1)]), url=st.sampled_from([None, "https://a.test/1", "https://a.test/2"]),
)  # fmt: skip


@given(st.lists(LISTINGS, max_size=12))
def test_every_value_that_a_file_shows_is_in_some_listing(listed):
    found = normalize.parsed(listed).listings
    for one in listed:
        assert any(
            (one.title, one.abstract) == (kept.title, kept.abstract)
            and all(
                getattr(one, name) in (None, (), getattr(kept, name))
                for name in ("authors", "venue", "published", "url")
            )
            for kept in found
        )


def test_many_columns_with_one_title_are_all_kept():
    listed = [replace(EDITORIAL, url=f"https://tide.example/{number}") for number in range(5_000)]
    assert len(normalize.parsed(listed).listings) == 5_000


def test_different_listings_that_end_as_one_are_named(tmp_path):
    home = TestHome(tmp_path / "home")
    path = tmp_path / "foam.bib"
    path.write_text(
        "@inproceedings{a, title={Deep Foam in the Harbour at Night}, author={Brook, Ada and Kelp, Fern}, year=2020, doi={10.1000/f.1}}\n"
        "@article{b, title={Deep Foam in the Harbour by Night}, author={Brook, Ada and Kelp, Fern}, year=2020, doi={10.1000/f.1}}\n"
        "@article{c, title={Gull Calls}, author={Brook, Ada}, year=2020}\n@article{d, title={Gull Calls}, author={Brook, Ada}, year=2020}\n",
        "utf-8",
    )
    (report,) = home.call("run", path, "--now", "2026-11-20T09:00", "--json").json["files"]
    assert (report["new"], report["seen"]) == (2, 1)
    assert (
        report["note"]
        == "listings 1 and 2 are one paper (doi): Deep Foam in the Harbour at Night | Deep Foam in the Harbour by Night"
    )


YEARS = {
    "bibtex": "@article{{a, title={{Editorial}}, author={{Brook, Ada}}, journal={{Tides}}, year={}}}\n",
    "biblatex": "@article{{a, title={{Editorial}}, author={{Brook, Ada}}, journaltitle={{Tides}}, date={{{}-05}}}}\n",
    "ris": "TY  - JOUR\nTI  - Editorial\nAU  - Brook, Ada\nJO  - Tides\nPY  - {}\nER  - \n",
    "ris, slashes": "TY  - JOUR\nTI  - Editorial\nAU  - Brook, Ada\nJO  - Tides\nY1  - {}/05//\nER  - \n",
    "web of science": "PT J\nAU Brook, A\nTI Editorial\nSO TIDES\nPY {}\nER\n\n",
    "nbib": "PMID- 1\nTI  - Editorial\nFAU - Brook, Ada\nDP  - {} May\nSO  - x\n\n",
}


@pytest.mark.parametrize("name", YEARS)
def test_years_tell_papers_of_one_title_apart(name):
    """A year alone is no date, but it shows that two editorials are not one."""
    two = YEARS[name].format(2023) + YEARS[name].format(2024)
    assert len(page(two).listings) == 2
    assert len(page(YEARS[name].format(2024) * 2).listings) == 1


def test_years_tell_papers_of_tables_and_csl_apart():
    rows = "Title,Authors,Journal,Year\n" + "".join(
        f'Editorial,"Brook, Ada",Tides,{year}\n' for year in (2023, 2024, 2024)
    )
    assert len(page(rows).listings) == 2
    items = [
        {"id": "a", "type": "article", "title": "Editorial", "author": [{"family": "Brook"}], "issued": {"date-parts": [[year]]}}
        for year in (2023, 2024, 2024)
    ]  # fmt: skip
    assert len(page(json.dumps(items)).listings) == 2


def test_pubmed_ids_of_a_table_tell_papers_of_one_title_apart():
    rows = "PMID,Title,Authors,Journal/Book,Publication Year\n" + "".join(
        f"{pmid},Editorial,Brook A.,Tides,2024\n" for pmid in (31000001, 31000002, 31000002)
    )
    found = page(rows).listings
    assert [one.url for one in found] == [
        "https://pubmed.ncbi.nlm.nih.gov/31000001/",
        "https://pubmed.ncbi.nlm.nih.gov/31000002/",
    ]
