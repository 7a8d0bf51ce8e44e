"""The lock of a home, held by other processes."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from digest.errors import LockedError, StoreError
from digest.system import locks
from digest.system.locks import FILE, dead_workers, forget_worker, hold, liveness_file

_HOLDER = """
import sys, time
from pathlib import Path
from digest.system.locks import hold
with hold(Path(sys.argv[1]), command="digest run --force"):
    print("held", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def holder(home: Path) -> Iterator[subprocess.Popen]:
    """Hold the lock in another process until a line is written to it."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def refused(home: Path) -> str:
    with pytest.raises(LockedError) as caught, hold(home, command="second", timeout=0.2):
        pass
    assert caught.value.exit_status == 1
    return str(caught.value)


def test_a_second_holder_waits_then_names_the_first(tmp_path):
    with holder(tmp_path) as process:
        before = time.monotonic()
        message = refused(tmp_path)
        assert time.monotonic() - before >= 0.2
        assert f"{tmp_path} is in use by digest run --force (process {process.pid} on " in message
        assert message.startswith(str(tmp_path)) and message.endswith("wait until it ends, or stop it")


def test_a_waiting_holder_gets_the_lock(tmp_path):
    with holder(tmp_path) as process:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        with hold(tmp_path, command="second", timeout=30):
            assert json.loads((tmp_path / FILE).read_text())["command"] == "second"
        assert process.wait() == 0


def test_a_killed_holder_releases_the_lock(tmp_path):
    with holder(tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert "digest run --force" in (tmp_path / FILE).read_text()
        with hold(tmp_path, command="x", timeout=5):
            assert json.loads((tmp_path / FILE).read_text())["command"] == "x"


def test_the_lock_is_released_with_and_without_an_error(tmp_path):
    with hold(tmp_path, command="a much longer command than the next", timeout=0):
        assert "much longer" in refused(tmp_path)
    assert (tmp_path / FILE).read_bytes() == b""
    with pytest.raises(RuntimeError), hold(tmp_path, command="b", timeout=0):
        raise RuntimeError
    with hold(tmp_path, command="c", timeout=0):
        assert json.loads((tmp_path / FILE).read_text())["command"] == "c"


def test_two_homes_do_not_share_a_lock(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with hold(tmp_path / "a", command="a", timeout=0), hold(tmp_path / "b", command="b", timeout=0):
        pass


@pytest.mark.parametrize("note", ["", "{", "5", "[1]", "null", "\xff"])
def test_a_lock_file_without_a_holder(tmp_path, note):
    with hold(tmp_path, command="a", timeout=0):
        (tmp_path / FILE).write_bytes(note.encode("latin-1"))
        assert refused(tmp_path) == f"{tmp_path} is in use by another process; wait until it ends, or stop it"


def test_a_lock_file_that_cannot_be_opened(tmp_path):
    (tmp_path / FILE).mkdir()
    with pytest.raises(StoreError, match="cannot be opened"), hold(tmp_path, command="a"):
        pass


def test_a_liveness_file_shows_which_workers_died(tmp_path):
    with liveness_file(tmp_path, "one"):
        assert dead_workers(tmp_path) == ()
    assert dead_workers(tmp_path) == ()
    with pytest.raises(KeyError), liveness_file(tmp_path, "two"):
        raise KeyError
    assert dead_workers(tmp_path) == ("two",)
    forget_worker(tmp_path, "two")
    forget_worker(tmp_path, "two")
    assert dead_workers(tmp_path) == ()


def test_a_liveness_file_that_cannot_be_made(tmp_path):
    (tmp_path / ".digest.delivering").write_text("")
    with pytest.raises(StoreError, match="cannot be created"), liveness_file(tmp_path, "one"):
        pass


def test_the_holder_is_shown_with_a_time_that_names_its_zone(tmp_path):
    with hold(tmp_path, command="digest run"):
        shown = locks.holder(tmp_path, timezone="Asia/Tokyo")
        assert shown is not None
        assert shown.endswith(" (Asia/Tokyo))")
        assert (locks.holder(tmp_path) or "").endswith(" (UTC))")
