"""Forms: what is read of a body, which requests are ours, and stamps that only their own purpose accepts."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from digest.model import Settings
from digest.model.settings import WebSettings
from digest.web.clients import client_network, is_known_host
from digest.web.forms import VALID, age_of_stamp, form_of, is_from_elsewhere, make_stamp

SECRET = b"s" * 32
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def scope(client="192.0.2.7", **headers):
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "headers": named, "client": (client, 1234)}


@given(st.text(), st.text(), st.integers(0, 11))
def test_a_stamp_is_valid_for_its_own_purpose_only(purpose, other, hours):
    stamp = make_stamp(SECRET, purpose, NOON)
    later = NOON + timedelta(hours=hours)
    assert age_of_stamp(SECRET, purpose, stamp, later) == timedelta(hours=hours)
    if other != purpose:
        assert age_of_stamp(SECRET, other, stamp, later) is None
    assert age_of_stamp(b"t" * 32, purpose, stamp, later) is None
    assert age_of_stamp(SECRET, purpose, stamp, NOON + VALID + timedelta(seconds=1)) is None
    assert age_of_stamp(SECRET, purpose, stamp, NOON - timedelta(seconds=2)) is None


@given(st.text())
def test_no_other_text_is_a_stamp(text):
    assert age_of_stamp(SECRET, "page", text, NOON) is None


@pytest.mark.parametrize(
    ("headers", "elsewhere"),
    [
        ({}, False),
        ({"sec_fetch_site": "same-origin"}, False),
        ({"sec_fetch_site": "none"}, False),
        ({"sec_fetch_site": "same-site"}, True),
        ({"sec_fetch_site": "cross-site", "origin": "null"}, True),
        ({"origin": "null", "host": "a.example"}, False),
        ({"origin": "https://a.example", "host": "a.example"}, False),
        ({"origin": "https://b.example", "host": "a.example"}, True),
    ],
)
def test_requests_that_other_sites_caused_are_recognised(headers, elsewhere):
    assert is_from_elsewhere(Request(scope(**headers))) == elsewhere


@given(st.text())
def test_any_text_is_a_form_or_none(text):
    form = form_of(text)
    assert form is None or all(line == line.strip() for name in form.fields for line in form.lines(name))


def test_lines_come_from_all_fields_of_a_name_once_each():
    assert form_of("a=x%0D%0A+y+%0A&a=x&a=z&b=").lines("a") == ("x", "y", "z")
    assert form_of("&".join(f"a{number}=1" for number in range(2_000))) is None


@pytest.mark.parametrize(
    ("client", "forwarded", "network"),
    [
        ("192.0.2.7", None, "192.0.2.0/24"),
        ("2001:db8:1:2::3", None, "2001:db8:1::/48"),
        ("::ffff:192.0.2.7", None, "192.0.2.0/24"),
        ("192.0.2.7", "198.51.100.1", "192.0.2.0/24"),  # not from a proxy
        ("10.0.0.1", "203.0.113.9, 198.51.100.1", "198.51.100.0/24"),  # the client wrote the first one
        ("10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.0/24"),
        ("10.0.0.1", "[2001:db8:5::1]:443", "2001:db8:5::/48"),
        ("10.0.0.1", "198.51.100.1:80", "198.51.100.0/24"),
        ("10.0.0.1", "nonsense", "10.0.0.0/24"),
        ("", None, ""),
    ],
)
def test_the_network_of_a_client(client, forwarded, network):
    headers = {} if forwarded is None else {"x_forwarded_for": forwarded}
    assert client_network(scope(client, **headers), ["10.0.0.0/8"]) == network


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("papers.example.org", True),
        ("PAPERS.example.org:443", True),
        ("other.example.org", True),
        ("localhost:8350", True),
        ("evil.example", False),
        ("papers.example.org.evil.example", False),
        ("", False),
        ("[", False),
    ],
)
def test_pages_with_forms_are_for_known_hosts_only(host, known):
    settings = Settings(
        base_url="https://papers.example.org/digest/", web=WebSettings(trusted_hosts=("other.example.org",))
    )
    assert is_known_host(scope(host=host), settings) == known
