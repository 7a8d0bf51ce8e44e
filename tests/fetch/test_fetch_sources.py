"""Sources from first request to digest file, against servers of this machine."""

import json
import socket
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from digest.errors import StoreError
from digest.fetch import fetch as fetching
from digest.fetch import imap
from digest.fetch.errors import FetchError
from digest.fetch.fetch import FetchOptions, FetchResult, agent_of, fetch
from digest.fetch.rate_limit import RateLimit
from digest.fetch.state import FILE, SourceState, SourceStates
from digest.fetch.web import Limits
from digest.home.secrets import read_secret
from digest.model import Home, ImapBox, Settings, Source
from digest.read import files_of, read
from tests.servers import HttpReply, HttpRequest, Mailbox, http_server, imap_server

NOW = datetime(2026, 11, 18, 8, tzinfo=UTC)
LIMITS = Limits(
    max_bytes=100_000,
    seconds=5,
    attempts=2,
    longest_retry_after=0.1,
    first_wait=0.01,
    longest_wait=0.01,
    jitter=0,
)
FEED = b"<rss version='2.0'><channel><title>x</title><item><title>Snails</title><description>d</description></item></channel></rss>"


def run(
    inbox: Path, *sources: Source, now: datetime = NOW, since: date | None = None, limits=LIMITS
) -> list[FetchResult]:
    options = options_of(made(inbox), now=now, since=since, limits=limits)
    found = fetch(sources, SourceStates.load(inbox), options)
    return sorted(found, key=lambda each: sources.index(each.source))


def made(inbox: Path) -> Path:
    inbox.mkdir(exist_ok=True)
    return inbox


def options_of(
    inbox: Path, *, now: datetime = NOW, since: date | None = None, limits: Limits = LIMITS
) -> FetchOptions:
    return FetchOptions(
        agent="paper-digest/test",
        now=now,
        today=now.date(),
        since=since,
        limits=limits,
        password_of=lambda source: read_secret(
            Home(inbox, Settings()), "sources.password", source.password_env, source.password_file
        ),
        rate_limit=RateLimit(factor=0),
    )


def one(inbox: Path, source: Source, **options) -> FetchResult:
    return run(inbox, source, **options)[0]


def papers(inbox: Path) -> list[str]:
    found = [read(path, today=NOW.date(), zone=UTC, max_bytes=10**6) for path in files_of(str(inbox))]
    return sorted(listing.title for file in found for listing in file.listings)


# --- one document ----------------------------------------------------------------------------------


def test_a_feed_is_kept_once(tmp_path):
    def script(asked: HttpRequest) -> HttpReply:
        known = asked.headers.get("if-none-match") == '"1"'
        return HttpReply(304) if known else HttpReply(body=FEED, headers={"ETag": '"1"'})

    with http_server(script) as server:
        source = Source("shore", "feed", url=f"{server.url}/feed", private=True)
        first = one(tmp_path, source)
        again = one(tmp_path, source, now=NOW + timedelta(days=2))
    assert (len(first.files), first.error, first.changed) == (1, None, NOW)
    assert (again.files, again.unchanged, again.error, again.changed) == ((), 1, None, NOW)
    assert first.files[0].startswith("shore-2026-11-18-") and first.files[0].endswith(".xml")
    assert (tmp_path / first.files[0]).read_bytes() == FEED
    assert papers(tmp_path) == ["Snails"]


def test_the_same_bytes_without_an_etag_are_unchanged(tmp_path):
    with http_server([HttpReply(body=FEED)]) as server:
        source = Source("shore", "feed", url=server.url, private=True)
        found = [one(tmp_path, source, now=NOW + timedelta(days=day)) for day in range(3)]
    assert [(len(each.files), each.unchanged) for each in found] == [(1, 0), (0, 1), (0, 1)]
    assert len(files_of(str(tmp_path))) == 1


def test_a_web_page_is_no_feed(tmp_path):
    with http_server(
        [HttpReply(body=b"<!DOCTYPE html><p>Log in", headers={"Content-Type": "text/html"})]
    ) as server:
        found = one(tmp_path, Source("shore", "feed", url=server.url, private=True))
    assert "web page" in found.error and files_of(str(tmp_path)) == ()


def test_sources_are_independent(tmp_path):
    with http_server([HttpReply(body=FEED)]) as server:
        broken = Source("broken", "feed", url="http://127.0.0.1:1/", private=True)
        guarded = Source("guarded", "feed", url=server.url)
        good = Source("good", "feed", url=server.url, private=True)
        found = run(tmp_path, broken, guarded, good)
    assert [each.error is None for each in found] == [False, False, True]
    assert len(found[2].files) == 1


def test_a_server_that_asks_to_wait_is_not_asked_before(tmp_path):
    with http_server([HttpReply(429, headers={"Retry-After": "3600"}), HttpReply(body=FEED)]) as server:
        source = Source("shore", "feed", url=server.url, private=True)
        assert "3600" in one(tmp_path, source).error
        assert (
            "the server asked to wait until Wed 2026-11-18 09:00"
            in one(tmp_path, source, now=NOW + timedelta(minutes=59)).error
        )
        assert len(server.requests) == 1
        assert one(tmp_path, source, now=NOW + timedelta(minutes=61)).error is None


@pytest.mark.parametrize(("robots", "kept"), [
    (HttpReply(404), True), (HttpReply(body=b"User-agent: *\nDisallow: /other"), True), (HttpReply(body=b"User-agent: paper-digest\nDisallow: /"), False),
    (HttpReply(body=b"User-agent: *\nDisallow: /list"), False), (HttpReply(500), False),
])  # fmt: skip
def test_robots_txt_is_respected_for_pages(tmp_path, robots, kept):
    page = HttpReply(body=b"<html></html>", headers={"Content-Type": "text/html"})
    with http_server(lambda asked: robots if asked.path == "/robots.txt" else page) as server:
        found = one(tmp_path, Source("page", "page", url=f"{server.url}/list/new", private=True))
    assert (found.error is None, len(found.files)) == (kept, int(kept))
    assert ("/list/new" in server.paths) == kept


# --- many documents ----------------------------------------------------------------------------------


def atom(total: int, start: int, count: int) -> bytes:
    entries = "".join(
        f"<entry><id>http://arxiv.org/abs/2611.{number:05}v1</id><title>Paper {number}</title><summary>s</summary></entry>"
        for number in range(start, start + count)
    )
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">'
        "<id>https://arxiv.org/api/x</id><updated>2026-11-18T00:00:00Z</updated>"
        f"<opensearch:totalResults>{total}</opensearch:totalResults>{entries}</feed>"
    ).encode()


class Arxiv:
    """An API with so many papers; `breaks` are requests, by number, that it answers with an error."""

    def __init__(self, total: int, breaks: tuple[int, ...] = (), empty: tuple[int, ...] = ()) -> None:
        self.total, self.breaks, self.empty, self.count = total, breaks, empty, 0

    def __call__(self, asked: HttpRequest) -> HttpReply:
        self.count += 1
        if self.count in self.breaks:
            return HttpReply(400)
        start = int(parse_qs(urlsplit(asked.path).query)["start"][0])
        size = 0 if self.count in self.empty else min(100, self.total - start)
        return HttpReply(body=atom(self.total, start, size))


def test_all_pages_of_a_query(tmp_path):
    with http_server(Arxiv(230, empty=(2,))) as server:
        source = Source("ai", "arxiv", query="cat:cs.AI OR cat:cs.LG", url=server.url, private=True)
        found = one(tmp_path, source)
    asked = [parse_qs(urlsplit(path).query) for path in server.paths]
    assert [each["start"][0] for each in asked] == [
        "0",
        "100",
        "100",
        "200",
    ]  # an empty page is asked for again
    assert asked[0]["search_query"] == [
        "(cat:cs.AI OR cat:cs.LG) AND submittedDate:[202611110000 TO 202611182359]"
    ]
    assert asked[0]["sortOrder"] == ["ascending"]
    assert (len(found.files), found.error, len(papers(tmp_path))) == (3, None, 230)


def test_an_interrupted_fetch_continues(tmp_path):
    with http_server(Arxiv(230, breaks=(2,))) as server:
        source = Source("ai", "arxiv", query="x", url=server.url, private=True)
        broken = one(tmp_path, source)
        assert (len(broken.files), "400" in broken.error) == (1, True)
        rest = one(tmp_path, source, now=NOW + timedelta(days=1))
    starts = [parse_qs(urlsplit(path).query)["start"][0] for path in server.paths]
    assert (starts, len(rest.files), rest.error) == (["0", "100", "100", "200"], 2, None)
    assert len(papers(tmp_path)) == 230
    memory = SourceStates.load(tmp_path).of("ai")
    assert (memory.next, memory.done) == ("", "2026-11-18")  # the days it had begun with


def test_the_next_fetch_begins_with_the_last_day(tmp_path):
    with http_server(Arxiv(1)) as server:
        source = Source("ai", "arxiv", query="x", url=server.url, private=True)
        one(tmp_path, source)
        one(tmp_path, source, now=NOW + timedelta(days=3))
        one(tmp_path, source, now=NOW + timedelta(days=4), since=date(2026, 1, 1))
    days = [parse_qs(urlsplit(path).query)["search_query"][0].split("[")[1][:8] for path in server.paths]
    assert days == ["20261111", "20261118", "20260101"]
    assert SourceStates.load(tmp_path).of("ai").done == "2026-11-22"


def entry(number: int) -> dict:
    return {"paper": {"id": f"2611.{number:05}", "title": f"Paper {number}", "summary": "s", "upvotes": 1}}


def test_the_days_of_daily_papers(tmp_path):
    counts = {"2026-11-16": 100, "2026-11-17": 0, "2026-11-18": 2}

    def script(asked: HttpRequest) -> HttpReply:
        query = {key: values[0] for key, values in parse_qs(urlsplit(asked.path).query).items()}
        day, page = query["date"], int(query["p"])
        size = max(0, min(100, counts[day] - 100 * page))
        first = int(day[-2:]) * 1000 + 100 * page
        return HttpReply(body=json.dumps([entry(first + number) for number in range(size)]).encode())

    with http_server(script) as server:
        source = Source("hf", "daily-papers", url=server.url, private=True)
        found = one(tmp_path, source, since=date(2026, 11, 16))
    days = [
        (parse_qs(urlsplit(path).query)["date"][0], parse_qs(urlsplit(path).query)["p"][0])
        for path in server.paths
    ]
    assert days == [("2026-11-16", "0"), ("2026-11-16", "1"), ("2026-11-17", "0"), ("2026-11-18", "0")]
    assert (len(found.files), found.unchanged, found.error) == (2, 2, None)
    assert len(papers(tmp_path)) == 102


# --- mail ------------------------------------------------------------------------------------------

MAIL = b"From: a@b.example\r\nSubject: %d\r\n\r\nbody\r\n"


def test_mails_of_a_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("BOX", 'se"cret')
    box = Mailbox({3: MAIL % 3, 7: MAIL % 7})
    with imap_server(box):
        source = Source(
            "alerts",
            "imap",
            host="127.0.0.1",
            port=box.port,
            tls="none",
            user="ann b",
            password_env="BOX",
            folder="Paper alerts",
        )
        first = one(tmp_path, source)
        again = one(tmp_path, source)
        box.mails[9] = MAIL % 9
        third = one(tmp_path, source)
        box.validity = 2
        renewed = one(tmp_path, source)
    assert [(len(each.files), each.error) for each in (first, again, third, renewed)] == [
        (2, None),
        (0, None),
        (1, None),
        (0, None),
    ]
    assert renewed.unchanged == 3  # all read again, all known by their content
    assert 'LOGIN "ann b" "se\\"cret"' in box.commands
    assert 'EXAMINE "Paper alerts"' in box.commands  # never SELECT: nothing is marked as read
    assert "UID SEARCH UID 1:* SINCE 11-Nov-2026" in box.commands and "UID SEARCH UID 8:*" in box.commands
    assert all("PEEK" in line or "SIZE" in line for line in box.commands if "FETCH" in line)
    assert {(tmp_path / name).read_bytes() for name in first.files} == {MAIL % 3, MAIL % 7}


@pytest.mark.parametrize(("broken", "words"), [
    ("LOGIN", "not today"), ("EXAMINE", "cannot be opened"), ("SEARCH", "cannot be searched"), ("SIZE", "cannot be read"),
])  # fmt: skip
def test_mailboxes_that_refuse(tmp_path, monkeypatch, broken, words):
    monkeypatch.setenv("BOX", "secret")
    with imap_server(Mailbox({3: MAIL % 3}, refused=broken)) as box:
        source = Source(
            "alerts", "imap", host="127.0.0.1", port=box.port, tls="none", user="a", password_env="BOX"
        )
        found = one(tmp_path, source)
    assert words in found.error and found.files == ()
    assert "secret" not in found.error


def test_messages_that_are_too_large_are_not_read(tmp_path, monkeypatch):
    monkeypatch.setenv("BOX", "secret")
    with imap_server(Mailbox({1: MAIL % 1 + bytes(1000), 2: MAIL % 2})) as box:
        source = Source(
            "alerts", "imap", host="127.0.0.1", port=box.port, tls="none", user="a", password_env="BOX"
        )
        found = one(tmp_path, source, limits=replace(LIMITS, max_bytes=500))
    assert (len(found.files), found.error) == (
        1,
        "messages not read because they are larger than max_file_mb: 1",
    )


def test_the_password_may_be_in_a_file(tmp_path):
    with imap_server(Mailbox({3: MAIL % 3})) as box:
        source = Source(
            "alerts", "imap", host="127.0.0.1", port=box.port, tls="none", user="a", password_file="word"
        )
        assert one(tmp_path, source).error == (
            f"digest.toml: sources.password_file: {tmp_path / 'word'} cannot be read (No such file or directory); "
            "check the path and its permissions"
        )
        (tmp_path / "word").write_text("\n")
        assert "word is empty" in one(tmp_path, source).error
        (tmp_path / "word").write_text("from a file\n")
        found = one(tmp_path, source)
    assert (len(found.files), found.error) == (1, None)
    assert 'LOGIN "a" "from a file"' in box.commands


def test_unreachable_mailboxes(tmp_path, monkeypatch):
    source = Source("alerts", "imap", host="127.0.0.1", port=1, tls="none", user="a", password_env="BOX")
    monkeypatch.delenv("BOX", raising=False)
    assert "BOX is not set" in one(tmp_path, source).error
    monkeypatch.setenv("BOX", "secret")
    for tls in ("none", "starttls", "implicit"):
        assert "127.0.0.1" in one(tmp_path, replace(source, tls=tls)).error


# --- state -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"a": 1}', '{"a": {"etag": 5, "uid": "x", "new": 1}}', "[" * 100_000]
)
def test_a_damaged_file_of_states_counts_as_absent(tmp_path, content):
    (tmp_path / FILE).write_text(content)
    assert SourceStates.load(tmp_path).of("a") == SourceState()


def test_the_state_of_a_source_is_saved_in_a_hidden_file(tmp_path):
    states = SourceStates.load(tmp_path)
    states.update("a", etag="x", uid=3)
    assert SourceStates.load(tmp_path).of("a") == SourceState(etag="x", uid=3)
    assert files_of(str(tmp_path)) == ()
    assert (states.of("a").time_of("changed"), states.of("a").done_day) == (None, None)
    with pytest.raises(StoreError):
        SourceStates(tmp_path / FILE / "below").update("a", uid=1)


def test_user_agent():
    assert agent_of("1.0", "a@b.example", "https://x.example/") == "paper-digest/1.0 (mailto:a@b.example)"
    assert agent_of("1.0", "", "https://x.example/") == "paper-digest/1.0 (+https://x.example/)"


# --- side by side, each behind a boundary -------------------------------------------------------------------


def test_a_slow_source_delays_no_other(tmp_path):
    """The slow server answers only when all others are done."""
    others = threading.Event()

    def slow(_request: HttpRequest) -> HttpReply:
        assert others.wait(20)
        return HttpReply(body=FEED)

    with http_server(slow) as late, http_server([HttpReply(body=FEED)]) as quick:
        sources = [Source("late", "feed", f"{late.url}/", private=True)]
        sources += [Source(f"quick-{n}", "feed", f"{quick.url}/{n}", private=True) for n in range(3)]
        names = []
        for result in fetch(sources, SourceStates.load(made(tmp_path)), options_of(tmp_path)):
            assert result.error is None
            names.append(result.source.name)
            if len(names) == 3:
                others.set()
    assert names[-1] == "late"
    assert set(SourceStates.load(tmp_path).sources) == {"late", "quick-0", "quick-1", "quick-2"}


@pytest.mark.parametrize("error", [RecursionError("too deep"), MemoryError(), UnicodeDecodeError("x", b"", 0, 1, "y"), KeyError("k")])  # fmt: skip
def test_whatever_an_answer_raises_concerns_its_source_alone(tmp_path, monkeypatch, error):
    real = fetching.check_document

    def check(source, data):
        if source.name == "s4":
            raise error
        return real(source, data)

    monkeypatch.setattr(fetching, "check_document", check)
    with http_server(
        lambda request: HttpReply(body=FEED.replace(b"Snails", request.path.encode()))
    ) as server:
        found = run(
            tmp_path, *(Source(f"s{n}", "feed", f"{server.url}/{n}", private=True) for n in range(10))
        )
    by_name = {each.source.name: each for each in found}
    assert [name for name, each in sorted(by_name.items()) if each.error] == ["s4"]
    assert by_name["s4"].error.startswith(f"what the source sent cannot be processed ({type(error).__name__}")
    assert not by_name["s4"].files
    assert len(papers(tmp_path)) == 9
    state = SourceStates.load(tmp_path).of("s4")
    assert (state.error, state.done, state.digest) == (by_name["s4"].error, "", "")


def test_a_file_that_cannot_be_written_ends_the_fetch(tmp_path, monkeypatch):
    def full(*_arguments, **_more):
        raise StoreError("the disk is full")

    monkeypatch.setattr(fetching, "write_whole", full)
    with http_server([HttpReply(body=FEED)]) as server, pytest.raises(StoreError, match="full"):
        run(tmp_path, *(Source(f"s{n}", "feed", f"{server.url}/{n}", private=True) for n in range(3)))


def test_a_secret_url_is_used_and_never_shown(tmp_path, monkeypatch):
    from tests.homes import TestHome

    home = TestHome(tmp_path)
    with http_server([HttpReply(404, phrase="Nothing at /feed?key=SECRET, SECRET")]) as server:
        url = f"{server.url}/feed?key=SECRET"
        monkeypatch.setenv("FEED_URL", url)
        (tmp_path / "url.txt").write_text(url + "\n")
        home.write("digest.toml", "".join(
            f'[[sources]]\nname = "{name}"\nkind = "feed"\nprivate = true\n{key} = "{value}"\n'
            for name, key, value in (("a", "url", url), ("b", "url_env", "FEED_URL"), ("c", "url_file", "url.txt"))
        ))  # fmt: skip
        fetched = home.call("fetch", "--json")
        shown = [fetched, *(home.call(*words) for words in (("fetch",), ("run",), ("doctor",), ("ledger",)))]
    assert server.paths.count("/feed?key=SECRET") == 6
    assert [each["error"] for each in fetched.json["sources"]] == [
        f"{server.url}/feed?key=…: status 404 Nothing at /feed?…, …"
    ] * 3
    assert all("SECRET" not in each.out + each.err for each in shown)
    assert all(b"SECRET" not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and path.name not in {"digest.toml", "url.txt"})  # fmt: skip


def test_a_refused_url_is_shown_without_its_secrets(tmp_path):
    from tests.homes import TestHome

    home = TestHome(tmp_path)
    home.write(
        "digest.toml", '[[sources]]\nname = "a"\nkind = "feed"\nurl = "https://ada:SECRET@x.org/?k=SECRET"\n'
    )
    for words in ("fetch", "run", "doctor", "ledger", "list", "library"):
        done = home.call(words)
        assert done.status
        assert "SECRET" not in done.out + done.err


def test_an_imap_server_that_drips_is_given_up(monkeypatch):
    """Each byte comes in time, the whole does not."""
    monkeypatch.setattr(imap, "_STEP", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ended = threading.Event()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                for _ in range(300):
                    connection.sendall(b"*")
                    if ended.wait(0.05):
                        return

        threading.Thread(target=serve, daemon=True).start()
        box = ImapBox("127.0.0.1", listener.getsockname()[1], "none", "ada")
        with pytest.raises(FetchError, match="too long to answer"):
            imap.count_messages(box, "secret")
        ended.set()
