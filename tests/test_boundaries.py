"""What comes in does not stop what goes out: one item that breaks its reader is set aside, the rest goes on."""

import json

import pytest

from digest.read import registry
from tests.homes import TestHome, page

NOW = "2026-11-20T09:00"


@pytest.fixture
def home(tmp_path):
    return TestHome(tmp_path)


def nested(levels: int) -> bytes:
    """Return a message with multiparts nested so deeply that the parser of the standard library gives up."""
    heads = (f'Content-Type: multipart/mixed; boundary="b{level}"\n\n--b{level}\n' for level in range(levels))
    return ("From: a@example.org\nTo: b@example.org\nSubject: x\n" + "".join(heads)).encode()


def forwarded(levels: int) -> bytes:
    """Return a message in a message in a message."""
    return (
        b"From: a@example.org\nTo: b@example.org\nSubject: x\n" + b"Content-Type: message/rfc822\n\n" * levels
    )


HOSTILE = {"multiparts": nested(1000), "forwards": forwarded(3000)}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_mail_in_the_inbox_is_one_rejected_file(home, name):
    home.subscribe("kelp", "kelp")
    home.put("2026-11-19.txt", page("Kelp and the Slow Lamp"))
    (home.path / "inbox" / "hostile.eml").write_bytes(HOSTILE[name])
    report = home.run(NOW, status=1)
    rejected = [file["path"] for file in report["files"] if file["rejected"]]
    assert rejected == ["inbox/hostile.eml"]
    (kelp,) = report["subscriptions"]
    assert kelp["issue"]["new"] == ["Kelp and the Slow Lamp"]
    again = home.run("2026-11-20T10:00")  # remembered: reported once
    assert [file["rejected"]["remembered"] for file in again["files"] if file["rejected"]] == [True]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_mail_among_the_bounces_is_skipped_once(home, name):
    mailbox = home.path / "bounces"
    for folder in ("new", "cur", "tmp"):
        (mailbox / folder).mkdir(parents=True)
    (mailbox / "new" / "1").write_bytes(HOSTILE[name])
    (mailbox / "new" / "2").write_bytes(b"From: a@example.org\nSubject: hello\n\nhello\n")
    settings = f'[bounces]\nmailbox = "{mailbox}"\n'
    (home.path / "digest.toml").write_text(settings, "utf-8")
    first = home.call("bounces", "--json")
    assert first.status == 1
    kinds = [each["kind"] for each in json.loads(first.out)]
    assert kinds == ["unreadable", "other"]
    assert "1: the message has more than" in first.err
    assert home.call("bounces", "--json").status == 0


@pytest.mark.parametrize("error", [RecursionError, MemoryError, ValueError])
@pytest.mark.parametrize("member", ["sniff", "parse"])
def test_a_reader_that_raises_rejects_its_file_only(home, monkeypatch, member, error):
    """Whatever a built-in format raises on one of ten files, the other nine are read."""
    from digest.read.formats import daily_papers_page

    real = getattr(daily_papers_page, member)

    def broken(document):
        if "Broken" in (document.text or ""):
            raise error
        return real(document)

    monkeypatch.setattr(daily_papers_page, member, broken)
    for number in range(10):
        name = "Broken Bell" if number == 4 else f"Kelp {number}"
        home.put(f"2026-11-{number + 1:02}.txt", page(name))
    report = home.run(NOW, status=1)
    rejected = {file["path"]: file["rejected"]["reason"] for file in report["files"] if file["rejected"]}
    assert list(rejected) == ["inbox/2026-11-05.txt"]
    assert f"the reader for daily-papers-page failed ({error.__name__})" in rejected["inbox/2026-11-05.txt"]
    assert sum(file["new"] for file in report["files"]) == 9


def test_a_file_whose_papers_cannot_be_recorded_is_rejected_whole(home, monkeypatch):
    from digest.pipeline import ingest

    real = ingest.judge

    def broken(tx, file):
        if "05" in file.path:
            raise MemoryError
        return real(tx, file)

    monkeypatch.setattr(ingest, "judge", broken)
    for number in range(10):
        home.put(f"2026-11-{number + 1:02}.txt", page(f"Kelp {number}", f"Lamp {number}"))
    report = home.run(NOW, status=1)
    (rejected,) = [file for file in report["files"] if file["rejected"]]
    assert rejected["path"] == "inbox/2026-11-05.txt"
    assert rejected["rejected"]["remedy"] == registry.OWN_REMEDY
    assert home.rows("select count(*) from paper") == [(18,)]


def test_a_paper_that_cannot_be_recorded_leaves_the_others_of_its_file(home, monkeypatch):
    from digest.pipeline import ingest

    real = ingest.keys_of

    def broken(listing):
        if listing.title == "Kelp 4":
            raise RecursionError
        return real(listing)

    monkeypatch.setattr(ingest, "keys_of", broken)
    home.subscribe("kelp", "kelp")
    home.put("2026-11-19.txt", page(*(f"Kelp {number}" for number in range(10))))
    report = home.run(NOW, status=1)
    (file,) = report["files"]
    assert file["new"] == 9
    (problem,) = file["problems"]
    assert problem.startswith("inbox/2026-11-19.txt: paper 5 (Kelp 4) cannot be recorded (RecursionError)")
    assert len(report["subscriptions"][0]["issue"]["new"]) == 9
    assert home.run("2026-11-20T10:00")["files"][0]["problems"] == []  # read, and reported once


def test_a_subscription_that_fails_leaves_the_others_alone(home, monkeypatch):
    """One of ten raises in the middle of its decision: nothing of it is stored, the others get their issues."""
    from digest.compose import decide as decisions

    real = decisions.compose

    def broken(subscription, *arguments, **more):
        if subscription.id == "s4":
            raise RecursionError
        return real(subscription, *arguments, **more)

    for number in range(10):
        home.subscribe(f"s{number}", "kelp")
    home.put("2026-11-19.txt", page("Kelp and the Slow Lamp"))
    with monkeypatch.context() as patch:
        patch.setattr(decisions, "compose", broken)
        report = home.run(NOW, status=1)
    made = [each["id"] for each in report["subscriptions"] if each["issue"]]
    assert made == [f"s{number}" for number in range(10) if number != 4]
    (error,) = [each["error"] for each in report["subscriptions"] if each["error"]]
    assert error.startswith("s4: no decision could be made (RecursionError")
    again = home.run("2026-11-20T10:00")
    assert [each["id"] for each in again["subscriptions"] if each["issue"]] == ["s4"]
