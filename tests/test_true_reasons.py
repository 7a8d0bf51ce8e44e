"""Every word that a reason names is in the paper, and in the papers or the query that it is credited to."""

import re
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from digest.match.query.parser import query_of
from digest.match.reference import analyse, match
from digest.model import Item, Paper
from digest.pipeline.ranking import Taste
from digest.rank.taste import Space
from digest.render import phrases
from digest.text.keyphrases import shared_forms, spellings
from digest.text.stopwords import STOPWORDS
from digest.text.words import words
from tests.homes import Card, TestHome, issue_of, page
from tests.strategies import PLAIN, sentences

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SUBJECTS = (
    "kelp",
    "kelps",
    "tide",
    "tides",
    "lamp",
    "harbour",
    "mooring",
    "signal",
    "x-ray",
    "Müller",
    "the",
    *PLAIN,
)


def paper(number: int, title: str, abstract: str = "") -> Paper:
    return Paper(number, f"u{number}", title, abstract, NOON)


def written(papers: list[Paper]) -> set[str]:
    return {word.text for each in papers for word in words(f"{each.title}\n{each.abstract}")}


papers = st.lists(st.tuples(sentences(SUBJECTS), sentences(SUBJECTS)), max_size=4)


@settings(deadline=None)
@given(st.tuples(papers, papers, papers, papers, papers))
def test_words_of_likeness_are_in_both_papers(drawn):
    """The groups are liked, disliked, clicked, asked about, and other papers of the library."""
    numbers = iter(range(100))
    groups = [[paper(next(numbers), *texts) for texts in group] for group in drawn]
    liked, disliked, clicked, asked, _ = groups
    space = Space([each for group in groups for each in group])
    profile = space.profile(
        space.keywords(query_of(["tide"])), *map(space.matrix, (liked, disliked, clicked))
    )
    taste = Taste(space, profile, tuple(liked), tuple(disliked), tuple(clicked))
    for each in asked:
        for_it, against = taste.likenesses(each)
        assert words_of(for_it) <= written([each]) & written([*liked, *clicked])
        assert words_of(against) <= written([each]) & written(disliked)
    assert words_of(taste.unwanted(10)) <= {word.stem for word in words(" ".join(written(disliked)))}


def words_of(terms: tuple[str, ...]) -> set[str]:
    return {
        word.text
        for term in terms
        for word in words(term)
        if word.after - word.at == 1 and word.stem not in STOPWORDS
    }


def test_a_pair_of_words_is_shown_only_as_the_paper_writes_it():
    liked = paper(
        1, "Text-to-speech with state space models", "Quality of speech. Models of tides; a fast pace (high)"
    )
    asked = paper(
        2, "A text to speech model: speech models", "State-space; quality. Speech of tides. A fast, high pace"
    )
    terms = [term for term, _ in sorted(spellings(liked), reverse=True) if " " in term]
    assert sorted(shared_forms(terms, asked, [liked])) == ["state-space", "text to speech"]


QUERIES = st.sampled_from(
    (
        "kelp* AND tide",
        "tid* OR lamp",
        "ti:kelp",
        '"kelp tide"',
        "(mod* AND tide) OR diffusion",
        "har* -lamp",
        "x-ray",
    )
)


@settings(deadline=None)
@given(st.lists(QUERIES, min_size=1, max_size=3), sentences(SUBJECTS), sentences(SUBJECTS))
def test_words_of_matches_are_in_the_paper(items, title, abstract):
    found = match(query_of(items), analyse(paper(1, title, abstract)))
    if found is None:
        return
    named, _ = phrases.reasons(found.evidence)
    text = " ".join(re.split(r"\s+", f"{title} {abstract}".casefold()))
    for reason in named:
        for each in reason.found:
            assert each.term.casefold() in text


def test_an_unsatisfied_group_credits_nothing():
    one = paper(1, "Distillation of kelp", "Distilled in a harbour.")
    found = match(query_of(["distill* AND diffusion", "harbour"]), analyse(one))
    assert {each.term for each in found.evidence} == {"harbour"}
    assert found.score == 1


def test_what_lowers_a_paper_is_no_reason_for_it(tmp_path):
    home = TestHome(tmp_path)
    home.subscribe("a", "fog")
    home.put("2026-11-16-a.txt", page(
        Card("Lamps in fog", "Keepers trim lighthouse lamps in fog. We watched the lamps of three piers."),
        Card("Bread and fog", "Bakers knead rye dough by the window. We weighed the crust of loaves in fog."),
    ))  # fmt: skip
    home.run()
    home.call("feedback", "a", "dislike", "Lamps in fog")
    home.put("2026-11-21-b.txt", page(
        Card("Brighter lamps", "Keepers compare lighthouse lamps by how far they shine in fog." ),
        Card("Rye in winter", "Rye dough rises slowly in fog. Bakers waited for the crust to crack."),
        day="Nov 21",
    ))  # fmt: skip
    assert issue_of(home.run("2026-11-21T09:00"), "a")["new"] == ["Rye in winter", "Brighter lamps"]
    for form in ("txt", "md", "html"):
        shown = " ".join(
            re.sub(
                "<[^>]*>|[*\u2068\u2069]", "", home.output()[f"output/issues/a/2026-11-21-2.{form}"].decode()
            ).split()
        )
        assert shown.count("Lower because of: ") == 1
        assert re.search(r"Lower because of: [a-z ,]*lamps[a-z ,]* as in papers you disliked", shown)
        assert "as in papers you liked" not in shown


def test_weak_likeness_is_not_mentioned():
    library = [
        paper(
            number,
            f"Kelp number {number}",
            ["tide", "signal", "model", "mooring", "harbour", "lamp"][number % 6],
        )
        for number in range(30)
    ]
    liked = paper(
        50, "Quilts of the north", "Quilts and patches, sewn by hand in the north; a signal of care."
    )
    asked = paper(51, "Signals of buoys", "Buoys send a signal each minute, and a receiver ashore stores it.")
    space = Space([*library, liked, asked])
    profile = space.likeness(space.matrix([liked]))
    assert Taste(space, profile, (liked,), ()).likenesses(asked) == ((), ())
    assert Taste(space, profile, (), (liked,)).likenesses(liked)[1]
    assert Item(asked).liked == ()
