"""The settings `files` and `keep_files`: which subscriptions have files, and how the others get their pages."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from digest.home.settings_file import open_home
from digest.pipeline.maintenance import run_maintenance
from digest.services.workspace import open_library
from tests.homes import TestHome, issue_of, page
from tests.web.conftest import serving

NOW = "2026-11-20T09:00"


@pytest.fixture
def home(tmp_path: Path) -> TestHome:
    """Give a home with a subscription in a file, and two rows: one with an address, one without."""
    found = TestHome(tmp_path / "home")
    found.put("2026-11-16.txt", page("Kelp Forests", "Kelp Farms"))
    found.subscribe("file", "kelp", email=["f@x.test"])
    rows = found.write(
        "rows.jsonl",
        '{"id": "mailed", "keywords": ["kelp"], "email": "m@x.test"}\n{"id": "read", "keywords": ["kelp"]}\n',
    )
    assert found.call("subscriptions", "import", rows, "--now", NOW).status == 0
    return found


def of(home: TestHome, name: str) -> set[str]:
    """Return the paths of the output files of a subscription."""
    return {path for path in home.output() if f"/{name}/" in path or f"/{name}." in path}


def paths(report: dict, name: str) -> set[str | None]:
    issue = issue_of(report, name)
    assert issue
    return {issue[form] for form in ("html", "markdown", "text", "eml")}


def test_only_those_who_look_at_files_have_them(home):
    report = home.run(NOW)
    assert of(home, "mailed") == set()
    assert len(of(home, "file")) == 3 + 5 and len(of(home, "read")) == 3 + 4
    assert paths(report, "mailed") == {None}
    assert None not in paths(report, "file")
    index = home.output()["output/site/index.html"].decode()
    assert "issues/file/" in index and "issues/read/" in index and "mailed" not in index
    paper = home.output()["output/site/papers/1.html"].decode()
    assert "issues/file/" in paper and "mailed" not in paper
    assert "mailed" not in home.output()["output/feeds/all.opml"].decode()
    ledger = home.call("ledger", "--run", 1, "--json").json
    assert paths(ledger["report"], "mailed") == {None}
    assert home.rows("select * from unwritten") == []


@pytest.mark.parametrize(("files", "with_files"), [("all", {"file", "read", "mailed"}), ("none", set())])
def test_the_setting_is_for_all_subscriptions(home, files, with_files):
    home.write("digest.toml", f'files = "{files}"\n')
    home.run(NOW)
    assert {name for name in ("file", "read", "mailed") if of(home, name)} == with_files
    assert "output/feeds/all.atom" in home.output()


def test_a_changed_setting_holds_for_old_issues(home):
    home.run(NOW)
    before = home.output()
    home.write("digest.toml", 'files = "all"\n')
    home.run("2026-11-20T09:05")
    assert len(of(home, "mailed")) == 3 + 5
    home.write("digest.toml", "")
    home.run("2026-11-20T09:10")
    assert not {path for path in of(home, "mailed") if "feeds" in path}
    assert all(home.output()[path] == data for path, data in before.items())


def test_a_run_with_nothing_new_writes_no_files_of_others(home):
    home.run(NOW)
    before = home.output()
    home.run("2026-11-20T09:05")
    home.call("run", "--rewrite", "--now", "2026-11-20T09:06")
    assert home.output() == before


def test_feeds_and_pages_made_on_request_are_those_that_files_would_have(home):
    home.write("digest.toml", 'files = "all"\n')
    home.run(NOW)
    written = {
        path: data
        for path, data in home.output().items()
        if path in of(home, "mailed") and not path.startswith("output/issues/")
    }
    assert len(written) == 4
    home.write("digest.toml", "")
    home.run("2026-11-20T09:05")
    for path in of(home, "mailed"):
        (home.path / path).unlink()
    with serving(home) as site:
        for path, data in written.items():
            address = path.removeprefix("output/").removeprefix("site/")
            response = site.ask(f"/{address}")
            assert response.body == data, path
            again = site.ask(f"/{address}", **{"If-None-Match": response.headers["etag"]})
            assert again.status == 304
        assert site.ask("/feeds/mailed.atom").headers["content-type"].startswith("application/atom+xml")
        for wrong in (
            "feeds/nobody.atom",
            "feeds/mailed.txt",
            "issues/mailed/2026-11-20-2.html",
            "issues/mailed/2026-11-21-1.html",
            "issues/nobody/2026-11-20-1.html",
            "issues/mailed/x.html",
        ):
            assert site.ask(f"/{wrong}").status == 404, wrong
    assert of(home, "mailed") == set()


def test_render_writes_the_files_of_any_issue(home):
    home.run(NOW)
    expected = home.output()
    done = home.call("render", "mailed", "--json")
    assert done.status == 0
    assert done.json["number"] == 1 and done.json["problems"] == []
    assert set(done.json["files"]) == of(home, "mailed") and len(of(home, "mailed")) == 5
    for path in of(home, "file"):
        if "/issues/" in path:
            (home.path / path).unlink()
    assert home.call("render", "file", "1").status == 0
    assert {path: data for path, data in home.output().items() if path in expected} == expected


@pytest.mark.parametrize(("arguments", "message"), [
    (("nobody",), "the subscription 'nobody' does not exist"), (("file", "2"), "issue 2 of file does not exist; it has the issues 1 to 1"),
])  # fmt: skip
def test_render_says_what_there_is(home, arguments, message):
    home.run(NOW)
    done = home.call("render", *arguments)
    assert done.status == 2
    assert message in done.err


def maintain(home: TestHome, now: str) -> int:
    opened = open_home(str(home.path))
    with open_library(opened, create=False) as store:
        return run_maintenance(opened, store, datetime.fromisoformat(now).replace(tzinfo=UTC)).files_removed


def test_files_of_old_issues_are_removed_and_come_back(home):
    home.write("digest.toml", 'keep_files = "30 days"\n')
    home.run(NOW)
    before = home.output()
    home.put("2026-12-26.txt", page("Kelp Again", day="Dec 26"))
    home.run("2026-12-27T09:00")
    assert maintain(home, "2026-12-27T09:01") == 5 + 4
    home.run("2026-12-27T09:02")
    old = {path for path in before if path.endswith(".html") and "2026-11-20-1" in path}
    assert old and not old & home.output().keys()
    for shown in ("output/site/index.html", "output/site/papers/1.html"):
        assert "2026-11-20-1" not in home.output()[shown].decode()
    assert "2026-12-27-2" in home.output()["output/site/index.html"].decode()
    assert maintain(home, "2026-12-27T09:03") == 0
    with serving(home) as site:
        path = "issues/file/2026-11-20-1.html"
        assert site.ask(f"/{path}").body == before[f"output/site/{path}"]
    assert home.call("render", "file", "1").status == 0
    home.run("2026-12-27T09:04")
    assert "file/2026-11-20-1" in home.output()["output/site/index.html"].decode()
    assert all(home.output()[path] == before[path] for path in old if "/file/" in path)


def test_doctor_says_that_pages_need_a_server(home):
    home.run(NOW)
    done = home.call("doctor")
    assert "1 subscription has" in done.out + done.err
    assert 'set files = "all"' in done.out + done.err
    home.write("digest.toml", 'files = "all"\n')
    assert "no files" not in home.call("doctor").out
