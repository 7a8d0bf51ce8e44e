"""Subscription files: defaults, and every mistake named with line, key and remedy."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.home.durations import parse_span
from digest.home.subscription_files import InvalidSubscription, check, load, load_all, new_text
from digest.model import Subscription
from tests.strategies import queries

KEYWORDS = 'keywords = ["x"]\n'


def read(text: str, stem: str = "mine", timezone: str = "UTC") -> Subscription | InvalidSubscription:
    return check(stem, text, shown=f"subscriptions/{stem}.toml", timezone=timezone)


def good(text: str, **options) -> Subscription:
    found = read(KEYWORDS + text, **options)
    assert isinstance(found, Subscription), str(found)
    return found


def wrong(text: str, stem: str = "mine") -> list[str]:
    found = read(text, stem)
    assert isinstance(found, InvalidSubscription)
    assert str(found) == "\n".join(map(str, found.problems))
    assert found.id == stem
    return [str(problem) for problem in found.problems]


# --- good files ----------------------------------------------------------------------------------


def test_defaults():
    assert good("", timezone="Asia/Tokyo") == Subscription(
        id="mine", name="mine", keywords=("x",), exclude=(), email=(), schedule="daily 08:00", timezone="Asia/Tokyo",
        max_papers=20, newer_than=None, formats=("html", "markdown", "text"), start=timedelta(days=7), enabled=True, paused_until=None,
    )  # fmt: skip


def test_every_key():
    text = (
        """
    name = "  One-step
      diffusion "
    """.replace('"', '"""')
        + r"""
    email = ["a@example.org", "b@example.org", "a@example.org"]
    exclude = ["video"]
    schedule = "mon,thu 09:00,17:00"
    timezone = "Europe/Paris"
    max_papers = 1
    newer_than = "90 days"
    formats = ["eml", "html", "html"]
    start = "now"
    enabled = false
    paused_until = 2026-12-24
    """
    )
    assert good(text) == Subscription(
        id="mine", name="One-step diffusion", keywords=("x",), exclude=("video",), email=("a@example.org", "b@example.org"),
        schedule="mon,thu 09:00,17:00", timezone="Europe/Paris", max_papers=1, newer_than=timedelta(days=90),
        formats=("html", "eml"), start=timedelta(0), enabled=False, paused_until=date(2026, 12, 24),
    )  # fmt: skip


def test_one_address_needs_no_brackets_and_brings_a_mail():
    subscription = good('email = "a@example.org"')
    assert (subscription.email, subscription.formats) == (
        ("a@example.org",),
        ("html", "markdown", "text", "eml"),
    )


def test_no_forms_at_all_leaves_feed_and_archive():
    assert good("formats = []").formats == ()


@pytest.mark.parametrize("day", ["2026-12-24", '"2026-12-24"', "2026-12-24T08:00:00Z", "2026-12-24 08:00:00"])
def test_days_as_people_write_them(day):
    assert good(f"paused_until = {day}").paused_until == date(2026, 12, 24)


@pytest.mark.parametrize(("text", "span"), [
    ("7 days", timedelta(7)), ("1 day", timedelta(1)), ("2 weeks", timedelta(14)), ("12 hours", timedelta(hours=12)), ("6 months", timedelta(180)),
    ("2 years", timedelta(730)), (" 0 days ", timedelta(0)), ("99999 years", timedelta(365 * 200)), ("99999 hours", timedelta(hours=99999)),
])  # fmt: skip
def test_spans(text, span):
    assert parse_span(text) == span
    assert good(f'start = "{text}"').start == good(f'newer_than = "{text}"').newer_than == span


@pytest.mark.parametrize("stem", ["a", "0", "-", "one-step-2", "x" * 64])
def test_good_ids(stem):
    assert good("", stem=stem).id == good("", stem=stem).name == stem


# --- mistakes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "expected"), [
    ("name = ''", "2: name: is empty; write a name or leave it out"), ("name = 5", "2: name: is 5; write a text in quotes"),
    ("exclude = 'x'", '2: exclude: is a text; write a list: exclude = ["x"]'), ("exclude = 5", "2: exclude: is 5; write a list"),
    ("exclude = [5]", "2: exclude: holds something that is no text; write a list of texts in quotes"), ("exclude = [' ']", "2: exclude: holds something that is no text; write a list of texts in quotes"),
    ("email = 5", "2: email: is 5; write an address or a list of addresses"), ("email = []", "2: email: is []; write an address or a list of addresses"),
    ("email = 'a@b, c@d'", "2: email: 'a@b, c@d' is no e-mail address; write name@example.org"), ("email = ['a@b', 5]", "2: email: 5 is no e-mail address; write name@example.org"),
    ("email = 'A <a@b>'", "2: email: 'A <a@b>' is no e-mail address; write name@example.org"), ("email = ''", "2: email: '' is no e-mail address; write name@example.org"),
    (r'email = "a@b\n"', r"2: email: 'a@b\n' is no e-mail address; write name@example.org"), (r'email = "a@b\nBcc:c@d"', r"2: email: 'a@b\nBcc:c@d' is no e-mail address; write name@example.org"),
    ("email = 'a@b@c'", "2: email: 'a@b@c' is no e-mail address; write name@example.org"), ("email = 'a'", "2: email: 'a' is no e-mail address; write name@example.org"),
    ("schedule = 'dayly 08:00'", "2: schedule: 'dayly' is not a weekday; use"), ("schedule = 'daily 25:00'", "2: schedule: '25:00' is not a valid time; use HH:MM"),
    ("schedule = '61 8 * * *'", "2: schedule: '61' is not a number from 0 to 59"), ("schedule = 8", "2: schedule: is 8; write a text in quotes"),
    ("timezone = 'Europe/Pari'", "2: timezone: 'Europe/Pari' is no time zone; did you mean 'Europe/Paris'?"),
    ("max_papers = 0", "2: max_papers: is 0; write 1 or more"), ("max_papers = true", "2: max_papers: is True; write a whole number"), ("max_papers = 2.0", "2: max_papers: is 2.0; write a whole number"),
    ("newer_than = 90", "2: newer_than: is 90; write a text in quotes"), ("newer_than = 'now'", "2: newer_than: is 'now'; write a span such as \"7 days\""),
    ("start = '7days'", "2: start: is '7days'; write a span such as"), ("start = '-1 days'", "2: start: is '-1 days'; write a span such as"), ("start = '1.5 days'", "2: start: is '1.5 days'; write a span"),
    ("formats = 'html'", "2: formats: is 'html'; write a list"), ("formats = ['htm']", "2: formats: 'htm' is no format; did you mean 'html'?"),
    ("formats = ['pdf']", "2: formats: 'pdf' is no format; write one of 'html', 'markdown', 'text', 'eml'"), ("formats = ['eml']", "2: formats: has eml but there is no email; add email or leave eml out"),
    ("enabled = 1", "2: enabled: is 1; write true or false"), ("enabled = 'yes'", "2: enabled: is 'yes'; write true or false"),
    ("paused_until = 'soon'", "2: paused_until: is 'soon'; write a date: paused_until = 2026-12-24"), ("paused_until = 08:00:00", "2: paused_until: is datetime.time(8, 0); write a date"),
    ("paused_until = 20261224", "2: paused_until: is 20261224; write a date"), ("keyword = ['y']", "2: keyword: is no known key; did you mean 'keywords'?"),
    ("[start]", "2: start: is {}; write a text in quotes"), ("[extra]\na = 1", "2: extra: is no known key; known keys: chat, email, enabled, exclude, formats,"),
    ("zz = 1", "2: zz: is no known key; known keys: chat, email, enabled, exclude, formats, keywords, language, max_papers, name, newer_than, paused_until, ranking, schedule, send_empty, start, timezone"),
])  # fmt: skip
def test_one_mistake(text, expected):
    (problem,) = wrong(KEYWORDS + text)
    assert problem.startswith(f"subscriptions/mine.toml:{expected}")


@pytest.mark.parametrize(("text", "expected"), [
    ("", ["subscriptions/mine.toml: keywords: is missing; add a list such as keywords = [\"one-step diffusion\"]"]),
    ("keywords = []", ['subscriptions/mine.toml:1: keywords: is empty; write at least one: keywords = ["one-step diffusion"]']),
    ("keywords = 'say \"x\"'", ['subscriptions/mine.toml:1: keywords: is a text; write a list: keywords = ["say \\"x\\""]']),
    ("keywords = 5", ["subscriptions/mine.toml:1: keywords: is 5; write a list"]),
    ("keywords = ['']", ["subscriptions/mine.toml:1: keywords: holds something that is no text; write a list of texts in quotes"]),
])  # fmt: skip
def test_mistakes_of_keywords(text, expected):
    assert wrong(text) == expected


def test_a_bad_query_is_shown_with_a_caret():
    (problem,) = wrong("name = 'n'\nkeywords = ['diffusion (video']")
    head, query, caret = problem.splitlines()
    assert head.startswith(
        "subscriptions/mine.toml:2: keywords: this parenthesis is not closed (character 11); "
    )
    assert (query, caret) == ("  diffusion (video", "            ^")


def test_each_bad_query_of_a_list_is_named():
    found = wrong("keywords = ['a', '-b', 'c', '\"d']\nexclude = ['x', '-y', 'z^2']")
    places = [problem.split(": ", 3)[:3] for problem in found]
    assert [place[:2] for place in places] == [["subscriptions/mine.toml:1", "keywords"]] * 2 + [
        ["subscriptions/mine.toml:2", "exclude"]
    ] * 2
    assert [place[2] for place in places] == [
        "keywords, 2 of 4",
        "keywords, 4 of 4",
        "exclude, 2 of 3",
        "exclude, 3 of 3",
    ]
    assert all("\n" in problem and problem.endswith("^") for problem in found)


def test_all_mistakes_at_once():
    found = wrong(
        "nam = 'x'\nschedule = 'never'\nmax_papers = 0\nkeywords = ['(']\nformats = ['pdf']\n", stem="Bad Id"
    )
    assert [problem.split(": ")[1] for problem in found] == [
        "keywords",
        "schedule",
        "max_papers",
        "formats",
        "nam",
        "is no valid file name; use a-z, 0-9 and - only, at most 64 characters",
    ]


@pytest.mark.parametrize("stem", ["", "A", "a_b", "a.b", "a b", "é", "x" * 65, "a\n"])
def test_bad_ids(stem):
    (problem,) = wrong(KEYWORDS, stem)
    assert problem.endswith("is no valid file name; use a-z, 0-9 and - only, at most 64 characters")


def test_the_id_of_the_feed_of_all_is_taken():
    assert wrong(KEYWORDS, "all") == [
        "subscriptions/all.toml: 'all' is the name of the feed of all papers; rename the file"
    ]


@pytest.mark.parametrize(("text", "start"), [
    ("name = ", "subscriptions/mine.toml:1: is not valid TOML"), (KEYWORDS + "a b", "subscriptions/mine.toml:2: is not valid TOML"),
    (KEYWORDS + KEYWORDS, "subscriptions/mine.toml:2: is not valid TOML: Cannot overwrite a value"),
])  # fmt: skip
def test_what_is_no_toml(text, start):
    (problem,) = wrong(text)
    assert problem.startswith(start)


# --- folders -------------------------------------------------------------------------------------


def test_an_absent_folder_has_no_subscriptions(tmp_path):
    assert load_all(tmp_path / "absent", timezone="UTC") == ()


def test_all_files_of_a_folder_by_id(tmp_path):
    for name in ("b.toml", "a-b.toml", "a.toml", ".hidden.toml", "notes.txt", "c.toml~"):
        (tmp_path / name).write_text(KEYWORDS)
    (tmp_path / "d.toml").write_bytes(b"name = '\xff'")
    (tmp_path / "e.toml").mkdir()
    found = load_all(tmp_path, timezone="UTC")
    assert [each.id for each in found] == ["a", "a-b", "b", "d", "e"]
    assert [isinstance(each, InvalidSubscription) for each in found] == [False, False, False, True, True]
    assert str(found[3]) == f"{tmp_path.name}/d.toml: is not UTF-8 (byte 8); save it as UTF-8"
    assert str(found[4]) == f"{tmp_path.name}/e.toml: cannot be read (Is a directory); check its permissions"


def test_one_bad_file_leaves_the_others_alone(tmp_path):
    (tmp_path / "bad.toml").write_text("keywords = 1")
    (tmp_path / "good.toml").write_text(KEYWORDS)
    bad, fine = load_all(tmp_path, timezone="UTC")
    assert isinstance(bad, InvalidSubscription) and bad.problems[0].where == f"{tmp_path.name}/bad.toml:1"
    assert fine == load(tmp_path / "good.toml", timezone="UTC") == replace(good(""), id="good", name="good")


# --- properties ----------------------------------------------------------------------------------

_TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=30)


@given(
    name=_TEXT.filter(str.strip),
    keywords=st.lists(queries(), min_size=1, max_size=3),
    papers=st.integers(1, 10**9),
    enabled=st.booleans(),
)
def test_what_is_written_is_read_back(name, keywords, papers, enabled):
    text = new_text(
        {
            "name": name,
            "keywords": keywords,
            "max_papers": papers,
            "enabled": enabled,
            "paused_until": date(2026, 12, 24),
        }
    )
    found = read(text)
    assert isinstance(found, Subscription), str(found)
    assert (found.name, found.keywords) == (" ".join(name.split()), tuple(keywords))
    assert (found.max_papers, found.enabled, found.paused_until) == (papers, enabled, date(2026, 12, 24))


_VALUES = st.recursive(
    st.none().map(lambda _: True) | st.integers(-5, 5) | _TEXT | st.sampled_from(("7 days", "now", "UTC", "html", "a@b.c", "daily 08:00")),
    lambda inner: st.lists(inner, max_size=3), max_leaves=4,
)  # fmt: skip
_KEYS = (
    "name",
    "email",
    "keywords",
    "exclude",
    "schedule",
    "timezone",
    "max_papers",
    "newer_than",
    "formats",
    "start",
    "enabled",
    "paused_until",
    "extra",
)


@given(st.dictionaries(st.sampled_from(_KEYS), _VALUES))
def test_any_values_are_accepted_or_each_fault_is_named(values):
    found = read(new_text(values))
    if isinstance(found, InvalidSubscription):
        keys = {problem.key for problem in found.problems}
        assert keys <= {*values, "keywords"}
        lines = {key: number for number, key in enumerate(values, 1)}
        for problem in found.problems:
            if problem.key in lines:
                assert problem.where == f"subscriptions/mine.toml:{lines[problem.key]}"
        assert ("extra" in keys) == ("extra" in values)
    else:
        assert set(values) <= set(_KEYS) - {"extra"}
        assert found.max_papers >= 1 and found.keywords
