"""The examples of docs/tuning.md: each command is run, in order, and prints what the page shows."""

import os
import re
import shlex
from pathlib import Path

from digest.cli.main import main
from tests.homes import call

PAGE = Path(__file__).parents[1] / "docs" / "tuning.md"
NOW = "2026-11-20T09:00"
_BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)


def test_every_example_prints_what_the_page_shows(tmp_path, monkeypatch):
    home = tmp_path / "home"
    assert main(["init", str(home), "--samples"]) == 0
    monkeypatch.chdir(home)
    assert call("run", "--now", NOW).status == 0

    def block(found: re.Match[str]) -> str:
        lines = []
        for line in found[1].splitlines():
            if line.startswith("$ digest "):
                done = call(*shlex.split(line)[2:], "--now", NOW)
                assert done.status == 0, (line, done.err)
                printed = (done.out + done.err).rstrip()
                lines += [line, *(each.rstrip() for each in printed.splitlines())]
        return "```console\n" + "\n".join(lines) + "\n```"

    text = PAGE.read_text("utf-8")
    shown = _BLOCK.sub(block, text)
    if os.environ.get("UPDATE_GOLDEN"):
        PAGE.write_text(shown, "utf-8")
    assert len(_BLOCK.findall(text)) >= 6
    assert shown == PAGE.read_text("utf-8")
