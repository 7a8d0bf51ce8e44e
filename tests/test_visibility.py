"""Who finds a subscription: private ones leave no trace in what is public, unlisted ones are in no list."""

import re

import pytest

from tests.homes import TestHome, page

PUBLIC = ("output/site/", "output/feeds/")
KELP, LAMP = "Kelp and the Slow Lamp", "Lamps of Nine Piers"


@pytest.fixture
def home(tmp_path):
    home = TestHome(tmp_path / "home")
    home.put("2026-11-16.txt", page(KELP, LAMP))
    home.subscribe("open", "lamp*")
    return home


def traces(home, *words):
    """Return the public files whose name or content has one of these words."""
    return sorted(
        path
        for path, data in home.output().items()
        if path.startswith(PUBLIC) and any(word in path or word.encode() in data for word in words)
    )


def subscribe(home, visibility, **more):
    home.subscribe("secretive", "kelp", name="Quiet Otters", visibility=visibility, **more)


def test_a_private_subscription_leaves_no_trace_in_public_files(home):
    subscribe(home, "private")
    report = home.run()
    assert "output/issues/secretive/2026-11-20-1.html" in home.output()
    assert traces(home, "secretive", "Quiet Otters") == []
    assert not any("secretive" in path for path in report["feeds"])


def test_an_unlisted_subscription_has_pages_but_is_in_no_list(home):
    subscribe(home, "unlisted")
    home.run()
    own = [f"output/feeds/secretive.{form}" for form in ("atom", "json", "rss")]
    assert traces(home, "secretive", "Quiet Otters") == [
        *own,
        "output/site/issues/secretive/2026-11-20-1.html",
    ]


@pytest.mark.parametrize("before", ["public", "unlisted"])
def test_a_subscription_that_becomes_private_is_withdrawn(home, before):
    subscribe(home, before)
    home.run()
    assert traces(home, "secretive")
    subscribe(home, "private")
    home.run("2026-11-20T09:30")
    assert traces(home, "secretive", "Quiet Otters") == []
    assert not (home.path / "output/site/issues/secretive").exists()
    assert "private/secretive." in home.output()["output/issues/secretive/2026-11-20-1.html"].decode()


def test_a_private_subscription_that_becomes_public_is_published_as_if_it_always_was(home):
    subscribe(home, "private")
    home.run()
    subscribe(home, "public")
    home.run("2026-11-20T09:30")
    found = home.output()
    for path in traces(home, "secretive"):
        (home.path / path).unlink()
    home.run("2026-11-20T09:40")
    assert home.output() == found
    assert "output/site/issues/secretive/2026-11-20-1.html" in found
    assert b"Quiet Otters" in found["output/site/index.html"]


def test_a_private_subscription_stays_private_when_its_file_is_gone(home):
    subscribe(home, "private")
    home.run()
    (home.path / "subscriptions/secretive.toml").unlink()
    home.run("2026-11-21T09:00", "--rewrite")
    assert traces(home, "secretive", "Quiet Otters") == []


def test_public_files_of_a_private_subscription_that_return_are_reported_and_removed(home):
    subscribe(home, "private")
    home.run()
    home.write("output/feeds/secretive.atom", "from a backup")
    home.write("output/site/issues/secretive/2020-01-01-9.html", "from a backup")
    (found,) = [each for each in home.call("doctor", "--json").json if "secretive" in each["message"]]
    assert found["state"] == "warning"
    assert "digest run" in found["remedy"]
    home.run("2026-11-20T09:30")
    assert traces(home, "secretive") == []


def test_a_second_run_changes_nothing(home):
    subscribe(home, "private")
    home.run()
    before = home.output()
    home.run("2026-11-20T09:30")
    assert home.output() == before
    assert home.rows("select * from unwritten") == []


def test_rows_have_a_visibility_too(home):
    home.write("rows.csv", "id,keywords,name,visibility\nsecretive,kelp,Quiet Otters,public\n")
    home.call("subscriptions", "import", home.path / "rows.csv")
    home.run()
    assert traces(home, "secretive")
    home.write("rows.csv", "id,keywords,name,visibility\nsecretive,kelp,Quiet Otters,private\n")
    assert home.call("subscriptions", "import", home.path / "rows.csv").status == 0
    assert traces(home, "secretive", "Quiet Otters") == []  # at once, not at the next run
    (row,) = [each for each in home.call("subscriptions", "export").lines if each["id"] == "secretive"]
    assert row["visibility"] == "private"


@pytest.mark.parametrize("files", ["auto", "all", "none"])
def test_rows_with_an_address_are_withdrawn_whatever_has_files(home, files):
    home.write("digest.toml", f'files = "{files}"\n')
    header = "id,keywords,name,email,visibility\n"
    home.write("rows.csv", header + "secretive,kelp,Quiet Otters,a@example.org,public\n")
    home.call("subscriptions", "import", home.path / "rows.csv")
    home.run()
    home.call("render", "secretive")
    home.write("output/feeds/secretive.atom", "from a time when it had files")
    home.write("rows.csv", header + "secretive,kelp,Quiet Otters,a@example.org,private\n")
    home.call("subscriptions", "import", home.path / "rows.csv")
    assert traces(home, "secretive", "Quiet Otters") == []
    assert home.call("render", "secretive").status == 0
    home.run("2026-11-20T09:30", "--rewrite")
    assert traces(home, "secretive", "Quiet Otters") == []


def test_a_visibility_that_does_not_exist_is_refused_with_those_that_do(home):
    subscribe(home, "secret")
    done = home.call("subscriptions", "check")
    assert done.status == 2
    assert re.search(r"visibility.*'secret'.*public.*unlisted.*private", done.err, re.DOTALL)


def test_the_schedule_withdraws_at_once(home):
    from digest.home.settings_file import open_home
    from digest.services import runs
    from digest.services.workspace import Clock

    subscribe(home, "public")
    home.run()
    subscribe(home, "private")
    opened = open_home(str(home.path))
    runs.due(opened, Clock.of(opened, None), files_changed=True)
    assert traces(home, "secretive", "Quiet Otters") == []
