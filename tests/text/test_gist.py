"""The gist of an abstract can be read on its own, and has the best result."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.text.gist import gist
from digest.text.sentences import sentences


def shown(text, title=""):
    found = gist(text, sentences(text), title)
    return [text[slice(*part.span)] + "." * part.cut for part in found.parts] if found else []


CLAIM = "we propose Kettle, a sampler that needs one step only."


@pytest.mark.parametrize(
    "lead",
    [
        "To address these challenges, ",
        "To this end, ",
        "To overcome the above limitations of samplers, ",
        "Therefore, in this work, ",
        "In this paper, ",
        "In this paper ",
        "Here ",
        "However, to bridge this gap, ",
        "In contrast, ",
        "More specifically, ",
        "Thus ",
        "So, ",
        "So in this paper, ",
        "Towards this goal, ",
        "Motivated by these findings, ",
        "Based on this observation, ",
        "In response to such problems, ",
        "In the present study, ",
        "To address this limitation while keeping the gains of kettles, such as speed and ease, ",
    ],
)
def test_a_leading_connective_is_left_out(lead):
    assert shown(f"Samplers are slow. {lead}{CLAIM} More is said about it.") == [CLAIM]


@pytest.mark.parametrize(
    "whole",
    [
        "To reduce the number of steps that samplers need, we propose Kettle, a sampler.",
        "Inspired by Chain-of-Thought in language models, we propose Kettle, a sampler.",
        "With distillation as a teacher, this paper introduces Kettle, a sampler of one step.",
        "In a study of samplers such as tea strainers, we present Kettle in all its parts.",
    ],
)
def test_what_says_something_by_itself_stays(whole):
    assert shown(f"Samplers are slow. {whole}") == [whole]


@pytest.mark.parametrize(
    "pointing",
    [
        "We study this problem and propose a remedy that works in most cases.",
        "We propose a way around these limitations in one step of a sampler.",
        "To solve it, kettles that address the above problems are proposed by us.",
        "In the previous article, we introduced kettles of ten steps for all.",
        "They are introduced here as a remedy against problems of samplers.",
    ],
)
def test_a_sentence_that_points_at_another_is_not_chosen(pointing):
    other = "We show that kettles of one step work as well as those of ten steps."
    assert shown(f"Samplers are slow. {pointing} {other}")[0] == other
    assert shown(f"Samplers are slow. {pointing} More is said of it.") == []


def test_a_sentence_of_a_series_is_the_last_choice():
    claim = "We show that kettles of one step work as well as those of ten."
    assert shown(f"Thirdly, we propose a spout for kettles in a hurry. {claim}") == [claim]
    assert shown(f"{claim} We also introduce a spout for kettles in a hurry.")[0] == claim


def test_the_sentence_with_the_name_of_the_title_is_preferred():
    text = (
        "We develop an approach to tea from one observation about its leaves. "
        "We propose Kettle, a sampler that needs one step only."
    )
    assert shown(text, "Kettle: Tea in One Step")[0].startswith("We propose Kettle")


@pytest.mark.parametrize(
    "result",
    [
        "Kettle outperforms the best samplers on all nine benchmarks of tea.",
        "It turns out well. Experiments show that Kettle reduces the time by 63% on average.",
        "Moreover, our sampler is 6.3 times faster than samplers of ten steps.",
    ],
)
def test_the_best_result_follows(result):
    text = f"Samplers are slow. {CLAIM.capitalize()} It is trained on leaves. {result} Code is available at tea.org."
    claim, best = shown(text)
    assert claim == CLAIM.capitalize()
    assert best == re.sub(r"^(It turns out well\. |Moreover, )", "", result)


def test_a_claim_that_has_its_result_is_enough():
    claim = "We propose Kettle, which improves the speed of samplers by 63% compared with ten steps."
    assert shown(f"{claim} Kettle outperforms the others by 70% on tea.") == [claim]


def test_what_is_no_result_is_not_shown():
    for other in (
        "These results improve on others by 5%.",
        "The code is available at https://tea.org/kettle and it is 5 times faster.",
        "It is trained on leaves.",
        "To find themes, leaves are sorted on partitions of the data.",
        "They outperform all others by 70%.",
    ):
        assert shown(f"{CLAIM.capitalize()} {other}") == [CLAIM.capitalize()]


@pytest.mark.parametrize(
    ("claim", "rest"),
    [
        ("We propose KettleNet, a novel framework", " to address this question."),
        ("We propose Kettle, a sampler for one-step generation", " that addresses these challenges through three partitions."),
        ("This paper introduces a kettle for the compression of long contexts", ", which addresses these challenges by boiling."),
        ("We introduce KettleNet, a software framework", " specifically developed to bridge this gap."),
        ("We propose a network named KettleNet", ", effectively tackling both of these problems."),
        ("We present KettleNet, a framework", " designed to overcome such limitations: it boils."),
    ],
)  # fmt: skip
def test_an_end_that_points_is_left_out(claim, rest):
    assert shown(f"Samplers are slow. {claim}{rest} It boils leaves.") == [f"{claim}."]


@pytest.mark.parametrize("whole", [
    "We propose to address this problem by training kettles.", "We develop a method to solve these problems.", "We study how to address this question of kettles.",
    "We release KettleSet and urge the community to address this issue.", "We present KettleNet (a network to address this gap of kettles).",
])  # fmt: skip
def test_a_claim_that_would_say_nothing_without_its_end_is_not_chosen(whole):
    assert shown(f"Samplers are slow. {whole}") == []


WORDS = st.sampled_from(
    [
        "we",
        "propose",
        "To",
        "address",
        "this",
        "these",
        "problem,",
        "In",
        "paper,",
        "Kettle",
        "outperforms",
        "63%",
        "by",
        "It",
        "Finally,",
        ".",
        ".",
        "We",
        "show",
        "that",
        "a",
    ]
)


@given(st.lists(WORDS, max_size=60).map(" ".join))
def test_any_gist_can_be_read_on_its_own(text):
    for part in shown(text):
        assert not re.match(r"(?i)(to (this|these)|these|therefore|they|it)\b", part)
        assert "this problem" not in part and "these problem" not in part


def test_a_sentence_on_what_a_revision_adds_is_not_a_claim():
    revision = "We now report confidence intervals throughout, and the middle group turns out not to be firm."
    assert gist(revision, sentences(revision)) is None
    first = revision.replace("now ", "")
    assert gist(first, sentences(first)) is not None
