"""What a run prints about its files: those that changed, and the others in one line."""

from tests.homes import TestHome, page

NOW, LATER = "2026-11-20T09:00", "2026-11-20T10:00"


def home_with(tmp_path, count):
    home = TestHome(tmp_path)
    home.subscribe("kelp", "kelp")
    for number in range(count):
        home.put(f"2026-{1 + number // 28:02}-{1 + number % 28:02}.txt", page(f"Kelp {number}"))
    return home


def test_nothing_new_in_sixty_files_is_one_line(tmp_path):
    home = home_with(tmp_path, 60)
    assert home.call("run", "--now", NOW).out.count("inbox/") == 60
    again = home.call("run", "--now", LATER)
    assert again.out.splitlines()[0] == "Nothing new in 60 files."
    assert "inbox/" not in again.out
    assert len(home.call("run", "--now", LATER, "--json").json["files"]) == 60


def test_only_files_that_changed_are_listed(tmp_path):
    home = home_with(tmp_path, 5)
    home.run(NOW)
    home.put("2026-11-19.txt", page("New kelp"))
    done = home.call("run", "--now", LATER)
    assert [line.split()[0] for line in done.out.splitlines() if "inbox/" in line] == ["inbox/2026-11-19.txt"]
    assert "Nothing new in 5 other files." in done.out.splitlines()


def test_rejected_files_are_mentioned_in_one_line(tmp_path):
    home = home_with(tmp_path, 1)
    for number in range(5):
        home.put(f"b{number}.txt", f"nothing {number}")
    first = home.call("run", "--now", NOW)
    assert first.status == 1
    assert first.err.count("not a list of papers") == 5
    again = home.call("run", "--now", LATER)
    assert again.status == 0
    (note,) = [line for line in again.err.splitlines() if "rejected" in line]
    assert note.startswith(
        "note: 5 files rejected before and unchanged: inbox/b0.txt, inbox/b1.txt, inbox/b2.txt and 2 more."
    )


def test_a_file_that_is_being_written_waits_for_the_next_run(tmp_path):
    home = home_with(tmp_path, 0)
    whole = page("Kelp in the making").encode()
    with (home.path / "inbox/2026-11-19.txt").open("wb") as writer:
        writer.write(whole[: len(whole) // 2])
        writer.flush()
        report = home.run(NOW)
        (file,) = report["files"]
        assert (file["rejected"], file["unfinished"], file["listed"]) == (None, True, 0)
        shown = home.call("run", "--now", NOW)
        assert shown.err == "note: inbox/2026-11-19.txt: still being written; the next run reads it\n"
        named = home.call("run", home.path / "inbox/2026-11-19.txt", "--now", NOW)
        assert named.status == 1
        assert "is still being written; run again when it is complete" in named.err
        writer.write(whole[len(whole) // 2 :])
    assert home.run("2026-11-21T09:00")["subscriptions"][0]["issue"]["new"] == ["Kelp in the making"]


def test_a_subscription_that_is_not_written_yet_has_no_lines(tmp_path):
    home = home_with(tmp_path, 0)
    done = home.call("subscriptions", "add", "efficient", "a b", "--schedule", "never")
    assert done.status == 2
    assert done.err.startswith("digest: efficient: schedule: 'never' is not a valid schedule")
    assert not (home.path / "subscriptions/efficient.toml").exists()
