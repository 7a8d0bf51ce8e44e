"""Trends: the decision, the stored terms that it needs, and where trends are shown."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from digest.compose.slots import is_weekly, parse_schedule
from digest.diff.changes import diff
from digest.model import DigestFile, Listing
from digest.pipeline.ranking import trends_of
from digest.rank.trends import WEEKS, Rise, Titled, period, rising
from digest.store.engine import open_store
from digest.store.migrations import _keep_titles
from digest.store.store import Store
from digest.text.keyphrases import full_phrase, keyphrases
from tests.homes import Card, TestHome, page

LAST = date(2026, 3, 12)
NOON = datetime(2026, 3, 12, 12, tzinfo=UTC)


def library(*weeks: dict[str, int], source: str = "arxiv-api cs.LG", first: int = 1) -> list[Titled]:
    """Return titles of one word each; `weeks` give the number of each, the newest week last."""
    found = []
    for back, week in enumerate(reversed(weeks)):
        for term in (term for term, times in week.items() for _ in range(times)):
            day = LAST - timedelta(days=7 * back + len(found) % 7)
            found.append(Titled(first + len(found), day, source, (term,)))
    return found


def found_in(titles: list[Titled]) -> tuple[Rise, ...]:
    days: dict[str, list[date]] = {}
    for each in titles:
        days.setdefault(each.source, []).append(each.day)
    when = period(days)
    return () if when is None else rising(titles, when)


STEADY = [{"lamp": 30, "fog": 3}, {"lamp": 30, "fog": 4}, {"lamp": 30, "fog": 9}, {"lamp": 30, "fog": 25}]


def test_a_rising_term_has_its_counts_per_week():
    (rise,) = found_in(library(*STEADY))
    assert (rise.terms, rise.counts, rise.last) == (("fog",), (3, 4, 9, 25), LAST)
    assert len(rise.papers) == 30  # the newest, which decide how it is spelled


@pytest.mark.parametrize(
    "weeks",
    [
        [],
        STEADY[-1:],
        STEADY[1:],
        [{"lamp": 30, "fog": 9}] * 12,
        [{"lamp": 30, "fog": 9}] * 5 + [{"lamp": 300, "fog": 90}],  # ten times the papers, the same share
        [*STEADY[:2], {"lamp": 30, "fog": 60}, {"lamp": 60, "fog": 1}],  # fallen again
        [{"lamp": 30}] * 3 + [{"lamp": 30, "fog": 4}],  # too few
    ],
)
def test_too_few_weeks_or_papers_give_no_trends(weeks):
    assert found_in(library(*weeks)) == ()


def test_a_new_source_makes_no_trend():
    old = library(*[{"lamp": 30, "fog": 5}] * 6)
    new = library({"bread": 40}, {"bread": 50}, source="csv", first=1_000)
    assert found_in(old) == found_in(old + new) == ()


def test_a_source_that_grows_makes_no_trend():
    old = library(*[{"lamp": 60}] * 12)
    bakers = library(*[{"bread": 5}] * 10, {"bread": 40}, {"bread": 40}, source="csv", first=1_000)
    assert found_in(old + bakers) == ()


def test_terms_of_the_same_papers_are_one_trend():
    both = [
        replace_terms(each, ("fog", "fog horn", "horn", "keeper")) if each.terms == ("fog",) else each
        for each in library(*STEADY)
    ]
    (rise,) = found_in(both)
    assert rise.terms == ("fog horn", "keeper")
    assert rise.counts == (3, 4, 9, 25)


def replace_terms(each: Titled, terms: tuple[str, ...]) -> Titled:
    return each._replace(terms=terms)


def titled() -> st.SearchStrategy[Titled]:
    return st.builds(
        Titled,
        st.integers(1, 10_000),
        st.integers(0, 100).map(lambda back: LAST - timedelta(days=back)),
        st.sampled_from(("one", "other")),
        st.lists(st.sampled_from(("lamp", "fog", "fog horn", "rye")), unique=True, max_size=3).map(tuple),
    )


@given(
    st.lists(titled(), max_size=150, unique_by=lambda each: each.paper),
    st.randoms(use_true_random=False),
)
def test_trends_do_not_depend_on_the_order_and_count_papers(titles, rng):
    found = found_in(titles)
    shuffled = titles.copy()
    rng.shuffle(shuffled)
    assert found_in(shuffled) == found
    for rise in found:
        assert 4 <= len(rise.counts) <= WEEKS
        having = [each for each in titles if set(rise.terms) & set(each.terms)]
        assert sum(rise.counts) <= len(having)
        assert set(rise.papers) <= {each.paper for each in having}
        assert sum(rise.counts[-2:]) >= 5


@given(st.lists(titled(), max_size=150), st.integers(1, 20))
def test_papers_of_a_new_source_change_nothing(titles, count):
    brought = [Titled(100_000 + n, LAST, "new", ("bread",)) for n in range(count)]
    assert found_in(titles + brought) == found_in(titles)


# --- how a term is written -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("term", "titles", "expected"),
    [
        ("reinforcement", ["Reinforcement Learning", "On reinforcement learning", "A Reinforcement"], ""),
        ("chain", ["Chain-of-Thought Lamps", "A chain of thought"], "chain of thought"),
        ("grpo", ["GRPO and fog", "What GRPO is", "Grpo"], "GRPO"),
        ("lora", ["LoRA: lamps", "LoRA"], "LoRA"),
        ("fog horn", ["Fog Horns at Sea", "Fog horns!"], "fog horns"),
        ("absent", ["Something else"], "absent"),
        ("absent", [], "absent"),
    ],
)
def test_terms_are_spelled_as_in_titles(term, titles, expected):
    assert full_phrase(term, titles) == (expected or "reinforcement learning")


# --- what is kept ----------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path):
    opened = open_store("sqlite:///digest.db", home=tmp_path)
    yield opened
    opened.close()


def read_weeks(store: Store, weeks: list[list[str]], *, learn: bool = True) -> None:
    """Record a file of titles for each week, the last for LAST, as a run does."""
    for back, titles in zip(reversed(range(len(weeks))), weeks, strict=True):
        listings = tuple(
            Listing(rank, title, "", categories=("cs.LG", "cs.CV")) for rank, title in enumerate(titles, 1)
        )
        day = LAST - timedelta(weeks=back)
        file = DigestFile(f"{day}", f"{back:064}", "arxiv-api", day, False, NOON, listings)
        with store.begin() as tx:
            run = tx.ledger.open_run(started=NOON, clock=NOON)
            tx.library.record(file, diff(file, {}), run=run, at=NOON)
            if learn:
                tx.title_terms.learn(tx.library.end())


def some_weeks() -> list[list[str]]:
    return [
        [f"Lamp {week} {n}" for n in range(40)] + [f"Fog Horns {week} {n}" for n in range(count)]
        for week, count in enumerate((1, 2, 2, 1, 9, 15))
    ]


def test_stored_terms_do_not_depend_on_how_files_were_read(store, tmp_path_factory):
    other = open_store("sqlite:///digest.db", home=tmp_path_factory.mktemp("other"))
    read_weeks(store, some_weeks())
    read_weeks(other, some_weeks(), learn=False)
    with other.begin() as tx:
        assert trends_of(tx) == ()
        tx.title_terms.learn(tx.library.end())
    with store.begin() as one, other.begin() as two:
        one.title_terms.learn(one.library.end())
        (trend,) = trends_of(one)
        assert (trend.name, trend.weeks, trend.last) == ("fog horns", (1, 2, 2, 1, 9, 15), LAST)
        assert trends_of(two) == (trend,)
    other.close()


def test_a_merged_paper_counts_once(store):
    from digest.services.library import merge

    read_weeks(store, some_weeks())
    with store.begin() as tx:
        (before,) = trends_of(tx)
        merge(tx, "Fog Horns 5 3", "Fog Horns 5 4", at=NOON)
        (after,) = trends_of(tx)
    assert after == replace(before, weeks=(*before.weeks[:-1], 14))


def test_an_older_library_gets_its_terms(store, tmp_path):
    read_weeks(store, some_weeks())
    store.close()
    engine = create_engine(f"sqlite:///{tmp_path / 'digest.db'}")
    with engine.begin() as connection:
        connection.execute(text("drop table title"))
        connection.execute(text("drop table read_titles"))
        _keep_titles(connection)
    engine.dispose()
    opened = open_store("sqlite:///digest.db", home=tmp_path)
    with opened.begin() as tx:
        tx.title_terms.learn(tx.library.end())
        assert len(trends_of(tx)) == 1
    opened.close()


def test_terms_of_titles():
    assert set(keyphrases("Fog Horns in the fog")) == {"fog", "horn", "fog horn"}


# --- where they are shown ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schedule", "weekly"),
    [
        ("mon 08:00", True),
        ("0 8 * * 0", True),
        ("mon,thu 08:00", False),
        ("fri 08:00,18:00", False),
        ("daily 08:00", False),
        ("weekdays 08:00", False),
        ("monthly 1 08:00", False),
        ("0 8 1 * 1", False),
    ],
)
def test_weekly_schedules(schedule, weekly):
    assert is_weekly(parse_schedule(schedule)) is weekly


def test_weekly_issues_and_the_archive_show_trends(tmp_path):
    home = TestHome(tmp_path)
    home.subscribe("weekly", "winter", schedule="fri 08:00")
    home.subscribe("daily", "winter")
    home.write(
        "subscriptions/quiet.toml",
        'keywords = ["nothing"]\nschedule = "fri 08:00"\nsend_empty = "weekly note"\n',
    )
    for place, titles in enumerate(some_weeks()):
        day = date(2026, 10, 16) + timedelta(weeks=place)
        cards = (*titles, Card(f"A winter log {place}"))
        home.put(f"{day}.txt", page(*cards, day=f"{day:%b} {day.day}"))
    home.run("2026-11-20T09:00")
    made = home.output()
    shown = "fog horns: 2, 1, 9, 15 papers a week"
    assert shown in made["output/issues/weekly/2026-11-20-1.txt"].decode()
    assert "**fog horns**: 2, 1, 9, 15 papers a week" in made["output/issues/weekly/2026-11-20-1.md"].decode()
    assert "Rising" in made["output/issues/weekly/2026-11-20-1.html"].decode()
    assert "Rising" in made["output/site/issues/weekly/2026-11-20-1.html"].decode()
    assert "RISING" not in made["output/issues/daily/2026-11-20-1.txt"].decode()
    index = made["output/site/index.html"].decode()
    assert 'aria-label="Papers a week about fog horns: 1, 2, 2, 1, 9, 15"' in index
    assert shown.upper() not in home.call("preview", "daily").out.upper()
    home.run("2026-11-20T09:30", "--rewrite")
    assert home.output() == made  # what an issue shows is stored with it
    home.put(
        "2026-11-21.txt", page(*(f"Brass bells {n}" for n in range(30)), Card("Winter again"), day="Nov 21")
    )
    home.run("2026-11-21T09:00", "--rewrite")
    assert (
        home.output()["output/issues/weekly/2026-11-20-1.txt"]
        == made["output/issues/weekly/2026-11-20-1.txt"]
    )


def test_a_pair_replaces_its_words():
    """Whichever of them scores best."""
    titles = [
        each._replace(terms=("fog", "fog horn") if each.paper % 9 else ("fog",))
        if each.terms == ("fog",)
        else each
        for each in library(*STEADY)
    ]
    (rise,) = found_in(titles)
    assert rise.terms == ("fog horn",)


def test_sources_are_separate(store):
    read_weeks(store, some_weeks())
    new = DigestFile("x", "f" * 64, "csv", LAST, False, NOON, (Listing(1, "Fog Horns of the Sea", ""),))
    with store.begin() as tx:
        before = trends_of(tx)
        run = tx.ledger.open_run(started=NOON, clock=NOON)
        tx.library.record(new, diff(new, {}), run=run, at=NOON)
        tx.title_terms.learn(tx.library.end())
        assert "csv" in tx.title_terms.days()
        assert trends_of(tx) == before
