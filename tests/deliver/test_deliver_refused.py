"""If the database refuses a value, the outcomes of other messages are still recorded."""

import contextlib
from pathlib import Path

import pytest

from digest.errors import StoreError
from digest.store.engine import open_store
from digest.store.group_commit import GroupCommit, Work
from tests.deliver.mail_home import MailHome
from tests.deliver.smtp_server import ACCEPT, ScriptedServer

READERS = [f"{letter}@x.test" for letter in "abcdef"]


@pytest.fixture
def home(tmp_path: Path) -> MailHome:
    home = MailHome(tmp_path / "home")
    home.queue(kelp=READERS)
    return home


def refuse(home: MailHome, when: str) -> None:
    """Let the database refuse changes of the outbox, as it refuses what breaks a constraint."""
    home.change(
        f"create trigger refusing before update on outbox when {when} "
        "begin select raise(abort, 'a value that is refused'); end"
    )


def test_a_reply_that_is_refused_is_left_out(home: MailHome):
    refuse(home, "new.reply like '%cursed%'")
    with ScriptedServer(
        plan=lambda to, _before: "end 250 cursed" if to == "b@x.test" else "recipient 550 5.1.1 cursed" if to == "c@x.test" else ACCEPT
    ) as server:  # fmt: skip
        home.settings(server.port)
        done = home.deliver(status=None)
        shown = {each["recipient"]: (each["status"], each["reply"]) for each in done["messages"]}
        assert shown["c@x.test"] == ("failed", "the reply cannot be recorded")
        assert {shown[each][0] for each in READERS if each not in {"b@x.test", "c@x.test"}} == {"sent"}
        again = home.deliver(status=None)
    assert again["messages"] == []
    assert len(server.taken) == len({each.data for each in server.taken})


def test_a_message_that_is_refused_is_in_doubt_and_named(home: MailHome):
    refuse(home, "new.status = 'sent' and new.recipient = 'b@x.test'")
    with ScriptedServer() as server:
        home.settings(server.port, top='in_doubt = "hold"')
        done = home.deliver(status=1)
    assert len(server.taken) == len(READERS)
    assert done["sent"] == len(READERS) - 1
    shown = home.call("outbox", "list", "--json").json
    assert [(each["recipient"], each["status"]) for each in shown if each["status"] != "sent"] == [
        ("b@x.test", "in_doubt")
    ]
    (problem,) = done["problems"]
    assert "for b@x.test: its outcome was not recorded" in problem
    assert "a value that is refused" in problem


@pytest.mark.parametrize("error", [OverflowError("too large"), ValueError("embedded null"), TypeError("no")])
def test_the_neighbours_of_a_refused_write_are_written(home: MailHome, error):
    refused: list[Exception] = []
    done: list[int] = []

    def fails(_writer) -> bool:
        raise error

    def works(_writer) -> bool:
        done.append(1)
        return True

    def failed(error: Exception) -> Work:
        refused.append(error)
        return fails if len(refused) > 1 else works

    with contextlib.closing(open_store("sqlite:///digest.db", home=home.path)) as store:
        commits = GroupCommit(store, durable=True)
        with commits._writing:  # until all are queued
            commits.enqueue(works, instead=works, failed=failed)
            commits.enqueue(fails, instead=fails, failed=failed)
            commits.enqueue(fails, instead=fails, failed=failed)
            commits.enqueue(fails, instead=works, failed=failed)
        assert commits.write(works)
        with pytest.raises(type(error)):
            commits.write(fails)
        commits.check()
        commits.stop()
    assert refused == [error, error]
    assert len(done) >= 4


def test_a_full_disk_ends_all_writes(home: MailHome):
    def full(_writer) -> bool:
        raise StoreError("the disk is full; free some space")

    with contextlib.closing(open_store("sqlite:///digest.db", home=home.path)) as store:
        commits = GroupCommit(store, durable=True)
        with pytest.raises(StoreError):
            commits.write(full)
        with pytest.raises(StoreError):
            commits.check()
        commits.stop()
