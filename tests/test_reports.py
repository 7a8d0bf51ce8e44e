"""The reports of runs: they survive their JSON, also that of versions that knew fewer keys."""

import json
from datetime import UTC

from hypothesis import given
from hypothesis import strategies as st

from digest.model import FORMS, Delivery, Rejected
from digest.model.reports import (
    COUNTED,
    DeliveryReport,
    FileReport,
    IssueReport,
    ListingReport,
    RunReport,
    SubscriptionReport,
)

texts = st.text(max_size=8)
names = st.text(min_size=1, max_size=8)
some_texts = st.lists(texts, max_size=2).map(tuple)
numbers = st.integers(0, 10_000)
moments = st.datetimes(timezones=st.just(UTC))

listings = st.builds(ListingReport, texts, st.just("new"), st.none() | moments, texts)


@st.composite
def files(draw):
    path = draw(names)
    rejected = draw(
        st.none() | st.builds(Rejected, st.just(path), texts, texts, line=st.none() | st.integers(1, 99))
    )
    return FileReport(
        path,
        source=draw(st.none() | names),
        captured=draw(st.none() | st.dates()),
        captured_guessed=draw(st.booleans()),
        new=draw(numbers),
        updated=draw(numbers),
        seen=draw(numbers),
        note=draw(texts),
        rejected=rejected,
        remembered=rejected is not None and draw(st.booleans()),
        papers=draw(st.lists(listings, max_size=2).map(tuple)),
    )


issues = st.builds(
    IssueReport,
    numbers,
    st.none() | names,
    some_texts,
    some_texts,
    numbers,
    files=st.dictionaries(st.sampled_from(sorted(FORMS)), names),
    discover=some_texts,
)
subscriptions = st.builds(
    SubscriptionReport,
    names,
    numbers,
    numbers,
    issue=st.none() | issues,
    reason=st.none() | texts,
    error=st.none() | texts,
    nearest=some_texts,
    slot=st.none() | moments,
    interval=st.none() | st.tuples(numbers, numbers),
)
messages = st.builds(
    Delivery,
    id=numbers,
    issue=numbers,
    subscription=names,
    number=numbers,
    recipient=names,
    channel=names,
    status=st.sampled_from(("pending", "leased", "sent", "deferred", "failed", "suppressed", "in_doubt")),
    attempts=numbers,
    doubts=numbers,
    queued=moments,
    due=moments,
    reply=texts,
    settled=st.none() | moments,
)
deliveries = st.builds(
    DeliveryReport,
    st.fixed_dictionaries(dict.fromkeys(COUNTED, numbers)),
    st.lists(messages, max_size=2).map(tuple),
    pause=texts,
    problems=some_texts,
    sendable=st.none() | numbers,
)
runs = st.builds(
    RunReport,
    st.none() | numbers,
    st.lists(files(), max_size=2).map(tuple),
    st.lists(subscriptions, max_size=2).map(tuple),
    feeds=some_texts,
    problems=some_texts,
    notes=some_texts,
    stale=some_texts,
    stages=st.dictionaries(names, st.floats(0, 1e6), max_size=2),
    delivery=st.none() | deliveries,
)


@given(runs)
def test_a_report_survives_its_json(report):
    stored = json.loads(json.dumps(report.as_json()))
    again = RunReport.from_json(stored)
    assert again.as_json() == report.as_json() == stored
    assert again.exit_status == report.exit_status


def test_a_report_of_an_older_version_has_defaults_for_the_keys_it_lacks():
    file = {"path": "a.txt", "source": "ris", "captured": "2026-11-16", "new": 2, "updated": 1, "seen": 0}
    rejected = {"path": "b.txt", "rejected": {"reason": "is empty", "line": None}}
    issue = {"number": 3, "slot": None, "new": ["A", "B"], "updated": ["C"], "more": 4, "html": "x.html"}
    message = {"subscription": "kelp", "issue": 3, "recipient": "a@example.org", "status": "sent"}
    report = RunReport.from_json(
        {
            "run": 7,
            "files": [file, rejected],
            "subscriptions": [
                {"id": "kelp", "considered": 5, "matched": 3, "issue": issue, "reason": None, "error": None},
                {"id": "none", "considered": 5, "matched": 0, "issue": None, "reason": "no new papers"},
            ],
            "delivery": {"sent": 1, "messages": [message]},
        }
    )
    first, second = report.as_json()["files"]
    assert first == {
        **file,
        "captured_guessed": False,
        "listed": 3,
        "note": "",
        "problems": [],
        "unfinished": False,
        "rejected": None,
    }
    assert second["rejected"] == {"reason": "is empty", "line": None, "remedy": "", "remembered": False}
    kelp, none = report.subscriptions
    assert (kelp.issue.number, kelp.issue.new, kelp.issue.files) == (3, ("A", "B"), {"html": "x.html"})
    assert (kelp.issue.as_json()["text"], kelp.issue.discover, kelp.nearest) == (None, (), ())
    assert (none.issue, none.reason, none.error) == (None, "no new papers", None)
    assert report.delivery.counts == {**dict.fromkeys(COUNTED, 0), "sent": 1}
    assert report.delivery.as_json()["messages"][0].items() >= message.items()
    assert (report.notes, report.stale, report.stages, report.problems) == ((), (), {}, ())
    assert RunReport.from_json({}).as_json() == RunReport(None, (), ()).as_json()
