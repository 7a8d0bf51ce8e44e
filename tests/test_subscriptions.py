"""Subscription files: defaults, and every mistake named with line, key and remedy."""

import os
import time
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.home.durations import parse_span
from digest.home.subscription_files import changes, check, file_states, new_text, read_row
from digest.model import FileStamp, InvalidSubscription, Subscription
from digest.text.addresses import address_error, mailbox
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


def test_formats_may_be_empty():
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
def test_valid_ids(stem):
    assert good("", stem=stem).id == good("", stem=stem).name == stem


# --- mistakes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "expected"), [
    ("name = ''", "2: name: is empty; use a name or remove the setting"), ("name = 5", "2: name: 5 is not text; put it in quotes"),
    ("exclude = 'x'", "2: exclude: 'x' is not a list; use exclude = [\"x\"]"), ("exclude = 5", "2: exclude: 5 is not a list; use a list in brackets"),
    ("exclude = [5]", "2: exclude: contains a value that is empty or not text; use a list of quoted strings"), ("exclude = [' ']", "2: exclude: contains a value that is empty or not text; use a list of quoted strings"),
    ("email = 5", "2: email: 5 is not an email address; use an address or a list of addresses"), ("email = []", "2: email: [] is not an email address; use an address or a list of addresses"),
    ("email = 'a@b, c@d'", "2: email: 'a@b, c@d' is not a valid email address (it has a character or a dot before the @ that is not allowed there); use an address such as name@example.org"), ("email = ['a@b', 5]", "2: email: '5' is not a valid email address (it has no @); use an address such as name@example.org"),
    ("email = ''", "2: email: '' is not a valid email address (it has no @); use an address such as name@example.org"),
    (r'email = "a@b\nBcc:c@d"', r"2: email: 'a@b\nBcc:c@d' is not a valid email address (it has a character or a dot before the @ that is not allowed there); use an address such as name@example.org"),
    ("email = 'a@b@c'", "2: email: 'a@b@c' is not a valid email address (it has a character or a dot before the @ that is not allowed there); use an address such as name@example.org"), ("email = 'a'", "2: email: 'a' is not a valid email address (it has no @); use an address such as name@example.org"),
    ("schedule = 'dayly 08:00'", "2: schedule: 'dayly' is not a weekday; use"), ("schedule = 'daily 25:00'", "2: schedule: '25:00' is not a valid time; use HH:MM"),
    ("schedule = '61 8 * * *'", "2: schedule: '61' is not a number from 0 to 59"), ("schedule = 8", "2: schedule: 8 is not text; put it in quotes"),
    ("timezone = 'Europe/Pari'", "2: timezone: 'Europe/Pari' is not a valid time zone; did you mean 'Europe/Paris'?"),
    ("max_papers = 0", "2: max_papers: 0 is too small; use 1 or more"), ("max_papers = true", "2: max_papers: true is not a whole number; use a whole number without quotes"), ("max_papers = 2.0", "2: max_papers: 2.0 is not a whole number; use a whole number without quotes"),
    ("newer_than = 90", "2: newer_than: 90 is not text; put it in quotes"), ("newer_than = 'now'", "2: newer_than: 'now' is not a valid time span; use a span such as \"7 days\""),
    ("start = '7days'", "2: start: '7days' is not a valid time span; use a span such as"), ("start = '-1 days'", "2: start: '-1 days' is not a valid time span; use a span such as"), ("start = '1.5 days'", "2: start: '1.5 days' is not a valid time span; use a span"),
    ("formats = 'html'", "2: formats: 'html' is not a list; use a list in brackets"), ("formats = ['htm']", "2: formats: 'htm' is not a valid format; did you mean 'html'?"),
    ("formats = ['pdf']", "2: formats: 'pdf' is not a valid format; use one of 'html', 'markdown', 'text', 'eml'"), ("formats = ['eml']", "2: formats: contains eml, which needs email; add email or remove eml"),
    ("enabled = 1", "2: enabled: 1 is not true or false; use true or false without quotes"), ("enabled = 'yes'", "2: enabled: 'yes' is not true or false; use true or false without quotes"),
    ("paused_until = 'soon'", "2: paused_until: 'soon' is not a valid date; use a date such as 2026-12-24"), ("paused_until = 08:00:00", "2: paused_until: 08:00:00 is not a valid date; use a date such as 2026-12-24"),
    ("paused_until = 20261224", "2: paused_until: 20261224 is not a valid date; use a date such as 2026-12-24"), ("keyword = ['y']", "2: keyword: unknown key; did you mean 'keywords'?"),
    ("[start]", "2: start: {} is not text; put it in quotes"), ("[extra]\na = 1", "2: extra: unknown key; known keys: chat, email, enabled, exclude, feed, formats,"),
    ("zz = 1", "2: zz: unknown key; known keys: chat, email, enabled, exclude, feed, formats, interests, keywords, language, max_papers, name, newer_than, paused_until, ranking, schedule, send_empty, start, timezone"),
])  # fmt: skip
def test_one_mistake(text, expected):
    (problem,) = wrong(KEYWORDS + text)
    assert problem.startswith(f"subscriptions/mine.toml:{expected}")


LONG = f"{'a' * 70}@example.org"


@pytest.mark.parametrize(("address", "reason"), [
    ("a..b@example.org", "has a character or a dot before the @ that is not allowed there"), (".a@example.org", "has a character or a dot before the @ that is not allowed there"),
    ("a@example.org.", "has an invalid domain"), ("a@1.2.3.4", "has an invalid domain"), ("a@example..org", "has an invalid domain"), ("a@-b.example", "has an invalid domain"),
    (LONG, "has more than 64 bytes before the @"), (f"a@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.{'f' * 12}", "has an invalid domain"),
    (f"{'a' * 64}@{'b' * 60}.{'c' * 61}.{'d' * 63}.org", "has more than 254 bytes"),
])  # fmt: skip
def test_an_address_that_could_not_be_sent_to_is_invalid(address, reason):
    """One grammar for reading and sending: what `subscriptions check` accepts, a mail can be addressed to."""
    for value in (f"'{address}'", f"['b@example.org', '{address}']"):
        (problem,) = wrong(f"{KEYWORDS}email = {value}")
        assert problem == (
            f"subscriptions/mine.toml:2: email: {address!r} is not a valid email address (it {reason}); "
            "use an address such as name@example.org"
        )
    assert mailbox(address) is None and address_error(address) == reason


@given(st.text(st.sampled_from("aé1.-_+@ß<>() \t\"'"), max_size=12) | st.emails())
def test_every_address_of_a_subscription_can_be_sent_to(address):
    found = read(KEYWORDS + new_text({"email": address}))
    accepted = isinstance(found, Subscription)
    assert accepted == (mailbox(address) is not None) == (address_error(address) is None)
    assert not accepted or found.email == (address,)


@pytest.mark.parametrize(("text", "expected"), [
    ("", ["subscriptions/mine.toml: keywords: is missing; add a list such as keywords = [\"one-step diffusion\"]"]),
    ("keywords = []", ['subscriptions/mine.toml:1: keywords: is empty; add at least one query, such as keywords = ["one-step diffusion"]']),
    ("keywords = 'say \"x\"'", ["subscriptions/mine.toml:1: keywords: 'say \"x\"' is not a list; use keywords = [\"say \\\"x\\\"\"]"]),
    ("keywords = 5", ["subscriptions/mine.toml:1: keywords: 5 is not a list; use a list in brackets"]),
    ("keywords = ['']", ["subscriptions/mine.toml:1: keywords: contains a value that is empty or not text; use a list of quoted strings"]),
])  # fmt: skip
def test_mistakes_in_keywords(text, expected):
    assert wrong(text) == expected


def test_an_invalid_query_is_shown_with_a_caret():
    (problem,) = wrong("name = 'n'\nkeywords = ['diffusion (video']")
    head, query, caret = problem.splitlines()
    assert head.startswith(
        "subscriptions/mine.toml:2: keywords: this parenthesis is not closed (character 11); "
    )
    assert (query, caret) == ("  diffusion (video", "            ^")


def test_each_invalid_query_of_a_list_is_named():
    found = wrong("keywords = ['a', '-b', 'c', '\"d']\nexclude = ['x', '-y', 'z^2']")
    places = [problem.split(": ", 3)[:3] for problem in found]
    assert [place[:2] for place in places] == [["subscriptions/mine.toml:1", "keywords"]] * 2 + [
        ["subscriptions/mine.toml:2", "exclude"]
    ] * 2
    assert [place[2] for place in places] == [
        "query 2 of 4",
        "query 4 of 4",
        "query 2 of 3",
        "query 3 of 3",
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
        "is not a valid file name; use a-z, 0-9 and - only, at most 64 characters",
    ]


@pytest.mark.parametrize("stem", ["", "A", "a_b", "a.b", "a b", "é", "x" * 65, "a\n"])
def test_invalid_ids(stem):
    (problem,) = wrong(KEYWORDS, stem)
    assert problem.endswith("is not a valid file name; use a-z, 0-9 and - only, at most 64 characters")


def test_the_id_of_the_feed_of_all_papers_is_reserved():
    assert wrong(KEYWORDS, "all") == [
        "subscriptions/all.toml: 'all' is reserved for the feed of all papers; rename the file"
    ]


@pytest.mark.parametrize(("text", "start"), [
    ("name = ", "subscriptions/mine.toml:1: is not valid TOML"), (KEYWORDS + "a b", "subscriptions/mine.toml:2: is not valid TOML"),
    (KEYWORDS + KEYWORDS, "subscriptions/mine.toml:2: is not valid TOML: Cannot overwrite a value"),
])  # fmt: skip
def test_invalid_toml(text, start):
    (problem,) = wrong(text)
    assert problem.startswith(start)


# --- folders -------------------------------------------------------------------------------------


def test_an_absent_folder_has_no_subscriptions(tmp_path):
    assert file_states(tmp_path / "absent") is None
    found = changes(tmp_path / "absent", {"was": FileStamp("", "")})
    assert (found.missing, found.gone, found.changed) == (True, ("was",), ())


def test_all_files_of_a_folder_by_id(tmp_path):
    for name in ("b.toml", "a-b.toml", "a.toml", ".hidden.toml", "notes.txt", "c.toml~"):
        (tmp_path / name).write_text(KEYWORDS)
    (tmp_path / "d.toml").write_bytes(b"name = '\xff'")
    (tmp_path / "e.toml").mkdir()
    found = [each.value for each in changes(tmp_path, {}).changed]
    assert [each.id for each in found] == ["a", "a-b", "b", "d", "e"]
    assert [isinstance(each, InvalidSubscription) for each in found] == [False, False, False, True, True]
    assert str(found[3]) == f"{tmp_path.name}/d.toml: is not UTF-8 (byte 8); save it as UTF-8"
    assert str(found[4]) == f"{tmp_path.name}/e.toml: cannot be read (it is a folder); use a regular file"


def test_an_invalid_file_does_not_affect_others(tmp_path):
    (tmp_path / "bad.toml").write_text("keywords = 1")
    (tmp_path / "good.toml").write_text(KEYWORDS)
    bad, fine = (each.value for each in changes(tmp_path, {}).changed)
    assert isinstance(bad, InvalidSubscription) and bad.problems[0].where == f"{tmp_path.name}/bad.toml:1"
    assert fine == read_row(tmp_path / "good.toml").value
    assert fine == replace(good(""), id="good", name="good", timezone="", language="")


def test_only_changed_files_are_read_and_gone_ones_are_named(tmp_path):
    past = time.time() - 60
    for name in ("same", "touched", "edited", "gone"):
        (tmp_path / f"{name}.toml").write_text(KEYWORDS)
        os.utime(tmp_path / f"{name}.toml", (past, past))
    known = {each.value.id: each.stamp for each in changes(tmp_path, {}).changed}
    assert all(stamp.state == "" for stamp in known.values())  # they were changed just now: examined again
    again = changes(tmp_path, known)
    assert (again.changed, dict(again.touched), again.gone) == ((), {}, ())
    (tmp_path / "touched.toml").write_text(KEYWORDS)
    (tmp_path / "edited.toml").write_text(KEYWORDS + "max_papers = 3")
    (tmp_path / "gone.toml").unlink()
    found = changes(tmp_path, known | {"touched": FileStamp("1 2 3", known["touched"].digest)})
    assert [each.value.id for each in found.changed] == ["edited"]
    assert (list(found.touched), found.gone, found.found) == (["touched"], ("gone",), 3)


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
def test_any_values_are_accepted_or_each_mistake_is_named(values):
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
