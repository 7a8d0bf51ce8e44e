"""Import and export of subscriptions: CSV, JSON Lines and folders of TOML."""

import json
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.home.subscription_files import AlikeChecks, check_values
from digest.home.subscription_tables import READERS, csv_lines, json_lines, toml_text
from digest.model import Subscription
from tests.homes import TestHome, page

_names = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=12)
_queries = st.lists(
    st.sampled_from(
        (
            "fog",
            '"a phrase"',
            "=exact",
            "title:pier AND fog",
            "fog NOT (a OR b)",
            '"semi; colon"',
            "'quoted",
            "a\nb",
            "c++",
            "fog^2",
            '"near words"~3',
            "@home",
            "'=x",
            "a; b",
            "[x",
            '"[x"',
            "distill*",
        )
    ),
    min_size=1,
    max_size=3,
)
_tables = st.fixed_dictionaries(
    {"keywords": _queries},
    optional={
        "name": _names,
        "exclude": _queries,
        "email": st.lists(
            st.sampled_from(
                (
                    "a@example.org",
                    "Jane <j@example.org>",
                    '"Doe; J." <d@example.org>',
                    "x@straße.de",
                    '"Sean \\"S\\" O" <s@example.org>',
                )
            ),
            min_size=1,
            max_size=3,
        ),
        "schedule": st.sampled_from(("weekdays 08:00", "mon,thu 09:00,17:00", "0 8 * * 1-5")),
        "timezone": st.sampled_from(("Europe/Paris", "UTC")),
        "max_papers": st.integers(1, 10**6),
        "newer_than": st.sampled_from(("90 days", "7 hours", "99999 years")),
        "formats": st.lists(st.sampled_from(("html", "markdown", "text")), max_size=3),
        "start": st.sampled_from(("now", "2 weeks", "36 hours")),
        "enabled": st.booleans(),
        "paused_until": st.dates(date(1900, 1, 1)),
        "send_empty": st.sampled_from(("never", "weekly note")),
        "language": st.sampled_from(("de", "en")),
        "chat": st.lists(st.sampled_from(("lab", "team-2")), max_size=2),
        "ranking": st.fixed_dictionaries(
            {}, optional={"taste": st.floats(0, 100), "discover": st.integers(0, 9), "clicks": st.booleans()}
        ),
    },
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables=st.lists(_tables, max_size=4))
def test_what_was_exported_is_imported_the_same(tables, tmp_path):
    checked = [check_values(f"s{n}", table, shown="x") for n, table in enumerate(tables)]
    valid = [each for each in checked if isinstance(each, Subscription)]
    folder = tmp_path / "toml"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for each in valid:
        (folder / f"{each.id}.toml").write_text(toml_text(each), "utf-8", newline="\n")
    (tmp_path / "x.csv").write_text("".join(csv_lines(iter(valid))), "utf-8", newline="")
    (tmp_path / "x.jsonl").write_text("".join(json_lines(iter(valid))), "utf-8", newline="\n")
    for form, path in (("csv", "x.csv"), ("jsonl", "x.jsonl"), ("toml", "toml")):
        assert [row.value for row in READERS[form](tmp_path / path)] == valid, form


@pytest.fixture
def home(tmp_path):
    (tmp_path / "home").mkdir()
    home = TestHome(tmp_path / "home")
    home.subscribe("filed", "fog")
    return home


@pytest.mark.parametrize("form", ["csv", "jsonl", "toml"])
def test_an_empty_home_gets_all_that_another_exported(home, tmp_path, form):
    home.write(
        "x.jsonl", '{"id": "row", "keywords": ["=fog"], "email": "a@example.org", "timezone": "Asia/Tokyo"}\n'
    )
    done = home.call("subscriptions", "import", home.path / "x.jsonl", "--json")
    assert done.json == {"added": 1, "changed": 0, "unchanged": 0}
    target = tmp_path / ("copy" if form == "toml" else f"copy.{form}")
    assert home.call("subscriptions", "export", target, "--json").json["subscriptions"] == 2
    (tmp_path / "other").mkdir()
    other = TestHome(tmp_path / "other")
    assert other.call("subscriptions", "import", target).status == 0
    exports = [each.call("subscriptions", "export", "--format", "jsonl").out for each in (home, other)]
    assert exports[0] == exports[1] != ""
    other.put("2026-11-15.txt", page("Fog over the pier"))
    report = other.run("2026-11-16T09:00")
    assert {each["id"]: bool(each["issue"]) for each in report["subscriptions"]} == {
        "filed": True,
        "row": True,
    }


def test_a_mistake_refuses_all_and_names_line_and_key(home):
    home.write(
        "x.csv",
        'id,keywords,max_papers\ngood,fog,\nbad,"two\nlines",many\nfiled,fog,\ngood,fog,\n,fog,\nX!,(fog,1,2\nX!,fog,\n',
    )
    done = home.call("subscriptions", "import", home.path / "x.csv")
    assert done.status == 2
    for place in ("x.csv:3: max_papers", "x.csv:5: id", "x.csv:7: id", "x.csv:8: has 4 cells", "x.csv:9: id"):
        assert place in done.err
    assert [each["id"] for each in home.call("subscriptions", "list", "--json").json] == ["filed"]


def test_fifty_mistakes_are_listed(home):
    home.write("x.jsonl", "".join(json.dumps({"id": f"s{n}", "keyword": []}) + "\n" for n in range(60)))
    err = home.call("subscriptions", "import", home.path / "x.jsonl").err
    assert "x.jsonl:25: keyword: unknown key; did you mean 'keywords'?" in err
    assert "x.jsonl:26" not in err
    assert "and 70 more" in err


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.csv", "name,keywords\na,b\n", "x.csv:1: id: is missing"),
        ("x.csv", "id,keyword\na,b\n", "x.csv:1: keyword: unknown key; did you mean 'keywords'?"),
        ("x.csv", b"id,keywords\na,\xff\n", "x.csv: is not UTF-8"),
        ("x.csv", 'id,keywords\na,"fog\n', "x.csv:2: is not valid CSV"),
        ("x.csv", "", "x.csv:1: id: is missing"),
        ("x.jsonl", "[]\n", "x.jsonl:1: is not a JSON object"),
        ("x.jsonl", '{"id": "a"', "x.jsonl:1: is not valid JSON"),
        ("x.jsonl", "[" * 100_000, "x.jsonl:1: is not valid JSON"),
        ("x.jsonl", '{"id": 7}', "x.jsonl:1: id: is not an id"),
        ("x.txt", "", "the format is not clear"),
    ],
)
def test_files_that_cannot_be_read_are_explained(home, name, content, said):
    home.write(name, content)
    done = home.call("subscriptions", "import", home.path / name)
    assert (done.status, said in done.err) == (2, True), done.err


def test_rows_are_changed_by_import_and_removed(home):
    home.write("x.csv", "\ufeffid;keywords;enabled\r\nrow;fog;FALSE\r\n")
    for expected in ("1 new", "1 unchanged"):
        assert expected in home.call("subscriptions", "import", home.path / "x.csv").out
    home.write("x.csv", "id,keywords\nrow,pier\n")
    assert "1 changed" in home.call("subscriptions", "import", home.path / "x.csv").out
    assert "without a file" in home.call("subscriptions", "add", "row", "fog").err
    assert "has a file" in home.call("subscriptions", "remove", "filed").err
    assert home.call("subscriptions", "remove", "row").status == 0
    assert home.call("subscriptions", "remove", "row").status == 2
    assert "not an empty folder" in home.call("subscriptions", "export", home.path).err


_wrong = st.fixed_dictionaries(
    {},
    optional={
        "keywords": st.sampled_from(([], "fog", ["(fog"], [7])),
        "email": st.sampled_from(("", [], "nobody", 7)),
        "formats": st.sampled_from((["eml"], ["pdf"], "html")),
        "name": st.sampled_from((" ", 7, "a  b")),
        "enabled": st.sampled_from((1, True, "true")),
        "unknown": st.just(1),
    },
)


@given(tables=st.lists(st.tuples(st.sampled_from(("a", "all", "X!")), _tables, _wrong), max_size=6))
def test_checks_of_tables_that_are_alike_say_the_same(tables):
    checks = AlikeChecks()
    for name, table, wrong in tables:
        for values in ({**table, **wrong}, table, wrong):
            assert checks.check(name, values, shown="x") == check_values(name, values, shown="x")


def test_lists_are_filtered_and_paged(home):
    lines = [
        {"id": f"r{n}", "name": f"Reader {n}", "keywords": ["fog"], "email": f"R{n}@x.org"} for n in range(5)
    ]
    home.write("x.jsonl", "".join(json.dumps(each) + "\n" for each in lines))
    home.call("subscriptions", "import", home.path / "x.jsonl")
    home.write("subscriptions/wrong.toml", "keywords = 1\n")

    def ids(action, *options):
        return [each["id"] for each in home.call("subscriptions", action, "--json", *options).json]

    for action in ("list", "check"):
        assert ids(action) == ["filed", "r0", "r1", "r2", "r3", "r4", "wrong"]
        assert ids(action, "--limit", 2, "--after", "r1") == ["r2", "r3"]
        assert ids(action, "--find", "r3@X") == ids(action, "--find", "reader 3") == ["r3"]
