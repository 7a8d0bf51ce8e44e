"""Links that count clicks: only in served pages of subscriptions that count them."""

import re
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from digest.render import Renderer
from tests.deliver.mail_home import NOW
from tests.web.conftest import serving

ISSUE = "/issues/kelp/2026-11-20-1.html"
COUNTS = 'keywords = ["kelp"]\n[ranking]\nclicks = true\n'


@pytest.fixture
def counting(home, site):
    home.write("subscriptions/kelp.toml", COUNTS)
    home.run(NOW)
    return home


def links(site, path=ISSUE):
    return re.findall(r'href="\.\./\.\./(r/kelp/[^"]*)"', site.ask(path).text)


def clicks(home, wanted):
    """Return the number of recorded clicks, once it is `wanted`, or after a timeout."""
    deadline = time.monotonic() + 5
    while (found := home.rows("select count(*) from click")[0][0]) < wanted and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def test_a_click_is_counted_and_redirected(counting, site):
    there = links(site)
    assert len(there) == 2
    got = site.ask(f"/{there[0]}")
    assert got.status == 303
    assert got.headers["location"] == "../../papers/1.html"  # the paper has no URL
    assert got.headers["cache-control"] == "no-store"
    assert "set-cookie" not in got.headers
    assert clicks(counting, 1) == 1
    listed = counting.call("feedback", "kelp", "list", "--json").json["votes"]
    assert [(each["paper"], each["verdict"]) for each in listed] == [(1, "clicked")]
    assert [name for _, name, *_ in counting.rows("pragma table_info(click)")] == [
        "id",
        "subscription",
        "paper",
        "at",
    ]


def test_a_click_redirects_to_the_url_of_the_paper(home, site):
    home.put(
        "2026-11-17.bib",
        "@article{k, title = {Kelp at sea}, abstract = {Kelp drifts far.}, year = {2026}, "
        "url = {https://kelp.example.org/?a=1&b=2}}\n",
    )
    home.write("subscriptions/kelp.toml", COUNTS)
    home.run(NOW)
    places = {site.ask(f"/{link}").headers["location"] for link in links(site)}
    assert "https://kelp.example.org/?a=1&b=2" in places


def test_programs_are_redirected_but_not_counted(counting, site):
    link = f"/{links(site)[0]}"
    for got in (
        site.ask(link, "HEAD"),
        site.ask(link, Sec_Purpose="prefetch"),
        site.ask(link, User_Agent="Mozilla/5.0 (compatible; Somebot/1.0)"),
    ):
        assert got.status == 303
    site.ask(f"/{links(site)[1]}")
    assert clicks(counting, 1) == 1
    assert "Disallow: /r/" in site.ask("/robots.txt").text


def test_clicks_on_all_links_at_once_do_not_count(home, site):
    from tests.homes import page

    home.put("2026-11-18.txt", page(*(f"Kelp number {n}" for n in range(6))))
    home.write("subscriptions/kelp.toml", COUNTS)
    home.run(NOW)
    there = links(site)
    assert len(there) == 8
    for link in there:
        site.ask(f"/{link}")
    assert clicks(home, 8) == 8
    assert home.call("feedback", "kelp", "list", "--json").json["votes"] == []


def test_a_link_redirects_only_to_papers_of_its_home(counting, site):
    number, code = links(site)[0].rsplit("/", 1)[1].split("-")
    for path in (
        f"/r/other/{number}-{code}",
        f"/r/kelp/2-{code}",
        f"/r/kelp/{number}-{'a' * 24}",
        "/r/kelp/https://evil.example",
        "/r/kelp/",
        "/r/",
    ):
        got = site.ask(path)
        assert got.status == 404, path
        assert "location" not in got.headers
    assert clicks(counting, 0) == 0


def test_the_files_are_the_same_whether_clicks_count_or_not(home, site):
    home.write("subscriptions/kelp.toml", COUNTS)
    home.run(NOW)
    counted = home.output()
    page = site.ask(ISSUE)
    assert "but not by whom" in page.text
    home.subscribe("kelp", "kelp")
    plain = site.ask(ISSUE)
    assert plain.body == counted["output/site" + ISSUE]
    assert b"/r/" not in plain.body
    assert re.sub(r'href="\.\./\.\./r/[^"]*"', "", page.text).count("<h3") == plain.text.count("<h3")
    home.call("run", "--rewrite", "--quiet", "--now", NOW)
    assert home.output() == counted


def test_a_page_with_counted_links_has_the_same_headers(counting, site):
    got = site.ask(ISSUE)
    assert got.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src 'self';" in got.headers["content-security-policy"]
    assert site.ask(ISSUE).body == got.body
    assert site.ask(ISSUE, If_None_Match=got.headers["etag"]).status == 304
    head = site.ask(ISSUE, "HEAD")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(got.body)))
    for path in ("/issues/kelp/2026-11-21-1.html", "/issues/kelp/2026-11-20-2.html", "/issues/kelp/x.html"):
        assert site.ask(path).status == 404


def test_a_link_still_redirects_when_clicks_no_longer_count(counting, site):
    link = f"/{links(site)[0]}"
    for path in sorted((counting.path / "subscriptions").iterdir()):
        path.unlink()
    assert site.ask(link).status == 303
    assert clicks(counting, 0) == 0


def test_in_a_home_with_a_path(home):
    home.write("digest.toml", 'base_url = "https://papers.example.org/digest"\n')
    home.write("subscriptions/kelp.toml", COUNTS)
    home.run(NOW)
    with serving(home) as site:
        (first, _) = links(site, f"/digest{ISSUE}")
        assert site.ask(f"/digest/{first}").status == 303
        assert clicks(home, 1) == 1


def test_a_page_is_rendered_once_for_all_its_readers(counting, site, monkeypatch):
    rendered = []
    archive = Renderer.archive

    def observed(*args):
        rendered.append(args)
        return archive(*args)

    monkeypatch.setattr(Renderer, "archive", observed)
    with ThreadPoolExecutor(8) as readers:
        pages = list(readers.map(lambda _: site.ask(ISSUE).text, range(24)))
    assert len(rendered) == 1
    assert len(set(pages)) == 1
    assert links(site)


def test_a_page_is_rendered_again_when_its_content_changes(counting, site):
    before = site.ask(ISSUE)
    counting.write("digest.toml", 'title = "Kelp Weekly"\n')
    counting.run(NOW)
    assert counting.call("run", "--rewrite", "--quiet", "--now", NOW).status == 0
    after = site.ask(ISSUE)
    assert "Kelp Weekly" in after.text
    assert after.headers["etag"] != before.headers["etag"]
    assert site.ask(ISSUE, If_None_Match=after.headers["etag"]).status == 304


def test_pages_for_readers_do_not_wait_for_a_writer(counting, site):
    link = "/" + links(site)[0]
    with closing(sqlite3.connect(counting.path / "digest.db", isolation_level=None)) as writer:
        writer.execute("begin immediate")
        assert site.ask(ISSUE).status == 200
        assert site.ask(link, "HEAD").status == 303
        assert site.ask("/unsubscribe/1-aaaaaaaaaaaaaaaaaaaaaaaa").status == 404
