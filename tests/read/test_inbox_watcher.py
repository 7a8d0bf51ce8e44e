"""When new files in the inbox are complete."""

import time

from digest.read.inbox_watcher import QUIET, InboxWatcher, being_written


def test_a_file_is_complete_when_it_is_unchanged_and_no_process_writes_it(tmp_path):
    path = tmp_path / "1.txt"
    watcher = InboxWatcher(str(tmp_path))
    now = time.time()
    with path.open("w") as writer:
        writer.write("half")
        writer.flush()
        assert being_written(str(path))
        for monotonic in (0.0, 9.0):
            assert watcher.poll(wall=now, monotonic=monotonic) == ((), True)
    assert not being_written(str(path))
    assert watcher.poll(wall=now, monotonic=9.1) == ((str(path),), False)
    path.write_text("changed")
    assert watcher.poll(wall=now, monotonic=9.2) == ((), True)
    assert watcher.poll(wall=now, monotonic=9.2 + QUIET) == ((str(path),), False)
    watcher.mark_read((str(path),))
    assert watcher.poll(wall=now, monotonic=20.0) == ((), False)
    path.unlink()
    assert watcher.poll(wall=now, monotonic=21.0) == ((), False)
    path.write_text("changed")
    assert watcher.poll(wall=now + 60, monotonic=22.0) == ((str(path),), False)


def test_dangling_links_and_missing_folders_are_not_waited_for(tmp_path):
    (tmp_path / "gone.txt").symlink_to("nowhere")
    assert InboxWatcher(str(tmp_path)).poll(wall=0, monotonic=0) == ((), False)
    assert InboxWatcher(str(tmp_path / "absent")).poll(wall=0, monotonic=0) == ((), False)
    assert not being_written(str(tmp_path / "absent"))
