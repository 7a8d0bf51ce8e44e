"""Addresses: one grammar, with and without a name."""

from email.headerregistry import AddressHeader
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.text import headers
from digest.text.addresses import mailbox, name_and_address, name_error


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("chloe@example.org", "", "chloe@example.org"),
        ("  chloe@example.org ", "", "chloe@example.org"),
        ("<chloe@example.org>", "", "chloe@example.org"),
        ("Chloé <chloe@example.org>", "Chloé", "chloe@example.org"),
        ("Chloé Dupont <chloe@example.org>", "Chloé Dupont", "chloe@example.org"),
        ('"Dupont, Chloé" <chloe@example.org>', "Dupont, Chloé", "chloe@example.org"),
        (r'"Chloé \"Clo\" D." <chloe@example.org>', 'Chloé "Clo" D.', "chloe@example.org"),
        ("陳 <chen@example.org>", "陳", "chen@example.org"),
    ],
)
def test_names_and_addresses(text, name, address):
    assert name_and_address(text) == (name, address)
    assert mailbox(address) and name_error(name) is None


@pytest.mark.parametrize(
    "text",
    [
        "Chloé <chloe@example.org",
        "Chloé chloe@example.org",
        "Chloé <>",
        "a@x.org <b@x.org> c",
        "x <y <z@x.org>>",
        "",
    ],
)
def test_what_is_not_an_address_stays_invalid(text):
    assert mailbox(name_and_address(text)[1]) is None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ('"a b"@example.org', '"a b"@example.org'),
        ('"a@b, c"@Example.org', '"a@b, c"@example.org'),
        (r'"a\"b\\"@example.org', r'"a\"b\\"@example.org'),
        ('"ada.b"@example.org', "ada.b@example.org"),
        ('Ada <"a b"@example.org>', '"a b"@example.org'),
    ],
)
def test_quoted_local_parts(text, address):
    assert str(mailbox(name_and_address(text)[1])) == address


@pytest.mark.parametrize(
    "text", ['""@example.org', '"a"b"@example.org', '"a\nb"@example.org', '"a> b"@example.org', '"a\\"@example.org', f'"{"a " * 32}"@example.org', '"ä b"@example.org']
)  # fmt: skip
def test_quoted_local_parts_that_are_not_valid(text):
    assert mailbox(text) is None


@given(
    st.text(
        st.characters(min_codepoint=32, max_codepoint=126, exclude_characters='<>"\\'),
        min_size=1,
        max_size=40,
    )
)
def test_a_quoted_local_part_survives_the_header(local):
    found = mailbox(f'"{local}"@example.org')
    assert found is not None
    value = headers.address("Ada", str(found))
    parsed: dict[str, object] = {"defects": []}
    AddressHeader.parse(value.replace("\r\n", ""), parsed)
    (read,) = [each for group in parsed["groups"] for each in group.addresses]
    assert (read.username, read.domain) == (local, "example.org")


@given(name=st.text(st.characters(categories=["L", "M", "N", "P", "S", "Zs"]), max_size=80))
def test_a_name_survives_the_header(name):
    """What To shows is read back by the parser of the standard library as the same address."""
    value = headers.address(name, "chloe@example.org")
    assert all(len(line) <= 78 for line in f"To: {value}".split("\r\n"))
    assert parseaddr(value.replace("\r\n", ""))[1] == "chloe@example.org"
    parsed: dict[str, object] = {"defects": []}
    AddressHeader.parse(value.replace("\r\n", ""), parsed)
    assert [str(each.addr_spec) for group in parsed["groups"] for each in group.addresses] == [
        "chloe@example.org"
    ]


@pytest.mark.parametrize("name", ["a\nb", "a\r\nBcc: x@example.org", "a\x1b[31m", "a\u202eb", "a\u200bb"])
def test_a_name_cannot_hide_anything(name):
    assert name_error(name)
