"""Who has left gets no more mail, whatever becomes of the library."""

import contextlib
import email
import os
import re
import sqlite3
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import StoreError
from digest.services import reader_pages
from digest.services.workspace import Clock
from digest.signing import read_unsubscribe_code, token
from digest.store.departures import Departures
from digest.store.migrations import MIGRATIONS, _normalise_addresses
from tests.deliver.mail_home import NOW, MailHome
from tests.deliver.smtp_server import ScriptedServer
from tests.homes import page

ADA, EVE = "Ada@example.org", "eve@example.org"
LATER, LATEST = "2026-11-21T09:00", "2026-11-22T09:00"
AT = datetime(2026, 11, 28, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> MailHome:
    return MailHome(tmp_path / "home")


def mails(home: MailHome, now: str, *arguments: str) -> dict[str, str]:
    """Do a run at a time of new papers; return the unsubscribe code of each recipient's mail."""
    home.put(f"{now[:10]}.txt", page(f"Kelp of {now}", day=f"Nov {now[8:10]}"))
    with ScriptedServer() as server:
        home.settings(server.port, top='base_url = "https://papers.example.org/"')
        home.run(now, *arguments)
    found = {}
    for taken in server.taken:
        message = email.message_from_bytes(taken.data)
        (code,) = re.findall(r"<https:[^>]*/unsubscribe/([^>]*)>", message["List-Unsubscribe"])
        found[taken.recipients[0]] = code
    return found


def opened(home: MailHome):
    from digest.home.settings_file import open_home

    return open_home(str(home.path))


def leave(home: MailHome, code: str) -> reader_pages.UnsubscribeTarget | None:
    """Unsubscribe as the web server does before it answers."""
    return reader_pages.unsubscribe(opened(home), code, Clock.at(None))


def lose_library(home: MailHome) -> None:
    for path in home.path.glob("digest.db*"):
        path.unlink()


def test_who_left_gets_no_mail_of_a_new_library(home):
    home.subscribe("kelp", "kelp", email=[ADA, EVE])
    codes = mails(home, NOW)
    assert set(codes) == {ADA, EVE}
    assert leave(home, codes[ADA])
    lose_library(home)
    assert set(mails(home, LATER, "--new-library")) == {EVE}
    rows = home.call("recipients", "list", "--json").json
    assert [(each["address"], each["subscription"]) for each in rows if each["suppressed"]] == [
        (ADA.lower(), "kelp")
    ]


def test_the_file_is_private_and_names_nobody(home):
    home.subscribe("kelp", "kelp", email=[ADA, EVE])
    codes = mails(home, NOW)
    leave(home, codes[ADA])
    for name in ("suppressions", "suppressions.key"):
        assert stat.S_IMODE((home.path / "state" / name).stat().st_mode) == 0o600
    text = (home.path / "state" / "suppressions").read_text()
    assert re.fullmatch(r"\S+Z left [a-z2-7]{24}\n", text)
    assert "ada" not in text.lower()


def test_a_code_works_without_its_row(home):
    home.subscribe("kelp", "kelp", name="Kelp & lamps", email=[ADA, EVE])
    codes = mails(home, NOW)
    lose_library(home)
    target = reader_pages.unsubscribe_target(opened(home), codes[ADA])
    assert target == reader_pages.UnsubscribeTarget("", "Kelp & lamps", "en", unsubscribed=False)
    assert leave(home, codes[ADA])
    assert reader_pages.unsubscribe_target(opened(home), codes[ADA]).unsubscribed
    before = (home.path / "state" / "suppressions").read_bytes()
    assert leave(home, codes[ADA])
    assert (home.path / "state" / "suppressions").read_bytes() == before
    assert not list(home.path.glob("digest.db*"))
    assert set(mails(home, LATER, "--new-library")) == {EVE}


def test_a_code_of_another_line_after_a_restore_takes_the_reader_of_the_code(home, tmp_path):
    home.subscribe("kelp", "kelp", email=[ADA])
    mails(home, NOW)
    home.call("backup", tmp_path / "copy.db")
    ada = mails(home, LATER)[ADA]
    lose_library(home)
    assert home.call("restore", tmp_path / "copy.db").status == 0
    home.subscribe("kelp", "kelp", email=[EVE])
    mails(home, LATEST)  # its line has the number that the code names
    leave(home, ada)
    home.subscribe("kelp", "kelp", email=[ADA, EVE])
    assert set(mails(home, "2026-11-23T09:00")) == {EVE}


def test_codes_of_older_versions_work_while_the_library_exists(home):
    home.subscribe("kelp", "kelp", email=[ADA, EVE])
    mails(home, NOW)
    secret = home.rows("select value from secret where name = 'tokens'")[0][0]
    lines = dict(home.rows("select recipient, id from outbox"))
    assert leave(home, token(secret, "unsubscribe", lines[ADA]))
    assert set(mails(home, LATER)) == {EVE}


@pytest.mark.parametrize("cut", [1, 8, 20])
def test_a_torn_last_line_is_ignored_and_those_around_it_are_not(home, cut):
    home.subscribe("kelp", "kelp", email=[ADA, EVE, "bo@example.org"])
    codes = mails(home, NOW)
    leave(home, codes[ADA])
    leave(home, codes["bo@example.org"])
    file = home.path / "state" / "suppressions"
    file.write_bytes(file.read_bytes()[:-cut])  # as a crash may leave it; cut 1 is only the line end
    lose_library(home)
    assert leave(home, codes[EVE])
    expected = set() if cut == 1 else {"bo@example.org"}
    assert set(mails(home, LATER, "--new-library")) == expected


def test_bounces_and_the_operator_are_remembered_too(home):
    home.subscribe("kelp", "kelp", email=[ADA, EVE, "gone@example.org"])
    home.put("x.txt", page("Kelp of all"))
    refuse = "recipient 550 5.1.1 no such user"
    with ScriptedServer(plan=lambda to, _: refuse if "gone" in to else "") as server:
        home.settings(server.port)
        home.call("run", "--now", NOW)
    assert home.call("recipients", "suppress", EVE).status == 0
    lose_library(home)
    assert set(mails(home, LATER, "--new-library")) == {ADA}


def test_who_comes_back_gets_mail_again(home):
    home.subscribe("kelp", "kelp", email=[ADA, EVE])
    codes = mails(home, NOW)
    leave(home, codes[ADA])
    assert home.call("recipients", "unsuppress", ADA.upper()).status == 0
    assert set(mails(home, LATER)) == {ADA, EVE}
    assert leave(home, codes[ADA])
    assert set(mails(home, LATEST)) == {EVE}


def test_suppressions_of_an_older_home_get_into_the_file(home):
    home.subscribe("kelp", "kelp", email=[ADA, EVE])
    mails(home, NOW)
    home.change(
        "insert into suppression values ('eve@example.org', '', 'bounced', '2026-01-01T00:00:00.000000Z')"
    )
    assert set(mails(home, LATER)) == {ADA}
    lose_library(home)
    assert set(mails(home, LATEST, "--new-library")) == {ADA}


def test_a_key_that_is_lost_comes_from_the_library_or_stops_the_mail(home):
    home.subscribe("kelp", "kelp", email=[ADA, EVE])
    codes = mails(home, NOW)
    leave(home, codes[ADA])
    key = home.path / "state" / "suppressions.key"
    before = key.read_bytes()
    key.unlink()
    assert set(mails(home, LATER)) == {EVE}
    assert key.read_bytes() == before
    key.unlink()
    lose_library(home)
    done = home.call("run", "--new-library", "--now", LATEST)
    assert done.status == 1
    doctor = home.call("doctor", "--now", LATEST)
    assert doctor.status == 1
    assert "so it is unknown who has left" in " ".join(doctor.out.split())
    assert "suppressions.key: cannot be read (it is missing), so it is unknown who has left" in done.err


def test_a_click_does_not_wait_for_a_run_and_is_obeyed_at_once(home):
    home.subscribe("kelp", "kelp", email=[ADA, EVE])
    codes = mails(home, NOW)
    with contextlib.closing(sqlite3.connect(home.path / "digest.db", isolation_level=None)) as run:
        run.execute("begin immediate")
        run.execute("update run set status = status")
        done = threading.Event()

        def click() -> None:
            assert reader_pages.unsubscribe_target(opened(home), codes[ADA])
            assert leave(home, codes[ADA])
            done.set()

        threading.Thread(target=click, daemon=True).start()
        assert done.wait(20), "it waits for the transaction of the run"
        run.execute("rollback")
    assert home.rows("select count(*) from suppression") == [(0,)]
    assert set(mails(home, LATER)) == {EVE}


def test_rehearsals_write_nothing(home):
    home.subscribe("kelp", "kelp", email=[ADA])
    home.put("x.txt", page("Kelp"))
    home.settings(1)
    home.run(NOW, "--dry-run")
    assert home.call("deliver", "--dry-run", "--now", NOW).status == 0
    assert not (home.path / "state").exists()


def returned(home: MailHome, *lines: str) -> dict[str, list[str]]:
    """Process a mail to the return address; return the suppressed addresses with their subscriptions."""
    path = home.write("returned.eml", "\r\n".join(("From: someone@example.org", *lines)))
    done = home.call("bounces", path)
    assert done.status == 0, done
    found: dict[str, list[str]] = {}
    for each in home.call("recipients", "list", "--json").json:
        if each["suppressed"]:
            found.setdefault(each["address"], []).append(each["subscription"])
    return found


@pytest.mark.parametrize(
    "lines",
    [("Subject: unsubscribe {code}", "", "x"), ("Subject: Re: UNSUBSCRIBE%20{code}", "", ""),
     ("Subject: unsubscribe", " {code}", "", ""), ("Subject: hello", "", "unsubscribe {code}", "")],
)  # fmt: skip
def test_unsubscribing_by_mail(home, lines):
    home.subscribe("kelp", "kelp", email=[ADA, EVE])
    code = mails(home, NOW)[ADA]
    assert returned(home, *(line.format(code=code) for line in lines)) == {ADA.lower(): ["kelp"]}


def test_unsubscribing_by_mail_without_the_row(home):
    home.subscribe("kelp", "kelp", email=[ADA, EVE])
    codes = mails(home, NOW)
    lose_library(home)
    assert home.call("deliver", "--new-library").status == 0
    assert returned(home, f"Subject: unsubscribe {codes[ADA]}", "", "") == {}
    assert set(mails(home, LATER)) == {EVE}


def test_one_address_in_two_spellings_gets_one_mail(home):
    spellings = ["Eve@bücher.example", "eve@BÜCHER.example", "eve@xn--bcher-kva.example"]
    home.subscribe("kelp", "kelp", email=[ADA, ADA.lower(), *spellings])
    done = home.call("subscriptions", "check")
    assert done.status == 0
    assert "kelp: email: ada@example.org is another spelling of Ada@example.org" in done.out + done.err
    codes = mails(home, NOW)
    assert len(codes) == 2
    assert home.call("recipients", "suppress", spellings[2]).status == 0
    leave(home, codes[ADA])
    home.subscribe("kelp", "kelp", email=[ADA.upper(), spellings[1]])
    assert mails(home, LATER) == {}


def test_older_libraries_get_one_spelling_of_each_address(home):
    home.subscribe("kelp", "kelp", email=[ADA, "eve@bücher.example"])
    mails(home, NOW)
    before = 1 + MIGRATIONS.index(_normalise_addresses)
    home.change(f"update schema_version set version = {before}")
    home.change("update outbox set address = lower(recipient)")
    home.change(
        "insert into suppression values ('eve@bücher.example', '', 'left', '2026-01-01T00:00:00.000000Z')"
    )
    (home.path / "state" / "suppressions").unlink(missing_ok=True)
    assert set(mails(home, LATER)) == {ADA}
    assert {address for (address,) in home.rows("select address from outbox")} == {
        ADA.lower(),
        "eve@xn--bcher-kva.example",
    }


names = st.sampled_from(["a@x.org", "A@x.org", "b@x.org"])
steps = st.lists(
    st.tuples(st.sampled_from(["left", "back", "tear", "reopen"]), names, st.sampled_from(["", "s", "t"]))
)


@given(steps=steps)
def test_the_file_means_what_was_done(tmp_path_factory, steps):
    """Departures are those of a plain set, whichever object asks, and however often the last line is torn."""
    folder = tmp_path_factory.mktemp("state")
    file, other, model = Departures(folder), Departures(folder), set()
    for step, address, subscription in steps:
        if step == "left":
            file.add([(address.lower(), subscription)], AT)
            model.add((address.lower(), subscription))
        elif step == "back":
            file.allow(address.lower(), AT)
            model = {pair for pair in model if pair[0] != address.lower()}
        elif step == "reopen":
            file = Departures(folder)
        elif (folder / "suppressions").exists():  # another process was killed while it wrote
            with (folder / "suppressions").open("ab") as handle:
                handle.write(b"2026-11-28T13:05:11Z left abcd")
        for one in (file, other):
            for name in ("a@x.org", "b@x.org"):
                for each in ("s", "t"):
                    expected = bool({(name, each), (name, "")} & model)
                    assert (one.left({(name, each)}) == {(name, each)}) is expected


def test_processes_that_append_at_the_same_time_lose_nothing(tmp_path):
    Departures(tmp_path).need_key()
    workers = []
    for number in range(4):
        pid = os.fork()
        if pid == 0:
            mine = Departures(tmp_path)
            for each in range(50):
                mine.add([(f"{number}-{each}@x.org", "s")], AT + timedelta(seconds=each))
            os._exit(0)
        workers.append(pid)
    for pid in workers:
        assert os.waitpid(pid, 0)[1] == 0
    pairs = {(f"{number}-{each}@x.org", "s") for number in range(4) for each in range(50)}
    assert Departures(tmp_path).left(pairs) == pairs


def test_a_file_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "state").write_text("")
    with pytest.raises(StoreError, match="cannot be created"):
        Departures(tmp_path / "state").add([("a@x.org", "")], AT)


@given(text=st.text(max_size=200))
def test_any_text_is_read_as_a_code(text):
    assert read_unsubscribe_code(b"secret", [b"key"], text) is None
