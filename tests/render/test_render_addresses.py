"""Addresses and identifiers stay whole: no mark, no escape and no formula inside them."""

import html

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from digest.render import markdown as md
from digest.render.highlight import marked, pieces, text_of
from digest.text.links import addresses
from digest.text.math import readable

NAMES = st.text("abcdefXYZ019", min_size=1, max_size=6)
PATHS = st.lists(
    st.sampled_from(
        (
            "some_lab",
            "kelp_net",
            "_next_",
            "a_1",
            "10times",
            "x",
            "low-rank",
            "~kelp",
            "v1.0",
            "(2)",
            "R_d",
            "alpha",
            "sim2",
        )
    ),
    min_size=1,
    max_size=4,
).map("/".join)
QUERIES = st.sampled_from(("", "?a_b=1&copy=2", "#sec_1", "?q=x+y;z", "?a=b&amp=1"))
ADDRESSES = st.builds(
    lambda kind, name, path, query: f"{kind[0]}{name}{kind[1]}{path}{query}",
    st.sampled_from(
        (("https://", ".org/"), ("http://www.", ".co.uk/"), ("www.", ".org/"), ("github.com/x", "/"))
    ),
    NAMES,
    PATHS,
    QUERIES,
).map(lambda address: address.rstrip(".,;:!?_~"))
MAILS = st.builds(lambda one, two: f"{one}_lab@{two}.org", NAMES, NAMES)
AROUND = st.sampled_from(
    ("see", "code:", "$x_1$", "(", "6.3times", "R^{n}", "low_rank", "\\emph{it}", "a & b", "*")
)
AFTER = st.sampled_from((" ", ". ", ", ", ") ", "; ", "! "))


@st.composite
def texts(draw):
    """Return a readable text with addresses, the addresses, and spans to be marked."""
    parts, found = [], []
    for _ in range(draw(st.integers(1, 4))):
        address = draw(ADDRESSES | MAILS)
        found.append(address)
        parts += [draw(AROUND), " ", address, draw(AFTER)]
    text = readable("".join(parts)).text
    ends = st.integers(0, len(text))
    spans, at = [], 0
    for start, end in sorted(
        tuple(sorted(pair)) for pair in draw(st.lists(st.tuples(ends, ends), max_size=6))
    ):
        if start >= at and start < end:
            spans.append((start, end))
            at = end + 1
    return text, found, spans


@settings(deadline=None)
@given(texts())
def test_addresses_are_found_and_no_formula_is_in_them(drawn):
    text, found, _ = drawn
    assert [text[start:end] for start, end in addresses(text)] == found


@settings(deadline=None)
@given(texts())
def test_no_mark_is_inside_an_address(drawn):
    text, found, spans = drawn
    parts = pieces(text, spans)
    assert text_of(parts) == text
    page = marked(parts, "<b>")
    for address in found:
        assert html.escape(address, quote=False) in page
        assert not any(piece.hit and address in piece.text for piece in parts)


@settings(deadline=None)
@given(texts())
def test_addresses_in_markdown_are_whole_links(drawn):
    text, found, spans = drawn
    source = md.bold(pieces(text, spans), start=True, links=True)
    for address in found:
        if "://" in address:
            assert f"<{address}>" in source
    for to_html in (md.to_html, MarkdownIt("commonmark").render):
        tree = html5lib.parseFragment(to_html(f"> {source}"), namespaceHTMLElements=False)
        assert "".join("".join(tree.itertext()).split()) == "".join(text.split())
        links = [link.get("href") for link in tree.iter("a")]
        assert links == [address for address in found if "://" in address]


@settings(deadline=None)
@given(texts())
def test_addresses_in_a_linked_heading_are_text(drawn):
    text, _, spans = drawn
    source = md.bold(pieces(text, spans))
    for to_html in (md.to_html, MarkdownIt("commonmark").render):
        tree = html5lib.parseFragment(
            to_html(f"### [{source}](https://x.test/)"), namespaceHTMLElements=False
        )
        assert "".join("".join(tree.itertext()).split()) == "".join(text.split())
        assert [link.get("href") for link in tree.iter("a")] == ["https://x.test/"]


@pytest.mark.parametrize(
    ("text", "spans", "source"),
    [
        ("https://github.com/some_lab/kelp_net.", [(28, 32)], "<https://github.com/some_lab/kelp_net>."),
        ("github.com/some_lab/kelp_net", [(20, 24)], "github.com/some_lab/kelp_net"),
        ("a low_rank kelp", [(6, 10)], "a **low_rank** kelp"),
        ("a low_rank kelp", [(2, 5), (6, 10)], "a **low_rank** kelp"),
        ("write kelp_lab@x.org", [(6, 10)], "write kelp_lab@x.org"),
        ("kelp https://x.org kelp", [(0, 23)], "**kelp** <https://x.org> **kelp**"),
        ("_kelp_ a__b", [], r"\_kelp\_ a\_\_b"),
        ("https://x.org/*b*", [], r"<https://x.org/>\*b\*"),
    ],
)
def test_examples(text, spans, source):
    assert md.bold(pieces(text, spans), links=True) == source
