"""Titles and abstracts on archive pages are those that the Markdown converter makes; mails do not depend on who makes them."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from render_sample import FRAME, ISSUE
from test_render_markdown import TEXTS
from test_render_safety import issues

from digest.render import Renderer, fragments, markdown
from digest.render.fragments import Fragment, linked
from digest.render.highlight import Piece
from digest.system.resources import folder
from digest.text.clean import clean

SHIPPED = folder("templates")  # as a home's own templates, which run in the sandbox


@settings(deadline=None)
@given(st.lists(st.tuples(TEXTS, st.booleans()), max_size=5), st.booleans())
def test_any_pieces_are_marked_in_what_was_made_once(parts, title):
    """Matches of an issue never touch each other; those here are kept apart by a blank."""
    pieces = tuple(Piece(clean(text) + " ", hit=hit) for text, hit in parts)
    assert linked(pieces, title=title) == fragments._converted(pieces, title=title)


def test_a_text_is_converted_once_for_all_readers(monkeypatch):
    made = []
    monkeypatch.setattr(
        markdown, "to_html", lambda *args, real=markdown.to_html: made.append(1) or real(*args)
    )
    text = "A text that only this test has: <b> & https://x.test/kettle_of_tea."
    for start, end in ((0, 1), (2, 6), (36, 37)):
        pieces = (Piece(text[:start]), Piece(text[start:end], hit=True), Piece(text[end:]))
        assert linked(pieces).count("<strong>") == (start < 36)
    assert len(made) == 1


def test_the_places_of_characters():
    fragment = Fragment("a<b & c", 'a&lt;<a href="https://x.test/?a&amp;b">b</a> &amp; c')
    assert fragment.marked([(0, 1), (2, 3)]) == (
        '<strong>a</strong>&lt;<a href="https://x.test/?a&amp;b"><strong>b</strong></a> &amp; c'
    )
    assert fragment.marked([(1, 2), (4, 5)]) == (
        'a<strong>&lt;</strong><a href="https://x.test/?a&amp;b">b</a> <strong>&amp;</strong> c'
    )
    assert fragment.marked([(0, 3)]) is None
    with pytest.raises(ValueError, match="another text"):
        Fragment("a", "b")


BASES = ("http://localhost:8350/", "https://digest.example.org/", "https://x.test/a&b/")


@pytest.mark.parametrize("base_url", BASES)
def test_file_and_mail_made_once_are_those_made_apart(base_url):
    """Renderers of the two forms know nothing of each other; the sandbox is that of a home's own template."""
    site = replace(FRAME, base_url=base_url)
    both = Renderer(None, site)
    assert (both.html(ISSUE), both.eml(ISSUE)) == (
        Renderer(None, site).html(ISSUE),
        Renderer(None, site).eml(ISSUE),
    )


@settings(max_examples=40, deadline=None)
@given(issue=issues(), base_url=st.sampled_from(BASES), language=st.sampled_from(["en", "de"]))
def test_any_mail_in_the_sandbox_is_the_same(issue, base_url, language):
    site, issue = replace(FRAME, base_url=base_url), replace(issue, language=language)
    ours, own = Renderer(None, site), Renderer(SHIPPED, site)
    for form in ("html", "eml", "markdown", "text"):
        assert ours.file(issue, form) == own.file(issue, form)
    assert ours.archive(issue) == own.archive(issue)
