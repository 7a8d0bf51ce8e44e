"""Codings, types, ranges and versions of documents, as RFC 9110 has them and as proxies change them."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.web.negotiation import coding, is_current, prefers_pages, satisfiable_ranges
from tests.deliver.mail_home import MailHome
from tests.web.conftest import serving

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    home = MailHome(tmp_path_factory.mktemp("negotiated") / "home")
    home.subscribe("kelp", "kelp")
    home.run("2026-11-20T09:00")
    with serving(home) as site:
        yield site


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, "identity"),
        ("", "identity"),
        ("gzip", "gzip"),
        ("GZip, deflate, br", "gzip"),
        ("x-gzip", "gzip"),
        ("br", "identity"),
        ("*", "gzip"),
        ("gzip;q=0", "identity"),
        ("gzip; q=0.000 , *", "identity"),
        ("gzip;q=0.5, identity;q=0.8", "identity"),
        ("gzip;q=0.8, identity;q=0.5", "gzip"),
        ("identity;q=0", "gzip"),
        ("identity;q=0, gzip;q=0.1", "gzip"),
        ("identity;q=0, br", "gzip"),
        ("gzip, *;q=0", "gzip"),
        ("identity, *;q=0", "identity"),
        ("*;q=0", None),
        ("identity;q=0, gzip;q=0", None),
        ("gzip;q=nonsense", "gzip"),
    ],
)
def test_the_coding_that_a_client_prefers(accept, chosen):
    assert coding(accept) == chosen


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("bytes=0-4", "bytes=0-4"),
        ("Bytes = 0-4, 7-", "bytes=0-4,7-"),
        ("bytes=-5", "bytes=-5"),
        ("bytes=0-4,200-300", "bytes=0-4"),
        ("bytes=200-300", "bytes=200-300"),  # is answered with 416
        ("bytes=-0", "bytes=-0"),
        ("items=0-4", None),
        ("bytes", None),
        ("bytes=", None),
        ("bytes=,", None),
        ("bytes=-", None),
        ("bytes=5-2", None),
        ("bytes=0-4;", None),
        ("bytes=a-b", None),
        ("bytes=+1-4", None),
        ("bytes=0-4-9", None),
        ("seconds=1-2, bytes=0-4", None),
    ],
)
def test_the_ranges_that_a_document_of_100_bytes_has(value, kept):
    assert satisfiable_ranges(value, 100) == kept


TAG = '"0123456789abcdef0123456789abcdef"'


@pytest.mark.parametrize("suffix", ["", "-gzip", "--gzip", ";gzip", ":gzip", "-br", "-gzip-gzip", "/zstd"])
@pytest.mark.parametrize("form", ["{}", "W/{}", '"x, y", W/{}', " {} , nothing"])
def test_a_tag_that_a_proxy_changed_is_recognised(suffix, form):
    for tag in (TAG[:-1] + suffix + '"', TAG + suffix):
        assert is_current(form.format(tag), TAG)
        assert is_current(form.format(tag), TAG[:-1] + '-gzip"')


@given(st.text(alphabet=st.characters(max_codepoint=255)))
def test_any_header_has_a_meaning(text):
    assert coding(text) in {"gzip", "identity", None}
    assert satisfiable_ranges(text, 100) is None or text.strip().lower().startswith("bytes")
    assert not is_current(text.replace("*", ""), TAG)
    assert prefers_pages(text) in {True, False}


def test_another_tag_is_not_current():
    for value in ("", '"x"', TAG[:-2] + '"', TAG[:-1] + 'f"', TAG.replace("0", "1")):
        assert not is_current(value, TAG), value
    assert is_current("*", TAG)


@pytest.mark.parametrize(
    "path",
    ["/", "/feeds/", "/papers/1.html", "/issues/kelp/2026-11-20-1.html"]
    + [f"/feeds/kelp.{form}" for form in ("rss", "atom", "json")]
    + ["/feeds/all.opml"],
)
def test_texts_are_compressed_for_clients_that_accept_it(site, path):
    plain = site.ask(path)
    assert "content-encoding" not in plain.headers
    assert "Accept-Encoding" in plain.headers["vary"]
    packed = site.ask(path, Accept_Encoding="gzip, deflate, br")
    assert (packed.status, packed.headers["content-encoding"]) == (200, "gzip")
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["content-length"] == str(len(packed.body))
    assert packed.headers["vary"] == plain.headers["vary"]
    assert packed.headers["content-type"] == plain.headers["content-type"]
    assert packed.headers["content-security-policy"] == plain.headers["content-security-policy"]
    assert packed.headers["etag"] != plain.headers["etag"]
    for got in (plain, packed):
        for form in ("{}", "W/{}"):
            for accepted in ("gzip", "identity"):
                known = form.format(got.headers["etag"])
                again = site.ask(path, If_None_Match=known, Accept_Encoding=accepted)
                assert (again.status, again.body) == (304, b"")
                assert "Accept-Encoding" in again.headers["vary"]
                assert ("-gzip" in again.headers["etag"]) == (accepted == "gzip")
                assert "content-encoding" not in again.headers
    head = site.ask(path, "HEAD", Accept_Encoding="gzip")
    assert (head.headers["content-length"], head.body) == (packed.headers["content-length"], b"")
    assert site.ask(path, Accept_Encoding="identity;q=0, gzip;q=0").status == 406


def test_a_file_is_compressed_once(site, monkeypatch):
    first = site.ask("/feeds/all.atom", Accept_Encoding="gzip")
    monkeypatch.setattr("digest.web.static.zipped", lambda _data: pytest.fail("compressed again"))
    assert site.ask("/feeds/all.atom", Accept_Encoding="gzip").body == first.body


def test_ranges(site):
    whole = site.ask("/feeds/all.atom")
    for value in ("items=0-4", "bytes=5-2", "bytes", "bytes=x-y", "bytes=-"):
        got = site.ask("/feeds/all.atom", Range=value)
        assert (got.status, got.body) == (200, whole.body), value
    for value in ("bytes=0-4", "bytes=0-4,9999999-"):
        part = site.ask("/feeds/all.atom", Range=value, Accept_Encoding="gzip")
        assert (part.status, part.body) == (206, whole.body[:5])
        assert part.headers["etag"] == whole.headers["etag"]
    assert site.ask("/feeds/all.atom", Range="bytes=9999999-").status == 416
    assert site.ask("/feeds/all.atom", "HEAD", Range="bytes=0-4").status == 200
    other = site.ask("/feeds/all.atom", Range="bytes=0-4", If_Range=whole.headers["etag"][:-1] + '-gzip"')
    assert (other.status, other.body) == (200, whole.body)


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_browsers_get_feeds_as_xml_that_they_can_show(site, form):
    assert site.ask(f"/feeds/kelp.{form}", Accept=BROWSER).headers["content-type"] == (
        "application/xml; charset=utf-8"
    )
    for reader in ("*/*", f"application/{form}+xml, text/html;q=0.5", "application/xml"):
        got = site.ask(f"/feeds/kelp.{form}", Accept=reader)
        assert got.headers["content-type"] == f"application/{form}+xml; charset=utf-8"
        assert "Accept" in got.headers["vary"].split(", ")
