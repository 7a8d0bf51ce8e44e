"""What reference managers and databases really write, rebuilt from public bug reports with invented people and papers.

The right values were decided from the reports, before the files were read.
"""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import outcome, page, rejected

from digest.identity import doi
from digest.read.parsing import people


def read(content: str) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(one.title, one.abstract, one.authors) for one in page(content).listings]


RIS = {
    # wiso-net.de writes the abstract after ER (github zotero/translators PR 2065)
    "abstract after the end": (
        "TY  - JOUR\nT1  - Foam\nAU  - Brook, Ada\nER  - \nAB  - Of foam.\n\nTY  - JOUR\nT1  - Sand\nER  - \nAB  - Of sand.\n",
        [("Foam", "Of foam.", ("Ada Brook",)), ("Sand", "Of sand.", ())],
    ),
    # JabRef writes TY and ER first (github dsifford/academic-bloggers-toolkit 389)
    "end first": (
        "TY  - JOUR\nER  - \n\nTI  - Foam\nAU  - Brook, Ada\n\nTY  - JOUR\nER  - \n\nTI  - Sand\nAB  - Of sand.\n",
        [("Foam", "", ("Ada Brook",)), ("Sand", "Of sand.", ())],
    ),
    # two types in one record (github rero/rero-ils 3978)
    "two types": (
        "TY  - JOUR\nTY  - ELEC\nTI  - Foam\nAU  - Brook, Ada\nER  - \nTY  - CHAP\nTI  - Sand\nTY  - BOOK\nAB  - Of sand.\nER  - \n",
        [("Foam", "", ("Ada Brook",)), ("Sand", "Of sand.", ())],
    ),
    # cffconvert writes ER without a dash (github citation-file-format/cffconvert 392)
    "bare end": (
        "TY  - GEN\nAU  - Brook, Ada\nTI  - Foam\nER\n\nTY  - GEN\nTI  - Sand\nER\n",
        [("Foam", "", ("Ada Brook",)), ("Sand", "", ())],
    ),
    # Embase by way of EndNote writes TY in the middle (github ESHackathon/CiteSource 27)
    "type in the middle": (
        "DB  - McK\nC8  - \nTI  - Foam\nAB  - NA\nTY  - JOUR\nAU  - Brook, Ada\nER  - \nDB  - WoS\nTI  - Sand\nAB  - Of sand.\nTY  - JOUR\nER  - \n",
        [("Foam", "", ("Ada Brook",)), ("Sand", "Of sand.", ())],
    ),
    # Ovid writes a tag and the search strategy after ER (github MrTango/rispy 61)
    "remarks after the end": (
        "1. \nTY  - JOUR\nTI  - Foam\nER  - \n\nLink to the Ovid Full Text or citation: ...\n\nC1  - Database: Embase\n\nSearch Strategy:\n----\n2. \nTY  - JOUR\nTI  - Sand\nAB  - Of sand.\nER  - \n",
        [("Foam", "", ()), ("Sand", "Of sand.", ())],
    ),
    # no ER at all, as converters write (github mjwestgate/synthesisr 15)
    "no end": (
        "TY  - JOUR\nTI  - Foam\nAU  - Brook, Ada\n\nTY  - JOUR\nTI  - Sand\nAB  - Of sand.\n",
        [("Foam", "", ("Ada Brook",)), ("Sand", "Of sand.", ())],
    ),
    "one type is missing": (
        "TY  - JOUR\nTI  - Foam\nER  - \nTI  - Sand\nAB  - Of sand.\nER  - \nTY  - JOUR\nTI  - Dune\nER  - \n",
        [("Foam", "", ()), ("Sand", "Of sand.", ()), ("Dune", "", ())],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RIS)
def test_records_of_ris(name):
    content, found = RIS[name]
    assert read(content) == found
    assert read(content.replace("\n", "\r\n")) == found


@pytest.mark.parametrize("end", ["", "AB  - Of", "TI  - Sand\nAB  - Of"])
def test_a_last_record_without_its_end_is_cut_short(end):
    found = rejected(f"TY  - JOUR\nTI  - Foam\nER  - \nTY  - JOUR\n{end}")
    assert ("cut short" in found.reason, found.line) == (True, 4)


@given(
    st.lists(
        st.sampled_from(["TY  - JOUR", "ER  - ", "ER", "TI  - Foam", "AB  - Of foam.", "AU  - Brook, Ada", "", "x"]),
        max_size=30,
    )
)  # fmt: skip
def test_any_order_of_lines_is_read_or_rejected(lines):
    from digest.read.parsing.ris_records import records

    found, cut = records("\n".join(lines))
    assert cut is None or lines[cut - 1] not in {"", "x"}
    titles = sum(line.startswith("TI") for line in lines)
    assert sum(len(record.get("TI", ())) for record in found) <= titles


# EBSCOhost writes a subtitle as T2 (github zotero/translators 1700); dates of wiso (PR 2065)
def test_the_journal_of_ebsco_and_a_date_of_wiso():
    foam, sand = page(
        "TY  - JOUR\nT1  - Ruts\nT2  - The biennial exhibition\nJO  - Tide\nJF  - Tide\nPY  - 1952/07/28/\nER  - \n"
        "TY  - JOUR\nT1  - Sand\nJF  - Foam Review\nPY  - 2014\nDA  - 17.01.2014\nER  - \n"
    ).listings
    assert (foam.venue, foam.published) == ("Tide", date(1952, 7, 28))
    assert (sand.venue, sand.published) == ("Foam Review", date(2014, 1, 17))


def test_bibtex_months_names_and_signs():
    """JabRef's and DBLP's months that join strings; names with a comma at the end, and with accents in formulas."""
    found = page(
        '@article{a, author={{Alan D. Brook}, }, title={Foam}, year=2019, month="23{--}27 " # may}\n'
        "@article{b, author={Sim$\\tilde{a}$o, Jos\\'e}, title={Sand}, year=2019, month=jul # {~18}}\n"
    ).listings
    assert [(one.published, one.authors) for one in found] == [
        (date(2019, 5, 23), ("Alan D. Brook",)),
        (date(2019, 7, 18), ("José Simão",)),
    ]


def test_a_cell_that_is_only_a_brace_is_no_name():
    assert people.people_in("},Ada Brook") == people.bibtex_people("{},Ada Brook") == (("Ada Brook",), True)


# github MrTango/rispy PR 12, massimoaria/bibliometrix
def test_web_of_science():
    text = (
        "FN Clarivate Analytics Web of Science\nVR 1.0\nPT J\nAU Brook, A\n   Kelp, F\nAF Brook, Ada\n   Kelp, Fern\nTI Foam &\n   sand\n"
        "SO TIDE LETTERS\nAB Of foam.\n   And sand.\nPD APR 15\nPY 2024\nDI 10.5555/A1\nER\n\nPT J\nCA Foam Group\nTI Dunes\nPD MAR-APR\nPY 2024\nER\n\nEF\n"
    )
    for content in (
        text,
        text.replace("\n", "\r\n"),
        "\ufeff" + text,
        text[text.index("PT J") :].removesuffix("EF\n"),
    ):
        foam, dunes = page(content).listings
        assert (foam.title, foam.abstract, foam.authors, foam.venue) == (
            "Foam & sand",
            "Of foam. And sand.",
            ("Ada Brook", "Fern Kelp"),
            "TIDE LETTERS",
        )
        assert (foam.doi, foam.published, dunes.authors) == (
            "10.5555/a1",
            date(2024, 4, 15),
            ("Foam Group",),
        )
        assert (dunes.published, dunes.published_text) == (date(2024, 3, 1), "MAR-APR 2024")
    assert rejected(text.removesuffix("ER\n\nEF\n")).line == 18


# papis 45 and 1008, mediawiki-utilities/python-mwcites 3 and 7, WDscholia/scholia 2411
@pytest.mark.parametrize(("written", "found"), [
    ("http://onlinelibrary.wiley.com/doi/10.1111/tide.12244/abstract", "10.1111/tide.12244"), ("https://doi.org/10.1093/tides/anw053", "10.1093/tides/anw053"),
    ("http://x.example/doi/10.1002/14356007.a12_495/abstract;jsessionid=EFC5.f01t01", "10.1002/14356007.a12_495"), ("https://x.example/10.18352/tide-lchr.7417/galley/7464/download", "10.18352/tide-lchr.7417"),
    ("10.1002/(SICI)1097-0142(19960401)77:7<1356::AID-CNCR20>3.0.CO;2-#", "10.1002/(sici)1097-0142(19960401)77:7<1356::aid-cncr20>3.0.co;2-#"), ("10.1021/ja047156+", "10.1021/ja047156+"),
    ("10.1016/j.tide.2016.10.006 [doi]", "10.1016/j.tide.2016.10.006"), ("10.1016/j.tide.2016.10.006[doi]", "10.1016/j.tide.2016.10.006"),
])  # fmt: skip
def test_dois(written, found):
    assert doi(written) == found
    assert doi(found) == found


@pytest.mark.parametrize(("written", "found"), [
    # github JabRef/jabref 2205, 8694, 1181, 2750; sciunto-org/python-bibtexparser 185, 285; massimoaria/bibliometrix 590; davidagraf/doi2bib2 16
    ("Brook F., Kelp T. and Dune K.", ("F. Brook", "T. Kelp", "K. Dune")), ("Brook F., Kelp T., MacDune K. and Reef D.", ("F. Brook", "T. Kelp", "K. MacDune", "D. Reef")), ("Hans-Joachim Brook, Frank Kelp", ("Hans-Joachim Brook", "Frank Kelp")),

    (r"Ali Brook, M., Dings{\o}yr, T., van der Kelp, H.", ("M. Ali Brook", "T. Dingsøyr", "H. van der Kelp")), ("Van Dune, A. Z.", ("A. Z. Van Dune",)),
    (r"{Bedran de Magalh{\~{a}}es}, Claudio and Mart{\'\i}n, Ada", ("Claudio Bedran de Magalhães", "Ada Martín")), ("Brook, Ada and Kelp,\n   Fern", ("Ada Brook", "Fern Kelp")),
    ("Schaefer, III, Henry", ("Henry Schaefer, III",)), ("{Organization for Tides and Foam}", ("Organization for Tides and Foam",)), ("Brook, Ada and and Kelp, Fern", ("Ada Brook", "Fern Kelp")),
    ("Alpha, Beta and Roland Smith and Eps, Gar", ("Beta Alpha", "Roland Smith", "Gar Eps")),
])  # fmt: skip
def test_names_of_reports(written, found):
    assert people.bibtex_people(written) == (found, True)


# github bibimbap-io/bibimbap 1, jgm/pandoc 8746
@pytest.mark.parametrize(("month", "found"), [
    ('"9~" # dec', date(2019, 12, 9)), ('aug # "\\slash " # sep', date(2019, 8, 1)), ("{8--12 July}", date(2019, 7, 8)), ('"June 30 -- July 5"', date(2019, 6, 30)),
    ("{24th~September}", date(2019, 9, 24)), ("may, day = {07}", date(2019, 5, 7)), ("{December 31, 2018--January 2}", date(2018, 12, 31)), ("January", None),
])  # fmt: skip
def test_months_of_reports(month, found):
    (one,) = page(f"@article{{a, title={{Foam}}, year=2019, month={month}}}").listings
    assert one.published == found


AB = "We count the snails of nine beaches. The counts agree."
ANSWERS = {
    "Crossref": {"status": "ok", "message-type": "work-list", "message": {"items": [{"DOI": "10.1000/A1", "type": "journal-article", "title": ["Foam <i>of</i> snails"], "container-title": ["Tide Letters"],
        "author": [{"given": "Ada", "family": "Brook"}, {"name": "Tide Group"}], "issued": {"date-parts": [[2024, 1, 2]]}, "abstract": f"<jats:title>Abstract</jats:title><jats:p>{AB}</jats:p>"}]}},
    "Crossref, one": {"status": "ok", "message-type": "work", "message": {"DOI": "10.1000/A1", "type": "journal-article", "title": ["Foam of snails"], "container-title": ["Tide Letters"],
        "author": [{"given": "Ada", "family": "Brook"}, {"name": "Tide Group"}], "issued": {"date-parts": [[2024, 1, 2]]}, "abstract": AB}},
    "OpenAlex": {"meta": {}, "results": [{"id": "https://openalex.org/W1", "doi": "https://doi.org/10.1000/a1", "title": "Foam <i>of</i> snails", "display_name": "Foam of snails", "publication_date": "2024-01-02",
        "authorships": [{"author": {"display_name": "Ada Brook"}}, {"author": {"display_name": "Tide Group"}}], "primary_location": {"source": {"display_name": "Tide Letters"}},
        "abstract_inverted_index": {word: [place] for place, word in enumerate(AB.split()) if word != "The"} | {"The": [7]}}]},
    "Semantic Scholar": {"total": 1, "data": [None, {"paperId": "x", "externalIds": {"DOI": "10.1000/A1"}, "title": "Foam of snails", "abstract": AB, "venue": "Tide Letters", "publicationDate": "2024-01-02",
        "authors": [{"authorId": "1", "name": "Ada Brook"}, {"name": "Tide Group"}]}]},
    "Europe PMC": {"resultList": {"result": [{"id": "1", "source": "MED", "pmid": "38160001", "doi": "10.1000/a1", "title": "Foam of snails", "authorString": "Ada Brook, Tide Group.",
        "journalInfo": {"journal": {"title": "Tide Letters"}}, "abstractText": f"<p>{AB}</p>", "firstPublicationDate": "2024-01-02"}]}},
    "bioRxiv": {"messages": [{}], "collection": [{"doi": "10.1000/a1", "title": "Foam of snails", "authors": "Brook, Ada; Tide Group", "author_corresponding": "Ada Brook", "date": "2024-01-02", "server": "Tide Letters",
        "category": "ecology", "abstract": AB}]},
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_of_databases(name):
    (one,) = page(json.dumps(ANSWERS[name])).listings
    assert (one.title, one.abstract, one.authors) == ("Foam of snails", AB, ("Ada Brook", "Tide Group"))
    assert (one.doi, one.published, one.venue) == ("10.1000/a1", date(2024, 1, 2), "Tide Letters")


def test_an_answer_of_dblp():
    hit = {
        "@id": "1",
        "info": {
            "authors": {"author": [{"text": "Ada Brook 0001"}, {"text": "Fern Kelp"}]},
            "title": "Foam.",
            "venue": "TIDE",
            "ee": "https://doi.org/10.1000/A1",
        },
    }
    (one,) = page(json.dumps({"result": {"hits": {"hit": [hit]}}})).listings
    assert (one.authors, one.doi, one.venue) == (("Ada Brook", "Fern Kelp"), "10.1000/a1", "TIDE")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(ANSWERS)), st.data())
def test_an_answer_with_any_values_is_read_or_rejected(name, data):
    """Each value of an answer may be of any type, as databases change them without notice."""
    answer = json.loads(json.dumps(ANSWERS[name]))

    def change(value):
        for key in (
            list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
        ):
            if data.draw(st.integers(0, 3)) == 0:
                value[key] = data.draw(VALUES)
            else:
                change(value[key])

    change(answer)
    found = outcome(json.dumps(answer))
    assert "reader for" not in getattr(found, "reason", "")


# github jgm/pandoc-citeproc 321 and 15, xlcnd/isbnlib 52
@pytest.mark.parametrize(("issued", "found"), [
    ([{"date-parts": [2018, 2, 1]}, {"date-parts": [2018, 2, 2]}], date(2018, 2, 1)), ([{"day": "1", "month": "1", "year": "2009"}], date(2009, 1, 1)), ({"date_parts": [[2018, 2, 1]]}, date(2018, 2, 1)),
    ({"year": 2015, "month": 3, "day": 4}, date(2015, 3, 4)), ({"date-parts": [[None]]}, None), ({"raw": "2014-03-27"}, date(2014, 3, 27)), ("2014-03-27", date(2014, 3, 27)),
])  # fmt: skip
def test_dates_of_csl(issued, found):
    (one,) = page(
        json.dumps([{"id": "x", "type": "book", "title": "Foam", "DOI": "", "author": [], "issued": issued}])
    ).listings
    assert one.published == found


def test_the_tab_separated_table_of_web_of_science():
    table = "PT\tAU\tTI\tSO\tPD\tPY\r\nJ\tBrook, A; Kelp, F\tFoam\tTIDES\tJAN 2\t2024\r\n"
    (one,) = page(table).listings
    assert (one.authors, one.venue, one.published) == (("A Brook", "F Kelp"), "TIDES", date(2024, 1, 2))


# github asreview/asreview 1416: a list was written letter by letter; zotero/translators PR 2065: footnote marks
def test_authors_that_exporters_broke():
    letters = "".join(f"A1  - {letter}\n" for letter in "['Brook, Ada', 'Kelp, Fern']")
    (one,) = page(f"TY  - JOUR\n{letters}TI  - Foam\nER  - \n").listings
    assert (one.authors, one.author_count) == (("Ada Brook", "Fern Kelp"), 2)
    assert people.gathered(["Ada Brook*", "Kelp, Fern†"]).names == ("Ada Brook", "Fern Kelp")


# github retorquere/zotero-better-bibtex 1041 (exports of the American Physical Society), citation-js PR 78, typst/hayagriva 393
@pytest.mark.parametrize(("written", "found"), [
    (r"Polak, R. D. and \ifmmode \check{Z}\else \v{Z}\fi{}umer, S. and \ifmmode\dot{I}\else\.{I}\fi{}lhan, A.", ("R. D. Polak", "S. Žumer", "A. İlhan")),
    (r"Brzezi\'nski, Juliusz\ A. and A. {van Kelp}", ("Juliusz A. Brzeziński", "A. van Kelp")),
])  # fmt: skip
def test_names_with_the_commands_of_exporters(written, found):
    (one,) = page(f"@article{{a, title={{Foam}}, year=2019, author={{{written}}}}}").listings
    assert one.authors == found


# github texworld/betterbib 255, jkitchin/org-ref 1033: MathML that was escaped, and that has line breaks
@pytest.mark.parametrize("title", [
    r"Foam of \ensuremath{<}mml:math {xmlns:mml=''http://www.w3.org/1998/Math/MathML''} {display=''inline''\ensuremath{>}\ensuremath{<}mml:msub\ensuremath{>}\ensuremath{<}mml:mi\ensuremath{>}RuO\ensuremath{<}/mml:mi\ensuremath{>}\ensuremath{<}mml:mn\ensuremath{>}2\ensuremath{<}/mml:mn\ensuremath{>}\ensuremath{<}/mml:msub\ensuremath{>}\ensuremath{<}/mml:math\ensuremath{>}}",
    'Foam of <mml:math\n      xmlns:mml="http://www.w3.org/1998/Math/MathML"\n      Display="inline"><mml:msub><mml:mi>RuO</mml:mi><mml:mn>2</mml:mn></mml:msub></mml:math>',
])  # fmt: skip
def test_mathml_in_bibtex(title):
    assert page(f"@article{{a, title={{{title}}}, year=2017}}").listings[0].title == "Foam of RuO2"


# github JabRef/jabref 2209 (ScienceDirect), retorquere/bibtex-parser 22, larsgw/citation.js PR 157, plk/biblatex 913
def test_entries_of_reports():
    foam, sand, dune, _ = page(
        '@article{a,\ntitle = "Foam: Layout ",\njournal = "Tide Energy ",\nnote = "",\ndoi = "http://dx.doi.org/10.1016/j.tide.2016.04.033",\n'
        'keywords = "Renewable energy",\nkeywords = "Biomass"\n},\n@book { [AMR08],\n\ttitle = "Sand",\n\tdate = "2008-08-28",\n}\n'
        "@inproceedings{d, title={Dune}, crossref={Conf}}\n@proceedings{conf, title={Book of Tides}, date={2019-08-19/2019-08-21}}\n"
    ).listings
    assert (foam.title, foam.venue, foam.doi) == ("Foam: Layout", "Tide Energy", "10.1016/j.tide.2016.04.033")
    assert (foam.keywords, sand.published) == (("Renewable energy", "Biomass"), date(2008, 8, 28))
    assert (dune.published, dune.venue) == (date(2019, 8, 19), "Book of Tides")


@pytest.mark.parametrize(("cell", "found", "complete"), [
    ("Tide, Foam and Sand Consortium; Brook, Ada", ("Tide, Foam and Sand Consortium", "Ada Brook"), True), ("Ada Brook¹, Fern Kelp²", ("Ada Brook", "Fern Kelp"), True),
    ("李明，王芳", ("李明", "王芳"), True), ("李明；王芳", ("李明", "王芳"), True), ("Brook, Ada <ada@tides.example>; Kelp, Fern", ("Ada Brook", "Fern Kelp"), True), ("Brook A, et al", ("A Brook",), False),
])  # fmt: skip
def test_cells_of_names(cell, found, complete):
    assert people.people_in(cell) == (found, complete)


def test_a_list_of_authors_in_an_alert_that_begins_with_an_ellipsis_has_no_count():
    alert = '<h3><a class="gse_alrt_title" href="https://scholar.google.com/scholar_url?url=https://tides.example/1">Counting snails</a></h3><div>{}</div>'
    (one,) = page(alert.format("… , M Dune - Tides, 2024")).listings
    assert (one.authors, one.author_count) == (("M Dune",), None)


@pytest.mark.parametrize("separator", ["; ", " and "])
def test_all_people_of_a_huge_list_are_counted(separator):
    found = people.bibtex_people(separator.join(["Brook, Ada"] * 12_000))
    assert (found.counted, set(found.names[:10_000])) == (12_000, {"Ada Brook"})
