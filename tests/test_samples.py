"""Samples are not people's mail: a new home is empty, and every output says what is invented."""

from pathlib import Path

from tests.homes import call

NOW = ("--now", "2026-11-19T09:00")
RENDERED = ("*.html", "*.md", "*.txt", "*.eml", "*.rss", "*.atom", "*.json", "*.js")


def test_a_new_home_has_an_example_that_is_not_read_and_nothing_else(tmp_path):
    home = tmp_path / "papers"
    done = call("init", home)
    assert done.status == 0 and "digest subscriptions add" in done.out
    files = {str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()}
    assert files == {"digest.toml", "subscriptions/example.toml.txt"}
    assert call("subscriptions", "list", "--home", home, "--json").json == []
    report = call("run", "--home", home, "--json", *NOW).json
    assert report["files"] == report["subscriptions"] == []
    assert "samples" not in {each["check"] for each in call("doctor", "--home", home, "--json").json}


def test_the_example_becomes_a_subscription_when_it_is_renamed(tmp_path):
    call("init", tmp_path / "papers")
    example = tmp_path / "papers/subscriptions/example.toml.txt"
    text = example.read_text("utf-8").replace("\n# timezone", "\ntimezone").replace("\n# email", "\nemail")
    example.with_name("one-step.toml").write_text(text, "utf-8")
    done = call("subscriptions", "check", "--home", tmp_path / "papers")
    assert (done.status, done.err) == (0, "")


def test_samples_are_marked_in_every_output_and_go_to_nobody(tmp_path):
    home = tmp_path / "trial"
    assert "invented" in call("init", "--samples", home).out
    assert not any("@" in path.read_text("utf-8") for path in (home / "subscriptions").glob("*.toml"))
    run = call("run", "--home", home, "--json", *NOW)
    assert run.status == 0, run.err
    assert run.err.count("every paper in it is invented") == 2
    new = [title for each in run.json["subscriptions"] if each["issue"] for title in each["issue"]["new"]]
    assert not any(title.startswith("Sample") for title in new)  # JSON keeps the title of the file
    title = next(title for title in new if title.partition(":")[2])
    written = [path for form in RENDERED for path in (home / "output").rglob(form)]
    shown = {path: text for path in written if title[:20] in (text := _text(path))}
    assert {path.suffix for path in shown} >= {".html", ".md", ".txt", ".rss", ".atom", ".json", ".js"}
    for path, text in shown.items():
        start = text.index(title[:20])
        assert text[:start].endswith("Sample: "), path
    for command in (("match", "one-step"), ("library", "search", "one-step"), ("library", "show", "1")):
        assert "Sample: " in call(*command, "--home", home).out
    assert "sample" in call("library", "export", "--format", "csv", "--home", home).out
    assert "invented" in call("library", "export", "--format", "bibtex", "--home", home).out
    issues = [each["name"] for each in call("subscriptions", "list", "--home", home, "--json").json]
    assert issues and all(name.startswith("Sample: ") for name in issues)


def test_doctor_warns_while_there_are_samples(tmp_path):
    home = tmp_path / "trial"
    call("init", "--samples", home)
    found = _samples(home)
    assert found["state"] == "warning" and "5 sample files" in found["message"]
    assert found["remedy"] == "start a home without them: digest init DIR"
    call("run", "--home", home, *NOW)
    for path in (*(home / "inbox").iterdir(), *(home / "subscriptions").iterdir()):
        path.unlink()
    assert "invented papers in the library" in _samples(home)["message"]


def _samples(home: Path) -> dict[str, str]:
    findings = call("doctor", "--home", home, "--json", *NOW).json
    return next(each for each in findings if each["check"] == "samples")


def _text(path: Path) -> str:
    return " ".join(path.read_text("utf-8").replace("<b>", "").replace("**", "").split())
