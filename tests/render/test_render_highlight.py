from hypothesis import given
from hypothesis import strategies as st
from strategies import texts

from digest.model import Evidence
from digest.render.highlight import Piece, pieces, spans
from digest.text.clean import clean


def found(start, end, field="abstract", item=None):
    return Evidence("t", field, "", start, end, item)


def test_overlapping_and_touching_spans_become_one():
    assert spans([found(4, 9), found(0, 2), found(6, 12), found(12, 13)], "abstract") == ((0, 2), (4, 13))


def test_spans_are_of_one_field_and_one_item():
    evidence = [found(0, 2, "title"), found(1, 3, "author", 0), found(2, 4, "author", 1)]
    assert spans(evidence, "author", 1) == ((2, 4),)
    assert spans(evidence, "title") == ((0, 2),)


def test_pieces_are_cut_where_matches_are():
    assert pieces("a one-step model", [(2, 10)]) == (
        Piece("a "),
        Piece("one-step", hit=True),
        Piece(" model"),
    )


def test_neighbours_are_joined():
    assert pieces("one-step diffusion, models", [(0, 8), (9, 18), (20, 26)]) == (
        Piece("one-step diffusion", hit=True),
        Piece(", "),
        Piece("models", hit=True),
    )


def test_a_match_is_cut_where_the_excerpt_ends():
    assert pieces("abc def ghi", [(4, 11)], 0, 6) == (Piece("abc "), Piece("de", hit=True))
    assert pieces("abc def ghi", [(0, 3)], 4, 11) == (Piece("def ghi"),)


def test_offsets_count_characters_that_are_dropped():
    assert pieces("a\u202eb\x00c tea", [(6, 9)]) == (Piece("ab\ufffdc "), Piece("tea", hit=True))


@given(texts(), st.lists(st.tuples(st.integers(0, 80), st.integers(0, 80))))
def test_joined_pieces_are_the_clean_text(text, offsets):
    evidence = [found(min(pair), max(pair)) for pair in offsets]
    assert "".join(piece.text for piece in pieces(text, spans(evidence, "abstract"))) == clean(text)
