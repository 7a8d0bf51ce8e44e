"""Runs: real pages from start to end, and every rule of issues and feeds on invented pages."""

import itertools
import json
import shutil

import feedparser
import pytest

from tests.homes import Card, TestHome, below, call, counts, issue_of, page, prose, verdict_of

pytestmark = pytest.mark.usefixtures("both_databases")

KELP, LAMP, ROCK = "Kelp in the Harbour Log", "A Lantern for Every Pier", "Granite Steps Counted Twice"
DAY1, DAY2, DAY3 = "2026-11-17T09:00", "2026-11-18T09:00", "2026-11-19T09:00"


@pytest.fixture
def home(tmp_path):
    return TestHome(tmp_path / "home")


def studies(first, last):
    """Return titles of papers about kelp."""
    return [f"Kelp Study {number}" for number in range(first, last + 1)]


def feed_of(home, name, form="atom"):
    found = feedparser.parse(home.path / f"output/feeds/{name}.{form}")
    assert not found.bozo, found.bozo_exception
    return found


def titles(home, name):
    return [entry.title for entry in feed_of(home, name).entries]


def content(home, name, number):
    return home.issues(name)[number - 1]


# --- the real pages ----------------------------------------------------------------------------------


@pytest.fixture
def real(shared):
    found = sorted((shared / "daily-papers-pages").glob("*.txt"))
    assert [path.name[:3] for path in found] == ["000", "002", "003"]
    return found


@pytest.mark.shared
def test_real_pages_from_start_to_end(home, real):
    home.subscribe("fast", '"one-step" AND diffusion*', "consistency", max_papers=3)
    for path in real:
        shutil.copyfile(path, home.path / "inbox" / path.name)
    named = [home.path / "inbox" / path.name for path in real]
    report = home.run("2025-12-01T09:00", *named)
    assert [file["listed"] for file in report["files"]] == [33, 164, 77]
    assert counts(report) == [(33, 0, 0), (160, 0, 4), (66, 0, 11)]
    assert home.rows("select count(*) from paper") == [(259,)]
    assert [file["captured"] for file in report["files"]] == ["2025-03-11", "2025-03-11", "2025-11-24"]
    fast = verdict_of(report, "fast")
    assert fast["considered"] == 259
    assert fast["matched"] == len(
        call("match", '("one-step" AND diffusion*) OR consistency', "--json", "--home", home.path).lines
    )
    assert len(fast["issue"]["new"]) == 3
    assert fast["issue"]["more"] == fast["matched"] - 3 > 0
    before = home.output()
    assert len([path for path in before if path.startswith("output/site/papers/")]) == 259
    for paths in (named, [], reversed(named)):
        again = home.run("2025-12-01T09:30", *paths)
        assert {(new, updated) for new, updated, _ in counts(again)} == {(0, 0)}
        assert sum(seen for _, _, seen in counts(again)) == 274
        assert again["feeds"] == []
        assert home.output() == before


@pytest.mark.shared
def test_the_same_papers_in_any_order(tmp_path, real):
    found = set()
    for number, order in enumerate(itertools.permutations(real)):
        home = TestHome(tmp_path / str(number))
        report = home.run("2025-12-01T09:00", *order)
        assert sum(new for new, _, _ in counts(report)) == 259
        rows = home.rows("select uid, record from paper join alias on paper = number order by uid")
        papers = [(uid, json.loads(record)) for uid, record in rows]
        found.add(json.dumps([(uid, each["title"], each["abstract"]) for uid, each in papers]))
    assert len(found) == 1


# --- New, Updated, learnt ----------------------------------------------------------------------------


def test_new_then_updated_then_no_issue(home):
    home.subscribe("kelp", "kelp")
    home.put("2026-11-16.txt", page(KELP, LAMP))
    assert issue_of(home.run(DAY1), "kelp")["new"] == [KELP]
    revised = Card(KELP, prose(KELP, "every lamp was eaten by urchins"))
    home.put("2026-11-17.txt", page(revised, LAMP))
    report = home.run(DAY2)
    assert counts(report)[-1] == (0, 1, 1)
    issue = issue_of(report, "kelp")
    assert (issue["new"], issue["updated"]) == ([], [KELP])
    assert content(home, "kelp", 2)["updated"][0]["changes"] == ["abstract"]
    assert "eaten by urchins" in (home.path / issue["markdown"]).read_text("utf-8")
    home.put("2026-11-18.txt", page(revised, LAMP, day="Nov 18"))
    report = home.run(DAY3)
    assert counts(report)[-1] == (0, 0, 2)
    assert issue_of(report, "kelp") is None


def test_a_page_cut_off_in_its_last_abstract_revises_nothing(home):
    home.subscribe("kelp", "kelp OR lantern", formats=["text"])
    whole = page(Card(LAMP), Card(KELP), day="Nov 16")
    home.put("1.txt", whole)
    home.run(DAY1)
    home.put("2.txt", page(Card(LAMP), Card(KELP), day="Nov 17").rstrip()[:-60])
    assert counts(home.run(DAY2))[-1] == (0, 0, 2)
    assert [each["abstract"] for each in home.call("library", "export", "title:kelp", "--json").lines] == [
        prose(KELP)
    ]


def test_an_older_page_read_later_revises_nothing(home):
    home.subscribe("kelp", "kelp")
    home.put("2026-11-16.txt", page(KELP))
    home.run(DAY1)
    home.put("2026-11-10.txt", page(Card(KELP, prose(KELP, "nothing was certain yet"))))
    report = home.run(DAY2)
    assert sorted(counts(report)) == [(0, 0, 1), (0, 0, 1)]
    assert call("match", '"nothing was certain"', "--json", "--home", home.path).lines == []


def test_new_and_updated_in_one_interval_is_new_with_the_latest_text(home):
    home.subscribe("kelp", "kelp")
    home.put("2026-11-15.txt", page(KELP))
    home.put("2026-11-16.txt", page(Card(KELP, prose(KELP, "every lamp was eaten by urchins"))))
    report = home.run(DAY1)
    assert counts(report) == [(1, 0, 0), (0, 1, 0)]
    issue = issue_of(report, "kelp")
    assert (issue["new"], issue["updated"]) == ([KELP], [])
    assert "eaten by urchins" in (home.path / issue["markdown"]).read_text("utf-8")


def test_a_served_paper_is_updated_even_if_the_query_no_longer_accepts_it(home):
    home.subscribe("urchins", "urchins")
    home.put("2026-11-16.txt", page(Card(KELP, prose(KELP, "every lamp was eaten by urchins"))))
    assert issue_of(home.run(DAY1), "urchins")["new"] == [KELP]
    home.put("2026-11-17.txt", page(Card(KELP, prose(KELP, "every lamp was eaten by gulls"))))
    assert issue_of(home.run(DAY2), "urchins")["updated"] == [KELP]


def test_a_paper_that_only_now_matches_is_new(home):
    home.subscribe("institute", "org:institute")
    home.subscribe("urchins", "urchins")
    home.put("2026-11-16.txt", page(KELP, LAMP))
    assert issue_of(home.run(DAY1), "institute") is None
    learnt = Card(KELP, below=below("Pier Institute"))
    revised = Card(LAMP, prose(LAMP, "every lamp was eaten by urchins"))
    home.put("2026-11-17.txt", page(learnt, revised))
    report = home.run(DAY2)
    assert counts(report)[-1] == (0, 1, 1)  # what is only learnt counts as seen
    assert home.rows("select kind, what from entry order by position")[2:] == [
        ("learnt", "organization"),
        ("updated", "abstract"),
    ]
    for name, paper in (("institute", KELP), ("urchins", LAMP)):
        issue = issue_of(report, name)
        assert (issue["new"], issue["updated"]) == ([paper], [])
        assert titles(home, name) == [paper]


def test_learning_about_a_served_paper_makes_no_issue(home):
    home.subscribe("kelp", "kelp")
    home.put("2026-11-16.txt", page(KELP))
    home.run(DAY1)
    home.put("2026-11-17.txt", page(Card(KELP, below=below("Pier Institute", comments=40))))
    verdict = verdict_of(home.run(DAY2), "kelp")
    assert (verdict["considered"], verdict["matched"], verdict["issue"]) == (1, 0, None)


def test_counts_of_comments_make_no_entry(home):
    home.put("2026-11-16.txt", page(Card(KELP, below=below(comments=1))))
    home.run(DAY1)
    home.put("2026-11-17.txt", page(Card(KELP, below=below(comments=99))))
    assert counts(home.run(DAY2))[-1] == (0, 0, 1)
    assert home.rows("select count(*) from entry") == [(1,)]
    assert home.rows("select comments from listing order by file") == [(1,), (99,)]


# --- slots -------------------------------------------------------------------------------------------


def test_the_first_issue_is_due_at_once_and_uses_up_the_latest_slot(home):
    home.subscribe("kelp", "kelp", schedule="mon 08:00")
    home.put("1.txt", page(*studies(1, 1)))
    first = issue_of(home.run("2026-11-17T22:30"), "kelp")  # a Tuesday
    assert first["slot"] == "2026-11-16T08:00:00+00:00"
    home.put("2.txt", page(*studies(2, 2)))
    report = home.run("2026-11-23T07:59:59")
    assert verdict_of(report, "kelp")["reason"].startswith("not due until Mon 2026-11-23 08:00 (UTC)")
    assert issue_of(home.run("2026-11-23T08:00:00"), "kelp")["new"] == studies(2, 2)


def test_the_first_slot_is_used_up_also_if_nothing_matched(home):
    home.subscribe("kelp", "kelp")
    assert verdict_of(home.run(DAY1), "kelp")["reason"] == "no new papers"
    home.put("1.txt", page(*studies(1, 1)))
    assert issue_of(home.run("2026-11-17T10:00"), "kelp") is None
    assert issue_of(home.run("2026-11-18T08:00"), "kelp")["new"] == studies(1, 1)


def test_a_slot_without_a_match_is_used_up_and_its_papers_considered(home):
    path = home.subscribe("lamp", "lantern")
    home.run(DAY1)
    home.put("1.txt", page(*studies(1, 2)))
    verdict = verdict_of(home.run(DAY2), "lamp")
    assert (verdict["considered"], verdict["reason"]) == (2, "no match among 2 new papers")
    home.put("2.txt", page(LAMP))
    assert issue_of(home.run("2026-11-18T10:00"), "lamp") is None
    path.write_text('keywords = ["lantern", "kelp"]\n', "utf-8")
    report = home.run(DAY3)
    assert verdict_of(report, "lamp")["considered"] == 1
    assert issue_of(report, "lamp")["new"] == [LAMP]


def test_missed_slots_fold_into_one_issue(home):
    home.subscribe("kelp", "kelp", schedule="daily 08:00,12:00,18:00")
    home.run(DAY1)
    home.put("1.txt", page(*studies(1, 2)))
    report = home.run("2026-11-21T13:00")
    assert issue_of(report, "kelp")["slot"] == "2026-11-21T12:00:00+00:00"
    assert content(home, "kelp", 1)["since"].startswith("2026-11-17T09:00")
    assert issue_of(home.run("2026-11-21T13:01"), "kelp") is None


def test_a_forced_issue_uses_up_no_slot(home):
    home.subscribe("kelp", "kelp")
    home.run(DAY1)
    home.put("1.txt", page(*studies(1, 1)))
    forced = issue_of(home.run("2026-11-18T07:00", "--force"), "kelp")
    assert (forced["number"], forced["slot"]) == (1, None)
    home.put("2.txt", page(*studies(2, 2)))
    due = issue_of(home.run("2026-11-18T08:00"), "kelp")
    assert (due["number"], due["slot"], due["new"]) == (2, "2026-11-18T08:00:00+00:00", studies(2, 2))
    nothing = verdict_of(home.run("2026-11-18T08:01", "--force"), "kelp")
    assert (nothing["issue"], nothing["reason"]) == (None, "no new papers")


def test_a_first_issue_that_is_forced_leaves_its_slot(home):
    home.subscribe("kelp", "kelp")
    home.put("1.txt", page(*studies(1, 1)))
    assert issue_of(home.run(DAY1, "--force"), "kelp")["slot"] is None
    home.put("2.txt", page(*studies(2, 2)))
    assert issue_of(home.run(DAY1), "kelp")["slot"] == "2026-11-17T08:00:00+00:00"


def test_two_issues_on_one_day_have_their_own_files(home):
    home.subscribe("kelp", "kelp", schedule="daily 08:00,12:00")
    for number, hour in ((1, 9), (2, 12)):
        home.put(f"{number}.txt", page(*studies(number, number)))
        issue = issue_of(home.run(f"2026-11-17T{hour:02}:00"), "kelp")
        assert issue["html"] == f"output/issues/kelp/2026-11-17-{number}.html"
    assert studies(1, 1)[0] in (home.path / "output/issues/kelp/2026-11-17-1.html").read_text("utf-8")


def test_the_date_of_an_issue_is_local(home):
    home.subscribe("kelp", "kelp", timezone="Pacific/Auckland")
    home.put("1.txt", page(*studies(1, 1)))
    assert issue_of(home.run("2026-11-17T20:00Z"), "kelp")["html"] == "output/issues/kelp/2026-11-18-1.html"


# --- where a subscription starts ----------------------------------------------------------------------


def test_start(home):
    home.put("1.txt", page(*studies(1, 1)))
    home.run("2026-11-01T09:00")
    home.put("2.txt", page(*studies(2, 2)))
    home.run("2026-11-12T09:00")
    home.subscribe("default", "kelp")
    home.subscribe("long", "kelp", start="30 days")
    home.subscribe("now", "kelp", start="now")
    home.put("3.txt", page(*studies(3, 3)))
    report = home.run("2026-11-17T09:00")
    for name, expected in (("default", studies(2, 3)), ("long", studies(1, 3)), ("now", studies(3, 3))):
        assert sorted(issue_of(report, name)["new"]) == expected
        assert sorted(titles(home, name)) == expected


def test_a_subscription_that_is_removed_and_restored_continues(home):
    path = home.subscribe("kelp", "kelp")
    home.put("1.txt", page(*studies(1, 1)))
    home.run(DAY1)
    text = path.read_text("utf-8")
    path.unlink()
    home.put("2.txt", page(*studies(2, 2)))
    home.run(DAY2)
    path.write_text(text, "utf-8")
    issue = issue_of(home.run(DAY3), "kelp")
    assert (issue["number"], issue["new"]) == (2, studies(2, 2))


# --- the keys of a subscription -------------------------------------------------------------------------


def test_more_papers_than_max_papers(home):
    home.subscribe("kelp", "kelp", max_papers=2)
    home.put("1.txt", page(*studies(1, 5)))
    issue = issue_of(home.run(DAY1), "kelp")
    assert (len(issue["new"]), issue["more"]) == (2, 3)
    assert "3 more" in (home.path / issue["html"]).read_text("utf-8")
    archive = (home.path / "output/site/issues/kelp/2026-11-17-1.html").read_text("utf-8")
    assert all(f"Study {number}" in archive for number in range(1, 6))
    assert len(titles(home, "kelp")) == 5
    # Papers behind "more" count as served: they come back as Updated only.
    behind = next(title for title in studies(1, 5) if title not in issue["new"])
    home.put("2.txt", page(Card(behind, prose(behind, "every lamp was eaten by urchins"))))
    later = issue_of(home.run(DAY2), "kelp")
    assert (later["new"], later["updated"]) == ([], [behind])


def test_at_most_ten_updated(home):
    home.subscribe("kelp", "kelp", max_papers=30)
    home.put("2026-11-15.txt", page(*studies(1, 12)))
    home.run(DAY1)
    home.put("2026-11-16.txt", page(*(Card(each, prose(each, "all was lost")) for each in studies(1, 12))))
    assert len(issue_of(home.run(DAY2), "kelp")["updated"]) == 10
    assert len(content(home, "kelp", 2)["more_updated"]) == 2


def test_disabled_and_paused_catch_up(home):
    asleep = home.subscribe("asleep", "kelp", enabled=False)
    home.subscribe("away", "kelp")
    home.run(DAY1)
    home.write("subscriptions/away.toml", 'keywords = ["kelp"]\npaused_until = 2026-11-20\n')
    for number, day in ((1, 18), (2, 19)):
        home.put(f"{number}.txt", page(*studies(number, number)))
        report = home.run(f"2026-11-{day}T23:59")
        assert verdict_of(report, "asleep")["reason"].startswith("disabled")
        assert verdict_of(report, "away")["reason"] == "paused until 2026-11-20"
    asleep.write_text('keywords = ["kelp"]\n', "utf-8")
    report = home.run("2026-11-20T08:00")
    for name in ("asleep", "away"):
        assert sorted(issue_of(report, name)["new"]) == studies(1, 2)
        assert sorted(titles(home, name)) == studies(1, 2)


def test_newer_than(home):
    home.subscribe("kelp", "kelp", newer_than="90 days")
    cards = [
        Card(title, below=published and below(published=published))
        for title, published in zip(studies(1, 4), ("Nov 12", "Aug 19", "Aug 18", ""), strict=True)
    ]
    home.put("2026-11-16.txt", page(*cards))
    issue = issue_of(home.run(DAY1), "kelp")
    # 90 days before 17 November is 19 August; a paper without a date passes.
    assert sorted(issue["new"]) == [studies(1, 4)[n] for n in (0, 1, 3)]
    assert sorted(titles(home, "kelp")) == sorted(issue["new"])


def test_a_paper_that_was_served_is_updated_however_old(home):
    home.subscribe("kelp", "kelp", newer_than="10 days")
    card = Card(KELP, below=below(published="Nov 12"))
    home.put("2026-11-16.txt", page(card))
    assert issue_of(home.run(DAY1), "kelp")["new"] == [KELP]
    home.put("2026-11-28.txt", page(Card(KELP, prose(KELP, "all was lost"), below(published="Nov 12"))))
    assert issue_of(home.run("2026-11-28T09:00"), "kelp")["updated"] == [KELP]
    assert content(home, "kelp", 2)["updated"][0]["evidence"]


def test_excluded_papers_stay_out(home):
    home.subscribe("kelp", "kelp", exclude=["study 2"])
    home.put("1.txt", page(*studies(1, 3)))
    assert sorted(issue_of(home.run(DAY1), "kelp")["new"]) == [studies(1, 3)[n] for n in (0, 2)]


def test_changed_keywords_count_from_the_next_interval(home):
    home.subscribe("mine", "kelp")
    home.put("1.txt", page(KELP, LAMP, ROCK))
    assert issue_of(home.run(DAY1), "mine")["new"] == [KELP]
    home.subscribe("mine", "lantern OR granite")
    home.put("2.txt", page("A Second Lantern", "Kelp Comes Back"))
    assert issue_of(home.run(DAY2), "mine")["new"] == ["A Second Lantern"]
    # The feed: what is in stays in, what was passed over stays out.
    assert titles(home, "mine") == ["A Second Lantern", KELP]


def test_an_invalid_subscription_catches_up_once_corrected(home):
    home.subscribe("kelp", "kelp")
    home.put("1.txt", page(*studies(1, 1)))
    home.run(DAY1)
    path = home.write("subscriptions/kelp.toml", 'keywords = ["kelp AND"]\n')
    for number, day in ((2, DAY2), (3, DAY3)):
        home.put(f"{number}.txt", page(*studies(number, number)))
        verdict = verdict_of(home.run(day, status=1), "kelp")
        assert "kelp.toml" in verdict["error"]
        assert verdict["issue"] is None
    path.write_text('keywords = ["kelp"]\n', "utf-8")
    issue = issue_of(home.run("2026-11-20T09:00"), "kelp")
    assert issue["number"] == 2
    assert sorted(issue["new"]) == studies(2, 3)
    assert sorted(titles(home, "kelp")) == studies(1, 3)


def test_formats_and_a_name(home):
    home.subscribe("kelp", "kelp", name="Kelp & Co", email="reader@example.org")
    home.put("1.txt", page(*studies(1, 1)))
    issue = issue_of(home.run(DAY1), "kelp")
    stem = "output/issues/kelp/2026-11-17-1"
    assert [issue[form] for form in ("html", "markdown", "text", "eml")] == [
        f"{stem}.{suffix}" for suffix in ("html", "md", "txt", "eml")
    ]
    assert feed_of(home, "kelp").feed.title == "Kelp & Co"
    home.subscribe("kelp", "kelp", name="Seaweed", formats=["markdown"])
    home.run(DAY1)
    assert feed_of(home, "kelp").feed.title == "Seaweed"
    assert "Seaweed" in (home.path / "output/site/index.html").read_text("utf-8")


# --- feeds ---------------------------------------------------------------------------------------------


def test_feeds_take_papers_from_every_run_due_or_not(home):
    home.subscribe("kelp", "kelp")
    home.put("1.txt", page(*studies(1, 2), LAMP))
    home.run(DAY1)
    home.put("2.txt", page(*studies(2, 3)))
    report = home.run("2026-11-17T10:00")
    assert issue_of(report, "kelp") is None
    assert sorted(report["feeds"]) == [
        f"output/feeds/{name}.{form}" for name in ("all", "kelp") for form in ("atom", "json", "rss")
    ]
    assert titles(home, "kelp") == [
        "Kelp Study 3",
        "Kelp Study 1",
        "Kelp Study 2",
    ]  # of a run, the best first
    assert titles(home, "all") == ["Kelp Study 3", LAMP, "Kelp Study 2", "Kelp Study 1"]
    for name in ("all", "kelp"):
        ids = [entry.id for entry in feed_of(home, name).entries]
        assert ids == [entry.id for entry in feed_of(home, name, "rss").entries]
        stored = json.loads((home.path / f"output/feeds/{name}.json").read_text("utf-8"))
        assert [item["id"] for item in stored["items"]] == ids
        assert all(each.startswith("urn:uuid:") for each in ids)


def test_a_feed_holds_its_latest_items(home):
    home.write("digest.toml", "feed_items = 3\n")
    home.subscribe("kelp", "kelp", max_papers=1)
    for number in (1, 3):
        home.put(f"{number}.txt", page(*studies(number, number + 1)))
        home.run(f"2026-11-1{number}T09:00")
    assert titles(home, "kelp") == [*studies(3, 4), *studies(1, 1)]
    assert len(titles(home, "all")) == 4
    assert home.rows("select count(*) from feed_item") == [(4,)]


def test_ids_are_stable_and_an_update_raises_updated(home):
    home.subscribe("kelp", "kelp")
    home.put("1.txt", page(*studies(1, 2)))
    home.run(DAY1)
    before = {entry.title: entry for entry in feed_of(home, "kelp").entries}
    home.write("digest.toml", 'base_url = "https://digest.example.org/here"\n')
    home.put("2.txt", page(Card("Kelp Study 1", prose("Kelp Study 1", "all was lost"))))
    report = home.run(DAY2, "--rewrite")
    assert counts(report)[-1] == (0, 1, 0)
    after = {entry.title: entry for entry in feed_of(home, "kelp").entries}
    for title, entry in after.items():
        assert entry.id == before[title].id
        assert entry.published == before[title].published
        assert before[title].link.startswith("http://localhost:8350/papers/")
        assert entry.link.startswith("https://digest.example.org/here/papers/")
        number = entry.link.rsplit("/", 1)[1]
        assert (home.path / "output/site/papers" / number).is_file()
    assert after["Kelp Study 1"].updated > before["Kelp Study 1"].updated
    assert after["Kelp Study 2"].updated == before["Kelp Study 2"].updated
    assert feed_of(home, "kelp").feed.updated >= after["Kelp Study 1"].updated[:19]


# --- the clock steps back --------------------------------------------------------------------------------


def test_a_clock_that_is_put_back_loses_and_repeats_nothing(home):
    home.subscribe("kelp", "kelp")
    home.put("1.txt", page(*studies(1, 1)))
    home.run(DAY3)
    home.put("2.txt", page(*studies(2, 2)))
    verdict = verdict_of(home.run(DAY1), "kelp")
    assert verdict["issue"] is None
    assert verdict["reason"].startswith("not due until Fri 2026-11-20 08:00")
    assert titles(home, "kelp") == studies(1, 2)[::-1]
    issue = issue_of(home.run("2026-11-20T08:00"), "kelp")
    assert (issue["number"], issue["new"]) == (2, studies(2, 2))


def test_start_now_is_the_end_of_the_library_even_if_the_clock_is_put_back(home):
    home.put("1.txt", page(*studies(1, 1)))
    home.run(DAY3)
    home.subscribe("now", "kelp", start="now")
    assert verdict_of(home.run(DAY1), "now")["considered"] == 0


# --- files on disk ---------------------------------------------------------------------------------------


def full(home):
    home.subscribe("kelp", "kelp", email="reader@example.org", max_papers=2)
    home.put("1.txt", page(*studies(1, 4), LAMP))
    home.run(DAY1)
    home.put("2.txt", page(Card("Kelp Study 1", prose("Kelp Study 1", "all was lost")), ROCK))
    home.run(DAY2)
    return home.output()


def test_lost_output_is_written_again_byte_for_byte(home):
    before = full(home)
    shutil.rmtree(home.path / "output")
    home.write("output/issues/kelp/2026-11-17-1.html", "scribbled over")
    home.run(DAY2, "--rewrite")
    assert home.output() == before
    home.run("2027-01-01T09:00", "--rewrite")
    assert home.output() == before


def test_a_run_with_nothing_new_touches_no_file(home):
    full(home)
    stamps = {path: path.stat().st_mtime_ns for path in (home.path / "output").rglob("*")}
    home.run(DAY3)
    assert {path: path.stat().st_mtime_ns for path in (home.path / "output").rglob("*")} == stamps


def test_a_broken_template_is_reported_and_its_output_written_once_corrected(home):
    home.subscribe("kelp", "kelp")
    home.put("1.txt", page(*studies(1, 1)))
    template = home.write("templates/issue.html", "<p>{{ issue.nane }}</p>\n")
    report = home.run(DAY1, status=1)
    (problem,) = report["problems"]
    assert "issue.html:1" in problem
    issue = issue_of(report, "kelp")
    assert not (home.path / issue["html"]).exists()
    assert len(feed_of(home, "kelp").entries) == 1
    assert (home.path / "output/site/index.html").exists()
    shown = home.call("run", "--now", DAY1)
    assert shown.status == 1
    assert "issue.html:1" in shown.err
    template.write_text("<p>{{ issue.name }}</p>\n", "utf-8")
    report = home.run(DAY1)
    assert report["problems"] == []
    assert (home.path / issue["html"]).read_text("utf-8").strip() == "<p>kelp</p>"
    assert (home.path / issue["text"]).exists()
    assert home.rows("select count(*) from issue") == [(1,)]


def test_output_that_cannot_be_written_is_reported_and_written_later(home):
    home.subscribe("kelp", "kelp")
    home.put("1.txt", page(*studies(1, 1)))
    obstacle = home.write("output/feeds", "a file where a folder should be")
    report = home.run(DAY1, status=1)
    assert report["problems"] and all("output/feeds" in each for each in report["problems"])
    assert (home.path / issue_of(report, "kelp")["html"]).exists()
    obstacle.unlink()
    assert len(home.run(DAY1)["feeds"]) == 6
    assert titles(home, "kelp") == studies(1, 1)


def test_no_drafts_stay(home):
    assert not [path for path in full(home) if path.endswith(".part")]


# --- files that come in ------------------------------------------------------------------------------------


def test_other_files_in_the_inbox(home):
    for name in (
        "sub/deep.txt",
        ".hidden.txt",
        "half.txt.part",
        "draft.txt~",
        "README",
        "README.md",
        "README-old.txt",
    ):
        home.put(name, page(f"Hidden in {name}"))
    home.put("good.txt", page(KELP))
    report = home.run(DAY1)
    assert [file["path"] for file in report["files"]] == ["inbox/good.txt"]
    assert {path.name for path in (home.path / "inbox").iterdir()} == {
        *("sub", ".hidden.txt", "half.txt.part", "draft.txt~", "README", "README.md", "README-old.txt"),
        "good.txt",
    }


def test_a_file_that_is_too_large(home):
    home.write("digest.toml", "max_file_mb = 1\n")
    home.put("large.txt", page(KELP) + " " * 1024 * 1024)
    home.put("small.txt", page(LAMP))
    report = home.run(DAY1, status=1)
    large, small = report["files"]
    assert "limit of 1.0 MiB" in large["rejected"]["reason"]
    assert "max_file_mb" in large["rejected"]["remedy"]
    assert small["new"] == 1

    again = home.run(DAY1)["files"][0]
    assert again["rejected"]["remembered"] and again["rejected"]["reason"] == large["rejected"]["reason"]
    assert home.rows("select count(*) from reject") == [(1,)]
    named = home.run(DAY1, "inbox/large.txt", status=1)["files"][0]
    assert not named["rejected"]["remembered"]
    home.write("digest.toml", "max_file_mb = 2\n")
    assert counts(home.run(DAY2)) == [(1, 0, 0), (0, 0, 1)]


def test_a_file_with_half_a_page_is_rejected_whole(home):
    home.subscribe("kelp", "kelp")
    home.put("bad.txt", page(*studies(1, 3)) + "\nA Title without an Abstract\n")
    report = home.run(DAY1, status=1)
    (file,) = report["files"]
    assert file["listed"] == 0
    assert file["rejected"]["line"]
    assert home.rows("select count(*) from paper") == [(0,)]


def test_copies_of_one_file(home):
    text = page(*studies(1, 3))
    home.put("a.txt", text)
    home.put("b.txt", text)
    assert counts(home.run(DAY1)) == [(3, 0, 0), (0, 0, 3)]
    assert home.rows("select count(*) from file") == [(1,)]
    (home.path / "inbox/a.txt").rename(home.path / "inbox/c.txt")
    assert counts(home.run(DAY2)) == [(0, 0, 3), (0, 0, 3)]


def test_a_paper_listed_twice_in_a_file_is_one(home):
    home.put("a.txt", page(*studies(1, 2), "KELP study 1"))
    (report,) = home.run(DAY1)["files"]
    assert report["new"] == 2
    assert home.rows("select count(*) from paper") == [(2,)]


def test_an_empty_home(tmp_path):
    (tmp_path / "home").mkdir()
    done = call("run", "--home", tmp_path / "home", "--json", "--now", DAY1)
    assert done.status == 0
    assert done.json["files"] == done.json["subscriptions"] == []
    names = {path.name for path in (tmp_path / "home/output").rglob("*") if path.is_file()}
    assert names >= {"index.html", "all.rss", "all.atom", "all.json"}
    assert feedparser.parse(tmp_path / "home/output/feeds/all.atom").entries == []
    shown = call("run", "--home", tmp_path / "home", "--now", DAY1)
    assert "inbox/ is empty" in shown.out
    assert "No subscriptions yet" in shown.out


def test_papers_without_subscriptions(home):
    home.put("1.txt", page(*studies(1, 2)))
    report = home.run(DAY1)
    assert counts(report) == [(2, 0, 0)]
    assert len(titles(home, "all")) == 2
    home.subscribe("kelp", "kelp")
    assert sorted(issue_of(home.run(DAY2), "kelp")["new"]) == studies(1, 2)


def test_the_database_may_be_elsewhere(home):
    home.write("digest.toml", 'database = "sqlite:///var/library.db"\n')
    home.put("1.txt", page(KELP))
    missing = home.call("run", "--now", DAY1)
    assert missing.status == 2
    assert "var" in missing.err
    (home.path / "var").mkdir()
    assert counts(home.run(DAY1)) == [(1, 0, 0)]
    assert (home.path / "var/library.db").exists()
    assert not (home.path / "digest.db").exists()


def test_a_preview_right_after_a_run_is_empty(home):
    home.subscribe("kelp", "kelp")
    home.put("2026-11-16.txt", page(KELP))
    home.run(DAY1)
    assert "No issue: no new papers since the last one." in home.call("preview", "kelp").out
