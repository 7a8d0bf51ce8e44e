"""Jobs of the scheduler: mail that is due is delivered, sources that are due are fetched."""

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog

from digest.home.settings_file import open_home
from digest.scheduler.jobs import DeliveryJob, FetchJob
from digest.scheduler.service import Service
from digest.scheduler.tick import Ticker
from digest.services.workspace import Clock
from tests.clocks import TIMEOUT, Scheduler
from tests.deliver.mail_home import MailHome
from tests.deliver.smtp_server import ACCEPT, ScriptedServer
from tests.homes import TestHome, page
from tests.servers import HttpReply, HttpRequest, http_server

START = datetime(2026, 11, 20, 9, tzinfo=UTC)
FEED = b"""<rss version='2.0'><channel><title>x</title><item><title>%s</title><link>https://example.org/%d</link>
<description>What the keepers of the pier saw in the fog, written down lamp by lamp.</description></item></channel></rss>"""


def at(**later: float) -> Clock:
    moment = START + timedelta(**later)
    return Clock(moment, moment)


@pytest.fixture
def home(tmp_path: Path) -> MailHome:
    return MailHome(tmp_path / "home")


def never() -> bool:
    return False


def test_deferred_mail_is_delivered_later_without_a_run(home):
    home.subscribe("tea", "kelp", email=["ada@reader.test", "bo@reader.test"])

    def plan(recipient: str, before: int) -> str:
        busy = recipient.startswith("ada") and before == 0
        return "recipient 451 4.3.0 come back later" if busy else ACCEPT

    with ScriptedServer(plan=plan) as server:
        home.settings(server.port)
        opened = open_home(str(home.path))
        ticker, job = Ticker(opened, stopping=never), DeliveryJob(never)
        made = ticker.tick(at())
        while made.report is None:  # the file was written just now
            made = ticker.tick(at())
        assert made.report.delivery is None and server.taken == []
        first = job.run(opened, at())
        assert (first.counts["sent"], first.counts["deferred"]) == (1, 1)
        assert job.run(opened, at(minutes=1)) is None
        later = job.run(opened, at(hours=1))
        assert (later.counts["sent"], later.counts["deferred"]) == (1, 0)
        assert job.run(opened, at(hours=2)) is None
    assert [one.recipients for one in server.taken] == [("bo@reader.test",), ("ada@reader.test",)]
    assert home.rows("select count(*) from run") == [(1,)]
    assert home.rows("select count(*) from delivery") == [(2,)]


def test_mail_leased_by_a_dead_worker_is_delivered(home):
    with ScriptedServer() as server:
        home.queue(tea=["ada@reader.test"])
        home.settings(server.port)
        home.change(
            "update outbox set status = 'leased', holder = 'gone', begun = 0, "
            "leased_until = '2026-11-20T09:30:00.000000Z'"
        )
        opened = open_home(str(home.path))
        assert DeliveryJob(never).run(opened, at(minutes=1)) is None
        assert DeliveryJob(never).run(opened, at(hours=1)).counts["sent"] == 1


def test_a_server_that_cannot_be_reached_is_tried_again_later(home):
    home.queue(tea=["ada@reader.test"])
    home.settings(1)
    opened = open_home(str(home.path))
    job = DeliveryJob(never)
    assert job.run(opened, at()).pause
    assert job.run(opened, at(hours=1)) is None
    job = DeliveryJob(never, retry_after=0.0)
    assert job.run(opened, at(hours=1)).pause
    assert job.run(opened, at(hours=9)).pause


def test_a_delivery_that_cannot_start_is_tried_again_later(home):
    home.queue(tea=["ada@reader.test"])
    home.settings(1, 'user = "x"', 'password_env = "DIGEST_TEST_ABSENT"')
    opened = open_home(str(home.path))
    job = DeliveryJob(never)
    assert "DIGEST_TEST_ABSENT" in job.run(opened, at()).pause
    assert job.run(opened, at(minutes=1)) is None


def test_without_a_channel_nothing_is_opened(home):
    assert DeliveryJob(never).run(open_home(str(home.path)), at()) is None
    assert not (home.path / "digest.db").exists()


def test_a_stop_leaves_the_rest_in_the_outbox(home):
    with ScriptedServer() as server:
        home.queue(tea=[f"r{number}@reader.test" for number in range(40)])

        def plan(_recipient: str, _before: int) -> str:
            stop.append(True)
            release.wait(5)
            return ACCEPT

        stop: list[bool] = []
        release = threading.Event()
        server.plan = plan
        home.settings(server.port)
        threading.Timer(1.0, release.set).start()
        done = DeliveryJob(lambda: bool(stop)).run(open_home(str(home.path)), at())
    assert done.counts["sent"] == len(server.taken) < 40
    assert done.counts["pending"] == 40 - len(server.taken)
    assert home.rows("select count(*) from outbox where status = 'leased'") == [(0,)]


def test_a_service_delivers_its_issues_and_logs_that(home):
    home.subscribe("tea", "kelp", email=["ada@reader.test"])
    with ScriptedServer() as server:
        home.settings(server.port)
        with Scheduler(home) as clock:
            logged = clock.until("delivery")
            assert (logged["sent"], logged["deferred"], logged["paused"], logged["level"]) == (
                1,
                0,
                None,
                "info",
            )
            # Mail does not wait for the pages: it goes out before they are written, or beside that.
            if not any(line["event"] == "run" for line in clock.seen):
                clock.until("run", issues={"tea": 1})
            assert clock.stop() == 0
    assert len(server.taken) == 1


def test_a_service_logs_mail_that_failed(home):
    home.subscribe("tea", "kelp", email=["ada@reader.test"])
    with ScriptedServer(plan=lambda *_: "recipient 550 5.1.1 no such reader") as server:
        home.settings(server.port)
        with Scheduler(home) as clock:
            assert clock.until("delivery")["level"] == "error"
            assert "no such reader" in clock.until("undelivered")["reason"]
            assert clock.stop() == 0


def sources(home: TestHome, *urls: str, more: str = "") -> None:
    tables = (
        f'[[sources]]\nname = "s{number}"\nkind = "feed"\nurl = "{url}"\nprivate = true\n{more}\n'
        for number, url in enumerate(urls)
    )
    home.write("digest.toml", "\n".join(tables))


def names(found) -> list[str]:
    return [one.source.name for one in found]


def test_a_source_is_fetched_when_it_is_due(tmp_path):
    home = TestHome(tmp_path / "home")
    with http_server(
        lambda asked: HttpReply(404) if "bad" in asked.path else HttpReply(body=FEED % (b"A", 1))
    ) as web:
        sources(home, f"{web.url}/1", f"{web.url}/bad", more='every = "1 day"')
        opened = open_home(str(home.path))
        job = FetchJob()
        assert sorted(names(job.run(opened, at()))) == ["s0", "s1"]
        assert names(job.run(opened, at(minutes=1))) == []
        assert names(job.run(opened, at(hours=1))) == ["s1"]  # after a failure it is due sooner
        assert sorted(names(job.run(opened, at(hours=24, seconds=-20)))) == ["s0", "s1"]
        assert sorted(names(job.run(opened, at(days=-30)))) == ["s0", "s1"]  # the clock was wrong
        assert not job.busy
    stale = home.run("2026-11-20T12:00")["stale"]
    assert any(text.startswith("the source s1 could not be fetched: ") for text in stale)
    assert not any("s0" in text for text in stale)


def test_a_source_that_the_schedule_never_fetches(tmp_path):
    home = TestHome(tmp_path / "home")
    sources(home, "https://papers.example.org/", more='every = "never"')
    assert names(FetchJob().run(open_home(str(home.path)), at())) == []
    sources(home, "https://papers.example.org/", more='every = "often"')
    assert "sources.every" in home.call("run").err


def test_slots_wait_for_a_fetch_in_progress(tmp_path, monkeypatch):
    home = TestHome(tmp_path / "home")
    home.subscribe("lamp", "lantern")
    busy = [True]
    ticker = Ticker(open_home(str(home.path)), stopping=never, fetching=lambda: busy[0])
    assert ticker.tick(at()).report is None and ticker.waiting
    busy[0] = False
    assert ticker.tick(at()).report and not ticker.waiting
    busy[0] = True
    assert ticker.tick(at(days=1)).report is None
    monkeypatch.setattr("digest.scheduler.tick.FETCH_TIMEOUT", 0.0)
    assert ticker.tick(at(days=1)).report


def test_a_service_fetches_reads_and_makes_the_first_issue(tmp_path):
    home = TestHome(tmp_path / "home")
    home.subscribe("lamp", "lantern")

    def script(asked: HttpRequest) -> HttpReply:
        return HttpReply(404) if "bad" in asked.path else HttpReply(body=FEED % (b"A lantern by the sea", 7))

    with http_server(script) as web:
        sources(home, f"{web.url}/bad", f"{web.url}/feed")
        with Scheduler(home) as clock:
            fetched = {line["source"]: line for line in (clock.until("fetch"), clock.until("fetch"))}
            assert fetched["s0"]["level"] == "error"
            assert fetched["s1"]["files"] == 1
            assert clock.until("run")["issues"] == {"lamp": 1}
            home.put("1.txt", page("Another lantern"))
            assert clock.until("run")["new"] == 1
            assert clock.stop() == 0
    assert [asked.path for asked in web.requests].count("/feed") == 1


def test_a_slow_source_does_not_delay_the_shutdown(tmp_path):
    home = TestHome(tmp_path / "home")
    with http_server([HttpReply(body=b"x" * 5000, drip=0.5)]) as web:
        sources(home, web.url)
        with Scheduler(home) as clock:
            clock.until("started")
            assert clock.stop() == 0


def test_a_tick_that_asks_for_another_does_not_block_the_shutdown(home):
    class Late(Service):
        def tick(self) -> None:
            at_work.set()
            self.stop.wait()
            time.sleep(0.3)  # by then the shutdown waits for this tick
            self._run_now("round")

    at_work = threading.Event()
    service = Late(open_home(str(home.path)), structlog.get_logger())
    worker = threading.Thread(target=service.run, daemon=True)
    worker.start()
    assert at_work.wait(TIMEOUT)
    service.stop.set()
    worker.join(TIMEOUT)
    assert not worker.is_alive()
