"""A run with very many subscriptions makes the same issues as one that takes them one after the other."""

import json
import shutil
from pathlib import Path

from digest import pipeline
from digest.cli import main

ROOT = Path(__file__).parents[2]
WORDS = ("diffusion", "agent*", '"language model"', "title:benchmark*", "protein* OR galax*", "step -video")


def run(home, capsys):
    assert main(["run", "--home", str(home), "--json", "--now", "2026-11-20T09:00"]) == 0
    report = json.loads(capsys.readouterr().out)
    return {
        each["id"]: (each["matched"], each["issue"] and each["issue"]["new"])
        for each in report["subscriptions"]
    }


def test_the_same_issues_either_way(tmp_path, monkeypatch, capsys):
    for name in ("slow", "fast"):
        home = tmp_path / name
        shutil.copytree(ROOT / "inbox", home / "inbox")
        (home / "subscriptions").mkdir()
        for number, word in enumerate(WORDS):
            text = f"keywords = [{json.dumps(word)}]\nexclude = ['retrieval']\n"
            (home / "subscriptions" / f"s{number}.toml").write_text(text, "utf-8")
    slow = run(tmp_path / "slow", capsys)
    used = []
    from digest.match import index

    original = index.Index.match
    monkeypatch.setattr(index.Index, "match", lambda self, *words: used.append(1) or original(self, *words))
    monkeypatch.setattr(pipeline, "FAST_FROM", 2)
    assert run(tmp_path / "fast", capsys) == slow
    assert used
    assert sum(matched for matched, _ in slow.values()) > 10
    for path in (tmp_path / "slow" / "output").rglob("*.*"):
        if path.is_file():
            assert (tmp_path / "fast" / path.relative_to(tmp_path / "slow")).read_bytes() == path.read_bytes()
