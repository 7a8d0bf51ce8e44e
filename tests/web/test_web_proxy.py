"""All addresses behind a real proxy, nginx, that removes the path of `base_url` or leaves it.

Skipped without nginx; with DIGEST_REQUIRE_NGINX=1 this is an error.
"""

import email
import os
import re
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from urllib.parse import quote, unquote, urljoin, urlsplit

import feedparser
import pytest

from digest.home.values import base_url
from tests.deliver.mail_home import NOW, MailHome
from tests.deliver.smtp_server import ScriptedServer
from tests.web.conftest import Log, Site, serving

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")

PLACES = ("", "digest", "papers", "feeds", "issues", "unsubscribe", "r", "healthz")
ENCODED = ("p%C3%A4pers", "päpers", "my%20papers/2026", "论文")
CONFIG = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; location "{place}" {{ proxy_pass http://127.0.0.1:{upstream}{to}; }} }}
}}
"""


@pytest.fixture(autouse=True)
def _nginx():
    if NGINX is None:
        if os.environ.get("DIGEST_REQUIRE_NGINX") == "1":
            pytest.fail("nginx is missing")
        pytest.skip("nginx is missing; install the package nginx-light")


@contextmanager
def proxy(folder, upstream, place, *, removes):
    """Run nginx in front of a port, for addresses below `place`; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = folder / "nginx.conf"
    to = "/" if removes else ""
    config.write_text(CONFIG.format(folder=folder, port=port, place=place, upstream=upstream, to=to), "utf-8")
    with subprocess.Popen(
        [str(NGINX), "-p", str(folder), "-c", str(config), "-e", str(folder / "error.log")]
    ) as server:
        try:
            for _ in range(600):
                assert server.poll() is None, (folder / "error.log").read_text()
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                except OSError:
                    time.sleep(0.05)
            yield port
        finally:
            server.terminate()


class Outside:
    """Requests to public addresses, which go to the proxy; redirects are followed."""

    def __init__(self, site, base):
        self.site, self.base, self.seen = site, base, {}

    def get(self, url, **options):
        for _ in range(3):
            parts = urlsplit(url)
            assert f"{parts.scheme}://{parts.netloc}" == "https://x.example.org", url
            assert url.isascii()
            got = self.site.ask(parts.path + (f"?{parts.query}" if parts.query else ""), **options)
            if got.status not in {301, 302, 307, 308}:
                return url, got
            where = got.headers["location"]
            url = urljoin(
                url,
                urlsplit(where)._replace(scheme="", netloc="").geturl() if "127.0.0.1" in where else where,
            )
        raise AssertionError(f"redirects in a circle: {url}")

    def check_page(self, url):
        """Check a page and all pages and files of ours that it links to."""
        url, got = self.get(url)
        if url in self.seen:
            return
        assert got.status == 200, (url, got.status, got.text[:200])
        self.seen[url] = got.text
        if got.headers["content-type"].startswith("text/html"):
            for link in re.findall(r'<(?:a|link)\b[^>]* href="([^"#]+)', got.text):
                target = urljoin(url, link)
                if target.startswith("https://x.example.org/"):
                    assert target.startswith(self.base), target
                    self.check_page(target)


@pytest.mark.parametrize("removes", [True, False], ids=["removed", "left"])
@pytest.mark.parametrize(
    ("place", "slash"),
    [*((each, True) for each in PLACES + ENCODED), *((each, False) for each in ("", "papers", "päpers"))],
)
def test_all_addresses_work(tmp_path, place, slash, removes):
    home = MailHome(tmp_path / "home")
    below = f"/{place}/" if place else "/"
    written = f"https://x.example.org{below if slash else below.rstrip('/')}"
    home.subscribe("kelp", "kelp", email=["reader@example.org"])
    with ScriptedServer() as mail:
        home.settings(mail.port, top=f'base_url = "{written}"')
        home.run(NOW)
    base = base_url(written)
    assert base == quote(unquote(f"https://x.example.org{below}"), safe=":/")
    with serving(home) as inner, proxy(tmp_path, inner.port, unquote(below), removes=removes) as port:
        outside = Outside(Site(port, Log()), base)
        outside.check_page(base)
        found = {each.removeprefix(base) for each in outside.seen}
        wanted = {
            "feeds/all.atom",
            "feeds/all.opml",
            "feeds/kelp.rss",
            "papers/1.html",
            "issues/kelp/2026-11-20-1.html",
        }
        assert wanted - {"papers/1.html"} <= found
        for path in wanted:
            outside.check_page(base + path)
        for path in ("feeds", "feeds/"):
            url, got = outside.get(base + path)
            assert (got.status, url) == (200, f"{base}feeds/")
        if place:
            url, got = outside.get(base.rstrip("/"))
            # Where the path of a page is that of ours, that page is meant.
            assert (got.status, url) == (200, base) or place == "healthz"
        check_feeds(outside, base)
        (titles,) = re.findall(r'search\(\["([^"]+)"\]', outside.seen[base])
        assert outside.get(urljoin(base, titles))[1].text.startswith("titles([[")
        assert outside.get(base + "healthz")[1].status == 200
        assert outside.get(base + "nothing.html")[1].status == 404
        check_unsubscribing(home, outside, base, mail.taken[0].data)


def check_feeds(outside, base):
    for form in ("rss", "atom"):
        feed = feedparser.parse(outside.get(f"{base}feeds/all.{form}")[1].body)
        assert {each.href for each in feed.feed.links if each.rel == "self"} == {f"{base}feeds/all.{form}"}
        assert feed.feed.link == base
        for entry in feed.entries:
            outside.check_page(entry.link)
    for xml_url in re.findall('xmlUrl="([^"]+)"', outside.get(f"{base}feeds/all.opml")[1].text):
        outside.check_page(xml_url)


def check_unsubscribing(home, outside, base, sent):
    """Follow the link of an email, then click the button of a mail program."""
    message = email.message_from_bytes(sent)
    (link,) = re.findall(r"<(https:[^>]*)>", message["List-Unsubscribe"])
    assert link.startswith(f"{base}unsubscribe/")
    url, asked = outside.get(link)
    assert (url, asked.status) == (link, 200)
    assert "Unsubscribe from" in asked.text
    _, done = outside.get(link, method="POST", body=b"List-Unsubscribe=One-Click")
    assert done.status == 200
    assert "You are unsubscribed" in done.text
    assert "You are unsubscribed" in outside.get(link)[1].text
    deadline = time.monotonic() + 60  # the list follows after the response
    while not (left := suppressed(home)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == ["reader@example.org"]


def suppressed(home):
    found = home.call("recipients", "list", "--json").json
    return [each["address"] for each in found if each["suppressed"]]
