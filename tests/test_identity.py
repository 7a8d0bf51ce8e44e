"""The identity of papers: folding, ids, keys, ids of feed items, and the decision."""

import uuid
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.identity import (
    arxiv_id,
    by_key,
    compare,
    doi,
    feed_uid,
    fold_text,
    identified,
    keys_of,
    may_be_one,
    sketches_near,
    traces,
)
from digest.model import Listing
from tests.strategies import sentences, texts


@pytest.mark.parametrize("variant", [
    "One-Step Pre-Training of Models", "one step pretraining of models", "ONE–STEP  pre training,\nof: models!",
    "One\u2010Step Pre\u00adtraining of Models", r"\textbf{One}-Step {\it Pre-training} of Models", "Ône‐step pré-training öf models",
])  # fmt: skip
def test_spellings_of_one_title_fold_alike(variant):
    assert fold_text(variant) == "onesteppretrainingofmodels"


# What readers and bibliographies make of markup, entities and TeX: a title is the same before and after it is undone.
@pytest.mark.parametrize(("marked", "plain"), [
    (r"Deep {\textbeta}-Shells", "Deep β-Shells"), (r"CO$_2$ in {\textbf{Sand}}", "CO2 in Sand"), ("CO<sub>2</sub> in sand", "CO2 in sand"), ("Tides &amp; sand", "Tides & sand"),
    ("Tides &amp;amp; sand", "Tides & sand"), (r"Tides \& Sand", "Tides & Sand"), ("a &lt; b waves", "a < b waves"), ("a &amp;lt; b waves", "a < b waves"), (r"a $<$ b", "a < b"),
    (r"a {\textless} b", "a < b"), (r"{\'E}tude na{\"i}ve", "Étude naïve"), (r"Stra{\ss}e {\o}re {\aa}l", "Straße øre ål"), ("Effects of <jats:italic>Zostera</jats:italic>", "Effects of Zostera"),
    (r"$\alpha$-decay", "α-decay"), ("&#x3b1;-decay", "α-decay"), ("β-catenin", "beta-catenin"), (r"H$_{2}$O and $10^{-3}$", "H2O and 10-3"), ("Waves---and sand", "Waves—and sand"),
    (r"``Quoted'' waves", "“Quoted” waves"), (r"\emph{Kelp} in \textit{Sand}", "Kelp in Sand"), ("<mml:math><mml:mi>x</mml:mi></mml:math> waves", "x waves"),
    ("<inline-formula><tex-math>$x$</tex-math></inline-formula> waves", "x waves"), (r"100\% Salt", "100% Salt"), (r"Ma{\~n}ana {\c c}a {\v{S}}koda", "Mañana ça Škoda"),
    (r"{\textmu}m waves", "μm waves"), ("µm waves", "μm waves"), (r"Waves~in~sand", "Waves in sand"), (r"\textsuperscript{13}C waves", "13C waves"), ("<sup>13</sup>C waves", "13C waves"),
    (r"$^{13}$C waves", "13C waves"), (r"10\textdegree{}C", "10°C"), ("<p>Waves</p>", "Waves"), ("Waves<br/>sand", "Waves sand"), (r"{\L}{\'o}d{\'z}", "Łódź"), (r"A {$O(n \log n)$} Sort", "A O(n log n) Sort"),
])  # fmt: skip
def test_a_title_and_its_marked_up_form_fold_alike(marked, plain):
    assert fold_text(marked) == fold_text(plain)


@pytest.mark.parametrize(("one", "other"), [
    ("GPT 4 1", "GPT 41"), ("Qwen 2.5", "Qwen 25"), ("Models", "Model"), ("Phase 1", "Phase 2"), ("C", "C++"), ("?", "!"),
])  # fmt: skip
def test_different_titles_stay_different(one, other):
    assert fold_text(one) != fold_text(other)


def test_text_without_words_is_only_normalised():
    assert fold_text(" ？  ! ") == "? !"
    assert fold_text("") == ""


@given(texts())
def test_every_folded_text_can_be_stored(text):
    folded = fold_text(text)
    assert folded.encode().decode() == folded == folded.strip()
    assert fold_text(f"  {text}\n") == folded


@given(sentences())
def test_case_and_blanks_never_matter(text):
    assert fold_text("  ".join(text.split(" "))) == fold_text(text)
    if "\\" not in text:  # commands of TeX have a case
        assert fold_text(text.upper()) == fold_text(text) == fold_text(fold_text(text))


@pytest.mark.parametrize(
    "text", ["Δ-learning", "δ-learning", "∆-learning", r"$\Delta$-learning", "𝛿-learning", "Delta-learning"]
)
def test_a_greek_letter_is_its_name(text):
    assert fold_text(text) == "deltalearning"


def test_keys_are_strongest_first():
    listing = Listing(1, "A Title", "", arxiv="Math.GT/0309136", doi="10.1/ABC")
    assert keys_of(listing) == ("arxiv:math/0309136", "doi:10.1/abc", "title:atitle")
    assert keys_of(Listing(1, "A Title", "")) == ("title:atitle",)
    assert keys_of(Listing(1, "A Title", "", arxiv="", doi="")) == ("title:atitle",)


def test_no_key_joins_two_arxiv_ids():
    one, other = Listing(1, "T", "", arxiv="2501.1"), Listing(2, "T", "", arxiv="2501.2")
    assert not by_key("title:t", one, other).same
    assert not by_key("doi:x", one, other).same
    assert by_key("title:t", one, Listing(2, "T", "")).same
    assert by_key("arxiv:a/1", Listing(1, "T", "", arxiv="A/1"), Listing(2, "T", "", arxiv="a/1")).same


@given(st.text(), st.text())
def test_feed_ids_are_stable_and_distinct(one, other):
    uid = uuid.UUID(feed_uid(one))
    assert feed_uid(one).startswith("urn:uuid:")
    assert uid.version == 5
    assert (feed_uid(one) == feed_uid(other)) == (one == other)


def test_the_feed_id_of_a_key_never_changes():
    assert feed_uid("title:atitle") == "urn:uuid:4bae0be6-bc00-52f7-b712-b2e2adc6dfec"


# --- ids in any spelling -------------------------------------------------------------------------


@pytest.mark.parametrize(("written", "name", "version"), [
    ("2408.12345", "2408.12345", None), ("arXiv:2408.12345v2", "2408.12345", 2), (" arxiv: 2408.12345 ", "2408.12345", None),
    ("oai:arXiv.org:2408.12345", "2408.12345", None), ("oai:arXiv.org:astro-ph/9701001", "astro-ph/9701001", None),
    ("astro-ph/9701001", "astro-ph/9701001", None), ("math.GT/0309136v3", "math/0309136", 3), ("cs.CL/0101001", "cs/0101001", None),
    ("https://arxiv.org/abs/2408.12345", "2408.12345", None), ("http://www.arxiv.org/pdf/2408.12345v1.pdf", "2408.12345", 1),
    ("arxiv.org/abs/hep-th/9901001v2", "hep-th/9901001", 2), ("https://arxiv.org/html/2408.12345v1#S1", "2408.12345", 1),
    ("https://export.arxiv.org/abs/2408.12345?context=cs", "2408.12345", None), ("https://ar5iv.labs.arxiv.org/html/0704.0001", "0704.0001", None),
    ("https://huggingface.co/papers/2408.12345", "2408.12345", None), ("https://www.alphaxiv.org/abs/2408.12345v1", "2408.12345", 1),
    ("https://doi.org/10.48550/arXiv.2408.12345", "2408.12345", None), ("10.48550/ARXIV.2408.12345", "2408.12345", None),
    ("doi:10.48550/arXiv.2408.12345", "2408.12345", None), ("arXiv:2408.12345v1 [cs.CL]", "2408.12345", 1),
])  # fmt: skip
def test_arxiv_ids_in_any_spelling(written, name, version):
    assert arxiv_id(written) == (name, version)


@pytest.mark.parametrize("written", [
    None, "", "2413.12345", "2408.123", "12408.12345", "2408.1234567", "10.1145/2408.12345", "https://dl.acm.org/doi/abs/10.1145/2408.12345",
    "https://example.org/2408.12345", "see 2408.12345 for more", "foo-bar/9701001", "https://arxiv.org/list/cs.CL/recent", "math/1301",
])  # fmt: skip
def test_texts_that_are_not_arxiv_ids(written):
    assert arxiv_id(written) is None


@pytest.mark.parametrize(("written", "name"), [
    ("10.1145/1234.5678", "10.1145/1234.5678"), ("https://doi.org/10.1145/ABC.1", "10.1145/abc.1"), ("doi: 10.1/X ", "10.1/x"),
    ("http://dx.doi.org/10.1000/a%3Cb%3E", "10.1000/a<b>"), ("DOI 10.1/x.", "10.1/x"), ("urn:doi:10.1/x", "10.1/x"), ("info:doi/10.1/x", "10.1/x"),
    ("n/a", None), ("", None), (None, None), ("10.1145", None), ("11.1145/x", None),
])  # fmt: skip
def test_dois_in_any_spelling(written, name):
    assert doi(written) == name


@pytest.mark.parametrize(("fields", "keys"), [
    ({"url": "https://arxiv.org/abs/2408.12345v2"}, ("arxiv:2408.12345",)), ({"doi": "10.48550/arXiv.2408.12345"}, ("arxiv:2408.12345",)),
    ({"url": "https://doi.org/10.48550/arXiv.2408.12345"}, ("arxiv:2408.12345",)), ({"url": "https://doi.org/10.1145/X"}, ("doi:10.1145/x",)),
    ({"url": "https://dl.acm.org/doi/full/10.1145/X?download=1"}, ("doi:10.1145/x",)), ({"arxiv": "2408.12345", "doi": "10.48550/arXiv.2408.12345"}, ("arxiv:2408.12345",)),
    ({"arxiv": "arXiv:2408.12345v2", "doi": "https://doi.org/10.1/X"}, ("arxiv:2408.12345", "doi:10.1/x")),
    ({"url": "https://pubmed.ncbi.nlm.nih.gov/31452104/"}, ("pmid:31452104",)), ({"url": "https://openreview.net/forum?id=aB-c_1&n=2"}, ("openreview:aB-c_1",)),
    ({"url": "https://aclanthology.org/2024.acl-long.12/"}, ("acl:2024.acl-long.12",)), ({"url": "https://example.org/x"}, ()),
])  # fmt: skip
def test_ids_in_any_field_of_a_listing(fields, keys):
    assert keys_of(Listing(1, "T", "", **fields)) == (*keys, "title:t")


def test_a_version_is_learnt_from_the_id():
    assert identified(Listing(1, "T", "", arxiv="2408.12345v3")).version == 3
    assert identified(Listing(1, "T", "", arxiv="2408.12345v3", version=4)).version == 4
    odd = Listing(1, "T", "", arxiv="odd one", doi="odd too")
    assert identified(odd) is odd


@given(st.text(max_size=40))
def test_any_text_in_place_of_an_id(written):
    listing = Listing(1, "T", "", arxiv=written, doi=written, url=written)
    assert identified(identified(listing)) == identified(listing)
    assert keys_of(listing)[-1] == "title:t"


# --- one paper or two ----------------------------------------------------------------------------

WORDS = (
    "we follow the lamps of three piers through a winter and write down what the keepers saw in fog and rain"
)
ABSTRACT = f"{WORDS}; then {WORDS[::-1]} and more"
AUTHORS = ("Ada Byron", "Grace Murray Hopper", "Kathleen Booth")


def paper(title: str, abstract: str = ABSTRACT, authors: tuple[str, ...] = AUTHORS, **more) -> Listing:
    return Listing(1, title, abstract, authors, **more)


@pytest.mark.parametrize("other", [
    "ONE-STEP DIFFUSION FOR FOGGY PIERS", "One\u2011step diffusion for foggy piers.", r"{\bf One}-Step Diffusion for {\it Foggy} Piers",
    "One-Step Diffusion for Fog- gy Piers", "One‐Step Diﬀusion for Foggy  Piers", "<i>One-Step</i> Diffusion for Foggy Piers", "One-Step Di\u00adffusion for foggy piers",
])  # fmt: skip
def test_another_spelling_of_a_title_is_the_same_paper(other):
    assert compare(paper("One-Step Diffusion for Foggy Piers"), paper(other)).rule == "same title"


@pytest.mark.parametrize(("one", "other"), [
    ("A $\\alpha$-Divergence", "A α-Divergence"), ("Loss &lt; 1 &amp; More", "Loss < 1 and More"), ("H<sub>2</sub>O Ice", "H2O Ice"), (r"$4\times$ Faster", "4× Faster"),
    (r"Schr\"odinger's Cat", "Schrödinger’s Cat"), (r"On $\varepsilon$-Nets", r"On $\epsilon$-Nets"), ("Quotesâ€™ Ends", "Quotes’ Ends"),
])  # fmt: skip
def test_markup_folds(one, other):
    assert fold_text(one) == fold_text(other)


@pytest.mark.parametrize(("one", "other"), [
    ("Lamps for Foggy Piers, Part I", "Lamps for Foggy Piers, Part II"), ("Distilled Lamps 1: One Step", "Distilled Lamps 2: One Step"),
    ("Fog Metric I", "Fog Metric II"), ("3D Maps of Foggy Piers", "2D Maps of Foggy Piers"), ("Lamps with GPT-3 in Fog", "Lamps with GPT-4 in Fog"),
    ("Lamp v2.5 Report for Piers", "Lamp v3.5 Report for Piers"), ("The First Survey of Foggy Piers", "The Second Survey of Foggy Piers"),
    ("Lamps for Foggy Piers", "Lamps for Foggy Piers Revisited"), ("Lamps for Foggy Piers", "Erratum: Lamps for Foggy Piers"), ("Lamps for Foggy Piers", "Reply to Lamps for Foggy Piers"),
    ("Learning with Fog on the Piers", "Learning without Fog on the Piers"), ("Type B Lamps for Foggy Piers", "Type C Lamps for Foggy Piers"), ("One Lamp for All Foggy Piers", "Two Lamp for All Foggy Piers"),
    ("Solver for Foggy Piers", "Solver++ for Foggy Piers"), ("Lamps for Foggy Piers IV", "Lamps for Foggy Piers VI"), ("Lamps for Foggy Piers", "Lamps for Foggy Piers 2"),
])  # fmt: skip
def test_the_papers_of_a_series_stay_apart(one, other):
    for abstract in (ABSTRACT, ""):
        assert not compare(paper(one, abstract), paper(other, abstract)).same
        assert not compare(paper(other, abstract), paper(one, abstract)).same


LONG = "Careful Lamps for the Foggy Piers of Winter"


@pytest.mark.parametrize(("other", "abstract", "authors", "same"), [
    ("Careful Lamps for the Fogy Piers of Winter", ABSTRACT, AUTHORS, True), ("Careful Lamps for the Fogy Piers of Winter", ABSTRACT, (), True),
    ("Careful Lamps for the Fogy Piers of Winter", "", AUTHORS, True), ("Careful Lamps for the Fogy Piers of Winter", "", (), False),
    ("Careful Lamps for the Fogy Piers of Winter", "Nothing of this. " * 20, AUTHORS, False), ("Careful Lamps for the Fogy Piers of Winter", ABSTRACT, ("Alan Turing",), False),
    ("Careful Lamps for the Foggy Pier of Winter", "", AUTHORS, True), ("Careful Lamps for Foggy Piers of Winter", "", AUTHORS, True),
    ("Careful Bells for the Foggy Piers of Winter", ABSTRACT, AUTHORS, True), ("Careful Bells for the Foggy Piers of Winter", "", AUTHORS, False),
    ("Careful Lamps for the Foggy Piers of Winter: A Study of Oil", ABSTRACT, (), True), ("Careful Lamps for the Foggy Piers of Winter: A Study of Oil", "", AUTHORS, True),
    ("Optimization of Careful Lamps for the Foggy Piers of Winter", "", AUTHORS, False), ("Uncareful Lamps for the Foggy Piers of Winter", "", AUTHORS, False),
    ("Bright Careful Lamps", ABSTRACT, AUTHORS, True), ("Bells of Brass in the Morning", ABSTRACT, AUTHORS, False), ("Quite Another Thing", "", AUTHORS, False),
])  # fmt: skip
def test_near_titles_need_confirmation(other, abstract, authors, same):
    one, another = paper(LONG), paper(other, abstract, authors)
    verdict = compare(one, another)
    assert verdict.same == compare(another, one).same == same, verdict


def test_equal_titles_by_other_people_are_two_papers():
    assert not compare(
        paper("Lamps for Foggy Piers"), paper("Lamps for Foggy Piers", "", ("Alan Turing",))
    ).same
    assert compare(
        paper("Lamps for Foggy Piers"), paper("Lamps for Foggy Piers", "", ("A. Byron", "G. Hopper"))
    ).same
    assert compare(paper("Lamps for Foggy Piers"), paper("Lamps for Foggy Piers", "Revised.", ())).same


@pytest.mark.parametrize(
    "title",
    [
        "Editorial",
        "Editor's Notes",
        "Guest Editorial",
        "Book Reviews",
        "Introduction",
        "Erratum",
        "Treasurer's Message",
    ],
)
def test_recurrent_titles_alone_join_nothing(title):
    assert not compare(paper(title, "", ("A B",)), paper(title, "", ())).same
    assert not compare(
        paper(title, "", ("A B",), published=date(2001, 1, 1)),
        paper(title, "", ("A B",), published=date(2002, 1, 1)),
    ).same
    assert compare(paper(title, "", ("A B",)), paper(title, "", ("A B",))).same
    assert compare(paper(title), paper(title, authors=())).same


def test_a_conference_paper_and_its_journal_version_are_two():
    one = paper("Lamps for Foggy Piers", "", venue="Conference on Lamps", published=date(2001, 1, 1))
    assert not compare(one, replace(one, venue="Journal of Lamps")).same
    assert not compare(one, replace(one, published=date(2002, 1, 1))).same
    assert compare(one, replace(one, venue="Proc. Lamp Conf.")).same
    assert compare(one, replace(one, venue="Lamp Record")).same  # which prints the conference's proceedings
    preprint = replace(one, venue=None, published=date(2000, 1, 1), arxiv="2001.00001")
    assert compare(one, preprint).same


def test_two_dois_are_two_papers_unless_one_is_of_a_preprint():
    one, other = paper("Lamps for Foggy Piers", doi="10.1/x"), paper("Lamps for Foggy Piers", doi="10.1/y")
    assert compare(one, other).clash
    assert compare(one, replace(other, doi="10.1101/2020.1")).same


@given(texts(), texts(), texts(), texts())
def test_any_two_listings_can_be_compared(title, other, abstract, author):
    one, another = paper(title, abstract, (author,)), paper(other, abstract, (author, other))
    assert (
        compare(one, one).same
        or not fold_text(title).isalnum()
        or compare(one, one).rule == "recurrent title"
    )
    assert compare(one, another).same == compare(another, one).same


# --- the index of near titles ----------------------------------------------------------------------


@pytest.mark.parametrize("other", [
    "Careful Lambs for the Foggy Piers of Winter", "Careful Lamps for the Foggy Piers of Spring", "Lamps for the Foggy Piers of Winter", "Careful Lamps for the Foggy Piers of the Winter",
    "Bright Careful Lamps for the Foggy Piers of Winter", "Careful Lamps for the Foggypiers of Winter",
])  # fmt: skip
def test_one_changed_word_leaves_a_trace(other):
    stored, asked = traces(LONG), traces(other)
    assert {*stored.stored} & {*asked.asked}
    assert sketches_near(stored.sketch, asked.sketch)


def test_other_titles_leave_other_traces():
    assert not {*traces(LONG).stored} & {*traces("Bells of Brass in the Morning Light of May").asked}
    assert not sketches_near(
        traces(LONG).sketch, traces("Bells Made from Brass Ring out at Dawn Today").sketch
    )
    assert traces("Editorial").stored == traces("A B").stored == ()
    assert {*traces("A B", ABSTRACT).stored} == {*traces("Quite Another", ABSTRACT + " Revised.").stored}


@given(texts(), texts())
def test_traces_fit_the_database(title, abstract):
    found = traces(title, abstract)
    assert all(0 <= number < 2**47 for number in (*found.stored, *found.asked, found.sketch))
    assert {*found.stored} <= {*found.asked}


# --- what bibliographies do to titles and names -------------------------------------------------------


def record(title: str, *authors: str, venue: str | None = "Lamp Record", year: int | None = 1999) -> Listing:
    return Listing(
        1,
        title,
        "",
        authors or ("G. Hopper", "A. Byron"),
        published=date(year, 1, 1) if year else None,
        venue=venue,
    )


@pytest.mark.parametrize("other", [
    "G. Hopper and A. Byron. Lamps for the foggy piers", "Lamps for the foggy piers. Proceedings of the 9th Conf. on Lamps", "Lamps for the foggy piers, Lamp Record 1999",
    "Lamps for the foggy piers [J]", "Lamps for the foggy piers (panel)", "Tutorial: Lamps for the foggy piers", "Lampsforthefoggypiers", "Lamps for the foggy piers - group of 9 »",
    "Lamps for the foggy piers (Oslo, May 1999)", "Lamps for the foggy piers: a report of the workshop held at Oslo, May 5 1999",
])  # fmt: skip
def test_leftovers_of_a_reference(other):
    one = record("Lamps for the foggy piers")
    assert compare(one, record(other)).same
    assert compare(record(other), one).same


@pytest.mark.parametrize("other", [
    "Lamps for the foggy piers. Part 2", "Lamps for the foggy piers 2", "Erratum. Lamps for the foggy piers", "Bells; lamps; oil", "G. H. Z. Y. X",
    "Oil for the foggy piers of brass", "Lamps for the quiet bells of brass and oil in fog",
])  # fmt: skip
def test_words_that_are_not_leftovers(other):
    assert not compare(record("Lamps for the foggy piers"), record(other)).same


ANOTHER_WORD = ("Careful lamps for all foggy winter piers", "Careful lights for all foggy winter piers")


def test_another_word_in_a_title_is_another_paper_of_the_same_authors_and_venue():
    one, other = map(record, ANOTHER_WORD)
    verdict = compare(one, other)
    assert (verdict.same, verdict.rule, may_be_one(one, other, verdict)) == (
        False,
        "nothing confirms it",
        True,
    )
    stranger = replace(other, authors=("Z. Stranger",))
    assert not may_be_one(one, stranger, compare(one, stranger))


@pytest.mark.parametrize("known", [
    {"url": "https://tide.example/papers/7"}, {"doi": "10.1000/7"}, {"url": "https://pubmed.ncbi.nlm.nih.gov/31000001/"},
    {"abstract": "We light the lamps of twelve piers through a winter of fog and count the ships that come home at night."},
])  # fmt: skip
def test_an_id_an_address_or_the_abstract_confirms_a_mended_title(known):
    one, other = (replace(record(title), **known) for title in ANOTHER_WORD)
    assert compare(one, other).same
    assert not compare(one, record(ANOTHER_WORD[1])).same


@pytest.mark.parametrize(("url", "same"), [
    ("http://www.tide.example/papers/7/?utm_source=feed", True), ("https://tide.example/papers/7#Kelp99", False), ("https://tide.example/papers/8", False), ("https://tide.example/", False), (None, False),
])  # fmt: skip
def test_one_address_in_other_spellings(url, same):
    one, other = map(record, ANOTHER_WORD)
    assert compare(replace(one, url="https://tide.example/papers/7"), replace(other, url=url)).same == same
    home = replace(one, url="https://tide.example")
    assert not compare(home, replace(other, url="http://tide.example/")).same


def test_different_pubmed_ids_are_two_papers_unless_one_is_a_preprint():
    one, other = (
        replace(record(ANOTHER_WORD[0]), url=f"https://pubmed.ncbi.nlm.nih.gov/{number}/")
        for number in (31000001, 31000002)
    )
    verdict = compare(one, other)
    assert (verdict.same, verdict.rule, verdict.clash) == (False, "pmid", True)
    assert compare(one, replace(other, url="http://www.ncbi.nlm.nih.gov/pubmed/31000001")).same
    assert compare(replace(one, doi="10.1101/2024.05.03.592345"), replace(other, doi="10.1000/7")).same
    reprint = replace(one, doi="10.1000/7"), replace(other, doi="10.1000/7")
    assert not compare(*reprint).same
    assert not by_key("doi:10.1000/7", *reprint).same
    assert by_key("pmid:31000002", other, one).same  # the key of a preprint that became this paper


def test_the_doi_of_a_book_does_not_join_its_chapters():
    chapters = [
        replace(record(title, *names), doi="10.1201/b14859")
        for title, *names in (
            ("Wave trains as event sequences", "Ada Brook"), ("Reading sand with rank statistics", "Fern Kelp"),
            ("Gull calls in three harbours", "Fern Kelp"), ("Foam in three harbours", "Mo Dune"),
        )
    ]  # fmt: skip
    for one in chapters:
        assert [compare(one, other).same for other in chapters] == [one is other for other in chapters]
    bare = [replace(chapter, authors=()) for chapter in chapters]
    assert not any(compare(bare[0], other).same for other in bare[1:])
    assert may_be_one(bare[0], bare[1], compare(bare[0], bare[1]))
    arxiv = replace(chapters[0], title="Waves", arxiv="2408.12345")
    assert compare(chapters[0], arxiv).same  # arXiv's DOI is that of the paper


@pytest.mark.parametrize(("one", "other", "same"), [
    (("Grace Hopper",), ("G. Hopper",), True), (("Grace Hopper",), ("Hopper",), True), (("Grace Hopper",), ("Jane Hopper",), False), (("Wei Li",), ("W. Li",), True),
    (("Ralf Güting",), ("Ralf G&#252; ting",), True), (("Grace Hopper",), ("Grace Hoper",), True), (("N. Shah",), ("NSH Shah",), True), (("Hopper…",), ("G. Hopperâ?",), True),
    (("S. Byron", "T. Hopper"), ("B. Susan", "H. Thomas"), True), (("S. Byron",), ("B. Susan",), False), (("张伟",), ("Wei Zhang",), True), ((), ("Wei Zhang",), True),
])  # fmt: skip
def test_names_are_compared_tolerantly(one, other, same):
    listings = (Listing(1, "Lamps and Fog", "", names) for names in (one, other))
    assert compare(*listings).same == same


def test_garbled_names_do_not_undo_a_long_title():
    long = "Lamps for the foggy piers of the north"
    assert compare(record(long, "G. Hopper"), record(long, "ACM Anthology")).same
    assert not compare(record(long, "G. Hopper"), record(long, "ACM Anthology", year=2003, venue=None)).same
    assert not compare(record("Lamps in fog", "G. Hopper"), record("Lamps in fog", "ACM Anthology")).same


def test_short_titles_need_more_evidence():
    short = ("Grace Hopper", "Ada Byron", "Alan Turing", "Kurt Gödel")
    assert not compare(record("Lamps in fog", *short), record("Lamps in fog", "Ada Byron")).same
    nobody = replace(record("Lamps in fog"), authors=())
    assert not compare(nobody, record("Lamps in fog", year=2003, venue=None)).same


def test_a_series_with_one_abstract():
    one, other = paper("Lamps of Winter 1"), paper("More Lamps Seen in Winter 2")
    assert compare(one, other).rule == "series"
    assert (
        compare(paper("Bright Lamps"), paper("Lamps Seen Late", authors=("Alan Turing",))).rule
        == "other authors"
    )
