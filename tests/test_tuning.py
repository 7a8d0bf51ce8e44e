"""What keywords would have brought."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.match.query.parser import query_of
from digest.match.reference import analyse, match
from digest.model import Paper
from digest.pipeline.set_aside import Boundary
from digest.services import tuning
from digest.services.tuning import Interest, tune
from tests.strategies import papers, queries

NOW = datetime(2026, 3, 12, 9, tzinfo=UTC)  # a Thursday
PAPER = Paper(1, "urn:uuid:1", "", "", NOW)


def paper(number: int, title: str, days: int) -> Paper:
    return replace(PAPER, number=number, title=title, first_seen=NOW - timedelta(days=days))


LIBRARY = (
    paper(1, "Video diffusion of long ago", 200),
    paper(2, "Diffusion for speech", 15),
    paper(3, "Video diffusion", 8),
    paper(4, "Distillation", 2),
    paper(5, "Diffusion and sampling", 1),
    paper(6, "Other things", 1),
    paper(7, "Diffusion of tomorrow", -1),
)


def tuned(*interests: Interest, **options):
    return tune(tuning.index_of(LIBRARY, Boundary()), interests, NOW, **options)


def test_matches_are_counted_by_the_weeks_in_which_papers_were_first_seen():
    found = tuned(Interest(("diffusion",)), weeks=3)
    assert [(week.monday, week.papers, week.matched) for week in found.weeks] == [
        (date(2026, 2, 23), 1, 1),
        (date(2026, 3, 2), 1, 1),
        (date(2026, 3, 9), 3, 1),
    ]
    assert (found.matched, found.per_week) == (3, 1.0)


def test_a_week_begins_in_the_zone():
    found = tune(
        tuning.index_of(
            [replace(PAPER, title="x1", first_seen=datetime(2026, 3, 8, 23, tzinfo=UTC))], Boundary()
        ),
        [Interest(("x1",))],
        NOW,
        zone="Europe/Paris",
        weeks=2,
    )
    assert [week.matched for week in found.weeks] == [0, 1]


def test_each_keyword_says_what_it_brings_and_what_only_it_brings():
    found = tuned(Interest(("diffusion", "sampling", "distillation"), ("video",)), weeks=3)
    counts = [(each.keyword, each.papers, each.alone, each.share, each.ever) for each in found.keywords]
    assert counts == [
        ("diffusion", 2, 1, 2 / 3, 5),
        ("sampling", 1, 0, 1 / 3, 1),
        ("distillation", 1, 1, 1 / 3, 1),
    ]
    assert not any(each.brings_nearly_all for each in found.keywords)
    assert tuned(Interest(("diffusion",))).keywords[0].brings_nearly_all


def test_a_keyword_that_never_matched_names_the_nearest_word():
    (typed, old) = tuned(Interest(("title:distilation", '"of long ago"'))).keywords
    assert (typed.ever, typed.spellings) == (0, (("distilation", "distillation"),))
    assert (old.papers, old.ever, old.spellings) == (0, 1, ())


def test_keywords_that_match_the_same_papers_are_named():
    assert tuned(Interest(("video", '"video diffusion"', "distillation"))).together == ((0, 1),)


def test_several_interests_count_each_paper_once_and_show_the_newest_with_evidence():
    found = tuned(Interest(("video",)), Interest(("diffusion",), ("speech",)))
    assert found.matched == 2
    assert [each.paper.number for each in found.newest] == [5, 3]
    assert [each.text for each in found.newest[0].evidence] == ["Diffusion"]


def test_every_error_has_its_place():
    found = tuned(Interest(("diffusion", "a ~ b"), ("-c",)), Interest(("NOT NOT x",)))
    assert [(each.interest, each.key, each.item) for each in found.faults] == [
        (0, "keywords", 1),
        (0, "exclude", 0),
        (1, "keywords", 0),
    ]
    assert all(each.message and each.remedy and each.excerpt.endswith("^") for each in found.faults)
    assert not found.keywords


def test_nothing_is_an_answer_too():
    found = tune(tuning.index_of((), Boundary()), [Interest(("diffusion",))], NOW)
    assert (found.matched, found.per_week, len(found.weeks)) == (0, 0.0, tuning.WEEKS)
    assert tuned().matched == 0


@pytest.mark.parametrize("weeks", [1, 8])
@given(st.lists(queries(), min_size=1, max_size=3), st.lists(papers(), max_size=6))
def test_the_total_is_that_of_the_reference_matcher(weeks, keywords, found):
    found = [replace(each, first_seen=NOW) for each in found]
    query = query_of(keywords)
    counted = tune(tuning.index_of(found, Boundary()), [Interest(tuple(keywords))], NOW, weeks=weeks)
    assert counted.matched == sum(match(query, analyse(each)) is not None for each in found)
    assert len(counted.newest) == counted.matched
