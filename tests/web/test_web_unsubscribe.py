"""Unsubscribe links: GET asks, POST unsubscribes, and an invalid token reveals nothing."""

import email
import re
import string
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.services.reader_pages import masked
from digest.signing import token
from digest.urls import unsubscribe_page
from tests.deliver.mail_home import NOW, MailHome
from tests.deliver.smtp_server import ScriptedServer
from tests.web.conftest import path_of, serving

ADA, EVE = "ada@example.org", "eve@example.org"
FORM = "application/x-www-form-urlencoded"
ONE_CLICK = b"List-Unsubscribe=One-Click"
PARTS = b'--edge\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--edge--\r\n'


@pytest.fixture
def sent(home, site):
    """Send mail to two readers; return the path of each reader's link."""
    links = mail_of(home, [ADA, EVE])
    return {to: path_of(link) for to, link in links.items()}


def mail_of(home: MailHome, readers, *, name="kelp", more=""):
    """Make and send an issue; return each reader's https link from the mail."""
    home.subscribe(name, "kelp", email=list(readers), name="Kelp & lamps")
    with ScriptedServer() as server:
        home.settings(server.port, top='base_url = "https://papers.example.org/digest"', more=more)
        home.run(NOW)
    links = {}
    for taken in server.taken:
        message = email.message_from_bytes(taken.data)
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        (links[taken.recipients[0]],) = re.findall(r"<(https:[^>]*)>", message["List-Unsubscribe"])
    return links


def suppressed(home):
    found = home.call("recipients", "list", "--json").json
    return {each["address"]: (each["subscription"], each["reason"]) for each in found if each["suppressed"]}


def soon_suppressed(home):
    """Return them once there are any: the list follows after the response."""
    deadline = time.monotonic() + 60
    while not (found := suppressed(home)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def test_a_get_asks_and_changes_nothing(home, site, sent):
    for method in ("GET", "HEAD"):
        got = site.ask(sent[ADA], method)
        assert got.status == 200
        assert got.headers["cache-control"] == "no-store"
    page = site.ask(sent[ADA]).text
    assert "Unsubscribe from “Kelp &amp; lamps”?" in page
    assert "a…@example.org" in page
    assert ADA not in page
    assert '<form method="post">' in page
    assert suppressed(home) == {}


@pytest.mark.parametrize(("body", "kind"), [(ONE_CLICK, FORM), (PARTS, "multipart/form-data; boundary=edge")])
def test_a_post_unsubscribes_from_one_subscription(home, site, sent, body, kind):
    for _ in range(2):  # mail programs may repeat it
        got = site.ask(sent[ADA], "POST", body, Content_Type=kind)
        assert got.status == 200
        assert "set-cookie" not in got.headers
        assert "location" not in got.headers
        assert "You are unsubscribed from" in got.text
    assert soon_suppressed(home) == {ADA: ("kelp", "unsubscribed on the web")}
    assert "<form" not in site.ask(sent[ADA]).text
    assert "<form" in site.ask(sent[EVE]).text
    home.subscribe("other", "granite", email=[ADA])
    home.put("2026-11-21.txt", "\n\n".join((home.path / "inbox" / "2026-11-16.txt").read_text().splitlines()))
    with ScriptedServer() as server:
        home.settings(server.port)
        home.run("2026-11-21T09:00", "--force")
    assert {taken.recipients[0] for taken in server.taken} == {ADA}  # of the other subscription


def test_the_button_of_the_page_sends_the_one_click_form(site, sent):
    page = site.ask(sent[EVE]).text
    (name, value) = re.findall(r'name="(List[^"]*)" value="([^"]*)"', page)[0]
    assert site.ask(sent[EVE], "POST", f"{name}={value}".encode(), Content_Type=FORM).status == 200


@pytest.mark.parametrize("body", [b"", b"List-Unsubscribe=No", b"x=1", b"a" * 20_000 + ONE_CLICK])
def test_another_form_changes_nothing(home, site, sent, body):
    got = site.ask(sent[ADA], "POST", body, Content_Type=FORM)
    assert got.status == 400
    assert suppressed(home) == {}


def test_all_invalid_tokens_get_the_same_response(home, site, sent):
    number, code = sent[ADA].rsplit("/", 1)[1].split("-")
    (secret,) = home.rows("select value from secret where name = 'tokens'")[0]
    answers = {
        path: (site.ask(path).status, site.ask(path).body, site.ask(path, "POST", ONE_CLICK).body)
        for path in (
            f"/unsubscribe/{number}-{'a' * 24}",  # a wrong code
            f"/unsubscribe/99-{code}",  # another's
            "/unsubscribe/" + token(secret, "unsubscribe", 99),  # correctly signed, but unknown
            "/unsubscribe/" + token(secret, "bounce", int(number)),  # for another purpose
            "/unsubscribe/x",
        )
    }
    assert len(set(answers.values())) == 1
    assert next(iter(answers.values()))[0] == 404
    assert suppressed(home) == {}


ALPHABET = string.ascii_letters + string.digits + "-.~%2f/:"


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(ALPHABET, max_size=40), st.integers(0, 10**19))
def test_no_token_can_be_guessed(home, site, sent, text, number):
    for path in (
        f"/unsubscribe/{text}",
        f"/unsubscribe/{number}-{text}",
        f"/r/kelp/{number}-{text}",
        f"/r/{text}/{text}",
    ):
        assert site.ask(path).status in {400, 404}
        assert site.ask(path, "POST", ONE_CLICK).status in {400, 404, 405}
    assert suppressed(home) == {}


def test_a_token_with_a_changed_character_is_invalid(home, site, sent):
    path = sent[ADA]
    for place in range(path.index("-") + 1, len(path)):
        other = "b" if path[place] == "a" else "a"
        assert site.ask(path[:place] + other + path[place + 1 :]).status == 404


def test_in_german(home, site):
    home.subscribe("kelp", "kelp", email=[ADA], language="de")
    with ScriptedServer() as server:
        home.settings(server.port, top='base_url = "https://papers.example.org/"\nlanguage = "de"')
        home.run(NOW)
    link = re.search(rb"<(https:[^>]*unsubscribe[^>]*)>", server.taken[0].data)[1].decode()
    assert "Abbestellen" in site.ask(path_of(link)).text
    assert "ist abbestellt" in site.ask(path_of(link), "POST", ONE_CLICK).text
    assert "Seite nicht gefunden" in site.ask("/nichts").text


def test_links_of_mails_feeds_and_pages_are_served(home):
    """The server knows every address under base_url that a run writes or sends."""
    links = set(mail_of(home, [ADA]).values())
    base = "https://papers.example.org/digest/"
    texts = [data.decode() for name, data in home.output().items() if not name.endswith(".eml")]
    for text in texts:
        links |= {link.replace("&amp;", "&") for link in re.findall(rf"{base}[^\s\"'<>)\]]*", text)}
    assert {unsubscribe_page(base, "") in link for link in links} == {True, False}
    assert any("/issues/" in link for link in links)
    assert any("/feeds/" in link for link in links)
    assert any("/papers/" in link for link in links)
    with serving(home) as site:
        for link in links:
            assert site.ask(path_of(link)).status == 200, link


@pytest.mark.parametrize("address", [ADA, "ö@example.org", "x@y"])
def test_an_address_is_masked(address):
    shown = masked(address)
    assert shown.endswith(address[address.index("@") :])
    assert address[:-4] not in shown or len(address) < 5
