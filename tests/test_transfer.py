"""Export of a whole home and its import into an empty one: nothing changes, nothing is sent twice, all or nothing."""

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from digest.store.columns import meta
from digest.store.exported import DERIVED, EXPORTED
from tests.homes import TestHome, page

LAMPS = [f"Lantern number {n} of the pier" for n in range(6)]
DAYS = tuple(f"2026-11-{day}T09:00" for day in range(17, 27))
SETTINGS = 'channels = ["maildir"]\ntitle = "Harbour"\nbase_url = "https://lamps.example.org"\n[maildir]\nfrom = "Harbour <digest@lamps.example.org>"\npath = "sent"\n'


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = TestHome(tmp_path_factory.mktemp("made") / "home")
    home.write("digest.toml", SETTINGS)
    home.subscribe("lamp", "lantern", email=["a@example.org", "b@example.org"])
    home.subscribe("pier", "pier")
    home.put("2026-11-17.txt", page(*LAMPS[:3], day="Nov 17"))
    home.run(DAYS[0])
    home.put("2026-11-18.txt", page(*LAMPS[2:5], day="Nov 18"))
    home.put("broken.pdf", b"%PDF-1.4 nothing")
    home.run(DAYS[1], status=1)
    home.call("feedback", "lamp", "like", LAMPS[0])
    home.call("recipients", "suppress", "b@example.org", "--reason", "has left")
    home.write("readers.csv", "id,name,email,keywords\nrow,A row,c@example.org,lantern\n")
    assert home.call("subscriptions", "import", home.path / "readers.csv").status == 0
    return home.path


@pytest.fixture
def home(made: Path, tmp_path: Path) -> TestHome:
    """A home of its own for each test."""
    home = TestHome(tmp_path / "home")
    shutil.copytree(made, home.path, dirs_exist_ok=True)
    return home


def exported(home: TestHome, name: str = "export") -> Path:
    folder = home.path.parent / name
    done = home.call("export", folder)
    assert done.status == 0, done.err
    return folder


def empty(home: TestHome, name: str = "new") -> TestHome:
    """Return an empty home beside this one, with the same inbox."""
    new = TestHome(home.path.parent / name)
    for path in (home.path / "inbox").iterdir():
        (new.path / "inbox" / path.name).write_bytes(path.read_bytes())
        os.utime(new.path / "inbox" / path.name, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    return new


def lines(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.jsonl")}


def files_of_readers(home: TestHome) -> dict[str, bytes]:
    return {name: data for name, data in home.output().items() if "README" not in name}


def test_every_table_is_exported_or_derived():
    known = [part.table.name for part in EXPORTED]
    assert sorted([*known, *DERIVED]) == sorted(meta.tables)
    order = {name: place for place, name in enumerate(known)}
    for part in EXPORTED:
        for key in part.table.foreign_keys:
            assert order[key.column.table.name] <= order[part.table.name], part.name


def test_every_file_and_key_is_documented():
    text = (Path(__file__).parents[1] / "docs" / "export.md").read_text("utf-8")
    for part in EXPORTED:
        section = text.split(f"### `{part.name}.jsonl`\n", 1)[1].split("\n### ", 1)[0]
        assert set(re.findall(r"^- `([a-z_]+)`", section, re.MULTILINE)) == set(part.table.columns.keys()), (
            part.name
        )
    for name in DERIVED:
        assert f"| `{name}` |" in text


def test_an_imported_home_goes_on_where_the_other_ended(home):
    folder, new = exported(home), empty(home)
    done = new.call("import", folder)
    assert done.status == 0, done.err
    assert (new.path / "digest.toml").read_text() == SETTINGS
    report = new.run(DAYS[1], status=0)
    assert all(file["new"] == file["updated"] == 0 for file in report["files"])
    assert [each["issue"] for each in report["subscriptions"] if each["id"] != "row"] == [None, None]
    assert [".row." in path.name for path in (new.path / "sent" / "new").iterdir()] == [
        True
    ]  # its first issue
    home.run(DAYS[1])
    assert files_of_readers(new) == files_of_readers(home)


def test_an_export_of_the_import_is_the_same(home):
    first, new = exported(home), empty(home)
    assert new.call("import", first).status == 0
    assert lines(exported(new, "again")) == lines(first)
    assert all((first / f"{part.name}.jsonl").exists() for part in EXPORTED)


def test_links_of_mails_sent_before_work_after_an_import(home):
    from digest.home.settings_file import open_home
    from digest.services.reader_pages import unsubscribe
    from digest.services.workspace import Clock

    texts = [path.read_bytes().replace(b"\r\n", b"\n") for path in (home.path / "sent" / "new").iterdir()]
    text = next(each for each in texts if b"To: a@example.org" in each).replace(b"\n ", b"")
    code = re.search(rb"List-Unsubscribe: .*https://lamps.example.org/[a-z]+/([^>\s?]+)", text)[1].decode()
    folder, new = exported(home), empty(home)
    assert new.call("import", folder).status == 0
    opened = open_home(str(new.path))
    left = unsubscribe(opened, code, Clock.of(opened, None))
    assert left is not None
    assert left.unsubscribed
    new.put("2026-11-19.txt", page(LAMPS[5], day="Nov 19"))
    new.run(DAYS[2])
    mails = new.call("outbox", "list", "--json").json
    assert {each["status"] for each in mails if (each["subscription"], each["issue"]) == ("lamp", 3)} == {
        "suppressed"
    }


def test_only_the_owner_reads_an_export(home):
    folder = exported(home)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()}
    assert modes == {0o600}
    assert "secrets" in home.call("export", folder.with_name("other")).err


def test_a_home_that_is_not_empty_is_refused(home):
    folder, before = exported(home), home.dump()
    done = home.call("import", folder)
    assert done.status == 2
    assert "is not empty" in done.err
    assert home.dump() == before


def test_a_folder_that_is_not_empty_is_refused(home):
    folder = exported(home)
    done = home.call("export", folder)
    assert (done.status, "is not an empty folder" in done.err) == (2, True)


def test_a_home_without_a_library_is_not_exported(tmp_path):
    done = TestHome(tmp_path / "fresh").call("export", tmp_path / "export")
    assert (done.status, "no library yet" in done.err) == (2, True)
    assert not (tmp_path / "export").exists()
    assert not (tmp_path / "fresh" / "digest.db").exists()


@pytest.mark.parametrize("name", ["papers", "issues", "outbox", "subscriptions", "departures", "runs"])
@pytest.mark.parametrize("how", ["cut", "value", "key", "twice", "missing", "changed", "bytes"])
def test_damage_is_named_with_file_and_line_and_nothing_is_imported(home, name, how):
    if name == "departures":
        home.call("recipients", "suppress", "d@example.org", "--reason", "x")
    folder, new = exported(home), empty(home)
    path = folder / f"{name}.jsonl"
    kept = path.read_bytes().splitlines(keepends=True)
    place = len(kept)
    last = json.loads(kept[-1])
    if how == "cut":
        kept[-1] = kept[-1][: len(kept[-1]) // 2]
    elif how == "value":
        kept[-1] = json.dumps(last | {next(iter(last)): [1]}).encode() + b"\n"
    elif how == "key":
        kept[-1] = json.dumps(last | {"zzz": 1}).encode() + b"\n"
    elif how == "twice":
        kept.append(kept[-1])
        place += 1
    elif how == "missing":
        kept.pop()
    elif how == "changed":
        kept[-1] = kept[-1].rstrip(b"\n") + b" \n"
    else:
        kept[-1] = b"\xff\xfe" + kept[-1]
    path.write_bytes(b"".join(kept))
    done = new.call("import", folder)
    assert done.status == 2
    assert f"{name}.jsonl" in done.err
    if how in {"cut", "value", "bytes", "twice"} and (name, how) != ("departures", "twice"):
        assert f"{name}.jsonl, line {place}: " in done.err
    assert new.rows("select count(*) from paper") == [(0,)]
    assert not (new.path / "digest.toml").exists()
    assert not (new.path / "state").exists()


def test_an_export_that_was_interrupted_is_refused(home):
    folder = exported(home)
    (folder / "manifest.json").unlink()
    done = empty(home).call("import", folder)
    assert (done.status, "is not a complete export" in done.err) == (2, True)


def test_settings_of_the_new_home_are_kept_and_files_in_the_way_are_named(home):
    folder, new = exported(home), empty(home)
    new.write("digest.toml", 'timezone = "Europe/Paris"\n')
    new.subscribe("lamp", "other")
    done = new.call("import", folder)
    assert (done.status, "lamp.toml: differs" in done.err) == (2, True)
    (new.path / "subscriptions" / "lamp.toml").unlink()
    done = new.call("import", folder, "--json")
    assert (done.status, done.json["kept"]) == (0, ["digest.toml"])


def test_a_killed_import_leaves_an_empty_home_or_resumes(home):
    folder = exported(home)
    for step in (
        "digest.services.transfer._place_files",
        "digest.store.exchange.Exchange.finish",
        "digest.store.exchange.Exchange.take",
    ):
        new = empty(home, step.rpartition(".")[2])
        module, _, name = step.rpartition(".")
        program = f"""
import os, signal, sys
from pydoc import locate
from digest.cli.main import main
target, name = locate({module!r}), {name!r}
real = getattr(target, name)
def killed(*arguments):
    real(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(target, name, killed)
main(["import", {str(folder)!r}, "--home", {str(new.path)!r}])
"""
        assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -signal.SIGKILL
        assert new.rows("select count(*) from run") == [(0,)]
        if step.endswith("files"):  # its files are there: a run must not begin a library
            assert new.call("run").status == 2
        assert new.call("import", folder).status == 0
        assert lines(exported(new, f"again-{new.path.name}")) == lines(folder)
