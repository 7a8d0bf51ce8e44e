"""One paper of many makes a stage fail: it is set aside, reported once, and everything else comes out."""

import json
import re
import subprocess
import sys
from dataclasses import dataclass, field, replace
from datetime import timedelta
from importlib import import_module

import pytest

from digest import publish
from digest.errors import UsageError
from digest.model import FORMS, Reply
from digest.pipeline.channels import CHANNELS
from digest.read import registry
from digest.system.deadline import Overtime, TookTooLong, within
from tests.deliver.smtp_server import ScriptedServer
from tests.homes import TestHome, page

NOW, LATER = "2026-11-20T09:00", "2026-11-21T09:00"
MARK, BAD = "Broken Bell", "Broken Bell of Kelp"
GOOD = tuple(f"Kelp number {number}" for number in range(12))
TITLES = (*GOOD[:4], BAD, *GOOD[4:])


@pytest.fixture
def home(tmp_path):
    home = TestHome(tmp_path)
    home.subscribe("kelp", "kelp", max_papers=20, formats=[*FORMS], email="ada@example.org")
    home.put("2026-11-19.txt", page(*TITLES))
    return home


def failing(real, error=RecursionError):
    """Return a function that fails if an argument has anything to do with the bad paper."""

    def broken(*arguments, **more):
        if MARK in repr((arguments, more)):
            raise error
        return real(*arguments, **more)

    return broken


def problems(report):
    return [*report["problems"], *(problem for file in report["files"] for problem in file["problems"])]


def check_once(home, *, stage):
    """Run twice: the bad paper is reported in the first run only, and the others get everything."""
    first = home.run(NOW, status=1)
    (problem,) = problems(first)
    assert re.match(rf"paper 5 \({BAD}\): .* left out of {stage}.*: \w+", problem), problem
    assert "RecursionError" in problem
    (kelp,) = first["subscriptions"]
    assert {*GOOD} <= {*kelp["issue"]["new"]}
    home.put("2026-11-20.txt", page("Another Kelp"))
    second = home.run(LATER)
    assert problems(second) == []
    assert second["subscriptions"][0]["issue"]["new"] == ["Another Kelp"]
    return kelp["issue"]


# What is made to fail, and the stage that it belongs to.
MATCHERS = {
    "digest.pipeline.matching.analyse": "matching",
    "digest.pipeline.matching.match": "matching for kelp",
    "digest.rank.likeness.terms_of": "the themes of issues for kelp",
    "digest.rank.formula.popularity": "ranking for kelp",
    "digest.pipeline.decisions.find": "matching for kelp",
    "digest.pipeline.decisions.decide": "matching for kelp",
    "digest.pipeline.decisions.encode_issue": "matching for kelp",
    "digest.pipeline.run.keyphrases": "the search for trends",
}


@pytest.mark.parametrize("name", MATCHERS)
def test_a_paper_that_cannot_be_matched_or_ranked(home, monkeypatch, name):
    home.write("subscriptions/kelp.toml", 'keywords = ["kelp"]\n[ranking]\npopularity = 1.0\n')
    module, _, function = name.rpartition(".")
    monkeypatch.setattr(name, failing(getattr(import_module(module), function)))
    issue = check_once(home, stage=MATCHERS[name])
    assert (BAD in issue["new"]) == ("matching" not in MATCHERS[name])


@pytest.mark.parametrize("form", FORMS)
def test_a_paper_that_a_form_of_issues_cannot_show(home, monkeypatch, form):
    from digest.render import renderer

    monkeypatch.setitem(renderer._FORMS, form, failing(renderer._FORMS[form]))
    issue = check_once(home, stage="issues")
    shown = (home.path / issue[form]).read_bytes().replace(b"=\r\n", b"").decode()
    assert all(re.sub(r"\s+|\*\*", " ", shown).split().count(title.split()[-1]) for title in GOOD)
    assert "Untitled paper" in shown
    assert BAD not in shown


@pytest.mark.parametrize("form", publish.FORMS)
def test_a_paper_that_a_feed_cannot_show(home, monkeypatch, form):
    monkeypatch.setitem(publish.FORMS, form, failing(publish.FORMS[form]))
    check_once(home, stage="feeds")
    for name in ("kelp", "all"):
        feed = (home.path / f"output/feeds/{name}.{form}").read_text("utf-8")
        assert all(title in feed for title in GOOD)
        assert BAD not in feed


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("digest.render.renderer.page_view", "its page in the archive"),
        ("digest.render.search.shard", "the archive's search"),
        ("digest.render.view.paper_view", "issues"),
        ("digest.render.view.shorten_abstract", "issues"),
        ("digest.render.markdown.escape", "issues"),
    ],
)
def test_a_paper_that_a_page_cannot_show(home, monkeypatch, name, stage):
    module, _, function = name.rpartition(".")
    monkeypatch.setattr(name, failing(getattr(import_module(module), function)))
    check_once(home, stage=stage)
    assert len([*(home.path / "output/site/papers").iterdir()]) == len(TITLES) + 1
    titles = (home.path / "output/site/titles/0.js").read_text()
    assert all(title in titles for title in GOOD)


@pytest.mark.parametrize("format_", registry._BUILT_IN)
@pytest.mark.parametrize("member", ["sniff", "parse"])
def test_a_reader_that_raises_for_one_file(home, monkeypatch, format_, member):
    """Every format in turn claims the files, and fails on one of ten."""
    pages = import_module("digest.read.formats.daily_papers_page")
    reader = import_module(format_)
    parse = pages.parse
    sniff = lambda document: True  # noqa: E731
    monkeypatch.setattr(registry, "_BUILT_IN", (format_,))
    monkeypatch.setattr(reader, "sniff", failing(sniff, MemoryError) if member == "sniff" else sniff)
    monkeypatch.setattr(reader, "parse", failing(parse, MemoryError) if member == "parse" else parse)
    monkeypatch.setattr("digest.read.file_types.is_text", lambda *_: True, raising=False)
    (home.path / "inbox/2026-11-19.txt").unlink()
    for number, title in enumerate(TITLES):
        home.put(f"2026-11-{number + 1:02}.txt", page(title))
    report = home.run(NOW, status=1)
    assert [file["path"] for file in report["files"] if file["rejected"]] == ["inbox/2026-11-05.txt"]
    assert sorted(report["subscriptions"][0]["issue"]["new"]) == sorted(GOOD)


def test_mail_of_an_issue_with_a_paper_that_cannot_be_shown(home, monkeypatch):
    """The mail goes out first, so the delivery finds the paper; the files know of it."""
    monkeypatch.setattr(
        "digest.render.view.paper_view", failing(import_module("digest.render.view").paper_view)
    )
    with ScriptedServer() as server:
        mail = f'host = "127.0.0.1"\nport = {server.port}\ntls = "none"\nfrom = "digest@example.org"\n'
        home.write("digest.toml", f'channels = ["smtp"]\n[smtp]\n{mail}')
        report = home.run(NOW, status=1)
        (taken,) = server.taken
    assert report["delivery"]["sent"] == 1
    assert any(BAD in problem for problem in report["delivery"]["problems"])
    assert problems(report) == []
    body = taken.data.replace(b"=\r\n", b"").decode()
    assert all(title in body for title in GOOD)


def test_a_changed_paper_and_rewrite_try_again(home, monkeypatch):
    real = import_module("digest.pipeline.matching").analyse
    with monkeypatch.context() as patch:
        patch.setattr("digest.pipeline.matching.analyse", failing(real))
        check_once(home, stage="matching")
    assert home.run("2026-11-22T09:00")["subscriptions"][0]["issue"] is None
    again = home.run("2026-11-23T09:00", "--rewrite")
    assert again["subscriptions"][0]["issue"]["new"] == [BAD]
    assert home.rows("select count(*) from set_aside") == [(0,)]


def test_why_names_what_was_set_aside(home, monkeypatch):
    real = import_module("digest.pipeline.matching").analyse
    monkeypatch.setattr("digest.pipeline.matching.analyse", failing(real))
    home.run(NOW, status=1)
    for words in ((), ("--paper", "5")):
        told = home.call("why", "kelp", *words, "--now", NOW).out
        assert "left out of matching: RecursionError" in re.sub(r"\s+", " ", told)
    assert "set_aside" in json.loads(home.call("why", "kelp", "--json", "--now", NOW).out)


@pytest.mark.parametrize(
    "name",
    ["digest.pipeline.matching.analyse", "digest.match.prefilter.analyse", "digest.render.view.paper_view"],
)
def test_a_preview_without_the_paper(home, monkeypatch, name):
    (home.path / "subscriptions/kelp.toml").unlink()
    home.run(NOW)
    home.subscribe("kelp", "kelp", max_papers=20)
    module, _, function = name.rpartition(".")
    monkeypatch.setattr(name, failing(getattr(import_module(module), function)))
    shown = home.call("preview", "kelp", "--now", NOW)
    assert shown.status == 0, shown.err
    assert all(title in shown.out for title in GOOD)


def test_a_page_with_counted_clicks_without_the_abstract(home, monkeypatch):
    from digest.home.settings_file import open_home
    from digest.services.reader_pages import tracked_page

    home.write("subscriptions/kelp.toml", 'keywords = ["kelp"]\n[ranking]\nclicks = true\n')
    home.write("digest.toml", 'base_url = "https://digest.example.org/"\n')
    home.run(NOW)
    broken = failing(import_module("digest.render.view").shorten_abstract)
    monkeypatch.setattr("digest.render.view.shorten_abstract", lambda text, *_, **more: broken(text, **more))
    shown = tracked_page(open_home(str(home.path)), "kelp", "2026-11-20-1")
    assert all(title in re.sub("</?strong>", "", shown) for title in TITLES)


def test_a_stage_that_takes_too_long_on_a_paper_gives_it_up(home, monkeypatch):
    real = import_module("digest.render.view").shorten_abstract

    def slow(text, *arguments, **more):
        while MARK in text:
            pass
        return real(text, *arguments, **more)

    for module in ("set_aside.SECONDS", "set_aside._FURTHER"):
        monkeypatch.setattr(f"digest.pipeline.{module}", 0.5)
    monkeypatch.setattr("digest.render.view.shorten_abstract", slow)
    report = home.run(NOW, status=1)
    (problem,) = problems(report)
    assert f"paper 5 ({BAD}): its abstract is left out of issues: took more than 0.5 s" in problem


def test_a_template_that_is_wrong_sets_no_paper_aside(home):
    home.write("templates/issue.md", "{{ issue.nothing }}")
    report = home.run(NOW, status=1)
    assert "fix this template" in report["problems"][0]
    issue = report["subscriptions"][0]["issue"]
    written = {form: (home.path / issue[form]).exists() for form in FORMS}
    assert written == {form: form != "markdown" for form in FORMS}  # the other forms do not need it
    assert home.rows("select count(*) from set_aside") == [(0,)]


def test_deadlines_hold_in_any_thread():
    import threading

    def forever():
        while True:
            pass

    found = []

    def tried():
        try:
            within(forever, 0.3)
        except TookTooLong as error:
            found.append(str(error))

    thread = threading.Thread(target=tried)
    thread.start()
    thread.join(20)
    tried()
    assert found == ["took more than 0.3 s"] * 2


def test_of_nested_deadlines_each_ends_its_own_work():
    def forever():
        while True:
            pass

    def outer():
        with pytest.raises(TookTooLong):
            within(forever, 0.3)
        return 7

    assert within(outer, 60) == 7
    with pytest.raises(TookTooLong, match=r"0\.3"):
        within(lambda: within(forever, 60), 0.3)
    assert issubclass(Overtime, BaseException)
    assert not issubclass(Overtime, Exception)


def test_an_ended_deadline_leaves_functions_that_can_be_traced():
    """In a process of its own, as a debugger or a measurement of coverage would wait for ever."""
    program = """
import sys
from digest.system.deadline import TookTooLong, within
def forever():
    while True:
        pass
try:
    within(forever, 0.3)
except TookTooLong:
    sys.settrace(lambda *_: None)
print("traced" if (lambda: 1)() else "")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout == "traced\n"


@dataclass
class Opened:
    """A channel that fails on the message to one of its recipients, before or after it has begun."""

    after: bool
    sent: list[str] = field(default_factory=list)
    connections: int = 2
    domain_connections: int = 0
    domain_per_minute: int = 0
    longest_attempt: timedelta = timedelta(minutes=5)
    usable: bool = True

    def open(self):
        return self

    def send(self, delivery, begin):
        bad = delivery.recipient.startswith("r4")
        if bad and not self.after:
            raise RecursionError
        assert begin()
        if bad:
            raise MemoryError
        self.sent.append(delivery.recipient)
        return Reply("end", 250, "taken")

    def quit(self):
        pass


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("name", CHANNELS)
def test_a_channel_that_fails_on_one_message(home, monkeypatch, name, after):
    rooms = [f"r{number}" for number in range(10)]
    opened = Opened(after)
    monkeypatch.setitem(CHANNELS, name, replace(CHANNELS[name], open=lambda *_: opened))
    tables = {
        "smtp": '[smtp]\nhost = "127.0.0.1"\ntls = "none"\nfrom = "d@example.org"\n',
        "maildir": '[maildir]\npath = "mail"\nfrom = "d@example.org"\n',
        "chat": "".join(f'[chat.{room}]\nurl_env = "X"\n' for room in rooms),
    }
    home.write("digest.toml", f'channels = ["{name}"]\n{tables[name]}')
    to = {"chat": rooms} if name == "chat" else {"email": [f"{room}@example.org" for room in rooms]}
    home.subscribe("kelp", "kelp", **to)
    report = home.run(NOW, status=1)["delivery"]
    assert {each[:2] for each in opened.sent} == {*rooms} - {"r4"}
    assert (report["sent"], report["in_doubt"], report["deferred"]) == (9, int(after), int(not after))
    (problem,) = report["problems"]
    assert f"{name} failed ({'MemoryError' if after else 'RecursionError'})" in problem


@pytest.mark.parametrize("error", [UsageError("no password"), RecursionError(), MemoryError(), OSError("x")])
def test_a_channel_that_cannot_be_opened_leaves_the_others(home, monkeypatch, error):
    def refuse(*_):
        raise error

    opened = Opened(after=False)
    monkeypatch.setitem(CHANNELS, "smtp", replace(CHANNELS["smtp"], open=refuse))
    monkeypatch.setitem(CHANNELS, "chat", replace(CHANNELS["chat"], open=lambda *_: opened))
    tables = '[smtp]\nhost = "127.0.0.1"\ntls = "none"\nfrom = "d@example.org"\n[chat.r1]\nurl_env = "X"\n'
    home.write("digest.toml", f'channels = ["smtp", "chat"]\n{tables}')
    home.subscribe("kelp", "kelp", email=["a@example.org"], chat=["r1"])
    report = home.run(NOW, status=1)["delivery"]
    assert opened.sent == ["r1"]
    assert (report["sent"], report["pending"]) == (1, 1)
    assert [each.partition(":")[0] for each in report["problems"]] == ["nothing was sent over smtp"]


def test_every_channel_renders_behind_the_boundary():
    """A new channel that renders issues gets the boundary when it is opened."""
    import inspect

    for name, channel in CHANNELS.items():
        assert "boundary" in inspect.signature(channel.open).parameters, name


SEARCHES = (("match", "kelp"), ("library", "search", "kelp", "--limit", "50"), ("library", "export", "kelp"))


@pytest.mark.parametrize("command", SEARCHES)
@pytest.mark.parametrize("error", [RecursionError, MemoryError, ValueError])
def test_a_search_without_the_paper(home, monkeypatch, command, error):
    home.run(NOW)
    real = import_module("digest.match.prefilter").analyse
    monkeypatch.setattr("digest.match.prefilter.analyse", failing(real, error))
    for done in (home.call(*command), home.call(*command, "--json")):
        assert done.status == 1
        assert all(title in done.out for title in GOOD)
        assert BAD not in done.out
        assert f"paper 5 ({BAD}): it is left out of matching: {error.__name__}" in done.err
    assert all(json.loads(line)["title"] in GOOD for line in done.out.splitlines())


def test_a_match_on_files_without_the_paper(home, monkeypatch):
    real = import_module("digest.match.prefilter").analyse
    monkeypatch.setattr("digest.match.prefilter.analyse", failing(real))
    done = home.call("match", "kelp", home.path / "inbox", "--json")
    assert (done.status, sorted(each["title"] for each in done.lines)) == (1, sorted(GOOD))
    assert BAD in done.err


def test_a_title_that_cannot_be_compared_hides_no_other(home, monkeypatch):
    home.run(NOW)
    real = import_module("digest.services.library").words
    monkeypatch.setattr("digest.services.library.words", failing(real))
    assert GOOD[3] in home.call("library", "show", "number 3").out
