"""Names, dates, TeX, markup and placeholders of bibliographies and tables.

Each example is of a kind that public bug reports describe; the comments name the program or the report.
"""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import page

from digest.read import placeholders
from digest.read.parsing import dates, people
from digest.text import markup, untex


def only(content: str):
    (one,) = page(content).listings
    return one


# --- names ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "found"), [
    # Forms that bibtexparser (braces), JabRef (others), biber (extended names), pybtex (TeX), DBLP (line breaks) meet
    ("{Desiati}, P. and {AMANDA Collaboration}", ("P. Desiati", "AMANDA Collaboration")), ("{van der Berg}, Ada", ("Ada van der Berg",)),
    (r"{Tide \& Sons} and Kelp, Fern", ("Tide & Sons", "Fern Kelp")), (r"Tide \& Sons", ("Tide & Sons",)), ("{The Tide and Foam Group}", ("The Tide and Foam Group",)),
    ("family=Brook, given=Ada, prefix=van and Kelp, Fern", ("Ada van Brook", "Fern Kelp")), ("de la Cruz, Jr., Ada", ("Ada de la Cruz, Jr.",)),
    ("Brook, Ada, and Kelp, Fern", ("Ada Brook", "Fern Kelp")), ("Ada Brook, Fern Kelp, and Mo Dune", ("Ada Brook", "Fern Kelp", "Mo Dune")),
    (r"Brook, Ada \& Kelp, Fern", ("Ada Brook", "Fern Kelp")), ("A. Brook, F. Kelp, M. Dune", ("A. Brook", "F. Kelp", "M. Dune")), ("Meta AI and Kelp, Fern", ("Meta AI", "Fern Kelp")),
    (r"Nguy{\~{\^e}}n, V. and S{\o}rensen, J. and \v{C}apek, K.", ("V. Nguyễn", "J. Sørensen", "K. Čapek")), (r"{\'E}mile Zola", ("Émile Zola",)),
])  # fmt: skip
def test_names_of_bibtex(text, found):
    assert people.bibtex_people(text) == (found, True)


@pytest.mark.parametrize(("text", "found"), [
    # JabRef's CSV, PubMed's CSV, Scopus, APA lists, pandas and jsonlite (R), OpenAlex
    ("Brook, Ada; Kelp, Fern; Reef, Pia & Dune, Mo", ("Ada Brook", "Fern Kelp", "Pia Reef", "Mo Dune")), ("Brook, Ada & Kelp, Fern", ("Ada Brook", "Fern Kelp")),
    ("Brook AB, Kelp F; Tide Group.", ("AB Brook", "F Kelp", "Tide Group")), ("Brook AB, Kelp F, Dune M.", ("AB Brook", "F Kelp", "M Dune")), ("Brook A; Kelp F", ("A Brook", "F Kelp")),
    ("Brook A.; Kelp F.B.; Dune M.-P.", ("A. Brook", "F.B. Kelp", "M.-P. Dune")), ("Brook, A., Kelp, F., & Dune, M.", ("A. Brook", "F. Kelp", "M. Dune")),
    ("['Ada Brook', \"Fern O'Kelp\"]", ("Ada Brook", "Fern O'Kelp")), ('["Ada Brook","Fern Kelp"]', ("Ada Brook", "Fern Kelp")), ('c("Ada Brook", "Fern Kelp")', ("Ada Brook", "Fern Kelp")),
    ("[{'name': 'Ada Brook'}, {'name': 'Fern Kelp'}]", ("Ada Brook", "Fern Kelp")), ("[Ada Brook, Fern Kelp]", ("Ada Brook", "Fern Kelp")),
    ("García Márquez, Gabriel", ("Gabriel García Márquez",)), ("Brook, Ada", ("Ada Brook",)), ("Ada Brook, Fern Kelp", ("Ada Brook", "Fern Kelp")),
    ("Tide and Foam Consortium; Brook, Ada", ("Tide and Foam Consortium", "Ada Brook")), ("Wang, Li; Tide Research, Inc.", ("Li Wang", "Tide Research, Inc.")),
    ("Brook, Ada M., Kelp, Fern T.", ("Ada M. Brook", "Fern T. Kelp")), ("[No author name available]", ()), ("AT&T Labs; Brook, Ada", ("AT&T Labs", "Ada Brook")),
])  # fmt: skip
def test_names_in_a_cell(text, found):
    assert people.people_in(text) == (found, True)


@pytest.mark.parametrize(
    "text", ["Brook, Ada et al.", "Ada Brook; et al.", "Ada Brook and others", "Ada Brook, 3 more authors"]
)
def test_a_list_that_is_cut_short_has_no_count(text):
    found = people.people_in(text)
    assert (found.names, found.counted) == (("Ada Brook",), None)


LETTERS = st.text(st.sampled_from("aB é,;&.{}\\'\"|[]()and \n"), max_size=60)


@given(LETTERS)
def test_names_keep_their_letters(text):
    for read in (people.people_in, people.bibtex_people):
        found = "".join(read(text).names)
        assert set(filter(str.isalpha, found)) <= {*filter(str.isalpha, text), *untex.plain(text)}


@given(
    st.lists(
        st.text(st.sampled_from("abcdefgh"), min_size=3, max_size=8).map(str.title), min_size=2, max_size=8
    )
)
def test_names_between_semicolons_are_those_that_were_joined(words):
    pairs = list(zip(words[::2], words[1::2], strict=False))
    joined = "; ".join(f"{family}, {given}" for family, given in pairs)
    expected = tuple(f"{given} {family}" for family, given in pairs)
    assert people.people_in(joined).names == people.bibtex_people(joined).names == expected


# --- TeX --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "found"), [
    # DBLP, Mendeley, Zotero's Better BibTeX, ADS, Wiley's old SICI
    (r"10.1007/978-3-031-38100-3\_13", "10.1007/978-3-031-38100-3_13"), (r"10.1007/978{\_}13", "10.1007/978_13"), (r"10.1000/a$\_$b", "10.1000/a_b"),
    (r"\url{https://a.example/x\_y}", "https://a.example/x_y"), (r"\href{https://a.example/\%20x}{text}", "https://a.example/%20x"), (r"https://a.example/\~{}brook", "https://a.example/~brook"),
    (r"https://a.example/$\sim$brook", "https://a.example/~brook"), (r"https://a.example/{\textasciitilde}b", "https://a.example/~b"), (r"https://a.example/?a=1\&b=2", "https://a.example/?a=1&b=2"),
    (r"10.1002/(SICI)1097{\textless}1661::AID-SIM968{\textgreater}3.0.CO;2-2", "10.1002/(SICI)1097<1661::AID-SIM968>3.0.CO;2-2"), ("10.1002/(SICI)1097$<$1661$>$3", "10.1002/(SICI)1097<1661>3"),
    ("https://a.example/?a=1&amp;b=2", "https://a.example/?a=1&b=2"), (r"Available at \url{https://a.example}", "https://a.example"), ("https://a.example/~b%20c", "https://a.example/~b%20c"),
])  # fmt: skip
def test_fields_that_are_no_prose(text, found):
    assert untex.verbatim(text) == found
    assert untex.verbatim(found) == found


@pytest.mark.parametrize(("text", "found"), [
    (r"Ya\"el Naz\'e", "Yaël Nazé"), (r"M{\aa}ns", "Måns"), (r"S\o ren {\O}rsted", "Søren Ørsted"), (r"D\'{\i}az", "Díaz"), (r"Fran\c cois", "François"), (r"{\relax Ch}ristos", "Christos"),
    (r"$\acute{e}$", "é"), (r"O{\textquoteright}Brien", "O’Brien"), (r"A.~B. Brook", "A. B. Brook"), (r"\.{I}zmir", "İzmir"), (r"{\DJ}or{\dj}e", "Đorđe"), ("Brook", "Brook"),
])  # fmt: skip
def test_plain_names(text, found):
    assert untex.plain(text) == found


@given(st.text(st.sampled_from("abé {}\\'\"~$&%_^<>-1"), max_size=60))
def test_tex_never_raises_and_no_letter_is_lost(text):
    for read in (untex.plain, untex.verbatim):
        assert read(text).count("1") == text.count("1")
    if "\\" not in text:
        assert untex.plain(untex.plain(text)) == untex.plain(text)
        assert untex.verbatim(untex.verbatim(text)) == untex.verbatim(text)


# --- markup ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "found"), [
    # Crossref (JATS), Zotero (escaped twice), Springer (formulas twice)
    ("CO<sub>2</sub> uptake by <i>Littorina</i> &amp; friends", "CO2 uptake by Littorina & friends"), ("&amp;lt;i&amp;gt;Nucella&amp;lt;/i&amp;gt; &amp;amp; sand", "Nucella & sand"),
    ("a < b and c > d", "a < b and c > d"), ("a<b and c>d", "a<b and c>d"), ("R&D; x", "R&D; x"), ("<scp>DNA</scp> and <jats:italic>in situ</jats:italic>", "DNA and in situ"),
    ('L<mml:math xmlns:mml="http://www.w3.org/"><mml:msup>\n <mml:mi>x</mml:mi>\n <mml:mn>2</mml:mn></mml:msup></mml:math> norms', "Lx2 norms"),
    ("<inline-formula><alternatives><tex-math>$x^2$</tex-math><mml:math><mml:mi>x</mml:mi></mml:math></alternatives></inline-formula> y", "x y"), ("<p>One.</p><p>Two.</p>", "One. Two."),
])  # fmt: skip
def test_markup_is_no_text(text, found):
    assert markup.unmarked(text) == found
    assert markup.unmarked(found) == found


@given(st.text(st.sampled_from("ab <>/&;ip\"='#1ltamx"), max_size=60))
def test_markup_never_raises_and_text_without_it_stays(text):
    markup.unmarked(text)
    if "<" not in text and "&" not in text:
        assert markup.unmarked(text) == " ".join(text.split())


def test_markup_in_each_format():
    title, abstract = "CO<sub>2</sub> &amp; <i>Nucella</i>", "<p>Snails &lt; 5 mm.</p>"
    files = [
        f"@article{{a, title={{{title}}}, abstract={{{abstract}}}}}",
        f"TY  - JOUR\nTI  - {title}\nAB  - {abstract}\nER  - \n",
        f"PMID- 1\nTI  - {title}\nAB  - {abstract}\nSO  - x\n",
        f'Title,Abstract,DOI\n"{title}","{abstract}",10.1000/1\n',
        json.dumps([{"type": "article", "id": "a", "author": [], "title": title, "abstract": abstract}]),
        r"@article{a, title={CO{\textless}sub{\textgreater}2{\textless}/sub{\textgreater} &amp; $<$i$>$Nucella$<$/i$>$}, abstract={Snails &lt; 5 mm.}}",
    ]
    found = [only(file) for file in files]
    assert {(one.title, one.abstract) for one in found} == {("CO2 & Nucella", "Snails < 5 mm.")}


# --- placeholders -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["[Not Available].", "[No abstract available]", "No abstract available.", "[No author name available]", "NA", "N/A", "n/a", "-", "—", "", "[No authors listed]", "Abstract not available", "nan", "None", "[No title available]"])  # fmt: skip
def test_placeholders_are_nothing(text):
    assert placeholders.real(text) == ""


@pytest.mark.parametrize("text", ["Missing", "Unknown", "Na", "None of the above", "No Abstract Nonsense", "Not available in stores: a study", "Untitled", "NaN-safe snails"])  # fmt: skip
def test_what_may_be_meant_is_kept(text):
    assert placeholders.real(text) == text


def test_the_vernacular_title_serves():
    found = only(
        "PMID- 1\nTI  - [Not Available].\nTT  - Algas y luz.\nAB  - [No abstract available]\nSO  - x\n"
    )
    assert (found.title, found.abstract) == ("Algas y luz.", "")


# --- dates --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [
    "25-Apr-2024", "2024 Apr 25", "Thursday, April 25, 2024", "25. April 2024", "2024-Apr-25", "25th of April 2024", "25/Apr/2024", "25Apr2024", "APR 25, 2024", "25.04.2024",
    "25-27 April 2024", "April 25-27, 2024", "April 25 - May 2, 2024", "25 April - 2 May 2024", "2024 April 25 to 27", "2024-04-25/2024-04-28", "Thu 25 Apr 2024", "20240425",
])  # fmt: skip
def test_every_spelling_of_a_day(text):
    assert dates.day_of(text) == date(2024, 4, 25)


@pytest.mark.parametrize(
    "month", ["July 18", "18~jul", "jul~18", "18 July", "July 18--20", "Jul. 18th", "07-18", "July 18 and 19"]
)
def test_months_with_a_day(month):
    assert dates.day_from_parts("2024", month, "") == date(2024, 7, 18)


@given(st.text(st.sampled_from("0123456789 -/.,JanuaryFeb thMonday~"), max_size=40))
def test_dates_never_raise(text):
    assert dates.day_of(text) is None or dates.day_of(text).year >= 1500
    dates.day_from_parts("2024", text, "")
    dates.day_from_parts(text, "jul", text)


@given(st.dates(date(1600, 1, 1), date(2090, 12, 31)))
def test_each_spelling_gives_the_day_that_was_written(day):
    name = day.strftime("%B")
    for text in (
        f"{day.day} {name} {day.year}",
        f"{name} {day.day}, {day.year}",
        f"{day.year} {name[:3]} {day.day}",
        f"{day.day}-{name[:3]}-{day.year}",
        f"{day.day}. {name} {day.year}",
        day.isoformat(),
    ):
        assert dates.day_of(text) == day, text


# --- files --------------------------------------------------------------------------------------------------


def test_fields_are_inherited():
    # biber: the title of the parent is the title of the book
    text = (
        "@inproceedings{a, title={Snails}, author={Brook, Ada}, crossref={Conf}}\n"
        "@proceedings{conf, title={Proceedings of Tides}, year=2024, month=jul # {~18}, doi={10.1000/book}}\n"
    )
    first, second = page(text).listings
    assert (first.title, first.published, first.venue, first.doi) == (
        "Snails", date(2024, 7, 18), "Proceedings of Tides", None,
    )  # fmt: skip
    assert second.title == "Proceedings of Tides"


def test_entries_that_refer_to_each_other_end():
    text = "@misc{a, title={A}, crossref={b}}\n@misc{b, title={B}, crossref={a}}\n@misc{c, title={C}, crossref={c}}"
    assert [one.title for one in page(text).listings] == ["A", "B", "C"]


def test_ris_with_other_blanks_and_both_author_tags():
    found = only(
        "Record 1\nTY  -  JOUR\nAU  -  Brook, A\nA1  - Brook, A\nTI  -  Snails\nDA  - 2024/7/18/\nER  -\n"
    )
    assert (found.title, found.authors, found.published) == ("Snails", ("A Brook",), date(2024, 7, 18))


@pytest.mark.parametrize(("text", "authors", "published"), [
    # PubMed, Scopus, Dimensions, Web of Science, Zotero, JabRef, Excel's sep= line
    ('PMID,Title,Authors,Citation,First Author,Journal/Book,Publication Year,Create Date,PMCID,NIHMS ID,DOI\n1,Snails,"Brook AB, Kelp F.",x,Brook AB,Tide,2024,2024/05/03,,,10.1/x\n', ("AB Brook", "F Kelp"), date(2024, 5, 3)),
    ('"Authors","Author full names","Author(s) ID","Title","Year","Source title","DOI","Link","Abstract"\n"Brook A.; Kelp F.","Brook, Ada (57200000000); Kelp, Fern (57200000001)","1; 2","Snails","2024","Tide","10.1000/x","https://s.example","[No abstract available]"\n', ("A. Brook", "F. Kelp"), None),
    ('"About the data: Exported on May 5, 2024. Criteria: snails in title, abstract."\nRank,Publication ID,DOI,Title,Abstract,Source title,Publication date,PubYear,Authors,Dimensions URL\n500,pub.1,10.1000/x,Snails,Text.,Tide,2024-05-03,2024,"Brook, Ada; Kelp, Fern",https://d.example\n', ("Ada Brook", "Fern Kelp"), date(2024, 5, 3)),
    ("Publication Type\tAuthors\tAuthor Full Names\tArticle Title\tSource Title\tPublication Date\tPublication Year\tDOI\nJ\tBrook, A; Kelp, F\tBrook, Ada; Kelp, Fern\tSnails\tTIDE\tMAY 3\t2024\t10.1000/x\n", ("A Brook", "F Kelp"), date(2024, 5, 3)),
    ('"Key","Item Type","Publication Year","Author","Title","Publication Title","DOI","Url","Abstract Note","Date"\n"K","journalArticle","2024","Brook, Ada; Kelp, Fern","Snails","Tide","10.1000/x","","","2024-05-03"\n', ("Ada Brook", "Fern Kelp"), date(2024, 5, 3)),
    ("sep=;\nAuthor;Title;Year;Journal;\nBrook, Ada;Snails;2024;Tide;\n", ("Ada Brook",), None), ("Title,DOI\nSnails,10.1000/x,,\n", (), None),
])  # fmt: skip
def test_tables_of_each_exporter(text, authors, published):
    found = only(text)
    assert (found.title, found.authors, found.published, found.abstract in {"", "Text."}) == (
        "Snails",
        authors,
        published,
        True,
    )
