"""Which paper is this: folding, keys, ids of feed items."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.identity import by_key, feed_uid, fold_text, keys_of
from digest.model import Listing
from tests.strategies import sentences, texts


@pytest.mark.parametrize("variant", [
    "One-Step Pre-Training of Models", "one step pretraining of models", "ONE–STEP  pre training,\nof: models!",
    "One\u2010Step Pre\u00adtraining of Models", r"\textbf{One}-Step {\it Pre-training} of Models", "Ône‐step pré-training öf models",
])  # fmt: skip
def test_the_same_title_written_otherwise(variant):
    assert fold_text(variant) == "onesteppretrainingofmodels"


@pytest.mark.parametrize(("one", "other"), [
    ("GPT 4 1", "GPT 41"), ("Qwen 2.5", "Qwen 25"), ("Models", "Model"), ("Phase 1", "Phase 2"), ("C", "C++"), ("?", "!"),
])  # fmt: skip
def test_different_titles_stay_different(one, other):
    assert fold_text(one) != fold_text(other)


def test_text_without_a_word_folds_to_itself():
    assert fold_text(" ？  ! ") == "? !"
    assert fold_text("") == ""


@given(texts())
def test_any_text_folds_to_something_that_can_be_stored(text):
    folded = fold_text(text)
    assert folded.encode().decode() == folded == folded.strip()
    assert fold_text(f"  {text}\n") == folded


@given(sentences())
def test_case_and_blanks_never_matter(text):
    assert fold_text("  ".join(text.split(" "))) == fold_text(text)
    if "\\" not in text:  # commands of TeX have a case
        assert fold_text(text.upper()) == fold_text(text) == fold_text(fold_text(text))


def test_keys_are_strongest_first():
    listing = Listing(1, "A Title", "", arxiv="Math.GT/0309136", doi="10.1/ABC")
    assert keys_of(listing) == ("arxiv:math/0309136", "doi:10.1/abc", "title:atitle")
    assert keys_of(Listing(1, "A Title", "")) == ("title:atitle",)
    assert keys_of(Listing(1, "A Title", "", arxiv="", doi="")) == ("title:atitle",)


def test_no_key_joins_two_arxiv_ids():
    one, other = Listing(1, "T", "", arxiv="2501.1"), Listing(2, "T", "", arxiv="2501.2")
    assert not by_key("title:t", one, other).same
    assert not by_key("doi:x", one, other).same
    assert by_key("title:t", one, Listing(2, "T", "")).same
    assert by_key("arxiv:a/1", Listing(1, "T", "", arxiv="A/1"), Listing(2, "T", "", arxiv="a/1")).same


@given(st.text(), st.text())
def test_feed_ids_are_stable_and_distinct(one, other):
    uid = uuid.UUID(feed_uid(one))
    assert feed_uid(one).startswith("urn:uuid:")
    assert uid.version == 5
    assert (feed_uid(one) == feed_uid(other)) == (one == other)


def test_the_feed_id_of_a_key_never_changes():
    assert feed_uid("title:atitle") == "urn:uuid:4bae0be6-bc00-52f7-b712-b2e2adc6dfec"
