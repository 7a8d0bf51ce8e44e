"""Feedback from the command line to the order of the next issue."""

import pytest

from tests.homes import Card, TestHome, issue_of, page

LAMPS = Card(
    "Lighthouse lamps in fog",
    "Harbour keepers trim lighthouse lamps in fog. We watched the lamps of three piers.",
)
MORE_LAMPS = Card(
    "Brighter lamps", "Harbour keepers compare lighthouse lamps, old and new, by how far they shine in fog."
)
BREAD = Card(
    "Bread and fog", "Bakers knead rye dough by the window. We weighed the crust of ninety loaves in fog."
)
MORE_BREAD = Card(
    "Rye in winter", "Rye dough rises slowly in fog. Bakers waited for the crust of each loaf to crack."
)


@pytest.fixture
def home(tmp_path) -> TestHome:
    made = TestHome(tmp_path)
    made.subscribe("a", "fog")
    made.put("2026-11-16-a.txt", page(LAMPS, BREAD))
    made.run()
    return made


def next_issue(home: TestHome) -> list[str]:
    home.put("2026-11-21-b.txt", page(MORE_LAMPS, MORE_BREAD, day="Nov 21"))
    return issue_of(home.run("2026-11-21T09:00"), "a")["new"]


def test_without_feedback_the_order_is_by_keywords(home):
    assert next_issue(home) == ["Brighter lamps", "Rye in winter"]  # equal scores: in the order first seen
    assert "Ordered by" not in home.output()["output/issues/a/2026-11-21-2.txt"].decode()


def test_a_like_changes_the_order_and_says_so(home):
    assert home.call("feedback", "a", "like", "Bread and fog").status == 0
    assert home.call("feedback", "a", "dislike", "Lighthouse lamps in fog").status == 0
    assert next_issue(home) == ["Rye in winter", "Brighter lamps"]
    shown = home.output()["output/issues/a/2026-11-21-2.txt"].decode()
    assert "Ordered by keywords and taste (1 liked, 1 disliked)" in " ".join(shown.split())
    assert "as in papers you liked" in " ".join(shown.split())


def test_only_disliked_papers_are_called_disliked(home):
    home.subscribe("a", "source:daily-papers-page")
    home.call("feedback", "a", "like", "Bread and fog")
    lamps = Card(
        "Harbour keepers", "Harbour keepers trim lighthouse lamps. Keepers watched the lamps, piers."
    )
    home.put("2026-11-21-b.txt", page(lamps, MORE_BREAD, day="Nov 21"))
    issue_of(home.run("2026-11-21T09:00"), "a")
    shown = home.output()["output/issues/a/2026-11-21-2.txt"].decode()
    assert "as in papers you liked" in " ".join(shown.split())
    assert "disliked" not in shown


def test_without_likes_no_paper_is_as_in_papers_you_liked(home):
    home.call("feedback", "a", "dislike", "Bread and fog")
    next_issue(home)
    shown = " ".join(home.output()["output/issues/a/2026-11-21-2.txt"].decode().split())
    assert "taste (1 disliked)" in shown
    assert "keywords (" not in shown  # the matches name the keywords already
    assert "liked (" not in shown.replace("disliked (", "")


def test_taste_can_be_switched_off(home):
    home.write("subscriptions/a.toml", 'keywords = ["fog"]\n[ranking]\ntaste = 0\n')
    home.call("feedback", "a", "like", "Bread and fog")
    assert next_issue(home) == ["Brighter lamps", "Rye in winter"]


def test_feedback_is_listed_explained_and_undone(home):
    given = home.call("feedback", "a", "like", "1", "--json")
    assert given.json == {"subscription": "a", "verdict": "like", "papers": 1}
    home.call("feedback", "a", "dislike", "2")
    listed = home.call("feedback", "a", "list", "--json").json
    assert [vote["verdict"] for vote in listed["votes"]] == ["like", "dislike"]
    assert "lamps" in listed["terms"]["for"]
    assert "rye" in listed["terms"]["against"]
    shown = home.call("feedback", "a", "list").out
    assert "Lighthouse lamps in fog" in shown
    assert "terms against  " in shown
    assert home.call("feedback", "a", "undo", "1", "2", "--json").json["papers"] == 2
    assert home.call("feedback", "a", "list", "--json").json["terms"] == {"for": [], "against": []}


def test_nothing_is_recorded_if_one_paper_is_unknown(home):
    done = home.call("feedback", "a", "like", "1", "No such title")
    assert done.status == 2
    assert "'No such title'" in done.err
    assert home.call("feedback", "a", "list", "--json").json["votes"] == []


@pytest.mark.parametrize(
    "words", [("a", "like"), ("a", "list", "1"), ("zzz", "like", "1"), ("a", "love", "1")]
)
def test_invalid_commands(home, words):
    assert home.call("feedback", *words).status == 2


def test_an_id_that_is_not_in_the_library_is_named(home):
    done = home.call("feedback", "a", "like", "https://arxiv.org/abs/2501.00001v2", "10.1000/xyz")
    assert done.status == 2
    assert "2501.00001" in done.err


def test_seeds_are_liked_but_never_listed(home):
    mine = home.write("mine.txt", page(MORE_LAMPS))
    assert home.call("feedback", "a", "seed", mine).status == 0
    listed = home.call("feedback", "a", "list", "--json").json
    assert listed["seeds"] == ["Brighter lamps"]
    assert "lamps" in listed["terms"]["for"]
    absent = home.call("feedback", "a", "seed", home.path / "absent.txt")
    assert absent.status == 1
    assert "absent.txt" in absent.err


def test_the_same_library_and_feedback_give_the_same_bytes(home, tmp_path_factory):
    other = TestHome(tmp_path_factory.mktemp("other"))
    other.subscribe("a", "fog")
    other.put("2026-11-16-a.txt", page(LAMPS, BREAD))
    other.run()
    for each in (home, other):
        each.call("feedback", "a", "like", "1", "--now", "2026-11-20T10:00")
        next_issue(each)
    assert home.output() == other.output()


@pytest.mark.parametrize(
    "line", ["taste = -1", "taste = true", 'keyword = "x"', "diversity = 1.5", "tast = 1", "freshness = nan"]
)
def test_weights_are_checked(home, line):
    home.write("subscriptions/b.toml", f'keywords = ["fog"]\n[ranking]\n{line}\n')
    done = home.call("subscriptions", "check")
    assert done.status == 2
    assert "b.toml:3" in done.err
    assert "ranking." in done.err


def test_popularity_freshness_and_variety_are_named(home):
    home.write(
        "subscriptions/a.toml",
        'keywords = ["fog"]\n[ranking]\npopularity = 1\nfreshness = 1\ndiversity = 0.3\n',
    )
    home.put(
        "2026-11-21-b.txt",
        page(
            Card(MORE_LAMPS.title, MORE_LAMPS.abstract, "  • 4 authors\n·\nNov 12 30"),
            Card(MORE_BREAD.title, MORE_BREAD.abstract, "  • 4 authors\n·\nNov 20 1"),
            day="Nov 21",
        ),
    )
    issue_of(home.run("2026-11-21T09:00"), "a")
    shown = " ".join(home.output()["output/issues/a/2026-11-21-2.txt"].decode().split())
    assert "Ordered by keywords, popularity, freshness and variety." in shown
    assert "30 comments (popularity)" in shown
    assert "20 Nov 2026 (freshness)" in shown


def discovering(home: TestHome, **more: int) -> list[str]:
    """Return the titles under Discover in the next issue."""
    home.write(
        "subscriptions/a.toml", 'keywords = ["winter"]\nexclude = ["dough"]\n[ranking]\ndiscover = 1\n'
    )
    twin = Card("Lamps of other piers", LAMPS.abstract)
    third = Card("Lamps of more piers", LAMPS.abstract)
    home.put("2026-11-21-b.txt", page(Card("A winter log"), twin, third, MORE_BREAD, day="Nov 21"))
    home.run("2026-11-21T09:00")
    shown = home.output()["output/issues/a/2026-11-21-2.txt"].decode()
    return [each for each in (twin.title, third.title) if each in shown.partition("DISCOVER")[2]]


def test_discover_shows_a_limited_number_of_papers_close_to_liked_ones(home):
    home.call("feedback", "a", "like", "Lighthouse lamps in fog")
    assert len(discovering(home)) == 1
    home.put(
        "2026-11-22-c.txt",
        page(Card("Another winter log"), Card("Lamps once more", LAMPS.abstract), day="Nov 22"),
    )
    assert issue_of(home.run("2026-11-22T09:00"), "a")["new"] == ["Another winter log"]
    assert "DISCOVER" not in home.output()["output/issues/a/2026-11-22-3.txt"].decode()  # one a week


def test_discover_needs_feedback(home):
    assert discovering(home) == []


def votes(home: TestHome) -> list[tuple[int, str]]:
    listed = home.call("feedback", "a", "list", "--json").json
    return [(vote["paper"], vote["verdict"]) for vote in listed["votes"]]


def test_votes_survive_a_merge_and_a_split(home):
    home.call("feedback", "a", "like", "1", "--now", "2026-11-18T10:00")
    home.call("feedback", "a", "dislike", "2", "--now", "2026-11-19T10:00")
    home.call("library", "merge", "2", "1")
    assert votes(home) == [(1, "dislike")]  # the latest counts, once
    assert home.call("suggest", "1", "2", "--for", "a", "--json").json["liked"] == 1
    assert len(next_issue(home)) == 2
    shown = " ".join(home.output()["output/issues/a/2026-11-21-2.txt"].decode().split())
    assert "taste (1 disliked)" in shown
    home.call("library", "split", "2")
    assert votes(home) == [(1, "like"), (2, "dislike")]


def test_a_vote_on_a_part_counts_for_the_whole_paper(home):
    home.call("library", "merge", "2", "1")
    assert home.call("feedback", "a", "like", "1", "2", "--json").json["papers"] == 1
    assert votes(home) == [(1, "like")]
    home.call("feedback", "a", "dislike", "1")
    assert votes(home) == [(1, "dislike")]
    assert home.call("feedback", "a", "undo", "2", "--json").json["papers"] == 1
    assert votes(home) == []


def test_a_liked_paper_that_is_part_of_another_is_not_discovered(home):
    home.call("feedback", "a", "like", "Lighthouse lamps in fog")
    twin = Card("Lamps of other piers", LAMPS.abstract)
    home.put("2026-11-20-b.txt", page(twin, day="Nov 20"))
    home.run("2026-11-20T10:00")
    home.call("feedback", "a", "like", twin.title)
    number = [each for each, _ in votes(home)][-1]
    home.call("library", "merge", "1", number)
    assert len(votes(home)) == 1
    assert twin.title not in discovering(home)


def test_what_is_discovered_is_in_the_json(home):
    home.call("feedback", "a", "like", "Lighthouse lamps in fog")
    home.write("subscriptions/a.toml", 'keywords = ["winter"]\n[ranking]\ndiscover = 1\n')
    twin = Card("Lamps of other piers", LAMPS.abstract)
    home.put("2026-11-21-b.txt", page(Card("A winter log"), twin, day="Nov 21"))
    home.call("run", "--now", "2026-11-20T09:05")  # read, but no slot since the first issue
    previewed = home.call("preview", "a", "--json", "--now", "2026-11-21T08:30").json["issue"]
    assert previewed["discover"] == [twin.title]
    report = home.run("2026-11-21T09:00")
    assert (issue_of(report, "a") or {})["discover"] == [twin.title]
    assert "1 discovered" in home.call("ledger", "--run", str(report["run"])).out


def test_terms_are_shown_unstemmed(home):
    home.put("2026-11-17-b.txt", page(*(f"Qualities of pier {n}" for n in range(9)), day="Nov 17"))
    home.run("2026-11-20T12:00")
    home.call("feedback", "a", "like", "Bread and fog")
    assert "qualiti" not in home.call("feedback", "a", "list").out.split()
