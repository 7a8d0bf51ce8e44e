import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import texts

from digest import urls as links
from digest.model import Paper

BASE = "https://digest.example.org/"


def url_of(**values):
    paper = Paper(7, "urn:uuid:0", "t", "a", datetime(2026, 1, 1, tzinfo=UTC), **values)
    return links.paper_url(paper, BASE)


def test_the_best_link_of_a_paper():
    assert url_of(url="https://a.test/x", arxiv="2603.1", doi="10.1/a") == "https://a.test/x"
    assert (
        url_of(url="javascript:alert(1)", arxiv="2603.01234", doi="10.1/a")
        == "https://arxiv.org/abs/2603.01234"
    )
    assert url_of(arxiv="hep-th/9901001") == "https://arxiv.org/abs/hep-th/9901001"
    assert url_of(doi="10.1002/(SICI)1<3:a?b#c") == "https://doi.org/10.1002/%28SICI%291%3C3:a%3Fb%23c"
    assert url_of() == "https://digest.example.org/papers/7.html"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://x.test/a b?c=d&e#f", "https://x.test/a%20b?c=d&e#f"),
        ("HTTP://X.test/ü", "http://x.test/%C3%BC"),
        ("https://x.test/%41%", "https://x.test/%41%25"),
        ("https://x.test:8080/", "https://x.test:8080/"),
        ("http://[::1]:80/", "http://[::1]:80/"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        # Each is another host than without the letter that IDNA 2003 maps (UTS 46, table 4 of its examples).
        ("https://straße.example/ß", "https://xn--strae-oqa.example/%C3%9F"),
        ("https://stra%C3%9Fe.example:81/", "https://xn--strae-oqa.example:81/"),
        ("https://βόλος.example/", "https://xn--nxasmm1c.example/"),
        ("https://ΒΌΛΟΣ.example/", "https://xn--nxasmq6b.example/"),
        ("https://نامه\u200cای.example/", "https://xn--mgba3gch31f060k.example/"),
        ("https://क्\u200dष.example/", "https://xn--11b2ezcw70k.example/"),
        ("https://a\u200db.example/", None),
        ("https://a%2Fb.example/", None),
        ("https://a%FF.example/", None),
        ("https://日本語。example/", "https://xn--wgv71a119e.example/"),
        ("https://xn--strae-oqa.example/", "https://xn--strae-oqa.example/"),
        ("  https://x.test/\n", "https://x.test/"),
        ("javascript:alert(1)", None),
        ("java\nscript:alert(1)", None),
        ("data:text/html,x", None),
        ("//x.test/", None),
        ("https://", None),
        ("https://user@x.test/", None),
        ("https://x.test:port/", None),
        ("https://[::1/", None),
        ("https://x.test\\@y.test/", None),
        ("ftp://x.test/", None),
        ("", None),
        (None, None),
    ],
)
def test_web_url(text, url):
    assert links.web_url(text) == url


@given(texts().map("https://x.test/".__add__) | texts().map("https://".__add__) | texts())
def test_any_text_is_a_safe_url_or_none(text):
    url = links.web_url(text)
    if url is not None:
        assert re.fullmatch(r"https?://[A-Za-z0-9_.:\[\]-]+(?:[/?#][A-Za-z0-9_.~/:;,=&?@+!$%#-]*)?", url)
        assert links.web_url(url) == url
        assert urlsplit(url).hostname


@given(st.text())
def test_a_host_is_fit_for_headers(text):
    assert re.fullmatch(r"[a-z0-9.-]+", links.host_of(text))


def test_places():
    assert links.issue_page("tea", "2026-03-12-7") == "issues/tea/2026-03-12-7.html"
    assert links.feed_file("all", "rss") == "feeds/all.rss"
