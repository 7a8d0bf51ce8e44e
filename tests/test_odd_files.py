"""Pipes and sockets where a file is expected: no command waits for them."""

import os
import socket

import pytest

from digest.system.files import read_regular
from tests.homes import TestHome, page

SMTP = '[smtp]\nhost = "127.0.0.1"\nport = 9\ntls = "none"\nfrom = "d@example.org"\n'


@pytest.fixture
def home(tmp_path):
    home = TestHome(tmp_path)
    home.subscribe("tea", "kelp", email=["ada@reader.test"])
    home.put("2026-11-16.txt", page("Kelp and Lamps"))
    return home


def pipe(home: TestHome, name: str) -> None:
    path = home.path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def test_a_pipe_among_the_subscriptions_is_named_and_the_others_run(home):
    pipe(home, "subscriptions/slow.toml")
    report = home.run(status=1)
    by_id = {each["id"]: each for each in report["subscriptions"]}
    assert by_id["tea"]["issue"]["new"] == ["Kelp and Lamps"]
    assert by_id["slow"]["error"] == (
        "subscriptions/slow.toml: cannot be read (it is a device, a pipe or a socket); use a regular file"
    )
    assert home.call("subscriptions", "check").status == 2
    assert home.call("subscriptions", "list").status in (0, 1)


@pytest.mark.parametrize("words", [["run"], ["doctor"], ["subscriptions", "list"], ["fetch"], ["deliver"]])
def test_a_pipe_as_settings_file(home, words):
    pipe(home, "digest.toml")
    done = home.call(*words)
    assert done.status == 2 or words == ["doctor"]
    assert "it is a device, a pipe or a socket" in done.out + done.err


@pytest.mark.parametrize(("name", "settings"), [
    ("password", f'channels = ["smtp"]\n{SMTP}user = "x"\npassword_file = "password"\n'),
    ("key.pem", f'channels = ["smtp"]\n{SMTP}[dkim]\nselector = "a"\nkey = "key.pem"\n'),
    ("bounced", f'channels = ["smtp"]\n{SMTP}[bounces]\nmailbox = "bounced"\n'),
])  # fmt: skip
def test_a_pipe_in_the_place_of_a_file_in_the_settings(home, name, settings):
    home.write("digest.toml", settings)
    pipe(home, name)
    report = home.run(status=1)
    assert report["subscriptions"][0]["issue"]["new"] == ["Kelp and Lamps"]
    assert "it is a device, a pipe or a socket" in str(report)


@pytest.mark.parametrize("name", ["inbox/2026-11-17.txt", "templates/issue.html"])
def test_a_pipe_where_files_are_only_looked_for(home, name):
    pipe(home, name)
    report = home.run(status=1 if "inbox" in name else 0)
    assert report["subscriptions"][0]["issue"]["new"] == ["Kelp and Lamps"]


def test_only_regular_files_are_read(tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    assert read_regular(tmp_path / "file") == b"x"
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(tmp_path / "s"))
        with pytest.raises(OSError, match="No such device"):
            read_regular(tmp_path / "s")
    for odd in (tmp_path, "/dev/zero"):
        with pytest.raises(OSError, match="it is a"):
            read_regular(tmp_path / odd)
