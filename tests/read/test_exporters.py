"""What reference managers and databases really write, rebuilt from public bug reports with invented people and papers.

The right values were decided from the reports, before the files were read.
"""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import page, rejected

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
