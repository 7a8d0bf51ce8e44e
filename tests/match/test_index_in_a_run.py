"""A run that matches many subscriptions together makes the same issues as one that matches them one by one."""

import json
import shutil
import sqlite3
from pathlib import Path

from digest.cli.main import main
from digest.match.index.compiler import Program
from digest.pipeline import matching

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
    from digest.match.index import index

    original = index.Index.match
    monkeypatch.setattr(index.Index, "match", lambda self, *words: used.append(1) or original(self, *words))
    monkeypatch.setattr(matching, "FAST_FROM", 2)
    assert run(tmp_path / "fast", capsys) == slow
    assert used
    assert sum(matched for matched, _ in slow.values()) > 10
    for path in (tmp_path / "slow" / "output").rglob("*.*"):
        if path.is_file():
            assert (tmp_path / "fast" / path.relative_to(tmp_path / "slow")).read_bytes() == path.read_bytes()


def test_compiled_queries_are_kept_and_brought_up_to_date(tmp_path, monkeypatch, capsys):
    for name in ("slow", "fast"):
        (tmp_path / name / "subscriptions").mkdir(parents=True)
        (tmp_path / name / "inbox").mkdir()

    def subscribe(number, word):
        for name in ("slow", "fast"):
            path = tmp_path / name / "subscriptions" / f"s{number:02}.toml"
            path.unlink(missing_ok=True)
            if word:
                path.write_text(
                    f"keywords = [{json.dumps(word)}]\nstart = '400 days'\nformats = ['markdown']\n", "utf-8"
                )

    def runs(day):
        reports = []
        for name, fast in (("slow", False), ("fast", True)):
            with monkeypatch.context() as patch:
                if fast:
                    patch.setattr(matching, "FAST_FROM", 2)
                    patch.setattr(matching, "KEEP_FROM", 2)
                assert main(["run", "--home", str(tmp_path / name), "--json", "--now", f"{day}T09:00"]) == 0
            report = json.loads(capsys.readouterr().out)
            reports.append([(s["id"], s["matched"], s["issue"]) for s in report["subscriptions"]])
        assert reports[0] == reports[1]
        with sqlite3.connect(tmp_path / "fast" / "digest.db") as database:
            rows = database.execute("select id, length(queries) from program").fetchall()
        database.close()
        return reports[0], rows

    for number in range(33):
        subscribe(number, WORDS[number % len(WORDS)] if number < 6 else f"word{number} OR model")
    for name in ("slow", "fast"):
        shutil.copy(ROOT / "inbox/2026-11-16-sample.txt", tmp_path / name / "inbox")
    first, kept = runs("2026-11-17")
    assert sum(matched for _, matched, _ in first) > 30
    assert [length for _, length in kept] == [33 * 16]
    for name in ("slow", "fast"):
        shutil.copy(ROOT / "inbox/2026-11-18-sample.txt", tmp_path / name / "inbox")
    subscribe(1, "title:diffusion")
    subscribe(2, None)
    second, still = runs("2026-11-19")
    assert sum(matched for _, matched, _ in second) > 30
    assert still == kept  # little has changed: the stored program was used and updated in memory
    for number in range(3, 12):
        subscribe(number, f"agents OR other{number}")
    revised = (ROOT / "inbox/2026-11-18-sample.txt").read_text("utf-8").replace(" the ", " that ")
    for name in ("slow", "fast"):
        (tmp_path / name / "inbox/2026-11-19-revised.txt").write_text(revised, "utf-8")
    _, compiled_again = runs("2026-11-20")
    assert [length for _, length in compiled_again] == [32 * 16]
    with sqlite3.connect(tmp_path / "fast" / "digest.db") as database:  # as another compiler wrote it
        (body,) = database.execute("select body from program").fetchone()
        database.execute("update program set body = ?", (b"paper-digest program 1" + body[22:],))
    database.close()
    for name in ("slow", "fast"):
        text = revised.replace(" that ", " this ")
        (tmp_path / name / "inbox/2026-11-20-revised.txt").write_text(text, "utf-8")
    runs("2026-11-21")
    with sqlite3.connect(tmp_path / "fast" / "digest.db") as database:
        (body,) = database.execute("select body from program").fetchone()
    database.close()
    assert Program.load(body).size == 32
