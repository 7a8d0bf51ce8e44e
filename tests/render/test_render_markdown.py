"""Two independent Markdown parsers show escaped text literally."""

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from strategies import texts

from digest.render import markdown as md
from digest.render.highlight import Piece
from digest.text.clean import clean

PIECES = (
    *(
        "*",
        "_",
        "**",
        "`",
        "``",
        "<",
        ">",
        "&",
        "&amp;",
        "&#42;",
        "[a](b)",
        "![",
        "](",
        "#",
        "# ",
        "- ",
        "+ ",
    ),
    *(
        "1. ",
        "2) ",
        "= ",
        "===",
        "---",
        "***",
        "> ",
        "    ",
        "\t",
        "\n",
        "|",
        "||",
        "$x$",
        "$$",
        "~",
        "~~",
        "^",
    ),
    *(
        "\\",
        "\\\\",
        "\\*",
        "<script>",
        "</p>",
        "<!--",
        "http://x.test",
        "<http://x.test>",
        "a@b.test",
        "{",
        "}",
    ),
    *(
        ":smile:",
        "==a==",
        "a",
        "word",
        "é",
        "扩散",
        " ",
        "\x02",
        "\x03",
        "\x00",
        "klzzwxh:0000",
        "[x]: http://y.test",
    ),
    *("[^1]", "!", ".", "'", '"', "\u202e", "\ud800", "javascript:alert(1)"),
)
TEXTS = texts() | st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


def words_of(page):
    """Return the text of a page without blanks, and the names of its elements."""
    tree = html5lib.parseFragment(page, namespaceHTMLElements=False)
    return "".join("".join(tree.itertext()).split()), [each.tag for each in tree.iter()][1:]


def words(text):
    return "".join(clean(text).replace("\u00a0", " ").split())


def commonmark(source):
    return MarkdownIt("commonmark").render(source)


@pytest.mark.parametrize("to_html", [md.to_html, commonmark])
@settings(deadline=None)
@given(text=TEXTS)
def test_a_paragraph_is_literal(to_html, text):
    shown, elements = words_of(to_html("> " + md.escape(text, start=True)))
    assert shown == words(text)
    assert set(elements) <= {"blockquote", "p"}


@pytest.mark.parametrize("to_html", [md.to_html, commonmark])
@settings(deadline=None)
@given(text=TEXTS)
def test_a_paragraph_with_links_is_literal(to_html, text):
    shown, elements = words_of(to_html("> " + md.escape(text, start=True, links=True)))
    assert shown == words(text)
    assert set(elements) <= {"blockquote", "p", "a"}


@pytest.mark.parametrize("to_html", [md.to_html, commonmark])
@settings(deadline=None)
@given(text=TEXTS)
def test_a_linked_heading_is_literal(to_html, text):
    shown, elements = words_of(to_html(f"### [{md.escape(text)}](https://x.test/)"))
    assert shown == words(text)
    assert elements == ["h3", "a"]


@pytest.mark.parametrize("to_html", [md.to_html, commonmark])
@settings(deadline=None)
@given(parts=st.lists(st.tuples(TEXTS, st.booleans()), max_size=6))
def test_bold_pieces_are_literal(to_html, parts):
    """Matches of an issue never touch each other; those here are kept apart by a blank."""
    pieces = tuple(Piece(clean(text) + " ", hit=hit) for text, hit in parts)
    shown, elements = words_of(to_html("> " + md.bold(pieces, start=True)))
    assert shown == words("".join(text for text, _ in parts))
    assert set(elements) <= {"blockquote", "p", "strong"}


def test_what_was_matched_is_bold():
    assert md.bold((Piece("a "), Piece("one-step", hit=True), Piece("!"))) == "a **one-step**!"
    assert md.bold((Piece('"C++"', hit=True), Piece("x"))) == '"**C**++"x'
    assert md.bold((Piece("++", hit=True),)) == "++"


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("1. first", "1\\. first"),
        ("2) second", "2\\) second"),
        ("- dash", "\\- dash"),
        ("# head", "\\# head"),
        ("3.5 times a-b", "3\\.5 times a-b"),
        ("snake_case & <b>", "snake_case &amp; &lt;b&gt;"),
        ("$5", "\\$5"),
        (":tea: is 1:2", "\\:tea: is 1:2"),
        ("ask @someone at a@b.c", "ask \\@someone at a@b.c"),
    ],
)
def test_escape(text, escaped):
    assert md.escape(text, start=True) == escaped


@pytest.mark.parametrize(
    "source",
    [
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html,x)",
        "[x](/relative)",
        "![x](https://x.test/a.png)",
        "<script>alert(1)</script>",
        "<a href='javascript:alert(1)'>x</a>",
        "a <img src=x onerror=alert(1)> b",
        "<javascript:alert(1)>",
        "<a@b.test>",
        "[x][1]\n\n[1]: javascript:alert(1)",
        "&lt;script&gt;",
        "<div markdown='1'>x</div>",
    ],
)
def test_the_converter_itself_lets_nothing_through(source):
    page = md.to_html(source)
    tree = html5lib.parseFragment(page, namespaceHTMLElements=False)
    assert {each.tag for each in tree.iter()} <= {"DOCUMENT_FRAGMENT", "p", "a"}
    assert all(not each.attrib or each.get("href", "").startswith("https://x.test") for each in tree.iter())


def test_headings_get_their_anchors():
    assert (
        md.to_html("### a\n\n### b", ["x", "y"])
        == '<h3 dir="auto" id="x">a</h3>\n<h3 dir="auto" id="y">b</h3>'
    )
    assert md.to_html("### a", ["x", "y"]) == '<h3 dir="auto">a</h3>'


def test_link_targets_keep_their_ampersands():
    url = "https://x.test/?a=1&copy=2"
    tree = html5lib.parseFragment(md.to_html(f"[x]({md.link_target(url)})"), namespaceHTMLElements=False)
    assert tree.find(".//a").get("href") == url


@pytest.mark.parametrize(
    ("source", "page"),
    [
        (r"a\_b\<c\&d", "<p>a_b&lt;c&amp;d</p>"),
        (r"`a\_b` and c\_d", r"<p><code>a\_b</code> and c_d</p>"),
        (r"[a\]b](https://x.test/a\_b)", '<p><a href="https://x.test/a_b">a]b</a></p>'),
        (r"[a](java\script:x)", "<p><a>a</a></p>"),
        ("    a\\_b", "<pre><code>a\\_b\n</code></pre>"),
    ],
)
def test_escapes_are_what_they_were(source, page):
    assert md.to_html(source) == page


def test_an_abstract_of_escapes_is_converted_in_one_pass():
    """The converter copies its text for each escape that it sees, so it must see none."""
    assert "\\" not in md._hold_escapes(md.escape("$_*[]{}^~|#" * 1000))
