"""The whole path in a real Chromium: subscribe, confirm, first issue, feedback, weekly, pause, leave.

Needs what `test_browser` needs.
"""

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.browser.test_browser import CHROMIUM, MODULES, needs
from tests.deliver.mail_home import MailHome

SCRIPT = Path(__file__).parent / "subscribe.mjs"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@contextmanager
def served(home, port):
    """Serve a home, with its schedule, in a process of its own."""
    command = [sys.executable, "-m", "digest", "serve", "--home", str(home.path)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://localhost:{port}/subscribe", timeout=5).close()
                break
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.parametrize("how", ["script", "no-script"])
def test_the_whole_path_of_a_reader(tmp_path, how):
    needs(CHROMIUM, shutil.which("node"), MODULES / "playwright-core", MODULES / "axe-core")
    home, port = MailHome(tmp_path / "home"), free_port()
    home.write(
        "digest.toml",
        f'channels = ["maildir"]\n[maildir]\npath = "mail"\nfrom = "digest@example.org"\n'
        f'[serve]\nport = {port}\nsignup = "open"\n',
    )
    home.call("run")
    with served(home, port):
        url, mail = f"http://localhost:{port}", str(home.path / "mail" / "new")
        done = subprocess.run(
            ["node", str(SCRIPT), str(CHROMIUM), url, mail, how], capture_output=True, text=True, timeout=300
        )
    problems = json.loads(done.stdout or '["no output"]')
    assert problems == [], done.stderr[-2000:]
