"""`digest.toml`: defaults, and every mistake named with line, key and remedy."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import ConfigError, UsageError
from digest.home.secrets import ping_of
from digest.home.settings_file import load_settings, open_home
from digest.home.toml import TableReader, line_of, parse_toml
from digest.model import Bounces, Dkim, Home, ScheduleSettings, Settings, Smtp, Source
from digest.urls import mask_secrets

SMTP = '[smtp]\nhost = "mail.example.org"\nfrom = "Digest <d@example.org>"\n'


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.delenv("DIGEST_HOME", raising=False)
    return tmp_path


def settings(home: Path, text: str) -> Settings:
    (home / "digest.toml").write_text(text)
    return load_settings(home / "digest.toml")


def problems(home: Path, text: str | bytes) -> list[str]:
    """Return what is wrong with a settings file, a line per problem."""
    (home / "digest.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as caught:
        load_settings(home / "digest.toml")
    assert caught.value.exit_status == 2
    assert str(caught.value) == "\n".join(map(str, caught.value.problems))
    return [str(problem) for problem in caught.value.problems]


# --- the home ------------------------------------------------------------------------------------


def test_a_home_without_settings_has_the_defaults(home):
    opened = open_home(str(home))
    assert opened.settings == Settings(
        title="Paper Digest", base_url="http://localhost:8350/", timezone="UTC", database="sqlite:///digest.db",
        channels=(), in_doubt="resend", max_file_mb=100, feed_items=100, smtp=None,
    )  # fmt: skip
    folders = (opened.inbox, opened.subscriptions, opened.templates, opened.output)
    assert folders == tuple(home / name for name in ("inbox", "subscriptions", "templates", "output"))


def test_an_empty_file_equals_none(home):
    assert settings(home, "") == settings(home, "# nothing\n") == Settings()


def test_which_home(home, monkeypatch):
    one, other = home / "one", home / "other"
    one.mkdir()
    other.mkdir()
    (one / "digest.toml").write_text('title = "One"')
    monkeypatch.chdir(other)
    assert open_home(None).path.resolve() == other
    monkeypatch.setenv("DIGEST_HOME", str(one))
    assert open_home(None).settings.title == "One"
    assert open_home(str(other)).settings.title == "Paper Digest"


def test_no_such_home(home):
    with pytest.raises(UsageError, match="the folder does not exist; make a new home with: digest init"):
        open_home(str(home / "absent"))


# --- good settings -------------------------------------------------------------------------------


def test_every_setting(home):
    text = """
    title = " Papiere für uns\u00a0: 👩\u200d🔬 "
    base_url = "https://digest.example.org/papers"
    timezone = "Europe/Paris"
    database = "sqlite:///other.db"
    channels = ["smtp"]
    in_doubt = "hold"
    max_file_mb = 1
    feed_items = 7
    [smtp]
    host = "mail.example.org"
    port = 465
    tls = "implicit"
    user = "digest"
    password_env = "DIGEST_SMTP_PASSWORD"
    from = "Paper Digest <digest@example.org>"
    """
    assert settings(home, text) == Settings(
        title="Papiere für uns\u00a0: 👩\u200d🔬", base_url="https://digest.example.org/papers/", timezone="Europe/Paris",
        database="sqlite:///other.db", channels=("smtp",), in_doubt="hold", max_file_mb=1, feed_items=7,
        smtp=Smtp("mail.example.org", 465, "implicit", "digest", "DIGEST_SMTP_PASSWORD", "Paper Digest <digest@example.org>"),
    )  # fmt: skip


def test_defaults_of_smtp(home):
    assert settings(home, SMTP).smtp == Smtp(
        "mail.example.org", 587, "starttls", None, None, "Digest <d@example.org>"
    )


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "::1", "[::1]"])
def test_a_loopback_host_may_go_without_tls(home, host):
    smtp = settings(home, f'[smtp]\nhost = "{host}"\ntls = "none"\nfrom = "x@y"').smtp
    assert smtp is not None and smtp.tls == "none"


@pytest.mark.parametrize(
    "url", ["http://localhost:8350", "https://a.example/x/", "http://[::1]:80", "https://a.example//"]
)
def test_base_url_ends_with_one_slash(home, url):
    assert settings(home, f'base_url = "{url}"').base_url == url.rstrip("/") + "/"


@pytest.mark.parametrize(("port", "wanted"), [("", 8350), ("port = 9001", 9001)])
def test_links_lead_to_where_pages_are_served(home, port, wanted):
    assert settings(home, f"[serve]\n{port}").base_url == f"http://localhost:{wanted}/"


def test_a_byte_order_mark_and_windows_lines(home):
    (home / "digest.toml").write_bytes(b'\xef\xbb\xbftitle = "T"\r\nfeed_items = 3\r\n')
    assert load_settings(home / "digest.toml") == Settings(title="T", feed_items=3)


# --- mistakes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "expected"), [
    ("title = 5", "digest.toml:1: title: 5 is not text; put it in quotes"), ("\n\ntitle = ' '", "digest.toml:3: title: is empty or contains a line break; use one line of text"),
    (r'title = "a\nb"', "digest.toml:1: title: is empty or contains a line break; use one line of text"),
    (r'title = "a\u0000b"', "digest.toml:1: title: is empty or contains a line break; use one line of text"),
    (r'title = "a\u2028b"', "digest.toml:1: title: is empty or contains a line break; use one line of text"),
    ("max_file_mb = true", "digest.toml:1: max_file_mb: true is not a whole number; use a whole number without quotes"), ("max_file_mb = 1.5", "digest.toml:1: max_file_mb: 1.5 is not a whole number; use a whole number without quotes"),
    ("max_file_mb = 0", "digest.toml:1: max_file_mb: 0 is too small; use 1 or more"), ("feed_items = -1", "digest.toml:1: feed_items: -1 is too small; use 1 or more"),
    ('timezone = "europe/paris"', "digest.toml:1: timezone: 'europe/paris' is not a valid time zone; did you mean 'Europe/Paris'?"),
    ('timezone = "Nowhere?"', "digest.toml:1: timezone: 'Nowhere?' is not a valid time zone; use a name such as \"Europe/Paris\""), ('timezone = ""', "digest.toml:1: timezone: '' is not a valid time zone; use a name such as \"Europe/Paris\""),
    ('timezone = "../../etc/passwd"', "digest.toml:1: timezone: '../../etc/passwd' is not a valid time zone; use a name such as \"Europe/Paris\""),
    ('timezone = "Europe"', "digest.toml:1: timezone: 'Europe' is not a valid time zone; did you mean 'Europe/Rome'?"),
    ('in_doubt = "resent"', "digest.toml:1: in_doubt: 'resent' is not a valid value; did you mean 'resend'?"), ('in_doubt = "?"', "digest.toml:1: in_doubt: '?' is not a valid value; use one of 'resend', 'hold'"),
    ('channels = "smtp"', "digest.toml:1: channels: 'smtp' is not a list; use a list in brackets"), ('channels = ["smpt"]', "digest.toml:1: channels: 'smpt' is not a valid channel; did you mean 'smtp'?"),
    ("channels = [5]", "digest.toml:1: channels: contains a value that is empty or not text; use a list of quoted strings"),
    ('channels = ["smtp"]', "digest.toml:1: channels: smtp has no [smtp] table; add [smtp] with host and from"),
    ("smtp = 5", "digest.toml:1: smtp: 5 is not a table; use a table"), ("[[smtp]]\nhost='h'", "digest.toml:1: smtp: [{host = 'h'}] is not a table; use a table"),
    ('tittle = "x"', "digest.toml:1: tittle: unknown key; did you mean 'title'?"), ("[smpt]\nhost = 'x'", "digest.toml:1: smpt: unknown key; did you mean 'smtp'?"),
    ("feed_items = 100000000000000000000000", "digest.toml:1: feed_items: 100000000000000000000000 is too large; use 1000000000 or less"),
    ('base_url = "https://u:hunter2@example.org/"', "digest.toml:1: base_url: contains a user name or password, which every reader would see; use a URL such as https://digest.example.org"),
    ("zzz = 1", "digest.toml:1: zzz: unknown key; known keys: alphaxiv, base_url, bounces, channels, chat, columns, contact, database, database_env, database_file, dkim, feed_items, files, in_doubt, keep_files, language, library, maildir, max_file_mb, plugins, schedule, serve, smtp, sources, summaries, timezone, title"),
    (SMTP + 'password = "secret"', "digest.toml:4: smtp.password: unknown key; did you mean 'password_env'?"),
    (SMTP + "port = 0", "digest.toml:4: smtp.port: 0 is not a valid port; use a number from 1 to 65535"), (SMTP + "port = 65536", "digest.toml:4: smtp.port: 65536 is not a valid port; use a number from 1 to 65535"),
    (SMTP + "port = true", "digest.toml:4: smtp.port: true is not a whole number; use a whole number without quotes"), (SMTP + 'port = "587"', "digest.toml:4: smtp.port: '587' is not a whole number; use a whole number without quotes"),
    (SMTP + 'tls = "ssl"', "digest.toml:4: smtp.tls: 'ssl' is not a valid value; use one of 'starttls', 'implicit', 'none'"),
    (SMTP + 'tls = "none"', 'digest.toml:4: smtp.tls: "none" is not allowed for \'mail.example.org\' because mail would travel unencrypted; use "starttls" or "implicit"'),
    ('[smtp]\nhost = "h"', "digest.toml:1: smtp.from: is missing; add it"), ('smtp.from = "x@y"', "digest.toml:1: smtp.host: is missing; add it"),
    ('[smtp]\nhost = ""\nfrom = "x@y"', "digest.toml:2: smtp.host: is empty or contains a line break; use one line of text"),
    ('\nsmtp = {host = "h", from = "x@y", port = 0}', "digest.toml:2: smtp.port: 0 is not a valid port; use a number from 1 to 65535"),
])  # fmt: skip
def test_one_mistake(home, text, expected):
    assert problems(home, text) == [expected]


@pytest.mark.parametrize("url", [
    "", "digest.example.org", "ftp://x", "https://", "http://[::1", "http://h:port", "http://h:0", "http://h:70000", "https://x/?a=b", "https://x/#top", "https://x?", "https://a b/",
])  # fmt: skip
def test_invalid_urls(home, url):
    assert problems(home, f'base_url = "{url}"') == [
        f"digest.toml:1: base_url: {mask_secrets(repr(url))} is not a valid URL; use a URL such as https://digest.example.org"
    ]


@pytest.mark.parametrize(
    "host",
    ["example.org", "0.0.0.0", "10.0.0.1", "localhost.example.org", "128.0.0.1", "::2", "127.0.0.1.nip.io"],
)
def test_other_hosts_may_not_go_without_tls(home, host):
    (problem,) = problems(home, f'[smtp]\nhost = "{host}"\ntls = "none"\nfrom = "x@y"')
    assert "mail would travel unencrypted" in problem


def test_all_mistakes_at_once(home):
    found = problems(
        home,
        'title = 1\nfoo = 2\ntimezone = "X"\nchannels = ["smtp"]\n\n[smtp]\ntls = "none"\nport = 0\nbar = 1\n',
    )
    assert [problem.split(": ")[:2] for problem in found] == [
        ["digest.toml:1", "title"], ["digest.toml:3", "timezone"], ["digest.toml:8", "smtp.port"], ["digest.toml:9", "smtp.bar"],
        ["digest.toml:6", "smtp.host"], ["digest.toml:6", "smtp.from"], ["digest.toml:7", "smtp.tls"], ["digest.toml:2", "foo"],
    ]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [
    ('title = "a\nfoo = 1', "digest.toml:1: is not valid TOML: Illegal character '\\n'"), ("a = 1\nb = \n", "digest.toml:2: is not valid TOML: Invalid value"),
    ("a = 1\na = 2", "digest.toml:2: is not valid TOML: Cannot overwrite a value"), ("a = [", "digest.toml:1: is not valid TOML: Invalid value (at end of document)"),
    ("a = 2026-02-30", "digest.toml:1: is not valid TOML: Invalid date"), ("a = " + "9" * 5000, "digest.toml: is not valid TOML: Exceeds the limit"),
    ("a = " + "[" * 5000, "digest.toml: is not valid TOML: too many nested brackets; close the brackets"),
    (b"title = 'x'\nt = '\xe9'", "digest.toml: is not UTF-8 (byte 17); save it as UTF-8"),
])  # fmt: skip
def test_invalid_toml(home, text, expected):
    (problem,) = problems(home, text)
    assert problem.startswith(expected)


def test_a_folder_for_a_file(home):
    (home / "digest.toml").mkdir()
    with pytest.raises(
        ConfigError, match=r"digest\.toml: cannot be read \(it is a folder\); use a regular file"
    ):
        open_home(str(home))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(home):
    (home / "digest.toml").touch(0o000)
    with pytest.raises(ConfigError, match="Permission denied"):
        open_home(str(home))


@given(st.text(alphabet="abc =[]{}'\"\n.#1\\u", max_size=60))
def test_any_text_is_a_table_or_a_problem(text):
    data = parse_toml(text, "x.toml")
    if isinstance(data, dict):
        found: list = []
        TableReader(data, shown="x.toml", text=text, problems=found).reject_unknown()
        assert len(found) == len(data)


# --- lines ---------------------------------------------------------------------------------------

_LINES = """\
top = 1
"quoted" = 2
  'indented'   = 3
dotted.key = 4
[ one ]  # comment
top = 5
["two"]
top = 6
[[three.x]]
top = 7
"""


@pytest.mark.parametrize(("table", "key", "line"), [
    ("", "top", 1), ("", "quoted", 2), ("", "indented", 3), ("", "dotted", 4), ("", "one", 5), ("one", "top", 6), ("", "two", 7), ("two", "top", 8),
    ("", "three", 9), ("one", "quoted", None), ("", "to", None), ("", "absent", None), ("four", "top", None), ("", "to.", None),
])  # fmt: skip
def test_lines_of_keys(table, key, line):
    assert line_of(_LINES, table, key) == line


KEYS = '[dkim]\nselector = ["a", "b"]\nkey = ["a.pem", "b.pem"]\n'


def test_settings_of_delivery(home):
    text = (
        SMTP
        + 'user = "me"\npassword_file = "secret"\nca_file = "ca.pem"\ntimeout = 5\nconnections = 4\n'
        + KEYS
    )
    found = settings(
        home, f'channels = ["smtp"]\n{text}[bounces]\naddress = "B@Bücher.example"\nverp = false\n'
    )
    assert found.smtp is not None
    assert (found.smtp.password_file, found.smtp.ca_file, found.smtp.timeout, found.smtp.connections) == (
        "secret", "ca.pem", 5, 4,
    )  # fmt: skip
    assert found.dkim == Dkim((("a", "a.pem"), ("b", "b.pem")))
    assert found.bounces == Bounces("B@xn--bcher-kva.example", verp=False)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            SMTP.replace("<d@example.org>", ""),
            "smtp.from: 'Digest' does not contain a valid address; use Name <name@example.org>",
        ),
        (SMTP + 'user = "me"', "smtp.user: has no password; add password_env"),
        (SMTP + '[dkim]\nselector = "a"', "dkim.key: must list as many files as selector has names"),
        (
            SMTP + '[dkim]\nselector = "a"\nkey = ["a", 5]',
            "dkim.key: contains a value that is empty or not text",
        ),
        (
            SMTP + '[dkim]\nselector = "a"\nkey = "a"\ndomain = "a b"',
            "dkim.domain: 'a b' is not a valid domain",
        ),
        (
            SMTP + '[bounces]\naddress = "x"',
            "bounces.address: 'x' is not a valid email address (it has no @); use an address such as bounces@example.org",
        ),
        (
            SMTP + '[bounces]\naddress = "é@x.test"',
            "bounces.address: 'é@x.test' contains non-ASCII characters before the @",
        ),
        (SMTP + "connections = 0", "smtp.connections: 0 is too small; use 1 or more"),
    ],
)
def test_mistakes_in_settings_of_delivery(home, text, problem):
    shown = [str(each) for each in problems(home, 'channels = ["smtp"]\n' + text)]
    assert any(problem in each for each in shown), shown


# --- sources ---------------------------------------------------------------------------------------

FEED = '[[sources]]\nname = "shore"\nkind = "feed"\nurl = "https://shore.example/feed?a=b"\n'
BOX = '[[sources]]\nname = "box"\nkind = "imap"\nhost = "imap.example"\nuser = "ann"\npassword_env = "BOX"\n'


def test_sources(home):
    found = settings(
        home, f'contact = "ann@shore.example"\n{FEED}private = true\n{BOX}folder = "Paper alerts"\n'
    )
    assert found.contact == "ann@shore.example"
    assert found.sources == (
        Source("shore", "feed", url="https://shore.example/feed?a=b", private=True),
        Source("box", "imap", host="imap.example", user="ann", password_env="BOX", folder="Paper alerts"),
    )


def test_the_password_of_a_source_may_be_in_a_file(home):
    (source,) = settings(home, BOX.replace('password_env = "BOX"', 'password_file = "box.txt"')).sources
    assert (source.password_env, source.password_file) == ("", "box.txt")
    assert (source.box.password_env, source.box.password_file) == ("", "box.txt")


@pytest.mark.parametrize(("text", "line", "key", "words"), [
    ('contact = "é@x.example"', 1, "contact", "ASCII"),
    ('contact = "a..b@x.example"', 1, "contact", "you@example.org"),
    ('contact = "ann"', 1, "contact", "you@example.org"),
    ("sources = [1]", 1, "sources", "[[sources]]"),
    ('[[sources]]\nname = "A b"\nkind = "feed"\nurl = "http://a.example/"', 2, "sources.name", "a-z"),
    (FEED + '[[sources]]\nname = "x"\nkind = "fed"', 7, "sources.kind", "did you mean 'feed'"),
    (FEED + '[[sources]]\nname = "x"\nkind = "rss"', 7, "sources.kind", "did you mean 'feed'"),
    (FEED + '[[sources]]\nname = "x"\nkind = "E-Mail"', 7, "sources.kind", "did you mean 'imap'"),
    (FEED + FEED, 6, "sources.name", "a unique name"),
    ('[[sources]]\nname = "x"\nkind = "feed"', 1, "sources.url", "is missing"),
    ('[[sources]]\nname = "x"\nkind = "arxiv"', 1, "sources.query", "is missing"),
    (FEED + BOX.replace("user", "user_name"), 9, "sources.user_name", "did you mean 'user'"),
    (FEED.replace("https", "ftp"), 4, "sources.url", "https://"),
    (FEED.replace("shore.example", "me@shore.example"), 4, "sources.url", "https://"),
    (FEED.replace("https://shore.example", "http://[::1"), 4, "sources.url", "https://"),
    (BOX + 'tls = "none"', 7, "sources.tls", "unencrypted"),
    (BOX + 'folder = "a\\"b"', 7, "sources.folder", "ASCII"),
    (BOX + "port = 0", 7, "sources.port", "65535"),
    (BOX.replace("password_env", "folder"), 5, "sources.user", "has no password; add password_env"),
])  # fmt: skip
def test_mistakes_in_sources_are_named_with_their_line(home, text, line, key, words):
    found = [problem for problem in problems(home, text) if words in problem]
    assert found, problems(home, text)
    assert found[0].startswith(f"digest.toml:{line}: {key}")


@pytest.mark.parametrize(("text", "words"), [
    ('channels = ["maildir"]', "maildir has no [maildir] table; add [maildir] with path"),
    ('channels = ["maildir"]\n[maildir]\nfrom = "a@x.test"', "maildir.path: is missing"),
    ('channels = ["maildir"]\n[maildir]\npath = "Mail"', "maildir.from: is missing"),
    ('channels = ["maildir"]\n[maildir]\npath = "Mail"\nfrom = "nobody"', "'nobody' does not contain a valid address"),
    ('channels = ["smtq"]', "did you mean 'smtp'?"),
    ('channels = ["chat"]', "channels: chat has no [chat] table; add [chat] with a table [chat.NAME] for each room"),
    ('[smtp]\nhost = "bad host"\nfrom = "a@x.test"', "'bad host' is not a valid host name"),
    ('[smtp]\nhost = "m.x.test"\nfrom = "nobody"', "'nobody' does not contain a valid address"),
    ('[serve]\nhost = "999.1.1.1"', "'999.1.1.1' is not a valid host name"),
    ('[serve]\nhost = "a..b"', "'a..b' is not a valid host name"),
    ("[chat.team]", "chat.team.url_env: is missing"),
    ('[chat."Team 1"]\nurl_env = "X"', "chat.Team 1: is not a valid room name"),
    ("[chat]\nteam = 3", "chat.team: 3 is not a table; use a table"),
    ('[chat.team]\nurl_env = "X"\nurl = "slack://"', "chat.team.url: unknown key"),
])  # fmt: skip
def test_invalid_settings_of_channels(home, text, words):
    (problem,) = problems(home, text)
    assert words in problem


# --- the address to ping, from a variable or a file -----------------------------------------------


def pinged(tmp_path, secret: str) -> str | None:
    (tmp_path / "ping").write_text(secret, "utf-8")
    return ping_of(Home(tmp_path, Settings(schedule=ScheduleSettings(ping_file="ping"))))


@pytest.mark.parametrize(
    ("secret", "url"),
    [
        ("https://ping.example/kelp/\n", "https://ping.example/kelp"),
        ("https://straße.example/kelp", "https://xn--strae-oqa.example/kelp"),
        ("https://ping.example/größe", "https://ping.example/gr%C3%B6%C3%9Fe"),
        (
            "https://ping.example/push/kelp?status=up&msg=OK",
            "https://ping.example/push/kelp?status=up&msg=OK",
        ),
    ],
)
def test_an_address_to_ping_that_is_a_secret_is_read_like_one_in_the_settings(tmp_path, secret, url):
    assert pinged(tmp_path, secret) == url


@pytest.mark.parametrize("secret", ["hunter2", "file:///hunter2", "https://me:hunter2@ping.example/", "https://a.example/ hunter2", "http://[hunter2"])  # fmt: skip
def test_a_secret_that_is_not_an_address_is_not_shown(tmp_path, secret):
    with pytest.raises(UsageError, match=r"schedule\.ping_file: .*; use a URL") as caught:
        pinged(tmp_path, secret)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(("text", "key"), [
    ('[smtp]\nhost = "me:hunter2@mail.example"\nfrom = "d@reader.test"', "smtp.host"), (SMTP + 'user = "me"\npassword_env = "hunter2!"', "smtp.password_env"),
    ('[chat.team]\nurl_env = "https://chat.example/hunter2"', "chat.team.url_env"), ('[schedule]\nping_env = "https://a.example/hunter2"', "schedule.ping_env"),
    ('database_env = "postgresql://me:hunter2@h/d"', "database_env"), ('[[sources]]\nname = "a"\nkind = "feed"\nurl_env = "https://a.example/?key=hunter2"', "sources.url_env"),
    (BOX.replace('"BOX"', '"hunter2 "'), "sources.password_env"), ('[summaries]\nurl = "https://a.example/"\nmodel = "m"\nkey_env = "sk-hunter2"', "summaries.key_env"),
])  # fmt: skip
def test_a_secret_in_the_wrong_place_is_one_problem_and_is_not_shown(home, text, key):
    with pytest.raises(ConfigError) as caught:
        settings(home, text)
    assert f"{key}: " in str(caught.value)
    assert len(caught.value.problems) == 1, caught.value.problems
    assert "hunter2" not in str(caught.value)
