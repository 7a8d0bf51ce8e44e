"""The operator's console: who gets in, what its pages show, and what its forms do."""

import io
import json
import re
import sqlite3
import stat
import sys
import time
from contextlib import closing
from html import unescape
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.home.settings_file import open_home
from digest.model import Subscription
from digest.services import accounts, console, subscription_changes
from digest.services.subscription_changes import with_value
from digest.services.workspace import Clock
from digest.signing import CONFIRM, token
from digest.system.locks import hold
from digest.web.console.deeds import DEEDS
from digest.web.console.gate import GUESSES
from tests.deliver.mail_home import NOW, MailHome
from tests.deliver.smtp_server import ScriptedServer
from tests.web.conftest import Site, serving

PASSWORD = "correct horse battery"
FORM = "application/x-www-form-urlencoded"
PAGES = ("", "/subscriptions", "/readers", "/requests", "/mail", "/runs", "/sources", "/actions")


class Operator:
    """Somebody with a browser: keeps the cookie, and takes the code of forms from the pages."""

    def __init__(self, site: Site) -> None:
        self.site, self.cookie = site, ""

    def get(self, path: str):
        got = self.site.ask(f"/admin{path}", Cookie=self.cookie)
        self._keep(got)
        return got

    def post(
        self, path: str, *, code: str | None = None, headers: dict[str, str] | None = None, **fields: object
    ):
        sent = {**fields, "stamp": self.code() if code is None else code}
        body = urlencode(sent, doseq=True).encode()
        got = self.site.ask(
            f"/admin{path}", "POST", body, Content_Type=FORM, Cookie=self.cookie, **(headers or {})
        )
        self._keep(got)
        return got

    def sign_in(self, password: str = PASSWORD):
        return self.post("/sign-in", code="", password=password)

    def code(self) -> str:
        found = re.search('name="stamp" value="([^"]+)"', self.get("").text)
        assert found
        return found[1]

    def _keep(self, got) -> None:
        if set_ := got.headers.get("set-cookie"):
            self.cookie = set_.partition(";")[0]


@pytest.fixture
def operator(home: MailHome, site: Site) -> Operator:
    typed(home, PASSWORD)
    found = Operator(site)
    assert found.sign_in().status == 303
    actions(home, 1)  # the first action creates the library, after the response
    return found


def typed(home: MailHome, password: str, *options: str):
    """Set the password, given as the input of the command."""
    before, sys.stdin = sys.stdin, io.StringIO(f"{password}\n")
    try:
        return home.call("admin", "password", *options)
    finally:
        sys.stdin = before


def actions(home: MailHome, at_least: int = 0) -> list[str]:
    """Return what is recorded; signing in is recorded after the response."""
    for _ in range(100):
        found = [each["action"] for each in home.call("ledger", "--actions", "--json").json]
        if len(found) >= at_least:
            break
        time.sleep(0.05)
    return found


def test_without_a_password_there_is_no_console(home, site):
    for path in (*PAGES, "/sign-in", "/runs/1", "/subscriptions/kelp", "/subscriptions/kelp/preview"):
        assert site.ask(f"/admin{path}").status == 404, path
    assert site.ask("/admin/sign-in", "POST", b"password=", Content_Type=FORM).status == 404


def test_the_password_is_kept_as_argon2_and_in_private(home):
    assert typed(home, "short").status == 2
    assert not (home.path / "state/console.json").exists()
    done = typed(home, PASSWORD, "--json")
    assert done.json == {"address": "http://localhost:8350/admin"}
    file = home.path / "state/console.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text())["password"].startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert PASSWORD not in file.read_text()


def test_nobody_without_a_session_sees_or_changes_anything(home, site):
    home.subscribe("kelp", "kelp")
    typed(home, PASSWORD)
    stranger = Operator(site)
    for path in (*PAGES, "/runs/1", "/subscriptions/kelp", "/subscriptions/kelp/preview"):
        got = stranger.get(path)
        assert (got.status, got.headers["location"]) == (303, "/admin/sign-in"), path
        assert "kelp" not in got.text
    assert stranger.post("/subscriptions/kelp/off", code="x").headers["location"] == "/admin/sign-in"
    assert stranger.post("/sign-out", code="x").headers["location"] == "/admin/sign-in"
    assert "enabled" not in (home.path / "subscriptions/kelp.toml").read_text()


def test_the_cookie_is_out_of_reach_and_pages_are_kept_nowhere(home, site, operator):
    got = Operator(site).sign_in()
    assert {"httponly", "samesite=strict", "path=/"} <= set(got.headers["set-cookie"].lower().split("; "))
    page = operator.get("/readers")
    assert page.headers["cache-control"] == "no-store"
    assert "'unsafe-inline'" not in re.search("script-src [^;]*", page.headers["content-security-policy"])[0]


def test_wrong_passwords_are_slowed_down_and_recorded(home, site):
    typed(home, PASSWORD)
    guesser = Operator(site)
    for _ in range(GUESSES):
        assert guesser.sign_in("correct horse batterx").status == 403
    got = guesser.sign_in()
    assert got.status == 429
    assert int(got.headers["retry-after"]) > 500
    assert actions(home, GUESSES) == ["wrong password"] * GUESSES


def test_a_form_of_another_site_or_session_changes_nothing(home, site, operator):
    home.subscribe("kelp", "kelp")
    code = operator.code()
    assert operator.post("/subscriptions/kelp/off", code="0" * 64).status == 403
    assert (
        operator.post("/subscriptions/kelp/off", code=code, headers={"Sec-Fetch-Site": "cross-site"}).status
        == 403
    )
    assert (
        operator.post("/subscriptions/kelp/off", code=code, headers={"Origin": "https://evil.test"}).status
        == 403
    )
    other = Operator(site)
    other.sign_in()
    assert operator.post("/subscriptions/kelp/off", code=other.code()).status == 403
    assert operator.get("/subscriptions/kelp/off").status in {404, 405}
    assert "enabled" not in (home.path / "subscriptions/kelp.toml").read_text()
    assert operator.post("/subscriptions/kelp/off", code=code).status == 303


def test_sessions_end(home, site, operator):
    copy = operator.cookie
    assert operator.post("/sign-out").headers["location"] == "/admin/sign-in"
    operator.cookie = copy
    assert operator.get("").status == 303  # the copy is of no use
    operator.sign_in()
    assert operator.get("").status == 200
    typed(home, f"{PASSWORD} staple")
    assert operator.get("").status == 303


@pytest.mark.parametrize(
    ("idle", "age", "valid"), [(0, 0, True), (3500, 3500, True), (3700, 3700, False), (10, 43_300, False)]
)
def test_sessions_end_by_themselves(home, idle, age, valid):
    typed(home, PASSWORD)
    found, now = console.access(open_home(str(home.path))), time.time()
    session = console.Session("abc", int(now - age), int(now - idle))
    text = console.session_text(found, session)
    assert (console.read_session(found, text, now) == session) == valid
    assert console.read_session(found, text[:-1] + ("0" if text[-1] != "0" else "1"), now) is None


@given(st.text(max_size=80))
def test_no_other_cookie_is_a_session(text):
    assert console.read_session(console.Access("$argon2id$", "key"), text, time.time()) is None


def test_the_password_is_asked_for_only_where_it_cannot_be_overheard(home, site):
    typed(home, PASSWORD)
    home.write("digest.toml", 'base_url = "http://digest.example.org/"\n')
    got = site.ask("/admin/sign-in", Host="digest.example.org")
    assert got.status == 403
    assert "unencrypted" in got.text
    body = urlencode({"password": PASSWORD}).encode()
    assert (
        site.ask("/admin/sign-in", "POST", body, Content_Type=FORM, Host="digest.example.org").status == 403
    )


def test_every_page_is_shown_of_a_new_home(home, operator):
    for path in PAGES:
        assert operator.get(path).status == 200, path
    assert operator.get("/runs/1").status == operator.get("/subscriptions/nosuch").status == 404


def test_subscriptions_are_found_by_text_and_state_a_page_at_a_time(home, operator):
    rows = "id,keywords,email\n" + "".join(f"s{n:03},kelp,r{n:03}@reader.test\n" for n in range(120))
    assert home.call("subscriptions", "import", home.write("many.csv", rows)).status == 0
    home.subscribe("zz", "kelp", enabled=False)
    home.write("subscriptions/broken.toml", "keywords = 3\n")
    page, seen = operator.get("/subscriptions"), []
    while True:
        seen += re.findall(r'<th scope="row"><a href="/admin/subscriptions/([\w-]+)"', page.text)
        following = re.search(r'rel="next" href="/admin(/subscriptions\?[^"]+)"', page.text)
        if not following:
            break
        page = operator.get(unescape(following[1]))
    assert seen == ["broken", *(f"s{n:03}" for n in range(120)), "zz"]
    assert "122 subscriptions" in page.text
    assert re.findall(">(s04[0-9])<", operator.get("/subscriptions?q=R04").text) == [
        f"s04{n}" for n in range(10)
    ]
    assert ">zz<" in (off := operator.get("/subscriptions?state=off").text)
    assert ">s001<" not in off
    assert ">broken<" in operator.get("/subscriptions?state=invalid").text
    assert operator.post("/subscriptions/s007/pause", until="2099-01-01").status == 303
    assert re.findall(">(s[0-9]+)<", operator.get("/subscriptions?state=paused").text) == ["s007"]
    assert "Nothing was found" in operator.get("/subscriptions?q=nobody").text
    assert "120 addresses" in operator.get("/readers").text


@pytest.mark.parametrize("stored", ["file", "row"])
def test_a_subscription_is_paused_changed_and_deleted(home, operator, stored):
    if stored == "file":
        home.write(
            "subscriptions/kelp.toml", '# mine\nkeywords = ["kelp"]  # yes\n\n[ranking]\ntaste = 2.0\n'
        )
    else:
        home.call("subscriptions", "import", home.write("a.csv", "id,keywords\nkelp,kelp\n"))
    where = "/subscriptions/kelp"
    assert operator.post(f"{where}/pause", until="2099-01-02").status == 303
    assert ">paused<" in operator.get(where).text
    assert operator.post(f"{where}/resume").status == 303
    assert ">active<" in operator.get(where).text
    assert operator.post(f"{where}/off").status == 303
    assert ">off<" in operator.get(where).text
    assert operator.post(f"{where}/on").status == 303
    page = operator.get(where).text
    known = re.search('name="known" value="([^"]+)"', page)[1]
    text = unescape(re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.DOTALL)[1])
    if stored == "file":
        assert text == '# mine\nkeywords = ["kelp"]  # yes\n\n[ranking]\ntaste = 2.0\n'
    wrong = operator.post(where, text=text.replace("keywords", "keyword"), known=known)
    assert wrong.status == 400
    assert "did you mean" in unescape(wrong.text)
    assert "keyword = " in unescape(wrong.text)  # what was typed is not lost
    assert operator.post(where, text=text.replace('"kelp"', '"granite"'), known=known).status == 303
    assert "granite" in operator.get(where).text
    late = operator.post(where, text=text, known=known)
    assert "has changed meanwhile" in late.text
    assert operator.post(f"{where}/pause", until="soon").status == 400
    assert operator.post(f"{where}/delete").status == 400
    assert operator.post(f"{where}/delete", sure="yes").status == 303
    assert operator.get(where).status == 404
    done = ["deleted a subscription", "changed a subscription", "turned a subscription on"]
    done += ["turned a subscription off", "ended a pause", "paused a subscription", "signed in"]
    assert actions(home, len(done)) == done


def test_mail_is_found_with_the_words_of_the_server_and_tried_again(home, site, operator):
    home.queue(kelp=["ada@x.test", "bo@x.test"])
    with ScriptedServer(
        plan=lambda to, _before: "recipient 550 5.7.1 go away" if to.startswith("bo") else "accept"
    ) as server:
        home.settings(server.port)
        home.deliver(status=None)
    page = operator.get("/mail").text
    assert "550 5.7.1 go away" in page
    assert "ada@x.test" not in page
    assert "ada@x.test" in operator.get("/mail?state=sent").text
    assert "ada@x.test" in operator.get("/mail?state=all&q=ADA").text
    number = re.search('name="id" value="([0-9]+)"', page)[1]
    assert operator.post("/mail/change", do="retry", id=[number]).status == 303
    assert operator.post("/mail/change", do="retry").status == 400
    assert operator.post("/mail/change", do="drop", id=[number, "999"]).status == 400
    assert operator.post("/mail/change", do="drop", id=[number]).status == 303
    assert operator.post("/mail/change", do="retry-all").status == 303
    assert "bo@x.test" in operator.get("/actions?q=gave").text


def test_addresses_are_suppressed_and_allowed(home, operator):
    home.subscribe("kelp", "kelp", email=["ada@x.test"])
    assert "ada@x.test" in operator.get("/readers").text
    assert operator.post("/readers/suppress", address="ada@x.test", reason="asked by phone \0").status == 303
    assert "asked by phone" in operator.get("/readers?state=suppressed").text
    assert operator.post("/readers/allow", address="ada@x.test").status == 303
    assert operator.post("/readers/allow", address="ada@x.test").status == 400
    assert operator.post("/readers/suppress", address="nobody").status == 400


def test_runs_a_preview_and_a_test_mail(home, site, operator):
    home.subscribe("kelp", "kelp")
    home.run(NOW)
    home.subscribe("granite", "granite", start="2000 days")
    assert "Run 1" in operator.get("/runs").text
    run = operator.get("/runs/1").text
    assert "2026-11-16.txt" in run
    assert "Granite Under Kelp" in operator.get("/subscriptions/granite/preview").text
    assert "so the next issue would be empty" in operator.get("/subscriptions/kelp/preview").text
    assert operator.post("/test-mail", address="ada@x.test").status == 400  # no mail server yet
    with ScriptedServer() as server:
        home.settings(server.port)
        assert operator.post("/test-mail", address="ada@x.test").status == 303
        assert operator.post("/test-mail", address="ada").status == 400
    assert [each.recipients for each in server.taken] == [("ada@x.test",)]
    assert "taken as" in operator.get("/actions").text
    with ScriptedServer(plan=lambda _to, _before: "recipient 550 5.1.1 no such user") as server:
        home.settings(server.port)
        assert "no such user" in operator.post("/test-mail", address="ada@x.test").text


SIGN_UP = 'channels = ["smtp"]\n[serve]\nsignup = "approval"\n[smtp]\nhost = "127.0.0.1"\nport = 1\ntls = "none"\nfrom = "d@example.org"\n'


def confirmed(home: MailHome, number: int) -> None:
    """Send the email of a request, and confirm it as its owner does."""
    opened, clock = open_home(str(home.path)), Clock.at(None)
    accounts.work(opened, clock)
    code = token(accounts.secret_of(opened), CONFIRM, number)
    assert accounts.confirm(opened, code, clock).waits


def test_requests_are_approved_or_declined(home, operator):
    home.write("digest.toml", SIGN_UP)
    opened = open_home(str(home.path))
    wish = Subscription("", "Kelp", ("kelp", "lamps"))
    for number, address in enumerate(("ada@x.test", "bo@x.test"), 1):
        assert accounts.request(opened, address, wish, "192.0.2.0/24", Clock.at(None))
        assert address not in operator.get("/requests").text  # nobody has confirmed it
        confirmed(home, number)
    page = operator.get("/requests").text
    assert "kelp, lamps" in page
    assert operator.post("/requests/1", approve="1").status == 303
    assert operator.post("/requests/2", decline="1").status == 303
    assert operator.post("/requests/2", approve="1").status == 400
    assert operator.post("/requests/x", approve="1").status == 400
    assert "No requests wait" in operator.get("/requests").text
    assert "ada@x.test" in operator.get("/subscriptions?q=ada").text
    assert "Nothing was found" in operator.get("/subscriptions?q=bo@x").text
    (made,) = re.findall('/admin/subscriptions/(web-[a-z0-9]+)"', operator.get("/subscriptions?q=ada").text)
    assert operator.post(f"/subscriptions/{made}/delete", sure="yes").status == 303
    assert not accounts.work(opened, Clock.at(None))  # nobody is greeted for it
    done = ["deleted a subscription", "declined a request", "approved a request"]
    assert [each for each in actions(home, 4) if each != "signed in"] == done


def test_people_are_invited_and_confirm(home, operator):
    invitation = {
        "name": "Kelp",
        "keywords": "kelp\nlamps",
        "addresses": "ada@x.test\n\nbo@x.test\nADA@x.test\n",
    }
    assert "is &#34;off&#34;" in operator.post("/invitations", **invitation).text
    home.write("digest.toml", SIGN_UP)
    assert "has no @" in operator.post("/invitations", **{**invitation, "addresses": "ada@x.test\nbo"}).text
    assert operator.post("/invitations", **{**invitation, "keywords": "NOT kelp"}).status == 400
    assert operator.post("/invitations", **{**invitation, "schedule": "now and then"}).status == 400
    assert operator.post("/invitations", **invitation).status == 303
    confirmed(home, 1)
    assert "ada@x.test" in operator.get("/requests").text
    assert "bo@x.test" in operator.get("/mail").text  # the letter that asks
    assert "2 to Kelp" in operator.get("/actions").text


def test_no_console_at_a_host_that_is_not_ours(home, site, operator):
    home.write("digest.toml", 'base_url = "https://digest.example.org/"\n')
    assert site.ask("/admin/sign-in", Host="evil.test").status == 404
    assert site.ask("/admin/sign-in", Host="digest.example.org").status == 200


def test_below_the_path_of_base_url(home, site):
    home.write("digest.toml", 'base_url = "https://example.org/papers/"\n')
    typed(home, PASSWORD)
    got = site.ask("/papers/admin/subscriptions")
    assert (got.status, got.headers["location"]) == (303, "/papers/admin/sign-in")
    got = site.ask("/admin/sign-in", "POST", urlencode({"password": PASSWORD}).encode(), Content_Type=FORM)
    assert got.headers["location"] == "/papers/admin"
    assert "secure" in got.headers["set-cookie"].lower()


@given(
    st.lists(
        st.sampled_from(["# a\n", 'name = "x"\n', "paused_until = 2026-01-01\n", "\n", "enabled=false\n"])
    ),
    st.sampled_from(["", "[ranking]\npaused_until = 3\n"]),
)
def test_a_value_at_the_top_is_replaced_and_nothing_else(lines, table):
    text = "".join(lines) + table
    kept = [line for line in lines if not line.startswith("paused_until")]
    assert with_value(text, "paused_until", None) == "".join(kept) + table
    assert with_value(text, "paused_until", 5) == "paused_until = 5\n" + "".join(kept) + table


def test_two_servers_of_a_home_share_sessions(home, site, operator):
    with serving(home) as second:
        elsewhere = Operator(second)
        elsewhere.cookie = operator.cookie
        assert elsewhere.get("/runs").status == 200
        code = elsewhere.code()
        assert operator.post("/readers/suppress", code=code, address="ada@x.test").status == 303
        assert elsewhere.post("/sign-out").status == 303
        assert operator.get("/runs").status == 303


def test_pages_and_signing_in_do_not_wait_for_a_run(home, site, operator):
    home.subscribe("kelp", "kelp", email=["ada@x.test"])
    home.run(NOW)
    with closing(sqlite3.connect(home.path / "digest.db")) as other:
        other.execute("BEGIN IMMEDIATE")  # a run that writes
        other.execute("UPDATE run SET status = status")
        late = Operator(site)
        assert late.sign_in().status == 303
        for path in (*PAGES, "/runs/1", "/subscriptions/kelp"):
            assert late.get(path).status == 200, path
        other.rollback()
    assert "signed in" in actions(home, 2)


@pytest.mark.parametrize("stored", ["file", "row"])
def test_a_change_does_not_wait_for_a_long_run(home, operator, monkeypatch, stored):
    if stored == "file":
        home.subscribe("kelp", "kelp")
    else:
        home.call("subscriptions", "import", home.write("a.csv", "id,keywords\nkelp,kelp\n"))
    monkeypatch.setattr(subscription_changes, "_WAIT", 0.1)
    with hold(home.path, command="digest run"):
        for path, fields in (("/off", {}), ("/delete", {"sure": "yes"})):
            got = operator.post(f"/subscriptions/kelp{path}", **fields)
            assert got.status == 503
            assert "digest run" in got.text  # it says what holds the library
    assert ">active<" in operator.get("/subscriptions/kelp").text
    assert operator.post("/subscriptions/kelp/delete", sure="yes").status == 303


_WORD = st.text(max_size=30)


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory):
    home = MailHome(tmp_path_factory.mktemp("fuzzed") / "home")
    home.subscribe("kelp", "kelp", email=["ada@x.test"])
    home.run(NOW)
    typed(home, PASSWORD)
    with serving(home) as site:
        operator = Operator(site)
        operator.sign_in()
        yield operator


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_whatever_is_asked_nothing_breaks(fuzzed, data):
    pages = [*PAGES, "/runs/1", "/subscriptions/kelp", "/subscriptions/kelp/preview"]
    path = data.draw(
        st.sampled_from(pages) | _WORD.map(lambda text: f"/subscriptions/{quote(text, safe='')}")
    )
    names = st.sampled_from(["q", "state", "after", "before", "done"])
    query = data.draw(st.dictionaries(names, _WORD | st.integers().map(str), max_size=3))
    assert fuzzed.get(f"{path}?{urlencode(query)}").status in {200, 303, 404}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_whatever_is_sent_nothing_breaks(fuzzed, data):
    forms = [path.replace("{id}", "kelp").replace("{number}", "1") for path in DEEDS if "delete" not in path]
    names = st.sampled_from(
        ["text", "known", "until", "address", "reason", "id", "do", "name", "keywords", "addresses"]
    )
    value = _WORD | st.sampled_from(["retry", "drop", "retry-all", "2026-01-01", "ada@x.test", "9" * 30])
    fields = data.draw(st.dictionaries(names, value, max_size=4))
    assert fuzzed.post(data.draw(st.sampled_from(forms)), **fields).status in {303, 400, 403}
