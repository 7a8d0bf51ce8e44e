"""Hosts of other scripts: the one that a browser opens."""

import idna
from hypothesis import given
from hypothesis import strategies as st

from digest.text.addresses import mailbox
from digest.text.hosts import ascii_host, with_ascii_host

LABEL = st.text("abcßςéσs日本ж", min_size=1, max_size=12)


@given(st.lists(LABEL, min_size=1, max_size=3).map(".".join))
def test_a_host_keeps_its_letters(host):
    """The reverse of the encoding gives back every letter, ß and ς too."""
    found = ascii_host(host)
    assert found is not None and found.isascii() and ascii_host(found) == found
    assert [
        idna.decode(label) if label.startswith("xn--") else label for label in found.split(".")
    ] == host.split(".")


@given(st.text())
def test_any_text_is_a_host_in_ascii_or_none(text):
    found = ascii_host(text)
    assert found is None or (found.isascii() and ascii_host(found) == found)
    assert isinstance(with_ascii_host(f"https://{text}"), str)


def test_the_domain_of_an_address_keeps_its_letters():
    assert str(mailbox("ada@straße.example")) == "ada@xn--strae-oqa.example"
    assert mailbox("ada@ex\u00adample.org") is None  # invisible
    assert mailbox("ada@a\u200db.example") is None  # a joiner that joins nothing
