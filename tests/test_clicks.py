"""Which requests are clicks, and which clicks count."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.rank.clicks import AGAIN, NEWEST, Click, counted, made_by_hand
from tests.homes import Card, TestHome, issue_of, page

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0"


def clicks(*times, subscription="a"):
    """Return clicks on papers 1, 2, … at these seconds after noon."""
    return [
        Click(subscription, paper, NOON + timedelta(seconds=seconds))
        for paper, seconds in enumerate(times, 1)
    ]


def papers(found):
    return [click.paper for click in found]


def test_single_clicks_count_newest_first():
    assert papers(counted(clicks(0, 10, 30))) == [3, 2, 1]


@pytest.mark.parametrize(
    ("times", "counting"),
    [
        ((0, 0.5), [2, 1]),  # two tabs quickly opened
        ((0, 1, 2), []),  # three papers in three seconds
        ((0, 100, 100.2, 100.4, 100.6, 300), [6, 1]),  # a burst between readers
        (tuple(range(0, 64, 8)), []),  # a slow program: eight papers in a minute
        (tuple(range(0, 80, 10)), [8, 7, 6, 5, 4, 3, 2, 1]),
    ],
)
def test_bursts_do_not_count(times, counting):
    assert papers(counted(clicks(*times))) == counting


def test_repeated_clicks_on_one_paper_are_not_a_burst():
    again = [Click("a", 7, NOON + timedelta(seconds=n / 2)) for n in range(20)]
    assert papers(counted(again)) == [7]


def test_a_reader_after_a_program_counts():
    later = Click("a", 2, NOON + timedelta(hours=1))
    assert counted([*clicks(0, 1, 2), later]) == (later,)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 9), st.integers(0, 200))))
def test_which_clicks_count_does_not_depend_on_their_order(made):
    """At most one of the clicks on each paper counts, the same one in any order."""
    given_clicks = [Click(name, paper, NOON + timedelta(seconds=at)) for name, paper, at in made]
    found = counted(given_clicks)
    assert set(found) <= set(given_clicks)
    assert len({(each.subscription, each.paper) for each in found}) == len(found)
    assert counted(reversed(given_clicks)) == found
    for each in found:
        near = {
            one.paper
            for one in given_clicks
            if one.subscription == each.subscription and abs(one.at - each.at) <= timedelta(seconds=1)
        }
        assert len(near) < 3


def test_only_the_newest_count():
    many = clicks(*(n * 60 for n in range(NEWEST + 5)))
    assert len(counted(many)) == NEWEST
    assert papers(counted(many))[0] == NEWEST + 5


@pytest.mark.parametrize(
    ("method", "headers", "click"),
    [
        ("GET", {"user-agent": FIREFOX}, True),
        ("HEAD", {"user-agent": FIREFOX}, False),
        ("GET", {"user-agent": FIREFOX, "sec-purpose": "prefetch;prerender"}, False),
        ("GET", {"user-agent": FIREFOX, "purpose": "prefetch"}, False),
        ("GET", {"user-agent": FIREFOX, "x-moz": "prefetch"}, False),
        ("GET", {"user-agent": "Mozilla/5.0 (compatible; Somebot/2.1; +https://bot.example)"}, False),
        ("GET", {"user-agent": "curl/8.5"}, False),
        ("GET", {}, False),
    ],
)
def test_requests_that_are_clicks(method, headers, click):
    assert made_by_hand(method, headers) is click


LAMPS = Card(
    "Lighthouse lamps in fog", "Harbour keepers trim lighthouse lamps in fog, and watched three piers."
)
MORE_LAMPS = Card("Brighter lamps", "Harbour keepers compare lighthouse lamps by how far they shine in fog.")
BREAD = Card("Bread and fog", "Bakers knead rye dough by the window and weigh the crust of loaves in fog.")
MORE_BREAD = Card("Rye in winter", "Rye dough rises slowly in fog. Bakers waited for the crust to crack.")


@pytest.fixture
def home(tmp_path):
    made = TestHome(tmp_path)
    made.write("subscriptions/a.toml", 'keywords = ["fog"]\n[ranking]\nclicks = true\n')
    made.put("2026-11-16-a.txt", page(LAMPS, BREAD))
    made.run()
    return made


def click(home, *numbers, at="2026-11-20T10:00:00"):
    """Record clicks on papers, a minute apart, as the server does."""
    from digest.home.settings_file import open_home
    from digest.services.reader_pages import record_click
    from digest.services.workspace import Clock

    for minute, number in enumerate(numbers):
        moment = datetime.fromisoformat(at).replace(tzinfo=UTC) + timedelta(minutes=minute)
        record_click(open_home(str(home.path)), "a", number, Clock.at(moment))


def next_issue(home):
    home.put("2026-11-21-b.txt", page(MORE_LAMPS, MORE_BREAD, day="Nov 21"))
    return issue_of(home.run("2026-11-21T09:00"), "a")["new"]


def issue_text(home):
    return " ".join(home.output()["output/issues/a/2026-11-21-2.txt"].decode().split())


def test_a_click_changes_the_order_and_says_so(home):
    click(home, 2)
    assert next_issue(home) == ["Rye in winter", "Brighter lamps"]
    assert "Ordered by keywords and taste (1 opened)" in issue_text(home)
    assert "as in papers you opened" in issue_text(home)


def test_a_like_weighs_more_than_a_click(home):
    click(home, 2)
    home.call("feedback", "a", "like", "1")
    assert next_issue(home) == ["Brighter lamps", "Rye in winter"]
    assert "(1 liked, 1 opened)" in issue_text(home)
    assert "as in papers you liked or opened" in issue_text(home)


def test_a_vote_replaces_the_clicks_on_a_paper(home):
    click(home, 2)
    home.call("feedback", "a", "dislike", "2")
    assert [each["verdict"] for each in home.call("feedback", "a", "list", "--json").json["votes"]] == [
        "dislike"
    ]
    assert next_issue(home) == ["Brighter lamps", "Rye in winter"]


def test_nothing_is_recorded_or_counted_when_switched_off(home):
    click(home, 2)
    home.subscribe("a", "fog")
    click(home, 1, at="2026-11-20T11:00:00")
    assert home.rows("select paper from click") == [(2,)]
    assert home.call("feedback", "a", "list", "--json").json["votes"] == []
    assert next_issue(home) == ["Brighter lamps", "Rye in winter"]
    assert "Ordered by" not in issue_text(home)


def test_clicks_are_listed_and_forgotten(home):
    click(home, 1, 2)
    listed = home.call("feedback", "a", "list", "--json").json
    assert [(each["paper"], each["verdict"]) for each in listed["votes"]] == [(2, "clicked"), (1, "clicked")]
    assert "lamps" in listed["terms"]["for"]
    shown = home.call("feedback", "a", "list").out
    assert "clicked" in shown
    assert "0 votes, 0 seeds, 2 papers clicked." in shown
    assert home.call("feedback", "a", "undo", "1", "--json").json["papers"] == 1
    assert home.call("feedback", "a", "undo", "1", "--json").json["papers"] == 0
    assert home.call("feedback", "a", "undo", "--clicks", "--json").json["papers"] == 1
    assert home.rows("select count(*) from click") == [(0,)]
    assert home.call("feedback", "a", "like", "--clicks").status == 2
    assert home.call("feedback", "a", "undo", "1", "--clicks").status == 2


def test_a_double_click_counts_once(home):
    click(home, 1)
    click(home, 1, at=(datetime(2026, 11, 20, 10) + AGAIN / 2).isoformat())
    assert home.rows("select count(*) from click") == [(1,)]
    click(home, 1, at=(datetime(2026, 11, 20, 10) + AGAIN * 2).isoformat())
    assert home.rows("select count(*) from click") == [(2,)]


def test_old_clicks_are_removed(home):
    from digest.home.settings_file import open_home
    from digest.services.runs import maintain
    from digest.services.workspace import Clock

    click(home, 1, at="2026-05-01T10:00:00")
    click(home, 2)
    at = Clock.at(datetime(2026, 11, 21, tzinfo=UTC))
    home.write("digest.toml", "[schedule]\nbackups = 0\nkeep_clicks = '300 days'\n")
    maintain(open_home(str(home.path)), at)
    assert home.rows("select paper from click order by id") == [(1,), (2,)]
    home.write("digest.toml", "[schedule]\nbackups = 0\n")
    maintain(open_home(str(home.path)), at)
    assert home.rows("select paper from click") == [(2,)]


def test_clicks_follow_a_merged_paper(home):
    click(home, 1, 2)
    assert home.call("library", "merge", "1", "2").status == 0
    listed = home.call("feedback", "a", "list", "--json").json["votes"]
    assert [(each["paper"], each["verdict"]) for each in listed] == [(1, "clicked")]
    assert home.call("feedback", "a", "undo", "2", "--json").json["papers"] == 1
    assert home.rows("select count(*) from click") == [(0,)]


@pytest.mark.parametrize("line", ["clicks = 1", "clicks = 'yes'"])
def test_the_setting_is_checked(home, line):
    home.write("subscriptions/b.toml", f'keywords = ["fog"]\n[ranking]\n{line}\n')
    done = home.call("subscriptions", "check")
    assert done.status == 2
    assert "b.toml:3" in done.err
