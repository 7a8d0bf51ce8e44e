"""Variants of a saved Daily Papers page."""

from datetime import date

import pytest
from reading import HEAD, LOREM, page, pairs, rejected

from digest.model import PartialDate
from digest.read.parsing import page_lines, page_metadata

TWO = [("Counting Snails: A Survey", LOREM), ("Snails and GPT-4", f"Again. {LOREM}")]


def body(*blocks: str) -> str:
    return HEAD + "\n\n".join(blocks) + "\n"


def only(*blocks: str):
    found = page(body(*blocks))
    assert len(found.listings) == 1
    return found.listings[0]


# --- above the papers ----------------------------------------------------------------------------

MENU = [
    "new", "Get trending papers in your email inbox once a day!", "Subscribe", "Trending Papers",
    "byAK and the research community", "Intercode Bash", "Daily", "Weekly", "Monthly", "Mar 25",
]  # fmt: skip


@pytest.mark.parametrize("order", [
    MENU, MENU[::-1][1:] + MENU[:1], [MENU[-1], *MENU[:-1]], ["by AK and friends", "May 3"],
    ["Get trending papers in your email inbox!", "Wednesday, March 25, 2026"],
    ["Hugging Face", "Models", "Datasets", "Log In", *MENU],
])  # fmt: skip
@pytest.mark.parametrize("between", ["\n", "\n\n"])
def test_boilerplate_in_any_order(order, between):
    text = between.join(order) + "\n\n" + "\n\n".join(part for pair in TWO for part in pair)
    found = page(text)
    assert pairs(found) == TWO
    assert ("Intercode Bash" in found.note) is ("Intercode Bash" in order)


def test_a_search_term_after_the_date_must_be_in_the_first_paper():
    blocks = [part for pair in TWO for part in pair]
    assert pairs(page(body("counting snails", *blocks))) == TWO
    assert rejected(body("Something Else", *blocks)).line == 11


def test_a_first_title_without_abstract_is_not_taken_as_a_search_term():
    assert rejected(body("Whelks", *TWO[0], *TWO[1])).line is not None


@pytest.mark.parametrize(("head", "expected"), [
    ("Mar 11", PartialDate(3, 11)), ("March 11", PartialDate(3, 11)), ("Mar 11, 2025", PartialDate(3, 11, 2025)),
    ("Feb 29", PartialDate(2, 29)), ("Feb 29, 2023", None), ("Feb 30", None), ("Wed, Mar 11", PartialDate(3, 11)),
    ("Mar 25 (https://huggingface.co/papers/date/2026-03-25)", PartialDate(3, 25, 2026)),
    ("Mar 112", None), ("Mar 11 5", None), ("Marsh 11", None), ("Mar 0", None),
])  # fmt: skip
def test_dates_above_the_papers(head, expected):
    assert page_metadata.header_date((page_lines.Line(1, head),)) == expected


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("blank", ["", "  \t", "\xa0", "\f", "\u200b", "\ufeff"])
def test_line_ends_and_blank_lines(end, blank):
    text = body(*TWO[0], "  • 5 authors \n·\nMay 1 7\xa0", *TWO[1]).replace("\n\n", f"  \n{blank}\n")
    found = page(text.replace("\n", end).encode())
    assert pairs(found) == TWO
    assert (found.listings[0].author_count, found.listings[0].comments) == (5, 7)


def test_wrapped_texts_are_joined_with_single_spaces():
    title, abstract = TWO[0]
    wrapped = abstract.replace(" ", " \n  ", 7).replace("camera", "camera\t\xa0")
    assert pairs(page(body(title.replace(" ", "\n", 1), wrapped))) == [TWO[0]]


# --- counts, submitters, metadata ----------------------------------------------------------------


@pytest.mark.parametrize(("before", "upvotes"), [
    (["-"], 0), (["101"], 101), (["1.5k"], 1500), (["1,024"], 1024), (["Upvote", "117"], 117),
    (["Upvote\n117"], 117), (["Upvote 117"], 117), (["Upvote\n-"], 0), (["Upvote"], None), ([], None),
    (["Submitted by", "ann", "12"], 12), (["Submitted by\nann\n12"], 12), (["12", "Submitted by ann"], 12),
    (["Submitted by\nann"], None), (["Upvote", "3", "Submitted by", "ann b"], 3),
])  # fmt: skip
@pytest.mark.parametrize("own_block", [True, False])
def test_upvotes_and_submitters_before_a_title(before, upvotes, own_block):
    blocks = []
    for title, abstract in TWO:
        lines = [*before, title] if own_block else ["\n".join([*before, title])]
        blocks += [*lines, abstract, "5 authors\n·\nMay 29 6"]
    found = page(body(*blocks))
    assert pairs(found) == TWO
    assert [(one.upvotes, one.comments) for one in found.listings] == [(upvotes, 6), (upvotes, 6)]


@pytest.mark.parametrize(("lines", "expected"), [
    ("  • 5 authors\n·\nSep 25, 2024 5", (5, None, PartialDate(9, 25, 2024), 5)),
    ("5 authors · Sep 25, 2024", (5, None, PartialDate(9, 25, 2024), None)),
    ("1 authors\nSeptember 25, 2024\n12", (1, None, PartialDate(9, 25, 2024), 12)),
    ("1 author · May 1", (1, None, PartialDate(5, 1), None)),
    ("Microsoft\n·\nMay 29 6", (None, "Microsoft", PartialDate(5, 29), 6)),
    ("Princeton University · Published on Oct 4, 2026", (None, "Princeton University", PartialDate(10, 4, 2026), None)),
    ("• OCC ·\nMay 29\n6", (None, "OCC", PartialDate(5, 29), 6)),
    ("OCC\n·\n3 authors\n·\nMay 9 1.5k", (3, "OCC", PartialDate(5, 9), 1500)),
    ("OCC\n·\nMay 296", (None, "OCC", PartialDate(5, 29), 6)),
    ("OCC\n·\nMay 35", (None, "OCC", PartialDate(5, 3), 5)),
    ("OCC\n·\nMay 31", (None, "OCC", PartialDate(5, 31), None)),
    ("OCC\n·\nFeb 301", (None, "OCC", PartialDate(2, 3), None)),
    ("OCC\n·\nSep 25, 20246", (None, "OCC", PartialDate(9, 25, 2024), 6)),
    ("OCC\n·\nMay 29 2024", (None, "OCC", PartialDate(5, 29), 2024)),
    ("Sep. 5", (None, None, PartialDate(9, 5), None)),
    ("• 5 authors", (5, None, None, None)),
])  # fmt: skip
def test_metadata(lines, expected):
    (block,) = page_lines.blocks(lines)
    found = page_metadata.metadata(block)
    if lines.endswith("Feb 301"):  # the day is the 3rd, and the rest begins with a zero
        assert found is None
        return
    assert (found.author_count, found.organization, found.published, found.comments) == expected


@pytest.mark.parametrize("lines", [
    "Microsoft\nMay 29", "Snails", "12", "Foo 12", "May", "May 0", "Jan 32 5 5", "A\n·\nB\n·\nMay 1", "·", "5 authors\nx",
    "a\nb\nc\nd\ne\nf\ng\nMay 1", "Feb 29, 2023", "May 29 6\n7", f"{'x' * 101} · May 1", "5 authors · 6 authors · May 1",
])  # fmt: skip
def test_blocks_that_are_not_metadata(lines):
    (block,) = page_lines.blocks(lines)
    assert page_metadata.metadata(block) is None


def test_metadata_with_blank_lines_in_it():
    found = page(body(*TWO[0], "OCC", "·", "May 29", "6", *TWO[1], "4 authors", "·", "Jun 3 2"))
    assert pairs(found) == TWO
    assert [(one.organization, one.author_count, one.comments, one.upvotes) for one in found.listings] == [
        ("OCC", None, 6, None), (None, 4, 2, None),
    ]  # fmt: skip


def test_metadata_belongs_to_the_pair_before_and_may_be_missing():
    found = page(body(*TWO[0], *TWO[1], "4 authors\n·\nJun 3"))
    assert [one.author_count for one in found.listings] == [None, 4]


def test_a_glued_count_is_reported():
    assert "first on line 15" in page(body(*TWO[0], "OCC · May 296")).note
    assert page(body(*TWO[0], "OCC · May 29 6")).note == ""


def test_two_numbers_between_cards_are_comments_and_upvotes():
    found = page(body("7", *TWO[0], "OCC · May 29", "6", "101", *TWO[1], "OCC · May 30", "2"))
    assert [(one.upvotes, one.comments) for one in found.listings] == [(7, 6), (101, 2)]


def test_one_number_between_cards_belongs_to_the_next_unless_only_the_last_card_has_one():
    cards = [*TWO[0], "OCC\n·\nMay 29", "6", *TWO[1], "OCC\n·\nMay 30"]
    assert [one.upvotes for one in page(body("9", *cards)).listings] == [9, 6]
    assert [one.comments for one in page(body(*cards, "2")).listings] == [6, 2]


def test_the_trending_page_has_buttons_after_its_cards_and_shows_them_twice():
    cards = []
    for place, (title, abstract) in enumerate(TWO):
        card = ["Submitted by", "ann", title, abstract, "OCC\n·\nPublished on Oct 4, 2026",
                "Upvote", f"{117 + place}", "GitHub 11.3k", "arXiv Page"]  # fmt: skip
        cards += card + card
    found = page(body(*cards))
    assert pairs(found) == TWO
    assert [(one.rank, one.upvotes, one.organization, one.published) for one in found.listings] == [
        (1, 117, "OCC", date(2026, 10, 4)), (2, 118, "OCC", date(2026, 10, 4)),
    ]  # fmt: skip


def test_buttons_before_cards_still_belong_to_the_next_card_if_there_is_one_more():
    found = page(body("Upvote 7", *TWO[0], "Upvote 8", *TWO[1], "Upvote 9"))
    assert [one.upvotes for one in found.listings] == [7, 8]


def test_a_repeat_completes_the_first_card():
    found = page(body(*TWO[0], *TWO[1], *TWO[0], "4 authors\n·\nJun 3 2"))
    assert [(one.rank, one.author_count, one.published) for one in found.listings] == [
        (1, 4, date(2026, 6, 3)), (2, None, None),
    ]  # fmt: skip


def test_the_same_title_with_another_abstract_is_not_a_repeat():
    assert len(page(body("Snails", LOREM, "Snails", f"Not the same. {LOREM}")).listings) == 2


@pytest.mark.parametrize(("shown", "year", "expected"), [
    ("Feb 29", 2026, None), ("Feb 29", 2024, date(2024, 2, 29)), ("Dec 30", 2026, date(2026, 12, 30)),
    ("Dec 30, 2019", 2026, date(2019, 12, 30)),
])  # fmt: skip
def test_a_listing_without_year_has_the_year_of_capture(shown, year, expected):
    found = page(body(*TWO[0], f"OCC · {shown}"), captured=date(year, 1, 2))
    assert found.listings[0].published == expected


# --- titles and abstracts that look like something else ------------------------------------------


@pytest.mark.parametrize("title", [
    "Daily", "new", "1984", "-", "Upvote", "GitHub", "Models", "Orca: Explanation Traces of GPT-4", "Week 12", "5 Authors Walk",
    "Why Snails? Reasoning emerges from the shell", "Submitted by Nobody", "May 29", "A snail is all you need.",
    "Part 7",
])  # fmt: skip
def test_titles_that_look_like_boilerplate(title):
    found = page(body(*TWO[0], "OCC · May 1", title, LOREM, *TWO[1]))
    assert pairs(found) == [TWO[0], (title, LOREM), TWO[1]]


@pytest.mark.parametrize("title", ["Daily", "1984", "Monthly"])
def test_a_first_title_that_looks_like_boilerplate(title):
    assert pairs(page(body(title, LOREM, *TWO[1]))) == [(title, LOREM), TWO[1]]


def test_short_abstracts():
    expected = [
        ("On Snails", "They are slow."),
        ("On Whelks: A Longer Title than Its Abstract", "Also slow"),
        TWO[0],
    ]
    assert pairs(page(body(*(part for pair in expected for part in pair)))) == expected


def test_only_white_space_changes_in_a_text():
    text = "We use  6.3times\u00adless \\emph{air}, 3\\% of “it” \u200b– naïve\u2009R^{n times n}.  A second sentence. A third."
    assert only("Snails", text).abstract == " ".join(text.split())


# --- pages that are rejected ---------------------------------------------------------------------

CUT = [LOREM[:44], LOREM[44:].strip()]


@pytest.mark.parametrize(("blocks", "line", "word"), [
    ((), None, "no papers"),
    (("Snails",), 11, "no abstract"),
    ((*TWO[0], "Snails"), 15, "no abstract"),
    ((*TWO[0], "Snails\nwrapped", "5 authors\n·\nMay 1", *TWO[1]), 15, "no abstract"),
    ((*TWO[0], "More of it: code is free", "5 authors\n·\nMay 1", *TWO[1]), 15, "no abstract"),
    ((*TWO[0], LOREM, "5 authors\n·\nMay 1", *TWO[1]), 15, "part of an abstract"),
    ((*TWO[0], LOREM, *TWO[1], LOREM), 15, "part of an abstract"),
    ((*TWO[0], "Code: https://example.org/snails", *TWO[1], LOREM), 15, "part of an abstract"),
    # a sentence longer than its abstract; several sentences; next to no abstract; one abstract in three parts
    (("On Snails", "They are slow.", f"{LOREM[107:-1]} or so it seems.", "tiny words"), 15, "part of an abstract"),
    ((*TWO[0], LOREM, f"{LOREM} {LOREM} {LOREM}"), 15, "part of an abstract"),
    (("On Snails", f"{LOREM} {LOREM}", "We share code.", "On a page", *TWO[1], *TWO[0]), 15, "part of an abstract"),
    ((*TWO[0], "On Whelks", CUT[0], "We count.", CUT[1], *TWO[1]), 19, "part of an abstract"),
    (("5 authors\n·\nMay 1", *TWO[0]), 11, "before any paper"),
    ((*TWO[0], "5 authors\n·\nMay 1", "5 authors\n·\nMay 1", *TWO[1]), 19, "second time"),
    ((TWO[0][0], TWO[0][1] + "\n5 authors\n·\nMay 1", *TWO[1]), 14, "inside a paragraph"),
    (("\n".join(TWO[0]), "\n".join(TWO[1])), 11, "part of an abstract"),
    ((*TWO[0], "5 authors\n·\nFeb 30, 2024", *TWO[1]), 15, "inside a paragraph"),
    ((*TWO[0], "new", "Subscribe", "Nov 19", *TWO[1]), 19, "second page"),
    (("Nov 17", *TWO[0]), 11, "second date"),
    (("Nov 18\n" + TWO[0][0], TWO[0][1]), 11, "blank line is missing"),
    (("\n".join(["line"] * 400),), 11, "400 lines"),
])  # fmt: skip
def test_pages_whose_titles_and_abstracts_do_not_alternate(blocks, line, word):
    found = rejected(body(*blocks))
    assert (found.line, word in found.reason) == (line, True), found


def test_a_page_without_blank_lines_is_rejected():
    assert rejected(body(*TWO[0], "5 authors\n·\nMay 1", *TWO[1]).replace("\n\n", "\n")).line


def test_the_same_page_twice_in_a_file_is_one_page():
    assert pairs(page(body(*TWO[0], *TWO[1]) + "\n" + body(*TWO[0]))) == TWO
