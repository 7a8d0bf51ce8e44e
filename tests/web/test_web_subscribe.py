"""Subscribing on the web, over HTTP: the form with its preview, one email, and a link that changes nothing by GET."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from digest.home.settings_file import open_home
from digest.services import accounts
from digest.services.workspace import Clock, open_library
from digest.signing import CONFIRM, token
from digest.web import subscribe
from tests.deliver.mail_home import MailHome
from tests.web.conftest import serving

FORM = "application/x-www-form-urlencoded"
ADA = "ada@example.org"


def settings(home, serve='signup = "open"', top=""):
    home.write(
        "digest.toml",
        f'channels = ["maildir"]\n{top}\n[maildir]\npath = "mail"\nfrom = "digest@example.org"\n[serve]\n{serve}\n',
    )


@pytest.fixture(autouse=True)
def no_hurry(monkeypatch):
    monkeypatch.setattr(subscribe, "_FASTEST", timedelta(0))


@pytest.fixture
def home(tmp_path):
    home = MailHome(tmp_path / "home")
    settings(home)
    home.run("2026-11-20T09:00")
    return home


@pytest.fixture
def site(home):
    with serving(home) as site:
        yield site


def send(site, path="/subscribe", fields=(), **headers):
    body = urlencode(list(dict(fields).items()), doseq=True).encode()
    return site.ask(path, "POST", body, Content_Type=FORM, **headers)


def stamp(site, path="/subscribe", **headers):
    (found,) = re.findall(r'name="stamp" value="([^"]+)"', site.ask(path, **headers).text)
    return found


def filled(site, **other):
    return {"stamp": stamp(site), "keywords": "kelp", "email": ADA, "action": "send", **other}


def test_the_archive_leads_to_the_page_where_people_subscribe(site, home):
    link = re.search(
        r'<p class="subscribe"><a href="([^"]+)">Get new papers by email</a>', site.ask("/").text
    )
    assert link
    assert site.ask(link[1].removeprefix("http://localhost:8350")).status == 200
    settings(home, "")
    home.run("2026-11-20T10:00", "--rewrite")
    assert "Get new papers by email" not in (home.path / "output/site/index.html").read_text("utf-8")


def requests(home):
    with open_library(open_home(str(home.path)), create=False) as store, store.begin(write=False) as tx:
        return tx.accounts.to_mail(silent_since=Clock.at(None).now, limit=100)


def confirm_path(home, number=1):
    accounts.work(open_home(str(home.path)), Clock.at(None))
    with open_library(open_home(str(home.path)), create=False) as store, store.begin(write=False) as tx:
        return f"/confirm/{token(tx.outbox.secret(), CONFIRM, number)}"


def subscriptions(home):
    return home.call("subscriptions", "list", "--json").json


def test_there_is_no_such_page_until_it_is_switched_on(home):
    settings(home, "")
    with serving(home) as site:
        for path in ("/subscribe", "/subscribe/sent"):
            assert site.ask(path).status == 404
        assert send(site, fields={"keywords": "kelp"}).status == 404


def test_the_page_shows_what_keywords_bring(site):
    page = send(site, fields={"keywords": "kelp\r\ngrannite", "action": "try"})
    assert page.status == 200
    assert "<mark>Kelp</mark> and the Slow Lamp" in page.text
    assert 'name="instead" value="grannite\tgranite"' in page.text.replace("&#9;", "\t")
    assert "has never matched" in page.text
    better = send(site, fields={"keywords": "kelp\r\ngrannite", "instead": "grannite\tgranite"})
    assert re.search(r"<textarea[^>]*>\s*kelp\ngranite</textarea>", better.text)
    part = send(site, "/subscribe/try", {"keywords": "kelp"}, Accept_Language="de-DE,de;q=0.9")
    assert part.status == 200 and "Das würden Sie bekommen" in part.text
    assert 'lang="de"' in site.ask("/subscribe", Accept_Language="de").text


def test_a_mistake_in_a_query_is_shown_at_its_place(site, home):
    page = send(site, fields=filled(site, keywords='kelp\n(lamp "x'))
    assert page.status == 422
    assert re.search(r"<pre[^>]*> *\(lamp &#34;x\n +\^", page.text)
    assert "kelp\n(lamp" in page.text  # what was typed is kept
    assert requests(home) == ()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("keywords", ""),
        ("email", ""),
        ("email", "ada@"),
        ("email", "ada@example.org\r\nBcc: eve@example.org"),
        ("time", "25:00"),
        ("days", "never"),
        ("timezone", "Mars/Base"),
        ("size", "0"),
        ("size", "x"),
        ("language", "xx"),
        ("keywords", "a" * 500),
        ("keywords", "\n".join(f"word{number}" for number in range(70))),
    ],
)
def test_a_mistake_in_a_field_is_shown_beside_it(site, home, field, value):
    page = send(site, fields=filled(site, **{field: value}))
    assert page.status == 422
    assert f'id="problem-{field}"' in page.text and f'aria-describedby="problem-{field}"' in page.text
    assert requests(home) == ()


def test_a_request_is_stored_and_answered_alike_for_every_address(site, home):
    first = send(site, fields=filled(site, exclude="granite", days="mon", time="07:30", size="5"))
    assert (first.status, first.headers["location"]) == (303, "subscribe/sent")
    again = send(site, fields=filled(site))
    assert (again.status, again.headers["location"], again.body) == (303, "subscribe/sent", first.body)
    assert site.ask("/subscribe/sent").status == 200
    assert ADA not in site.ask("/subscribe/sent").text


def test_a_get_changes_nothing_and_the_button_subscribes(site, home):
    send(
        site,
        fields=filled(site, exclude="granite", days="mon", time="07:30", size="5", timezone="Europe/Paris"),
    )
    path = confirm_path(home)
    for _ in range(2):
        assert site.ask(path).status == 200
        assert site.ask(path, "HEAD").status == 200
    assert subscriptions(home) == []
    assert send(site, path).status == 400  # without the stamp of the page
    assert subscriptions(home) == []
    done = send(site, path, {"stamp": stamp(site, path)})
    assert done.status == 303 and done.headers["location"].startswith("../manage/")
    (made,) = subscriptions(home)
    text = home.call("subscriptions", "export", "--format", "jsonl").out
    assert '"mon 07:30"' in text and '"Europe/Paris"' in text and made["id"] in text
    assert send(site, path, {"stamp": stamp_of(site, path)}).status in {303, 400}
    assert len(subscriptions(home)) == 1


def stamp_of(site, path):
    found = re.findall(r'name="stamp" value="([^"]+)"', site.ask(path).text)
    return found[0] if found else ""


@pytest.mark.parametrize("code", ["1", "1-" + "a" * 24, "x", "9" * 40, "1-%00", "../1", "1-é"])
def test_a_wrong_code_is_not_found_whatever_is_wrong_with_it(site, home, code):
    send(site, fields=filled(site))
    assert site.ask(f"/confirm/{code}".replace("é", "%C3%A9")).status == 404


def test_other_sites_programs_and_impatient_clients_store_nothing(site, home, monkeypatch):
    assert send(site, fields=filled(site), Sec_Fetch_Site="cross-site").status == 400
    assert send(site, fields=filled(site), Origin="https://evil.example").status == 400
    assert (
        send(site, fields=filled(site, website="https://spam.example")).status == 303
    )  # as if it had worked
    assert send(site, fields=filled(site, stamp="1-" + "a" * 24)).status == 422
    assert site.ask("/subscribe", "POST", b"x" * 100_000, Content_Type=FORM).status == 400
    assert site.ask("/subscribe", "POST", b"{}", Content_Type="application/json").status == 400
    assert send(site, fields=filled(site), Host="evil.example").status == 421
    monkeypatch.setattr(subscribe, "_FASTEST", timedelta(hours=1))
    page = send(site, fields=filled(site))
    assert page.status == 422 and 'role="alert"' in page.text
    assert requests(home) == ()


def test_a_network_has_a_limit(home):
    settings(home, 'signup = "open"\nrequests_per_hour = 2')
    with serving(home) as site:
        found = [
            send(site, fields=filled(site, email=f"a{number}@example.org")).status for number in range(4)
        ]
    assert found == [303, 303, 429, 429]


def test_addresses_of_other_domains_cannot_subscribe(home):
    settings(home, 'signup = "domains"\ndomains = ["example.org"]')
    with serving(home) as site:
        assert "@example.org" in site.ask("/subscribe").text
        for address, status in {
            "a@example.com": 422,
            "a@sub.example.org": 303,
            "a@badexample.org": 422,
        }.items():
            assert send(site, fields=filled(site, email=address)).status == status


def test_the_pages_work_below_a_path(home):
    settings(home, top='base_url = "https://papers.example.org/digest/"')
    with serving(home) as site:
        for path in ("/digest/subscribe", "/subscribe"):
            page = site.ask(path, Host="papers.example.org")
            assert page.status == 200 and 'action="subscribe"' in page.text


def test_nothing_may_be_kept_and_scripts_are_those_of_the_page(site):
    page = site.ask("/subscribe")
    assert page.headers["cache-control"] == "no-store"
    scripts = page.headers["content-security-policy"].split("script-src", 1)[1].split(";")[0]
    assert "unsafe-inline" not in scripts and "sha256-" in scripts
    assert "connect-src 'self'" in page.headers["content-security-policy"]
