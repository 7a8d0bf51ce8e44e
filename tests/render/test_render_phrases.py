from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from render_sample import ISSUE, KETTLE, SPOUT, evidence, item

from digest.model import Evidence
from digest.render import phrases
from digest.render.phrases import Found, Reason
from digest.text.clean import clean, shown_term

TODAY = date(2025, 11, 24)


@pytest.mark.parametrize(
    ("when", "words"),
    [
        (datetime(2025, 11, 24, 5, 30, tzinfo=UTC), "since 06:30 today"),
        (datetime(2025, 11, 23, 22, 59, tzinfo=UTC), "since yesterday"),
        (datetime(2025, 11, 20, 8, 0, tzinfo=UTC), "since Thursday"),
        (datetime(2025, 11, 18, 8, 0, tzinfo=UTC), "since Tuesday"),
        (datetime(2025, 11, 17, 8, 0, tzinfo=UTC), "since 17 November"),
        (datetime(2024, 11, 3, 8, 0, tzinfo=UTC), "since 3 November 2024"),
    ],
)
def test_since(when, words):
    assert phrases.since(when, TODAY, "Europe/Paris") == words


def test_since_counts_local_days():
    late = datetime(2025, 11, 23, 23, 30, tzinfo=UTC)
    assert phrases.since(late, TODAY, "Europe/Paris") == "since 00:30 today"
    assert phrases.since(late, TODAY, "Mars/Olympus") == "since yesterday"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "5 new and 1 updated of 66 papers since Monday."),
        ({"updated": ()}, "5 new of 66 papers since Monday."),
        ({"new": (), "more_new": ()}, "1 updated of 66 papers since Monday."),
        ({"since": None, "number": 1}, "Your first issue: 5 new and 1 updated of 66 papers so far."),
        (
            {"updated": (), "new": ISSUE.new[:1], "more_new": (), "considered": 1},
            "1 new of 1 paper since Monday.",
        ),
        ({"updated": (), "new": (), "more_new": ()}, "Nothing new among 66 papers since Monday."),
    ],
)
def test_summary(change, words):
    assert phrases.summary(replace(ISSUE, **change)) == words


def test_reasons_go_place_by_place():
    assert phrases.reasons(item(KETTLE).evidence) == (
        (
            Reason("in the title", (Found("one-step", 1), Found("tea", 1))),
            Reason("in the abstract", (Found("one-step", 2),)),
        ),
        0,
    )


def test_reasons_of_lists_and_unknown_fields():
    found = [
        Evidence("steep", "author", "Steep", 4, 9, 0),
        Evidence("x", "colour", "x", 0, 1),
        Evidence("x", "colour", "x", 2, 3),
    ]
    assert phrases.reasons(found)[0] == (
        Reason("among the authors", (Found("steep", 1),)),
        Reason("in the colour", (Found("x", 1),)),
    )


def test_the_words_found_are_named_not_the_pattern():
    found = [
        Evidence("distill*", "title", "Distillation", 0, 12),
        Evidence("distill*", "title", "distilled", 14, 23),
        Evidence("k-means", "title", "$k$-means", 25, 34),
        Evidence("ti:DISTILLED", "title", "Distilled", 14, 23),
    ]
    (reason,), more = phrases.reasons(found)
    assert [(each.term, each.times) for each in reason.found] == [
        ("Distillation", 1),
        ("distilled", 2),
        ("k-means", 1),
    ]
    assert more == 0


def test_many_terms_are_counted_only():
    found = [Evidence(f"w{number}", "title", f"w{number}", 0, 3) for number in range(11)]
    found_reasons, more = phrases.reasons(found)
    assert len(found_reasons[0].found) == 8
    assert more == 3


def test_a_long_term_is_shortened():
    assert len(phrases.reasons([Evidence("w*", "title", "w" * 1000, 0, 1000)])[0][0].found[0].term) == 60


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("one-step", "one-step"),
        ('"consistency model*"', "consistency model*"),
        ('"near words"~3', "near words"),
        ('="exact phrase"', "exact phrase"),
        ("=exact", "exact"),
        ("“curly”", "curly"),
        ("a\nb", "a b"),
        ("=", "="),
    ],
)
def test_terms_lose_their_marks(typed, shown):
    assert shown_term(typed) == shown


def names(paper, found=()):
    return "".join(f"[{piece.text}]" if piece.hit else piece.text for piece in phrases.authors(paper, found))


def test_authors():
    assert names(KETTLE) == "Ada Steep, Ben Darjeeling and 2 more"
    assert (
        names(replace(KETTLE, authors=KETTLE.authors[:3], author_count=None))
        == "Ada Steep, Ben Darjeeling, Clara Oolong"
    )
    assert names(replace(KETTLE, authors=("Ada Steep",), author_count=30)) == "Ada Steep and 29 more"
    assert names(SPOUT) == "1 author"
    assert names(replace(SPOUT, author_count=None)) == ""


def test_an_author_asked_for_is_shown():
    found = (Evidence("samovar", "author", "Samovar", 7, 14, 3),)
    assert names(KETTLE, found) == "Ada Steep, Dmitri [Samovar] and 2 more"


def test_facts():
    assert phrases.facts(KETTLE) == (
        "10 Mar 2026",
        "cs.LG",
        "cs.CV",
        "5 comments",
        "32 upvotes",
        "arXiv",
        "Daily Papers",
    )
    assert phrases.facts(replace(SPOUT, comments=0, upvotes=1, sources=("my-feed",))) == (
        "1 upvote",
        "my feed",
    )


def test_changes():
    assert phrases.changes(("version 2", "title", "abstract", "code", "withdrawn")) == (
        "version 2, new title, revised abstract, code available, withdrawn"
    )
    assert phrases.changes(()) == ""


def test_clean():
    assert clean("a\tb\r\nc\x00d\ud800e\u202ef\x85g\ufffeh\u200di") == "a b  c\ufffdd\ufffdef g\ufffdh\u200di"


def test_evidence_helper_finds_words_only():
    assert [found.text for found in evidence(KETTLE, "tea", "tea")] == ["Tea"]
