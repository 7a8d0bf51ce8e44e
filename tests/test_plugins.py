"""Plug-ins: the package in docs/plugins.md is installed, and does what the page says; a broken one stops nothing else."""

import json
import re
import sys
from pathlib import Path

import pytest

from tests.homes import Card, TestHome, issue_of, page, prose

LONG = Card("Kelp, Kelp and the Slow Lamp", prose("kelp on kelp") + " " + prose("kelp in the lamp"))
NOW = "2026-11-20T09:00"
DOCS = (Path(__file__).parent.parent / "docs" / "plugins.md").read_text("utf-8")
CODE = re.search(r"```python\n(.*?)```", DOCS, re.DOTALL)[1]
ENTRIES, SETTINGS, SUBSCRIPTION = re.findall(r"```toml\n(.*?)```", DOCS, re.DOTALL)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the paths of the example are relative
    monkeypatch.setenv("POSTBOX_KEY", "s3cr3t")
    return TestHome(tmp_path)


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return what installs a package with a module `tiny_plugins`."""

    def installed(code: str = CODE, entries: str = ENTRIES) -> None:
        site = tmp_path / "site-packages"
        (site / "tiny_plugins-1.0.dist-info").mkdir(parents=True, exist_ok=True)
        (site / "tiny_plugins.py").write_text(code, "utf-8")
        points = re.sub(r'\[project\.entry-points\."(.*)"\]', r"[\1]", entries).replace('"', "")
        (site / "tiny_plugins-1.0.dist-info" / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: tiny-plugins\nVersion: 1.0\n", "utf-8"
        )
        (site / "tiny_plugins-1.0.dist-info" / "entry_points.txt").write_text(points, "utf-8")
        monkeypatch.syspath_prepend(site)
        monkeypatch.delitem(sys.modules, "tiny_plugins", raising=False)
        monkeypatch.setattr(sys, "dont_write_bytecode", True)

    return installed


@pytest.fixture
def example(home, install):
    """A home as in the example, with a gazette of one page, a box and a subscription."""
    install()
    home.write("digest.toml", SETTINGS)
    home.write("subscriptions/kelp.toml", SUBSCRIPTION)
    home.write("gazette/2026-11-19.txt", page(LONG, "Kelp in the Fog"))
    (home.path / "box").mkdir()
    return home


def broken(method: str, body: str) -> str:
    """Return the code of the example, in which a method has another body."""
    return re.sub(
        rf"(    def {method}\(.*?\):\n).*?(?=\n\n\n)",
        lambda found: f"{found[1]}        {body}",
        CODE,
        flags=re.DOTALL,
    )


def test_the_example_fetches_ranks_renders_and_sends(example):
    (source,) = example.call("fetch", "--json", "--now", NOW).json["sources"]
    assert (source["name"], len(source["files"]), source["error"]) == ("the-gazette", 1, None)
    report = example.run(NOW)
    issue = issue_of(report, "kelp")
    assert issue["new"] == ["Kelp in the Fog", LONG.title]  # the shorter abstract first
    assert issue["other_forms"] == {"org": "output/issues/kelp/2026-11-20-1.org"}
    assert (example.path / "output/issues/kelp/2026-11-20-1.org").read_text("utf-8") == (
        "* kelp, issue 1\n** Kelp in the Fog\n** Kelp, Kelp and the Slow Lamp\n"
    )
    html = (example.path / issue["html"]).read_text("utf-8")
    assert "(brief)" in html
    assert {each["recipient"]: each["status"] for each in report["delivery"]["messages"]} == {
        "ada": "sent",
        "grace": "sent",
    }
    letter = json.loads((example.path / "box/ada.json").read_text("utf-8"))
    assert letter["key"] == "s3cr3t"
    assert "Kelp in the Fog" in letter["text"]


def test_a_source_continues_from_its_state(example):
    example.call("fetch", "--now", NOW)
    example.write("gazette/2026-11-20.txt", page("Lamps of the Pier"))
    (source,) = example.call("fetch", "--json", "--now", NOW).json["sources"]
    assert len(source["files"]) == 1
    assert len(list((example.path / "inbox").glob("the-gazette-*"))) == 2


def test_doctor_lists_plug_ins(example):
    found = json.loads(example.call("doctor", "--json", "--now", NOW).out)
    (line,) = [each for each in found if each["check"] == "plug-ins"]
    assert line["message"] == "installed: gazette, postbox, brief, org"


@pytest.mark.parametrize("body", ["raise ValueError('the fog is thick')", "return [b'papers']"])
def test_a_source_that_fails_is_reported(example, install, body):
    install(broken("fetch", body))
    done = example.call("fetch", "--json", "--now", NOW)
    (source,) = done.json["sources"]
    assert done.status == 1
    assert source["error"].startswith("the source plug-in gazette failed: ")


@pytest.mark.parametrize("body", ["raise ValueError('the fog is thick')", "return 7", "return float('nan')"])
def test_a_ranker_that_fails_counts_nothing(example, install, body):
    install(broken("worth", body))
    example.call("fetch", "--now", NOW)
    report = example.run(NOW, status=1)
    assert issue_of(report, "kelp")["new"] == [LONG.title, "Kelp in the Fog"]
    assert any("brief" in problem for problem in report["problems"])


def test_a_form_that_fails_leaves_the_other_forms(example, install):
    install(broken("render", "return 'text'"))
    example.call("fetch", "--now", NOW)
    report = example.run(NOW, status=1)
    issue = issue_of(report, "kelp")
    assert (example.path / issue["html"]).exists()
    assert not (example.path / issue["other_forms"]["org"]).exists()
    install()
    example.run(NOW)
    assert (example.path / issue["other_forms"]["org"]).exists()


@pytest.mark.parametrize(
    ("body", "statuses"),
    [
        ("raise ValueError('the fog is thick')", {"in_doubt"}),
        ("return 'sent'", {"in_doubt"}),
        ("raise ChannelUnavailable('the pier is closed')", {"deferred", "pending"}),
        ("return Reply('service', 429, 'later')", {"deferred"}),
        ("return Reply('recipient', 550, 'unknown here')", {"failed"}),
    ],
)
def test_a_channel_that_fails_loses_nothing(example, install, body, statuses):
    install(broken("send", body))
    example.call("fetch", "--now", NOW)
    report = example.call("run", "--json", "--now", NOW).json
    assert issue_of(report, "kelp")["number"] == 1
    assert {each["status"] for each in report["delivery"]["messages"]} == statuses


def test_a_missing_secret_sends_nothing(example, monkeypatch):
    monkeypatch.delenv("POSTBOX_KEY")
    example.call("fetch", "--now", NOW)
    report = example.run(NOW, status=1)
    assert {each["status"] for each in report["delivery"]["messages"]} <= {"deferred", "pending"}
    assert "POSTBOX_KEY" in json.dumps(report)


def test_plug_ins_that_are_not_installed_are_errors_in_the_files_that_name_them(home):
    home.write("digest.toml", SETTINGS)
    done = home.call("run", "--now", NOW)
    assert done.status == 2
    for text in (
        "'postbox' is not a valid channel",
        "'gazette' is not a valid kind of source",
        "[plugins.brief]",
    ):
        assert text.strip("[]") in done.err
    home.write("digest.toml", "")
    home.write("subscriptions/kelp.toml", SUBSCRIPTION)
    done = home.call("subscriptions", "check")
    assert done.status == 2
    assert "'org' is not a valid format" in done.err + done.out
    assert "brief" in done.err + done.out


def test_a_plug_in_that_cannot_be_loaded_is_reported_by_doctor(home, install):
    install("raise ImportError('no kelp')", "[paper_digest.rankers]\nbrief = tiny_plugins:brief\n")
    found = json.loads(home.call("doctor", "--json", "--now", NOW).out)
    (line,) = [each for each in found if each["check"] == "plug-ins"]
    assert line["message"] == "the ranker plug-in brief failed: ImportError: no kelp"


def test_tables_keep_the_weights_of_rankers(example):
    example.call("subscriptions", "export", "all.csv")
    table = (example.path / "all.csv").read_text("utf-8")
    assert "ranking.brief" in table.splitlines()[0]
    example.write("all.csv", table.replace("kelp,", "lamp,", 1))
    assert example.call("subscriptions", "import", "all.csv").status == 0
    example.call("subscriptions", "export", "all.jsonl")
    lines = (example.path / "all.jsonl").read_text("utf-8").splitlines()
    (exported,) = [row for row in map(json.loads, lines) if row["id"] == "lamp"]
    assert exported["ranking"] == {"brief": 2.0}
    assert exported["formats"] == ["html", "org"]
