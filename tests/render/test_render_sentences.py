from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import sentences as any_sentences
from strategies import texts

from digest.render.excerpts import ABOUT, shorten_abstract
from digest.text.sentences import sentences


def cut(text):
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One step. Two steps! Three?", ["One step.", "Two steps!", "Three?"]),
        (
            "As in e.g. Table 2, see Smith et al. Then Fig. 3 shows it.",
            ["As in e.g. Table 2, see Smith et al. Then Fig. 3 shows it."],
        ),
        (
            "A mass of 6.2 ± 0.1 (stat.) ± 0.2 (syst.) GeV. It is (p < 0.05.) Good.",
            ["A mass of 6.2 ± 0.1 (stat.) ± 0.2 (syst.) GeV.", "It is (p < 0.05.)", "Good."],
        ),
        ("Up to 6.3 times faster. It wins.", ["Up to 6.3 times faster.", "It wins."]),
        ('It "works." Really.', ['It "works."', "Really."]),
        ("一步方法。很快！好", ["一步方法。", "很快！", "好"]),
        ("no full stop", ["no full stop"]),
        ("", []),
        ("  ", []),
        ("End with a brace {xy.} Next one.", ["End with a brace {xy.}", "Next one."]),
    ],
)
def test_sentences(text, parts):
    assert cut(text) == parts


@given(texts() | any_sentences(max_size=40))
def test_sentences_leave_only_blanks_out(text):
    spans = sentences(text)
    rest = text
    for start, end in reversed(spans):
        rest = rest[:start] + rest[end:]
    assert not rest.strip()
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


ABSTRACT = (
    "Samplers need many steps, which is slow. Distillation helps but loses detail. "
    "In this paper, we propose Kettle, which needs one step. It is trained on leaves. "
) + "More is said about the leaves and the water they are put in. " * 20


def claim(text, short):
    return text[slice(*short.gist.claim.span)]


def test_the_gist_is_what_was_done():
    short = shorten_abstract(ABSTRACT)
    assert claim(ABSTRACT, short) == "we propose Kettle, which needs one step."
    assert short.gist.claim.trimmed and not short.gist.result
    assert (
        ABSTRACT[slice(*short.excerpt)]
        == "Samplers need many steps, which is slow. Distillation helps but loses detail."
    )
    assert not short.whole
    assert not short.cut


def test_a_gist_that_comes_first_is_followed_by_the_rest():
    text = "We introduce Kettle, a sampler that needs one step only. " + "It is quick and it is small. " * 3
    short = shorten_abstract(text)
    assert claim(text, short).startswith("We introduce")
    assert text[slice(*short.excerpt)] == ("It is quick and it is small. " * 3).strip()
    assert short.whole


def test_without_a_gist_the_excerpt_ends_with_a_sentence():
    text = "Leaves are put in water, and nothing more is needed for it. " * 30
    short = shorten_abstract(text)
    assert short.gist is None
    excerpt = text[slice(*short.excerpt)]
    assert excerpt.endswith("for it.")
    assert ABOUT * 0.8 <= len(excerpt) <= ABOUT * 1.2


def test_one_endless_sentence_is_cut_between_words():
    text = "leaves " * 400
    short = shorten_abstract(text)
    excerpt = text[slice(*short.excerpt)]
    assert short.cut
    assert set(excerpt.split()) == {"leaves"}
    assert len(excerpt) <= ABOUT


@given(
    st.lists(st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=30), max_size=80),
    st.sampled_from((" ", ". ", ", we propose ")),
)
def test_an_excerpt_is_short_and_cuts_no_word(words, separator):
    text = separator.join(words)
    short = shorten_abstract(text)
    spans = [
        *(part.span for part in (short.gist.parts if short.gist else ())),
        *([short.excerpt] * bool(short.excerpt)),
    ]
    shown = [text[slice(*span)] for span in spans]
    assert sum(map(len, shown)) <= ABOUT * 1.2
    assert all(one[1] <= two[0] for one, two in pairwise(sorted(spans)))
    if short.whole:
        assert sum(len("".join(part.split())) for part in shown) == len("".join(text.split()))
    for span in spans:
        if " " in text[span[0] : span[1]]:
            after = text[span[1] : span[1] + 1]
            assert not after or not (after.isalnum() and text[span[1] - 1].isalnum())
