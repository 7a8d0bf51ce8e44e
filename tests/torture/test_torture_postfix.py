"""Killed deliveries through a real Postfix with its own configuration, on the loopback interface only.

Postfix relays everything to a server of the test, which counts the messages. Needs Debian's package `postfix`
and root, because Postfix drops privileges. With `DIGEST_REQUIRE_POSTFIX=1`, the test fails without them.
"""

import os
import random
import shutil
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.deliver.mail_home import MailHome
from tests.deliver.smtp_server import ScriptedServer
from tests.torture.test_torture_delivery import (
    READERS,
    SCRIPT,
    SEED,
    Trial,
    deliver_with_kills,
    finish,
    line_of,
)

pytestmark = pytest.mark.torture

KILLS = {"sample": 20, "full": 100}.get(os.environ.get("TORTURE", ""), 3)
POSSIBLE = bool(shutil.which("postfix")) and os.geteuid() == 0

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
myhostname = relay.test
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
relayhost = [127.0.0.1]:{relay}
smtp_dns_support_level = disabled
smtpd_relay_restrictions = permit_mynetworks, reject
smtp_tls_security_level = none
smtpd_tls_security_level = none
recipient_delimiter = +
minimal_backoff_time = 1s
queue_run_delay = 1s
"""
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""


@pytest.fixture
def relay() -> Iterator[ScriptedServer]:
    with ScriptedServer(extensions=("SIZE 50000000", "8BITMIME")) as server:
        yield server


@pytest.fixture
def postfix(relay: ScriptedServer) -> Iterator[int]:
    """Run Postfix, which relays to `relay`, and return its port."""
    with running_postfix(relay) as port:
        yield port


@contextmanager
def running_postfix(relay: ScriptedServer, more: str = "") -> Iterator[int]:
    """Run Postfix, with these lines at the end of its configuration."""
    if not POSSIBLE:
        assert not os.environ.get("DIGEST_REQUIRE_POSTFIX"), "Postfix and root are needed"
        pytest.skip("needs Postfix and root")
    folder = Path("/tmp") / f"digest-postfix-{os.getpid()}"  # short, because the paths of sockets are limited
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("conf", "queue", "data"):
        (folder / name).mkdir(parents=True)
    shutil.chown(folder / "data", "postfix")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    (folder / "conf" / "main.cf").write_text(MAIN.format(folder=folder, relay=relay.port) + more, "utf-8")
    (folder / "conf" / "master.cf").write_text(MASTER.format(port=port), "utf-8")
    command = ["postfix", "-c", str(folder / "conf")]
    started = subprocess.run([*command, "start"], capture_output=True, text=True)
    assert started.returncode == 0, started.stderr
    try:
        wait_for(lambda: answers(port))
        yield port
    finally:
        subprocess.run([*command, "stop"], capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as probe:
            return probe.recv(100).startswith(b"220")
    except OSError:
        return False


def wait_for(condition) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "timed out after a minute"
        time.sleep(0.1)


def test_killed_deliveries_through_postfix(postfix: int, relay: ScriptedServer, tmp_path: Path) -> None:
    script = tmp_path / "killed.py"
    script.write_text(SCRIPT, "utf-8")
    kills, number, statuses = 0, 0, Counter[str]()
    while kills < KILLS:
        home = MailHome(tmp_path / f"home-{number}")
        trial = Trial(home, relay, script, random.Random(SEED + number), port=postfix)
        relay.taken.clear()
        deliver_with_kills(trial)
        finish(trial)
        statuses += check_outcome(trial)
        kills += trial.kills
        number += 1
        assert number <= KILLS, "too few deliveries were killed"
    print(f"\n{kills} kills in {number} homes: {dict(statuses)}; lost 0")


def check_outcome(trial: Trial) -> Counter[str]:
    """Check that all sent messages arrive, and that only messages in doubt arrive twice."""
    lines = trial.home.rows("select id, recipient, status, doubts from outbox")
    issues = trial.home.rows("select subscription from issue")
    assert len(lines) == sum(len(READERS[name]) for (name,) in issues) > 0
    sent = {key for key, _, status, _ in lines if status == "sent"}
    wait_for(lambda: sent <= {line_of(message) for message in trial.server.taken})
    statuses: Counter[str] = Counter()
    for key, recipient, status, doubts in lines:
        got = [message for message in trial.server.taken if line_of(message) == key]
        assert all(message.recipients == (recipient,) for message in got)
        assert len(got) - 1 <= doubts
        statuses[status] += 1
        statuses["repeated"] += max(0, len(got) - 1)
    assert statuses["repeated"] <= trial.kills
    assert statuses.keys() <= {"sent", "in_doubt", "repeated"}
    return statuses


def test_postfix_refuses_some_readers(relay: ScriptedServer, tmp_path: Path) -> None:
    """The others get their mail; the unknown one is suppressed, those refused for a policy are not."""
    refused = "{bad.test = REJECT}, {gone.test = 550 5.1.1 User unknown in virtual mailbox table}"
    home = MailHome(tmp_path / "home")
    home.queue(kelp=[f"r{n}@{['good', 'bad', 'gone'][n % 3]}.test" for n in range(9)])
    with running_postfix(
        relay, f"smtpd_recipient_restrictions = check_recipient_access inline:{{ {refused} }}\n"
    ) as port:
        home.settings(port)
        report = home.deliver(status=1)
    assert (report["sent"], report["deferred"], report["failed"], report["paused"]) == (3, 3, 3, None), report
    suppressed = home.rows("select address from suppression order by 1")
    assert suppressed == [("r2@gone.test",), ("r5@gone.test",), ("r8@gone.test",)]


@pytest.mark.parametrize("alternating", [True, False])
def test_the_good_readers_are_served_at_once(
    relay: ScriptedServer, tmp_path: Path, *, alternating: bool
) -> None:
    """Five of twelve readers are refused for a policy: in domains of their own, between others, or in a row in one."""
    good = [f"r{n}@good{n}.test" for n in range(7)]
    bad = [f"r{n}@bad{n if alternating else ''}.test" for n in range(5)]
    readers = [each for pair in zip(good, bad, strict=False) for each in pair] + good[5:]
    refused = ", ".join(f"{{{domain} = REJECT}}" for domain in {each.partition("@")[2] for each in bad})
    home = MailHome(tmp_path / "home")
    home.queue(kelp=readers if alternating else [*good[:3], *bad, *good[3:]])
    with running_postfix(
        relay, f"smtpd_recipient_restrictions = check_recipient_access inline:{{ {refused} }}\n"
    ) as port:
        home.settings(port)
        report = home.deliver()
    assert (report["sent"], report["deferred"], report["paused"]) == (7, 5, None), report
    assert home.rows("select recipient from outbox where status = 'sent'") == [(each,) for each in good]
    assert home.rows("select count(*) from suppression") == [(0,)]


def test_a_quota_after_data_pauses_and_resumes(relay: ScriptedServer, tmp_path: Path) -> None:
    """Postfix refuses after DATA, as an account with a limit does; the rest is sent when the limit has passed."""
    home = MailHome(tmp_path / "home")
    readers = [f"r{n}@x{n}.test" for n in range(8)]
    home.queue(kelp=readers)
    allowed = ", ".join(f"{{{each} = OK}}" for each in readers[:3])
    limit = "{example.org = 550 5.4.5 Daily user sending limit exceeded}"
    with running_postfix(
        relay,
        f"smtpd_end_of_data_restrictions = check_recipient_access inline:{{ {allowed} }}, check_sender_access inline:{{ {limit} }}\n",
    ) as port:
        home.settings(port)
        report = home.deliver(status=1)
        assert (report["sent"], report["failed"]) == (3, 0), report
        assert "5.4.5 " in report["paused"]
    with running_postfix(relay) as port:
        home.settings(port)
        assert home.deliver("2026-11-20T18:00")["sent"] == 5
    assert home.rows("select count(*) from suppression") == [(0,)]


@pytest.mark.parametrize("count", [4, 15])
def test_postfix_refuses_the_sender(relay: ScriptedServer, tmp_path: Path, count: int) -> None:
    """Postfix says so at RCPT, for every recipient: nobody is suppressed, and all is sent once it is mended."""
    home = MailHome(tmp_path / "home")
    home.queue(kelp=[f"r{n}@x{n}.test" for n in range(count)])
    restriction = "smtpd_sender_restrictions = check_sender_access inline:{ {example.org = 550 5.1.0 Sender address rejected: User unknown} }\n"
    with running_postfix(relay, restriction) as port:
        home.settings(port)
        report = home.deliver(status=1)
        assert report["sent"] == 0
        assert report["paused"], report
    assert home.rows("select count(*) from suppression") == [(0,)]
    with running_postfix(relay) as port:
        home.settings(port)
        assert home.deliver("2026-11-20T09:01")["sent"] == count
