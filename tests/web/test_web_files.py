"""Static files: types, caching, headers, and nothing outside the output."""

import base64
import re
from hashlib import sha256
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.deliver.mail_home import MailHome
from tests.web.conftest import serving

NOW = "2026-11-20T09:00"


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A served home with an issue, feeds and an archive."""
    home = MailHome(tmp_path_factory.mktemp("served") / "home")
    home.subscribe("kelp", "kelp")
    home.run(NOW)
    home.write("output/site/.index.html.1.part", "half")
    with serving(home) as site:
        yield home, site


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/index.html?x=1", "text/html; charset=utf-8"),
        ("/papers/1.html", "text/html; charset=utf-8"),
        ("/issues/kelp/2026-11-20-1.html", "text/html; charset=utf-8"),
        ("/feeds/kelp.rss", "application/rss+xml; charset=utf-8"),
        ("/feeds/all.atom", "application/atom+xml; charset=utf-8"),
        ("/feeds/all.json", "application/feed+json; charset=utf-8"),
        ("/feeds/all.opml", "text/x-opml; charset=utf-8"),
        ("/robots.txt", "text/plain; charset=utf-8"),
    ],
)
def test_types_and_headers(kept, path, kind):
    _, site = kept
    got = site.ask(path)
    assert (got.status, got.headers["content-type"]) == (200, kind)
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in got.headers["content-security-policy"]
    assert "server" not in got.headers
    assert "set-cookie" not in got.headers
    head = site.ask(path, "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(got.body))


def test_files_are_served_as_they_are(kept):
    home, site = kept
    for name, data in home.output().items():
        for folder in ("output/site/", "output/feeds/"):
            if name.startswith(folder) and "/." not in name:
                place = name.removeprefix("output/site/").removeprefix("output/")
                assert site.ask(f"/{place}").body == data


def test_a_cached_file_is_not_sent_again(kept):
    _, site = kept
    got = site.ask("/feeds/kelp.atom")
    for header in (
        {"If_None_Match": got.headers["etag"]},
        {"If_None_Match": f'"x", W/{got.headers["etag"]}'},
        {"If_Modified_Since": got.headers["last-modified"]},
    ):
        again = site.ask("/feeds/kelp.atom", **header)
        assert (again.status, again.body) == (304, b""), header
        assert again.headers["etag"] == got.headers["etag"]
    assert site.ask("/feeds/kelp.atom", If_None_Match='"other"').status == 200


def test_the_policy_allows_the_scripts_of_a_page_and_no_others(kept):
    _, site = kept
    got = site.ask("/")
    (script,) = re.findall(rb"<script>(.*?)</script>", got.body, re.DOTALL)
    named = base64.b64encode(sha256(script).digest()).decode()
    allowed = got.headers["content-security-policy"]
    assert f"script-src 'self' 'sha256-{named}';" in allowed
    assert "unsafe-inline" not in allowed.split("script-src", 1)[1]
    assert "script-src 'self';" in site.ask("/feeds/").headers["content-security-policy"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
@pytest.mark.parametrize(
    "path", ["/", "/feeds/all.rss", "/healthz", "/r/kelp/1-a", "/issues/kelp/2026-11-20-1.html"]
)
def test_other_methods_are_refused(kept, method, path):
    _, site = kept
    got = site.ask(path, method)
    assert got.status == 405
    assert "GET" in got.headers["allow"]


def test_a_missing_page_has_an_error_page(kept):
    _, site = kept
    for path in (
        "/nothing",
        "/issues/kelp/",
        "/issues",
        "/.index.html.1.part",
        "/papers/1.html/",
    ):
        got = site.ask(path)
        assert got.status == 404, path
        assert "Page not found" in got.text


def test_monitoring_pages(kept):
    _, site = kept
    got = site.ask("/healthz")
    assert (got.status, got.headers["content-type"]) == (200, "application/json")
    assert "digest_papers 2" in site.ask("/metrics").text


ABOVE = st.sampled_from(
    [
        "..",
        "%2e%2e",
        "%2E.",
        ".",
        "",
        "feeds",
        "site",
        "%00",
        "digest.db",
        "digest.toml",
        "subscriptions",
        "kelp.toml",
    ]
)
PLACES = st.lists(st.one_of(ABOVE, st.text(max_size=6).map(lambda text: quote(text, safe=""))), max_size=8)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PLACES, st.sampled_from(["/", "//", "%2f", "%5c", "\\"]))
@example(["%0A"], "/")
def test_nothing_outside_the_output_is_served(kept, parts, between):
    """Every response is a generated page, a file of the archive, or a feed."""
    home, site = kept
    got = site.ask("/" + between.join(parts))
    files = {
        data for name, data in home.output().items() if name.startswith(("output/site/", "output/feeds/"))
    }
    assert got.status in {200, 301, 400, 404}
    if got.status == 200:
        assert got.body in files
    assert b"sqlite" not in got.body.lower()
    assert b"keywords" not in got.body or got.body in files


def test_links_out_of_the_output_are_not_followed(kept):
    home, site = kept
    (home.path / "output" / "site" / "way.html").symlink_to(home.path / "subscriptions" / "kelp.toml")
    (home.path / "output" / "site" / "round").symlink_to(home.path / "output" / "site" / "round")
    assert site.ask("/way.html").status == 404
    assert site.ask("/round").status == 404
    assert site.ask("/" + "x" * 5000).status == 404
    for name in ("way.html", "round"):
        (home.path / "output" / "site" / name).unlink()


def test_an_empty_archive_says_how_to_begin(home, site):
    for path in ("/", "/index.html"):
        got = site.ask(path)
        assert got.status == 200
        assert "There are no issues yet" in got.text
        assert "digest run" in got.text
    assert site.ask("/feeds/all.atom").status == 404
    home.subscribe("kelp", "kelp")
    home.run(NOW)
    assert "There are no issues yet" not in site.ask("/").text
    assert site.ask("/feeds/all.atom").status == 200


def test_addresses_work_with_and_without_the_path_of_base_url(home):
    home.write("digest.toml", 'base_url = "https://papers.example.org/digest"\n')
    home.subscribe("kelp", "kelp")
    home.run(NOW)
    with serving(home) as site:
        for path in (
            "/digest/",
            "/",
            "/digest/papers/1.html",
            "/papers/1.html",
            "/digest/healthz",
        ):
            assert site.ask(path).status == 200, path
        slashless = site.ask("/digest?x=1")
        assert (slashless.status, slashless.headers["location"]) == (301, "./digest/?x=1")
        assert site.ask("/digestive/papers/1.html").status == 404
        # Settings are read again; invalid ones leave the old in force.
        home.write("digest.toml", 'base_url = "https://papers.example.org/else"\n')
        assert site.ask("/else/papers/1.html").status == 200
        home.write("digest.toml", "base_url = 3\n")
        assert site.ask("/else/papers/1.html").status == 200
        (home.path / "digest.toml").unlink()
        assert site.ask("/papers/1.html").status == 200


def test_an_invalid_template_affects_only_its_page(home, site):
    home.write("templates/notice.html", "{{ nothing.here }}")
    got = site.ask("/nothing")
    assert (got.status, got.headers["content-type"]) == (404, "text/plain; charset=utf-8")
    assert "Page not found" in got.text
    assert "notice.html" in str(site.log.events)


def test_an_unreadable_library_is_logged(home, site):
    (home.path / "digest.db").mkdir()
    assert site.ask("/metrics").status == 500
    got = site.ask("/unsubscribe/1-" + "a" * 24)
    assert got.status == 503
    assert "try again" in got.text
    assert "unable to open" in str(site.log.events)
    (home.path / "digest.db").rmdir()
