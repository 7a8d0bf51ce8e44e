"""The files in docs/operations.md, run or checked by the programs that read them."""

import configparser
import contextlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from digest.compose.slots import parse_schedule
from digest.home.settings_file import open_home
from digest.services.metrics import Meters, exposition
from tests.homes import TestHome, page

TEXT = (Path(__file__).parents[1] / "docs" / "operations.md").read_text("utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def units() -> dict[str, str]:
    names = re.findall(r"^`/etc/systemd/system/(\S+)`:$", TEXT, re.MULTILINE)
    return dict(zip(names, blocks("ini"), strict=True))


@pytest.fixture
def home(tmp_path: Path) -> TestHome:
    home = TestHome(tmp_path / "papers")
    home.subscribe("fog", "lantern")
    home.put("1.txt", page("Reading the fog by its lanterns"))
    return home


def on_path(folder: Path) -> dict[str, str]:
    """Return an environment in which the command `digest` is this program."""
    folder.mkdir(exist_ok=True)
    program = folder / "digest"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m digest "$@"\n', "utf-8")
    program.chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}


def test_the_units_have_the_syntax_of_systemd():
    found = units()
    assert set(found) == {"digest.service", "digest-run.service", "digest-run.timer"}
    for text in found.values():
        parsed = configparser.ConfigParser(interpolation=None, strict=False)
        parsed.optionxform = str
        parsed.read_string(text)
        assert {"Unit"} < set(parsed.sections())


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_accepts_the_units(tmp_path):
    for name, text in units().items():
        adapted = text.replace("/opt/digest/bin/digest", "/bin/true").replace("User=digest\n", "")
        (tmp_path / name).write_text(adapted, "utf-8")
    for name in units():
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", str(tmp_path / name)], capture_output=True, text=True
        )
        ours = [line for line in done.stderr.splitlines() if "digest" in line]
        assert not ours, done.stderr
    (when,) = re.findall(r"^OnCalendar=(.*)$", TEXT, re.MULTILINE)
    assert subprocess.run(["systemd-analyze", "calendar", when], capture_output=True).returncode == 0


def test_the_commands_of_the_units_run(home, tmp_path):
    environment = on_path(tmp_path / "bin")
    commands = [
        line.split("=", 1)[1]
        for text in units().values()
        for line in text.splitlines()
        if line.startswith("ExecStart=")
    ]
    assert len(commands) == 2
    for command in commands:
        words = command.replace("/opt/digest/bin/digest", str(tmp_path / "bin" / "digest")).replace(
            "/var/lib/digest", str(home.path)
        )
        process = subprocess.Popen(
            words.split(), env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        )
        if " schedule " in words:
            assert process.stderr is not None
            while "run " not in (line := process.stderr.readline()):
                assert line, "it ended before its first run"
            process.terminate()
        _, complaints = process.communicate(timeout=60)
        assert process.returncode == 0, complaints
    assert home.rows("select status, count(*) from run group by status") == [("done", 2)]


def test_the_crontab_line_runs(home, tmp_path):
    (line,) = "".join(blocks("crontab")).splitlines()
    minute, hour, day, month, weekday, command = line.split(None, 5)
    assert (minute, hour, day, month, weekday) == ("*/15", "*", "*", "*", "*")
    environment = {**on_path(tmp_path / "bin"), "HOME": str(tmp_path)}
    # cron uses a plain shell in the user's home folder.
    done = subprocess.run(
        ["/bin/sh", "-c", command], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert home.rows("select status from run") == [("done",)]


def test_the_container_file_is_well_formed():
    (text,) = blocks("dockerfile")
    known = {"FROM", "RUN", "COPY", "USER", "WORKDIR", "VOLUME", "ENV", "STOPSIGNAL", "HEALTHCHECK", "CMD"}
    lines = [line.split(None, 1) for line in text.splitlines()]
    assert lines[0][0] == "FROM"
    assert {word for word, _ in lines} <= known
    for word, rest in lines:
        argument = rest.removeprefix("CMD ") if word == "HEALTHCHECK" else rest
        if word in {"CMD", "HEALTHCHECK"}:
            listed = json.loads(argument)
            assert all(isinstance(each, str) for each in listed)
            if listed[0] == "python":
                compile(listed[2], "healthcheck", "exec")
    order = [word for word, _ in lines]
    assert order.index("USER") > max(n for n, word in enumerate(order) if word == "RUN"), "pip needs root"
    assert (Path(__file__).parents[1] / "constraints.txt").exists()


def workflow() -> dict[Any, Any]:
    (text,) = blocks("yaml")
    parsed: dict[Any, Any] = yaml.safe_load(text)
    return parsed


def test_the_workflow_is_well_formed():
    parsed = workflow()
    triggers = parsed[True]  # YAML 1.1 reads `on` as true
    assert set(parsed) == {"name", True, "permissions", "concurrency", "jobs"}
    assert set(triggers) == {"schedule", "workflow_dispatch"}
    parse_schedule(triggers["schedule"][0]["cron"])
    (job,) = parsed["jobs"].values()
    assert set(job) == {"runs-on", "steps"}
    for step in job["steps"]:
        assert len({"uses", "run"} & set(step)) == 1
        assert set(step) <= {"uses", "run", "with", "if", "working-directory"}
        assert re.fullmatch(r"actions/[a-z-]+@v[0-9]+", step.get("uses", "actions/x@v1"))
    assert "pip install -c constraints.txt ." in [step.get("run") for step in job["steps"]]


def test_the_steps_of_the_workflow_run(tmp_path):
    """All steps but checkouts and installation, twice, on the branch that the page tells to create."""
    git = ("git", "-c", "init.defaultBranch=main", "-c", "user.name=a", "-c", "user.email=a@example.org")
    names = {
        f"GIT_{who}_{what}": "a@b.example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    environment = {**on_path(tmp_path / "bin"), **names, "GIT_CONFIG_GLOBAL": "/dev/null"}

    def sh(script: str, folder: Path) -> str:
        done = subprocess.run(
            ["/bin/bash", "-e", "-c", script], cwd=folder, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, (script, done.stdout, done.stderr)
        return done.stdout

    origin, mine = tmp_path / "origin.git", tmp_path / "mine"
    subprocess.run([*git, "init", "--quiet", "--bare", origin], check=True)
    subprocess.run([*git, "clone", "--quiet", origin, mine], check=True, capture_output=True)
    (mine / "README.md").write_text("the program\n", "utf-8")
    sh(
        "git checkout --quiet -B main; git add .; git commit --quiet -m program; git push --quiet origin main",
        mine,
    )
    (once,) = blocks("sh")
    sh(once, mine)
    (job,) = workflow()["jobs"].values()
    for number in (1, 2):
        checkout = tmp_path / f"runner{number}"
        sh(f"git clone --quiet --depth 1 file://{origin} {checkout}", tmp_path)
        sh(f"git clone --quiet --depth 1 --branch home file://{origin} papers", checkout)
        for step in job["steps"]:
            if "run" in step and "pip install" not in step["run"]:
                sh(step["run"], checkout / step.get("working-directory", "."))
    home = tmp_path / "look"
    sh(f"git clone --quiet --branch home file://{origin} {home}", tmp_path)
    assert sh("git rev-list --count HEAD", home).strip() == "1"
    assert (home / "output" / "site" / "index.html").is_file()
    with contextlib.closing(sqlite3.connect(home / "digest.db")) as database:
        assert database.execute("select status, count(*) from run group by status").fetchall() == [
            ("done", 2)
        ]


def test_every_metric_is_documented(home):
    home.run("2026-11-17T09:00")
    text = exposition(open_home(str(home.path)), Meters(), 0.0)
    assert set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE)) == set(
        re.findall(r"^\| `(digest_\w+)` \|", TEXT, re.MULTILINE)
    )


def test_every_event_of_the_log_is_documented():
    folder = Path(__file__).parents[1] / "digest"
    source = "".join(
        path.read_text("utf-8") for path in (*folder.glob("scheduler/*.py"), *folder.glob("web/*.py"))
    )
    events = set(re.findall(r'log\.\w+\(\s*"(\w+)"', source))
    section = TEXT.split("\n### Log events\n", 1)[1].split("\n#", 1)[0]
    rows = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    documented = {event for row in rows for event in re.findall(r"`(\w+)`", row)}
    assert events == documented
