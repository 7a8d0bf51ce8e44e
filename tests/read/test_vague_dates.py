"""Seasons, quarters and ranges of months: the first day is the date, and the words say that it is vague."""

import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import page

from digest.diff.source_records import Recency, from_listing, merge_same_source, resolve
from digest.model import Listing
from digest.read.parsing.dates import day_of, vague_day


@pytest.mark.parametrize(("text", "found"), [
    # PubMed's DP and MedlineDate (github rschenk/dp_parser, titipata/pubmed_parser issue 58)
    ("1990 Spring", date(1990, 3, 1)), ("1984 Spring-Summer", date(1984, 3, 1)), ("1977 May-Jun", date(1977, 5, 1)),
    ("1998 Dec-1999 Jan", date(1998, 12, 1)), ("Summer 2018", date(2018, 6, 1)), ("Winter 2024", date(2024, 1, 1)),
    ("Winter 2023-2024", date(2023, 12, 1)), ("Winter 2023/24", date(2023, 12, 1)),
    # Better BibTeX issues 811 and 1810; ACL Anthology issue 94; Web of Science's PD
    ("printemps 1985", date(1985, 3, 1)), ("1985-21", date(1985, 3, 1)), ("Autumn 2020", date(2020, 9, 1)), ("JAN-FEB 2024", date(2024, 1, 1)),
    ("SPR 2024", date(2024, 3, 1)), ("FAL 2024", date(2024, 9, 1)), ("November/December 2024", date(2024, 11, 1)), ("July–August 2024", date(2024, 7, 1)),
    ("Juillet-Août 2024", date(2024, 7, 1)), ("Januar/Februar 2024", date(2024, 1, 1)), ("enero-marzo de 2024", date(2024, 1, 1)),
    ("Sommer 2024", date(2024, 6, 1)), ("Verano 2024", date(2024, 6, 1)), ("Dec-Jan 2024", date(2023, 12, 1)),
    ("2024-07/2024-08", date(2024, 7, 1)), ("Q3 2024", date(2024, 7, 1)), ("2nd quarter 2024", date(2024, 4, 1)), ("Jul~-~Aug 2024", date(2024, 7, 1)),
    ("Nov 2024", None), ("2024", None), ("Summer", None), ("Summer 2024 special issue on snails", None), ("1976-1977", None), ("", None), (None, None),
])  # fmt: skip
def test_vague_dates(text, found):
    assert vague_day(text) == found


@pytest.mark.parametrize(("text", "found"), [
    ("25. März 2024", date(2024, 3, 25)), ("1er avril 2024", date(2024, 4, 1)), ("12 de diciembre de 2024", date(2024, 12, 12)),
    ("Montag, 5. Mai 2024", date(2024, 5, 5)), ("24. Dez. 2024", date(2024, 12, 24)), ("15 août 2024", date(2024, 8, 15)),
    ("2024年5月3日", date(2024, 5, 3)), ("13 марта 2024", date(2024, 3, 13)), ("March 5, 2024", date(2024, 3, 5)),
    ("07/18/2024", date(2024, 7, 18)), ("18/07/2024", date(2024, 7, 18)), ("07/08/2024", None), ("31/02/2024", None),
])  # fmt: skip
def test_days_in_many_languages(text, found):
    assert day_of(text) == found


@given(st.text(max_size=60))
def test_any_text_is_a_date_or_none(text):
    assert isinstance(vague_day(text), date | None)
    assert isinstance(day_of(text), date | None)


FILES = {
    "bibtex, month": "@article{a, title={Foam}, year={2024}, month={Jul-Aug}}",
    "bibtex, macros": "@article{a, title={Foam}, year={2024}, month= jul # \"--\" # aug}",
    "bibtex, date": "@article{a, title={Foam}, date={2024-07/2024-08}}",
    "ris": "TY  - JOUR\nTI  - Foam\nPY  - 2024\nDA  - 2024///July-August\nER  - \n",
    "ris, year": "TY  - JOUR\nTI  - Foam\nPY  - 2024/Jul-Aug/\nER  - \n",
    "csv": "Title,Authors,Publication Year,Publication Date\nFoam,Ada Brook,2024,JUL-AUG\n",
    "nbib": "PMID- 1\nTI  - Foam\nDP  - 2024 Jul-Aug\nSO  - x\n",
    "csl": json.dumps([{"type": "article-journal", "id": "a", "title": "Foam", "author": [{"family": "Brook"}], "issued": {"date-parts": [[2024, 7], [2024, 8]]}}]),
    "pubmed": "<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>1</PMID><Article><Journal><JournalIssue><PubDate><MedlineDate>2024 Jul-Aug</MedlineDate>"
    "</PubDate></JournalIssue></Journal><ArticleTitle>Foam</ArticleTitle></Article></MedlineCitation></PubmedArticle></PubmedArticleSet>",
    "feed": "<rss version='2.0' xmlns:prism='http://prismstandard.org/namespaces/basic/2.0/'><channel><title>J</title><item><title>Foam</title>"
    "<prism:coverDisplayDate>July-August 2024</prism:coverDisplayDate></item></channel></rss>",
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_every_format_reads_a_range_of_months(name):
    (one,) = page(FILES[name]).listings
    assert one.published == date(2024, 7, 1)
    assert one.published_text
    assert vague_day(one.published_text) == one.published


@pytest.mark.parametrize(("issued", "day"), [
    ({"date-parts": [[2024]], "season": 2}, date(2024, 6, 1)), ({"date-parts": [["2024", "season-01"]]}, date(2024, 3, 1)),
    ({"date-parts": [["2024"]], "season": "Summer"}, date(2024, 6, 1)), ({"date-parts": [[2024, 21]]}, date(2024, 3, 1)),
    ({"raw": "Fall 2024"}, date(2024, 9, 1)), ({"date-parts": [[2024, 5]]}, None),
])  # fmt: skip
def test_seasons_of_csl(issued, day):  # citeproc-lua issue 81
    (one,) = page(
        json.dumps([{"type": "book", "id": "a", "title": "Foam", "DOI": "", "issued": issued}])
    ).listings
    assert one.published == day


def test_an_exact_date_wins_over_a_vague_one():
    vague = Listing(1, "Foam", "", published=date(2024, 6, 1), published_text="Summer 2024")
    exact = Listing(1, "Foam", "", published=date(2024, 5, 3))
    old, new = (Recency(0, date(2024, 1, day), datetime(2024, 1, day, tzinfo=UTC)) for day in (1, 2))
    for one, other in ((vague, exact), (exact, vague)):
        merged = merge_same_source(from_listing(one, old), from_listing(other, new)).says
        both = resolve({"ris": from_listing(one, old), "csv": from_listing(other, new)})
        assert (
            (merged.published, merged.published_text)
            == (both.published, both.published_text)
            == (date(2024, 5, 3), None)
        )
