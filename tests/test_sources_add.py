"""`digest sources`: adding to digest.toml leaves what it says so far, and lists of feeds are imported."""

import codecs
import stat
import tomllib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.home.append_sources import with_sources
from digest.home.guessed_sources import guessed_source, named, same_source
from digest.home.settings_file import load_settings
from digest.model import Source
from digest.ports import Fault
from digest.read.parsing import opml
from tests.homes import TestHome

FEED = "https://kelp.example/feed.xml"


@pytest.fixture
def home(tmp_path):
    return TestHome(tmp_path)


def list_of(*outlines: str, head: str = '<?xml version="1.0" encoding="UTF-8"?>\n') -> str:
    return (
        f'{head}<opml version="2.0"><head><title>Mine</title></head><body>\n'
        + "\n".join(outlines)
        + "\n</body></opml>\n"
    )


def feed(url: str, title: str = "", attribute: str = "xmlUrl") -> str:
    return f'<outline type="rss" text="{title}" {attribute}="{url}"/>'


# --- the kind of an address ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "kind", "value"),
    [
        ("cs.AI", "arxiv", "cat:cs.AI"),
        ("CS.ai", "arxiv", "cat:cs.AI"),
        ("cs", "arxiv", "cat:cs.*"),
        ("quant-ph", "arxiv", "cat:quant-ph"),
        ("astro-ph", "arxiv", "cat:astro-ph*"),
        ("astro-ph.GA", "arxiv", "cat:astro-ph.GA"),
        ("cond-mat.mtrl-sci", "arxiv", "cat:cond-mat.mtrl-sci"),
        ("physics.optics", "arxiv", "cat:physics.optics"),
        ("https://arxiv.org/list/cs.AI/recent", "arxiv", "cat:cs.AI"),
        ("https://arxiv.org/list/hep-th/new?skip=0", "arxiv", "cat:hep-th"),
        ("http://export.arxiv.org/api/query?search_query=cat:cs.LG+AND+abs:kelp&start=0", "arxiv", "cat:cs.LG AND abs:kelp"),
        ("https://huggingface.co/papers", "daily-papers", ""),
        ("https://huggingface.co/papers/date/2026-11-01", "daily-papers", ""),
        ("https://huggingface.co/api/daily_papers?limit=5", "daily-papers", ""),
        ("https://huggingface.co/papers/2411.00001", "feed", "https://huggingface.co/papers/2411.00001"),
        ("https://rss.arxiv.org/rss/cs.AI", "feed", "https://rss.arxiv.org/rss/cs.AI"),
        ("https://arxiv.org.evil.example/list/cs.AI/new", "feed", "https://arxiv.org.evil.example/list/cs.AI/new"),
        ("https://straße.example/x", "feed", "https://xn--strae-oqa.example/x"),
        (FEED + "?subject=ecology", "feed", FEED + "?subject=ecology"),
    ],
)  # fmt: skip
def test_the_kind_is_guessed_where_it_is_safe(address, kind, value):
    found = guessed_source(address)
    assert (found.kind, found.query or found.url) == (kind, value)


def test_a_kind_that_is_given_is_used():
    assert guessed_source("abs:kelp AND cat:q-bio.PE", "arxiv") == Source(
        "", "arxiv", query="abs:kelp AND cat:q-bio.PE"
    )
    assert guessed_source(FEED, "page") == Source("", "page", url=FEED)
    assert guessed_source("https://huggingface.co/papers", "page").kind == "page"
    assert guessed_source("https://mirror.example/api", "daily-papers").url == "https://mirror.example/api"


@pytest.mark.parametrize(
    "address", ["https://me:hunter2@kelp.example/", "https://kelp.example/?api_key=hunter2", "https://kelp.example/?a=b&token=hunter2"]
)  # fmt: skip
def test_a_secret_is_neither_stored_nor_shown(home, address):
    home.write("digest.toml", "# mine\n")
    for arguments in (
        ["add", address],
        ["import", home.write("a.opml", list_of(feed(address.replace("&", "&amp;"))))],
    ):
        done = home.call("sources", *arguments, "--json")
        assert done.status == (2 if arguments[0] == "add" else 1)
        assert "url_env" in done.err
        assert "hunter2" not in done.out + done.err
    assert (home.path / "digest.toml").read_text() == "# mine\n"


@pytest.mark.parametrize("address", ["", " ", "kelp.example/feed", "ftp://kelp.example/", "imaps://me@kelp.example/", "http://[::1", "a\nb", "https://", "\udcff", "https://kelp.example/\udcff"])  # fmt: skip
def test_what_is_not_an_address_changes_nothing(home, address):
    done = home.call("sources", "add", address)
    assert (done.status, done.out) == (2, "")
    assert "; " in done.err
    assert not (home.path / "digest.toml").exists()


@pytest.mark.parametrize(
    ("kind", "advice"),
    [("rss", "did you mean 'feed'"), ("imap", "docs/sources.md"), ("", "feed"), ("x", "'feed'")],
)
def test_other_kinds_are_refused(home, kind, advice):
    done = home.call("sources", "add", FEED, "--kind", kind)
    assert done.status == 2
    assert advice in done.err


def test_a_setting_with_another_name_of_a_kind_is_answered_with_ours(home):
    home.write("digest.toml", f'[[sources]]\nname = "a"\nkind = "rss"\nurl = "{FEED}"\n')
    assert "did you mean 'feed'?" in home.call("sources", "list").err


def test_a_mistake_is_shown_in_its_own_source(home):
    first, second = (f'[[ sources ]] # {name}\nname = "{name}"\nkind = "feed"\n' for name in "ab")
    home.write("digest.toml", f'{first}{second}url = "{FEED}"\n')
    err = home.call("sources", "list").err
    assert "digest.toml:1: sources.url: is missing" in err


# --- names and duplicates --------------------------------------------------------------------------


def test_names_are_made_of_title_query_or_host():
    assert named(Source("", "feed", url="https://connect.biorxiv.org/x"), ()).name == "biorxiv"
    assert named(Source("", "feed", url="https://www.kelp.example/"), {"kelp"}).name == "kelp-2"
    assert named(Source("", "feed", url="http://[2001:db8::1]/"), ()).name == "2001-db8-1"
    assert (
        named(Source("", "feed", url=FEED), (), title="Größe & Kelp: ein Bericht").name
        == "groe-kelp-ein-bericht"
    )
    assert named(Source("", "feed", url=FEED), (), title="海藻").name == "kelp"
    assert len(named(Source("", "feed", url=FEED), (), title="kelp " * 90).name) <= 40
    assert named(Source("", "arxiv", query="cat:cs.AI"), ()).name == "cs-ai"


def test_the_same_address_or_name_is_refused_with_the_name_that_exists(home):
    assert home.call("sources", "add", FEED, "--name", "shore").status == 0
    before = (home.path / "digest.toml").read_bytes()
    for again in (FEED, FEED.replace("kelp.example", "KELP.example:443") + "#new"):
        done = home.call("sources", "add", again)
        assert done.status == 2
        assert "'shore'" in done.err
    taken = home.call("sources", "add", FEED + "?b", "--name", "shore")
    assert taken.status == 2
    assert "'shore' exists" in taken.err
    assert "A b" in home.call("sources", "add", FEED + "?b", "--name", "A b").err
    assert (home.path / "digest.toml").read_bytes() == before


def test_equal_queries_are_the_same_source():
    assert same_source(guessed_source("cs.AI")) == same_source(
        guessed_source("https://arxiv.org/list/cs.AI/new")
    )
    assert same_source(guessed_source("cs.AI")) != same_source(guessed_source("cs.LG"))


# --- digest.toml -----------------------------------------------------------------------------------

_COMMENTS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=20).map(lambda text: f"# {text}")
_TABLES = st.lists(
    st.sampled_from(
        [
            f'[[sources]]\nname = "old"\nkind = "feed" # [[sources]]\nurl = "{FEED}"',
            '[[sources]]\nkind = "arxiv"\nquery = "cat:cs.AI"\nname = "cs-ai"\nevery = "never"',
            '[ "serve" ]\nport = 1234',
            "[schedule]\nwatch = true # once",
        ]
    ),
    unique=True,
)
_HEAD = st.sampled_from(
    ['title = "Kelp"', "title = '''\n[[sources]]\n# no\n'''".replace("\n", " "), "feed_items = 5", ""]
)


@st.composite
def settings_files(draw) -> bytes:
    lines = [draw(_HEAD)]
    for table in draw(_TABLES):
        lines += [draw(_COMMENTS), table]
    lines.append(draw(_COMMENTS))
    text = "\n".join(lines) + draw(st.sampled_from(["", "\n", "\n\n", "\n  "]))
    data = text.replace("\n", draw(st.sampled_from(["\n", "\r\n"]))).encode()
    return draw(st.sampled_from([b"", codecs.BOM_UTF8])) + data


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    data=settings_files(),
    path=st.text(st.characters(categories=["L", "N", "P", "S"], exclude_characters="?#@"), max_size=20),
)
def test_what_the_file_says_so_far_stays(tmp_path, data, path):
    home = TestHome.__new__(TestHome)
    home.path = tmp_path
    file = home.write("digest.toml", data)
    before = load_settings(file)
    done = home.call("sources", "add", f"https://new.example/{path}", "--json")
    assert done.status == 0, done.err
    after = file.read_bytes()
    assert after.startswith(data)
    found = load_settings(file)
    assert found.sources[:-1] == before.sources
    assert found.sources[-1].url == f"https://new.example/{path}"
    assert found.title == before.title
    if b"\r\n" in data:
        assert b"\n" not in after[len(data) :].replace(b"\r\n", b"")


def test_appended_tables_are_toml_whatever_the_values():
    source = Source("a", "arxiv", query='abs:"a b" \\ \x7f é')
    assert tomllib.loads(with_sources(b"", [source]).decode())["sources"][0]["query"] == source.query


def test_a_home_without_settings_gets_them(home):
    done = home.call("sources", "add", "cs.AI", "--json")
    assert done.json == {"name": "cs-ai", "kind": "arxiv", "address": "cat:cs.AI"}
    assert (
        home.path / "digest.toml"
    ).read_text() == '[[sources]]\nname = "cs-ai"\nkind = "arxiv"\nquery = "cat:cs.AI"\n'


def test_a_folder_that_is_not_a_home_gets_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DIGEST_HOME", raising=False)
    from tests.homes import call

    assert call("sources", "add", "cs.AI").status == 2
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "broken", ["title = ", "titel = 1\n", "sources = []\n", "[sources]\na = 1\n", b"\xff"]
)
def test_a_file_that_cannot_take_a_source_stays(home, broken):
    path = home.write("digest.toml", broken)
    before = path.read_bytes()
    for arguments in (["add", FEED], ["import", home.write("a.opml", list_of(feed(FEED)))]):
        done = home.call("sources", *arguments)
        assert done.status == 2
        assert "digest.toml" in done.err
    assert path.read_bytes() == before
    assert not list(home.path.glob(".*.part"))


def test_mode_and_link_of_the_file_stay(home, tmp_path):
    target = home.write("real/settings.toml", "# mine\n")
    target.chmod(0o640)
    (home.path / "digest.toml").symlink_to(target)
    assert home.call("sources", "add", FEED).status == 0
    assert (home.path / "digest.toml").is_symlink()
    assert target.read_text().startswith("# mine\n\n[[sources]]\n")
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


# --- lists of feeds --------------------------------------------------------------------------------


def test_feeds_of_a_list_become_sources(home):
    home.write("digest.toml", f'[[sources]]\nname = "shore"\nkind = "feed"\nurl = "{FEED}"\n')
    file = home.write(
        "a.opml",
        list_of(
            feed(FEED),
            '<outline text="Folder"><outline text="Inner">',
            feed("https://a.example/1", "Kelp &amp; Tide"),
            "</outline></outline>",
            feed("https://a.example/1"),
            feed("https://a.example/2", "Kelp &amp; Tide", "XMLURL"),
            feed("https://arxiv.org/list/cs.AI/new", "", "xmlurl"),
            feed("/relative"),
            feed("feed://a.example/3"),
            '<outline text="no feed" htmlUrl="https://a.example/"/>',
        ),
    )
    done = home.call("sources", "import", file, "--json")
    assert done.status == 1
    assert [(each["name"], each["kind"]) for each in done.json["added"]] == [
        ("kelp-tide", "feed"),
        ("kelp-tide-2", "feed"),
        ("cs-ai", "arxiv"),
    ]
    assert done.json["duplicates"] == 2
    assert [(each["address"], each["line"]) for each in done.json["skipped"]] == [
        ("/relative", 10),
        ("feed://a.example/3", 11),
    ]
    assert f"{file}:10: skipped: " in done.err
    assert [each.name for each in load_settings(home.path / "digest.toml").sources] == [
        "shore",
        "kelp-tide",
        "kelp-tide-2",
        "cs-ai",
    ]
    before = (home.path / "digest.toml").read_bytes()
    again = home.call("sources", "import", file, "--json")
    assert (again.json["added"], again.json["duplicates"]) == ([], 5)
    assert (home.path / "digest.toml").read_bytes() == before


@pytest.mark.parametrize("depth", [1, 200])
def test_feeds_are_found_however_deep(depth):
    found = opml.feeds(list_of('<outline text="x">' * depth, feed(FEED), "</outline>" * depth).encode())
    assert not isinstance(found, Fault)
    assert [each.url for each in found] == [FEED]


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", codecs.BOM_UTF8),
        ("utf-8", b"\n "),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("utf-32-le", codecs.BOM_UTF32_LE),
    ],
)
@pytest.mark.parametrize("declared", ["UTF-8", ""])
def test_byte_order_marks_and_wrong_declarations(encoding, mark, declared):
    head = f'<?xml version="1.0" encoding="{declared}"?>\n' if declared else ""
    found = opml.feeds(mark + list_of(feed(FEED, "Größe"), head=head).encode(encoding))
    assert not isinstance(found, Fault)
    assert [(each.url, each.title) for each in found] == [(FEED, "Größe")]


def test_latin_1_is_read_as_declared():
    found = opml.feeds(
        list_of(feed(FEED, "Größe"), head='<?xml version="1.0" encoding="ISO-8859-1"?>').encode("latin-1")
    )
    assert not isinstance(found, Fault)
    assert found[0].title == "Größe"


def test_loose_ampersands_are_read():
    """In titles and addresses, and names of HTML, as feed readers write them."""
    found = opml.feeds(
        list_of(
            '<outline text="Science & Tech">',
            '<outline text="Kelp &amp; Lamps &eacute;&nbsp;&#233; R&D &bogus;" xmlUrl="https://kelp.example/rss?a=1&b=2&amp;copy=3"/>',
            "</outline>",
        ).encode()
    )
    assert [(each.url, each.title) for each in found] == [
        ("https://kelp.example/rss?a=1&b=2&copy=3", "Kelp & Lamps é é R&D &bogus;")
    ]


@pytest.mark.parametrize(
    ("content", "place", "reason"),
    [
        ("\n\n<opml><body>\n<outline text='a < b'/></body></opml>", ":4", "not well-formed"),
        ("<opml><body>", ":1", "not well-formed"),
        ("<opml>" + "<outline>" * 100_000, ":1", "not well-formed"),
        ("", "", "not well-formed"),
        ("\0\1\2", "", "not well-formed"),
        ("<html><body/></html>", "", "it is not OPML"),
        ("<opml><body><outline text='x'/></body></opml>", "", "no feeds"),
    ],
)
def test_a_broken_list_is_named_with_place_and_remedy(home, content, place, reason):
    file = home.write("a.opml", content)
    done = home.call("sources", "import", file)
    assert done.status == 2
    assert f"{file}{place}" in done.err
    assert reason in done.err
    assert "; " in done.err
    assert not (home.path / "digest.toml").exists()


def test_a_list_that_cannot_be_read(home):
    assert "No such file" in home.call("sources", "import", home.path / "absent.opml").err
    assert home.call("sources", "import", home.path).status == 2
    home.write("digest.toml", "max_file_mb = 1\n")
    assert "max_file_mb" in home.call("sources", "import", home.write("a.opml", b" " * 2**20 + b" ")).err


def test_entities_of_a_list_neither_grow_nor_read_files(home):
    secret = home.write("secret", "hunter2")
    entities = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 20}">' for n in range(8))
    for definitions, use in (
        (f'<!ENTITY e0 "kelp">{entities}', "&e8;"),
        (f'<!ENTITY x SYSTEM "file://{secret}">', "&x;"),
    ):
        text = f"<!DOCTYPE opml [{definitions}]><opml><body>{feed(f'https://a.example/{use}')}</body></opml>"
        done = home.call("sources", "import", home.write("a.opml", text))
        assert done.status == 2
        assert "hunter2" not in done.err


@given(
    st.binary(max_size=200)
    | st.binary(max_size=100).map(lambda data: b"<opml><outline xmlUrl='" + data + b"'/></opml>")
)
def test_any_bytes_are_a_list_or_a_fault(data):
    assert isinstance(opml.feeds(data), tuple | Fault)


# --- list ------------------------------------------------------------------------------------------


def test_sources_are_listed_without_secrets(home):
    assert "digest sources add" in home.call("sources", "list").out
    home.write(
        "digest.toml",
        f'[[sources]]\nname = "a"\nkind = "feed"\nurl = "{FEED}?key=hunter2"\nevery = "never"\n'
        '[[sources]]\nname = "b"\nkind = "page"\nurl_env = "KELP_URL"\n'
        '[[sources]]\nname = "c"\nkind = "imap"\nhost = "mail.example"\nuser = "me"\npassword_env = "P"\n',
    )
    found = home.call("sources", "list", "--json").json["sources"]
    assert [(each["name"], each["address"], each["every"]) for each in found] == [
        ("a", f"{FEED}?key=…", None),
        ("b", "$KELP_URL", 10800),
        ("c", "mail.example/INBOX", 10800),
    ]
    shown = home.call("sources", "list")
    assert "KELP_URL" in shown.out
    assert "hunter2" not in shown.out
