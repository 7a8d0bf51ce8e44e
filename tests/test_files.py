"""Atomic file writes."""

import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.errors import StoreError
from digest.system import files
from digest.system.files import FileBatch, write_whole


def test_a_file_is_written_with_its_folders(tmp_path):
    path = tmp_path / "a" / "b" / "c.html"
    assert write_whole(path, b"one") is True
    assert path.read_bytes() == b"one"
    assert [each.name for each in path.parent.iterdir()] == ["c.html"]


def test_a_bare_name_is_written_where_the_program_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert files.write_whole(Path("a.toml"), b"a")
    batch = files.FileBatch()
    batch.write(Path("b.toml"), b"b")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".b.toml.part", "a.toml"]
    assert batch.finish() == {}
    assert Path("b.toml").read_bytes() == b"b"


def test_equal_content_is_not_written_again(tmp_path):
    path = tmp_path / "x"
    write_whole(path, b"one")
    before = path.stat()
    assert write_whole(path, b"one") is False
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert write_whole(path, b"two") is True
    assert path.read_bytes() == b"two"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=20), max_size=5))
def test_the_last_content_remains(tmp_path, words):
    path = tmp_path / "x"
    before = path.read_bytes() if path.exists() else None
    for word in words:
        assert write_whole(path, word) is (word != before)
        before = path.read_bytes()
        assert before == word


def test_a_reader_never_sees_a_partial_file(tmp_path):
    path = tmp_path / "x"
    script = (
        "import sys, itertools, pathlib; from digest.system.files import write_whole\n"
        "for n in itertools.count(): write_whole(pathlib.Path(sys.argv[1]), bytes([65 + n % 26]) * 200_000)"
    )
    writer = subprocess.Popen([sys.executable, "-c", script, str(path)])
    try:
        seen = set()
        end = time.monotonic() + 20
        while len(seen) < 5 and time.monotonic() < end:
            if path.exists():
                data = path.read_bytes()
                assert len(data) == 200_000 and len(set(data)) == 1
                seen.add(data[0])
    finally:
        writer.kill()
        writer.wait()
    assert len(seen) == 5
    data = path.read_bytes()
    assert len(data) == 200_000 and len(set(data)) == 1


def test_a_failed_write_raises_and_keeps_the_old_file(tmp_path):
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "file" / "below", tmp_path / "folder", tmp_path / ("n" * 300)):
        with pytest.raises(
            StoreError, match=r"cannot be written .*; check the disk and the permissions"
        ) as caught:
            write_whole(path, b"new")
        assert str(path) in str(caught.value)
        assert isinstance(caught.value.__cause__, OSError)
    assert (tmp_path / "file").read_bytes() == b"old"


def test_a_full_disk_keeps_the_old_file(tmp_path):
    path = tmp_path / "x"
    write_whole(path, b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))  # like a disk with little space
    try:
        with pytest.raises(StoreError, match="File too large"):
            write_whole(path, b"n" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert path.read_bytes() == b"old"


# --- many files at once ------------------------------------------------------------------------------------


def test_files_of_a_batch_appear_at_its_end(tmp_path):
    write_whole(tmp_path / "a", b"old")
    batch = FileBatch()
    assert [batch.write(tmp_path / name, b"new", private=name == "b") for name in "abcdef"] == [True] * 6
    assert not batch.write(tmp_path / "a", b"old")
    assert (tmp_path / "a").read_bytes() == b"old" and not (tmp_path / "b").exists()
    assert batch.finish() == {}
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == dict.fromkeys("abcdef", b"new")
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o600
    assert batch.finish() == {}


def test_a_file_of_a_batch_that_fails_leaves_the_others(tmp_path):
    (tmp_path / "c").mkdir()
    batch = FileBatch()
    for name in "abcdef":
        batch.write(tmp_path / name, b"new")
    with pytest.raises(StoreError, match="cannot be written"):
        batch.write(tmp_path / ("n" * 300), b"new")
    (failed,) = batch.finish().items()
    assert failed[0] == tmp_path / "c" and "cannot be written" in str(failed[1])
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [".c.part", *"abdef"]


def test_a_batch_is_flushed_before_its_files_appear(tmp_path, monkeypatch):
    """Without syncfs, as on other systems, each file and folder is flushed."""
    order = []
    real, put = files._flush_file, files._put_in_place
    monkeypatch.setattr(files, "_syncfs", lambda: None)
    monkeypatch.setattr(files, "_flush_file", lambda path: (order.append(path.name), real(path)))
    monkeypatch.setattr(
        files, "_put_in_place", lambda draft, path: (order.append(f"put {path.name}"), put(draft, path))
    )
    batch = FileBatch()
    for name in "abcdef":
        batch.write(tmp_path / name, b"new")
    batch.finish()
    assert order == [
        *(f".{name}.part" for name in "abcdef"),
        *(f"put {name}" for name in "abcdef"),
        tmp_path.name,
    ]
