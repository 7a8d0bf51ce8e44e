"""Several interests of one subscription: each paper once, naming every interest that it meets."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.home.subscription_files import check
from digest.home.subscription_tables import READERS, csv_lines, json_lines, toml_text
from digest.match.index.index import Index
from digest.match.query.interests import queries_by_interest, query_for
from digest.match.reference import analyse, match
from digest.model import Interest, InvalidSubscription, Subscription
from tests.homes import TestHome, page
from tests.strategies import papers

BOTH = """name = "My reading"
formats = ["html", "markdown", "text"]

[[interests]]
name = "Lamps <b>"
keywords = ["lamp*", "pier"]

[[interests]]
name = "Kelp"
keywords = ["kelp"]
exclude = ["fresh"]
"""
SLOW, NINE, KELP, FRESH = "Kelp and the Slow Lamp", "Lamps of Nine Piers", "Kelp Alone", "Fresh Kelp"


@pytest.fixture
def home(tmp_path):
    home = TestHome(tmp_path / "home")
    home.put("2026-11-16.txt", page(SLOW, NINE, KELP, FRESH, "Otters"))
    home.write(
        "subscriptions/mine.toml", BOTH.replace("lamp*", "title:lamp*").replace('"pier"', "'title:pier'")
    )
    return home


def test_each_paper_is_in_the_issue_once_with_every_interest(home):
    (report,) = home.run()["subscriptions"]
    assert sorted(report["issue"]["new"]) == sorted([SLOW, NINE, KELP])
    text = home.output()["output/issues/mine/2026-11-20-1.txt"].decode()
    assert text.index("LAMPS <B>\n") < text.index(SLOW) < text.index("KELP\n----") < text.index(KELP)
    assert "Interests: Lamps <b>, Kelp" in text and text.count("Interests:") == 1
    for form in ("html", "md"):
        shown = home.output()[f"output/issues/mine/2026-11-20-1.{form}"].decode()
        assert re.search("Interests:.*Lamps &lt;b&gt;, Kelp", shown)
    archive = home.output()["output/site/issues/mine/2026-11-20-1.html"].decode()
    assert 'id="interest-1"' in archive and "Lamps &lt;b&gt;, Kelp" in archive
    assert home.run()["subscriptions"][0]["issue"] is None


def test_one_interest_is_like_keywords_at_the_top(home):
    home.subscribe("plain", "kelp", exclude=["fresh"])
    home.write(
        "subscriptions/mine.toml", '[[interests]]\nname = "Kelp"\nkeywords = ["kelp"]\nexclude = ["fresh"]\n'
    )
    one, two = home.run()["subscriptions"]
    assert one["issue"]["new"] == two["issue"]["new"]
    assert "Interests:" not in home.output()["output/issues/mine/2026-11-20-1.txt"].decode()


def test_previews_and_explanations_know_interests(home):
    home.write("later.txt", page("Later Kelp", "Fresh Kelp Again", day="Nov 20"))
    home.run()
    home.put("2026-11-20.txt", (home.path / "later.txt").read_bytes())
    home.run("2026-11-20T09:30")
    shown = home.call("preview", "mine", "--now", "2026-11-20T10:00").out
    assert "Later Kelp" in shown and "Fresh Kelp Again" not in shown
    why = home.call("why", "mine", "--paper", "Fresh Kelp Again", "--now", "2026-11-20T10:00").out
    assert "fresh" in why.lower() and "accept" in why
    assert home.call("subscriptions", "check").status == 0


WORDS = st.sampled_from(
    ["fog", "lamp*", "pier", "fog AND lamp", "title:fog", "-kelp fog", '"fog lamp"~2', "kelp^2"]
)
INTERESTS = st.lists(
    st.builds(
        Interest,
        st.text("abc", min_size=1),
        st.lists(WORDS, min_size=1, max_size=3).map(tuple),
        st.lists(st.sampled_from(["kelp", "pier", "title:fog"]), max_size=2).map(tuple),
    ),
    min_size=1,
    max_size=4,
)


@settings(deadline=None)
@given(INTERESTS, st.lists(st.sampled_from(["otter", "fog pier"]), max_size=1), papers())
def test_a_paper_matches_if_it_matches_any_interest_in_both_matchers(interests, exclude, paper):
    subscription = Subscription("mine", "Mine", (), tuple(exclude), interests=tuple(interests))
    whole, analysed = query_for(subscription), analyse(paper)
    found = match(whole, analysed)
    each = [match(query, analysed) for query in queries_by_interest(subscription)]
    assert (found is not None) == any(each)
    assert [*Index([whole]).match([paper]).pairs()] == ([(0, 0)] if found else [])
    if found:  # of every interest that is met, all evidence; nothing of the others
        assert set(found.evidence) == {one for met in each if met for one in met.evidence}
        assert max(met.score for met in each if met) <= found.score


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('keywords = ["a"]\n\n[[interests]]\nname = "A"\nkeywords = ["a"]\n', 1, "move the keywords"),
        ('[[interests]]\nname = "A"\nkeywords = ["a"]\n[[interests]]\nkeywords = ["b"]\n', 4, "interests.name: is missing"),
        ('[[interests]]\nname = "A"\nkeywords = ["a"]\n[[interests]]\nname = "B"\n', 4, "interests.keywords: is missing"),
        ('[[interests]]\nname = "A"\nkeywords = ["a"]\n[[interests]]\nname = "a"\nkeywords = ["b"]\n', 5, "two interests"),
        ('[[interests]]\nname = "A"\nkeywords = ["a"]\n[[interests]]\nname = "B"\nkeywords = ["(b"]\n', 6, "interests.keywords"),
        ('[[interests]]\nname = "A"\nkeywords = ["a"]\nkeyword = ["a"]\n', 4, "did you mean 'keywords'?"),
        ('interests = ["a"]\n', 1, "[[interests]]"),
        ("interests = []\n", 1, "[[interests]]"),
        ('name = "X"\n', None, "keywords"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line(text, line, words):
    found = check("mine", text, shown="mine.toml", timezone="UTC")
    assert isinstance(found, InvalidSubscription)
    (problem,) = found.problems
    assert problem.where == (f"mine.toml:{line}" if line else "mine.toml")
    assert words in str(problem)


@pytest.mark.parametrize("form", ["csv", "jsonl", "toml"])
def test_interests_survive_export_and_import(form, tmp_path):
    subscription = check("mine", BOTH + "\n[ranking]\ntaste = 0.5\n", shown="", timezone="")
    assert isinstance(subscription, Subscription)
    assert subscription.keywords == ("lamp*", "pier", "kelp")
    if form == "toml":
        path = tmp_path
        (path / "mine.toml").write_text(toml_text(subscription), "utf-8")
    else:
        path = tmp_path / f"all.{form}"
        write = {"csv": csv_lines, "jsonl": json_lines}[form]
        path.write_text("".join(write(iter([subscription]))), "utf-8", newline="")
    (row,) = READERS[form](path)
    assert json.loads(next(json_lines(iter([row.value])))) == json.loads(
        next(json_lines(iter([subscription])))
    )
