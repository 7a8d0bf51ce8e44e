"""A library on a PostgreSQL server: several homes use it at once, one run at a time, and lose or double nothing."""

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from digest.errors import LockedError, ServerLostError, StoreError
from digest.store.engine import open_store
from digest.store.store import Store
from tests.homes import TestHome, page, verdict_of
from tests.postgres import Postgres

NOW, DAY_AFTER, LATER = "2026-11-20T09:00", "2026-11-21T09:00", "2026-11-26T09:01"


@pytest.fixture
def url(postgres: Postgres) -> str:
    return postgres.new_database()


def home_at(path: Path, url: str, **subscriptions: str) -> TestHome:
    home = TestHome(path)
    home.put("a.txt", page("One lamp", "Two lamps"))
    for name, keyword in (subscriptions or {"lamps": "lamp*"}).items():
        home.subscribe(name, keyword)
    home.write("digest.toml", f'database = "{url}"\n')
    return home


def listed(home: TestHome) -> list[str]:
    return [each["id"] for each in home.call("subscriptions", "list", "--json").json]


def started(home: TestHome, now: str = NOW) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "digest", "run", "--json", "--home", home.path, "--now", now],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def opened(url: str, tmp_path: Path) -> Store:
    return open_store(url, home=tmp_path)


def test_each_home_keeps_its_own_subscription_files(tmp_path, url):
    one, other = home_at(tmp_path / "one", url), home_at(tmp_path / "other", url, papers="two")
    one.run(NOW)
    report = other.run(NOW)
    assert verdict_of(report, "papers")["issue"]["number"] == 1
    assert listed(one) == listed(other) == ["lamps", "papers"]
    (other.path / "subscriptions/papers.toml").unlink()
    one.run(DAY_AFTER)
    assert listed(one) == ["lamps", "papers"]
    other.run(DAY_AFTER)
    assert listed(one) == listed(other) == ["lamps"]


def test_a_home_without_files_runs_those_of_others_even_long_after(tmp_path, url):
    one, other = home_at(tmp_path / "one", url), home_at(tmp_path / "other", url)
    (other.path / "subscriptions/lamps.toml").unlink()
    one.run(NOW)
    other.put("b.txt", page("Three lamps"))
    report = other.run(LATER)
    assert verdict_of(report, "lamps")["issue"]["number"] == 2
    assert listed(other) == ["lamps"]


def test_a_file_of_two_homes_counts_once_and_one_that_differs_is_named(tmp_path, url):
    one, other = home_at(tmp_path / "one", url), home_at(tmp_path / "other", url)
    one.run(NOW)
    assert not other.run(NOW)["problems"]
    other.subscribe("lamps", "harbour")
    report = other.run(DAY_AFTER, status=1)
    (problem,) = report["problems"]
    assert f"subscriptions/lamps.toml: differs from the file of the home {one.path} on " in problem
    shutil.rmtree(one.path)  # a home that is gone gives its files away
    assert not other.run(DAY_AFTER)["problems"]


def test_a_copy_of_a_home_becomes_a_home_of_its_own(tmp_path, url):
    one = home_at(tmp_path / "one", url)
    one.run(NOW)
    copy = home_at(tmp_path / "copy", url)
    shutil.copytree(one.path / "state", copy.path / "state")
    copy.subscribe("papers", "two")
    copy.run(NOW)
    assert (copy.path / "state/home").read_text() != (one.path / "state/home").read_text()
    one.run(DAY_AFTER)
    assert listed(one) == ["lamps", "papers"]


def test_a_home_that_was_moved_keeps_its_files(tmp_path, url):
    one = home_at(tmp_path / "one", url)
    one.run(NOW)
    one.path.rename(tmp_path / "moved")
    one.path = tmp_path / "moved"
    one.subscribe("lamps", "two")
    assert not one.run(DAY_AFTER)["problems"]


def test_each_home_has_the_output_of_all_after_its_own_run(tmp_path, url):
    one, other = home_at(tmp_path / "one", url), home_at(tmp_path / "other", url)
    one.run(NOW)
    other.put("b.txt", page("Three lamps"))
    other.run(DAY_AFTER)
    one.run(DAY_AFTER)
    assert one.output() == other.output()


def test_runs_of_several_homes_at_once_succeed_one_after_another(tmp_path, url):
    homes = [home_at(tmp_path / name, url) for name in ("one", "two", "three", "four")]
    for place, home in enumerate(homes):
        home.put(f"own-{place}.txt", page(f"Lamp of house {place}"))
    runs = [started(home) for home in homes for _ in range(2)]
    errors = [run.communicate(timeout=180)[1] for run in runs]
    assert [run.returncode for run in runs] == [0] * 8, errors
    assert [each["status"] for each in homes[0].call("ledger", "--json").json] == ["done"] * 8
    done = homes[0].call("library", "export", "--json")
    assert len(done.lines) == 6, done


def test_a_second_run_waits_and_names_the_holder(tmp_path, url):
    store, other = opened(url, tmp_path), opened(url, tmp_path)
    with store.exclusive("digest run"):
        held = rf"in use by digest run \(process {os.getpid()} on .*, since "
        with pytest.raises(LockedError, match=held), other.exclusive("digest run", timeout=0.2):
            pass
    with other.exclusive("digest run", timeout=0):
        pass
    store.close()
    other.close()


def kill_connections(url: str, tmp_path: Path, name: str) -> int:
    """End the connections whose name begins so, as an administrator can. Returns their number."""
    store = opened(url, tmp_path)
    kill = "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name like :name"
    with store._engine.connect() as connection:
        number = connection.scalar(text(kill), {"name": f"{name}%"})
    store.close()
    return int(number)


def test_a_run_that_lost_its_lock_writes_nothing_more(tmp_path, url):
    store, other = opened(url, tmp_path), opened(url, tmp_path)
    with store.exclusive("digest run"):
        with store.begin() as tx:
            tx.outbox.secret()
        assert kill_connections(url, tmp_path, "digest run") == 1
        with other.exclusive("digest run", timeout=5):
            for reason in ("terminating connection", "another host may have it now"):
                with pytest.raises(ServerLostError, match=reason), store.begin() as tx:
                    tx.ledger.mark_begun()
    store.close()
    other.close()


def test_a_reader_sees_one_state_and_changes_nothing(tmp_path, url):
    store = opened(url, tmp_path)
    with store.begin(write=False) as reader:
        assert reader.outbox.known_secret() is None
        with store.begin() as writer:
            writer.outbox.secret()
        assert reader.outbox.known_secret() is None
    with store.begin(write=False) as reader:
        assert reader.outbox.known_secret() is not None
    with pytest.raises(StoreError, match="read-only"), store.begin(write=False) as reader:
        reader.ledger.mark_begun()
    store.close()


def test_writers_wait_for_each_other(tmp_path, url):
    store, order = opened(url, tmp_path), []

    def write() -> None:
        with store.begin() as tx:
            order.append("second")
            tx.ledger.mark_begun()

    with store.begin() as tx:
        tx.outbox.secret()
        thread = threading.Thread(target=write)
        thread.start()
        time.sleep(0.2)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    store.close()


def test_a_deadlock_is_tried_again(tmp_path, url):
    store, both = opened(url, tmp_path), threading.Barrier(2, timeout=20)
    with store.begin() as tx:
        tx.outbox.suppress("ada@example.org", reason="x", at=tx_time())
        tx.outbox.suppress("eve@example.org", reason="x", at=tx_time())
    tries = []

    def work(first: str, second: str) -> None:
        met = False

        def both_rows(tx) -> None:
            nonlocal met
            tries.append(first)
            for address in (first, second):
                change = text("update suppression set reason = reason || :more where address = :address")
                tx.outbox._db.execute(change, {"more": "!", "address": address})
                if not met:
                    met = True
                    both.wait()

        store.transact(both_rows)

    names = ("ada@example.org", "eve@example.org")
    threads = [threading.Thread(target=work, args=each) for each in (names, names[::-1])]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(tries) == 3
    with store.begin(write=False) as tx:
        assert [each.reason for each in tx.outbox.suppressions()] == ["x!!", "x!!"]
    store.close()


def tx_time():
    from datetime import UTC, datetime

    return datetime(2026, 11, 20, tzinfo=UTC)


def test_a_server_database_that_was_emptied_is_refused(tmp_path, postgres):
    url = postgres.new_database()
    home = home_at(tmp_path / "one", url)
    home.run(NOW)
    home.write("digest.toml", f'database = "{postgres.new_database()}"\n')
    done = home.call("run", "--now", DAY_AFTER)
    assert done.status == 2
    assert "the database named in digest.toml is empty, but state/library.json shows" in done.err
    home.run(DAY_AFTER, "--new-library")
    home.run(DAY_AFTER)


def test_on_a_server_the_table_of_suppressions_is_the_truth(tmp_path, postgres):
    from digest.home.settings_file import open_home
    from digest.services.reader_pages import unsubscribe
    from digest.services.workspace import Clock, open_library
    from digest.signing import unsubscribe_code

    home = home_at(tmp_path / "one", postgres.new_database())
    opened = open_home(str(home.path))
    home.run(NOW)
    with open_library(opened, create=False) as store:
        with store.begin() as tx:
            key, (issue,) = tx.outbox.departure_key(), tx.issues.ids()
            code = unsubscribe_code(b"of a library that was lost", key, 7, "lamps", "ada@example.org")
        assert unsubscribe(opened, code, Clock.at(None))
        with store.begin() as tx:
            assert tx.outbox.is_suppressed("Ada@example.org", "lamps")
            tx.outbox.add(
                [(issue, ["ada@example.org", "eve@example.org"])], channel="smtp", at=Clock.at(None).now
            )
            assert [each.address for each in tx.outbox.suppressions()] == ["ada@example.org"]
            assert tx.outbox.unsuppress("ada@example.org")
            assert not tx.outbox.is_suppressed("ada@example.org", "lamps")
    assert not (home.path / "state" / "suppressions").exists()


def test_doctor_looks_at_the_server(tmp_path, url):
    home = home_at(tmp_path / "one", url)
    home.run(NOW)
    store = opened(url, tmp_path)
    with store.exclusive("digest run"):
        found = [each for each in home.call("doctor", "--json").json if each["check"] == "database"]
    store.close()
    messages = [each["message"] for each in found]
    assert any(
        "PostgreSQL" in each and "time zone" in each and "digest run (process" in each for each in messages
    ), messages
    assert any("fsync or full_page_writes is off" in each for each in messages)  # that is how tests run it
    assert any("pg_dump --format=custom" in each["remedy"] for each in found)


def test_doctor_finds_a_missing_right_and_too_few_connections(tmp_path, url):
    from digest.home.settings_file import open_home
    from digest.services.doctor import server
    from digest.store.server import ServerBackend

    home = home_at(tmp_path / "one", url)
    home.run(NOW)
    facts = ServerBackend.facts

    def bad(backend: ServerBackend):
        from dataclasses import replace

        return replace(facts(backend), version=130011, may_create=False, standby=True, used=99, most=100)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ServerBackend, "facts", bad)
        found = list(server.examine_server(open_home(str(home.path))))
    assert [each.state for each in found][:3] == ["warning", "bad", "bad"]
    assert "99 of 100 connections of the server are in use" in [each.message for each in found]


def test_backup_and_restore_name_the_commands_of_the_server(tmp_path, url):
    home = home_at(tmp_path / "one", url.replace("digest@", "digest:secret@"))
    for command in (("backup", tmp_path / "copy"), ("restore", tmp_path / "copy")):
        done = home.call(*command)
        assert done.status == 2
        assert "pg_dump --format=custom --file=digest.dump 'postgresql://digest@/" in done.err
        assert "pg_restore --clean" in done.err
        assert "secret" not in done.err


def test_a_pool_that_is_exhausted_is_an_error_that_says_what_to_do(tmp_path, url, monkeypatch):
    monkeypatch.setattr("digest.store.server._POOL", {"pool_size": 1, "max_overflow": 0, "pool_timeout": 0.2})
    store = opened(url, tmp_path)
    with store.begin(write=False):
        with (
            pytest.raises(ServerLostError, match="too many requests use the database at once"),
            store.begin(),
        ):
            pass
        waiting = threading.Timer(0.2, lambda: None)
        waiting.start()
    with store.begin() as tx:
        tx.outbox.secret()
    store.close()


@pytest.mark.parametrize("moment", [0.5, 1.5, 3.0])
def test_a_server_that_is_restarted_during_a_run(tmp_path, url, postgres, moment):
    """The run ends or succeeds; the next one completes it: each paper and each issue once."""
    home = home_at(tmp_path / "one", url)
    for day in range(6):
        home.put(
            f"2026-11-1{day}.txt", page(*(f"Lamp {day} of pier {n}" for n in range(20)), day=f"Nov 1{day}")
        )
    run = started(home)
    time.sleep(moment)
    postgres.stop("immediate")
    postgres.start()
    _, err = run.communicate(timeout=120)
    assert run.returncode in (0, 1), err
    assert "Traceback" not in err
    home.run(NOW)
    assert len(home.call("library", "export", "--json").lines) == 122
    report = home.run(DAY_AFTER)
    assert verdict_of(report, "lamps")["issue"] is None
    statuses = [each["status"] for each in home.call("ledger", "--json").json]
    assert statuses[:2] == ["done", "done"]
    assert set(statuses) <= {"done", "interrupted", "running"}


def test_many_rows_are_copied_and_a_bad_one_is_an_error_of_a_value(tmp_path, url):
    from digest.errors import RefusedError
    from digest.store.schema import meta
    from digest.store.sql import insert_rows

    table, store = meta.tables["suppression"], opened(url, tmp_path)
    rows = [
        {"address": f"a{n}\t\\N\n@x", "subscription": "", "reason": "ü", "at": tx_time()} for n in range(300)
    ]
    with store.exclusive("digest run"), store.begin() as tx:
        insert_rows(tx.outbox._db, table, rows)
    with pytest.raises(RefusedError, match="duplicate key"), store.begin() as tx:
        insert_rows(tx.outbox._db, table, rows)
    with store.begin(write=False) as tx:
        found = tx.outbox.suppressions()
    assert sorted(each.address for each in found) == sorted(str(row["address"]) for row in rows)
    assert {(each.reason, each.at) for each in found} == {("ü", tx_time())}
    store.close()


def test_texts_are_ordered_by_bytes_whatever_the_language_of_the_database(tmp_path, url):
    """A language orders "a-z" after "ab"; a range between the two in the order of Python would be empty."""
    names = ("a-z", "ab", "a_c", "aB", "é")
    home = home_at(tmp_path / "one", url, **dict.fromkeys(names[:2], "lamp*"))
    home.run(NOW)
    assert listed(home) == ["a-z", "ab"]
    home.put("b.txt", page("Two lamps", "One lamp", day="Nov 17"))
    assert all(each["issue"] is None for each in home.run(DAY_AFTER)["subscriptions"])
    store = opened(url, tmp_path)
    with store.begin() as tx:
        for name in names:
            tx.outbox.suppress(f"{name}@example.org", reason="x", at=tx_time())
        found = [each.address for each in tx.outbox.suppressions()]
    assert found == sorted(found)
    store.close()


def test_an_older_library_of_a_server_is_ordered_by_bytes_after_a_migration(tmp_path, url):
    store = opened(url, tmp_path)
    with store.begin() as tx:
        db = tx.outbox._db
        db.execute(text('alter table cursor alter column subscription type varchar(64) collate "default"'))
        db.execute(text("update schema_version set version = version - 1"))
    store.close()
    store = opened(url, tmp_path)
    with store.begin(write=False) as tx:
        query = "select count(*) from information_schema.columns where table_schema = 'public' and data_type in ('text', 'character varying') and collation_name is distinct from 'C'"
        assert tx.outbox._db.scalar(text(query)) == 0
    store.close()
