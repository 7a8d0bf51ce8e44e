"""Names for groups of papers of an issue: phrases that most of a group have, and few others. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from digest.model import Paper
from digest.rank.background import Background
from digest.rank.outline import Outline, Run, outline_of
from digest.text.clean import clean
from digest.text.keyphrases import cased
from digest.text.stem import stem
from digest.text.stopwords import GENERIC

_LONGEST = 4  # words of a name
_INSIDE, _OUTSIDE = 0.5, 0.2  # share of a group that has its name at least, and share of the others at most
_LENGTHS = (0.7, 1.0, 1.05, 1.0)  # what names of one to four words are worth, relative to pairs
_RARE = 0.5  # the least rarity of a single word: in a background of 2,000 papers, at most 45 have it
_LEAST_NOUN = 0.4  # of the places of a phrase must be ends of runs; fewer are adjectives

# Words that name nothing when they are alone, as stems.
_VAGUE = frozenset(
    map(
        stem,
        [
            "acceptance",
            "action",
            "activity",
            "adaptation",
            "adult",
            "age",
            "agreement",
            "alignment",
            "animal",
            "application",
            "approach",
            "architecture",
            "aspect",
            "assessment",
            "attempt",
            "behavior",
            "bias",
            "boy",
            "case",
            "century",
            "change",
            "child",
            "class",
            "cohort",
            "collaboration",
            "component",
            "concept",
            "condition",
            "consequence",
            "control",
            "correlation",
            "country",
            "course",
            "criteria",
            "day",
            "development",
            "diagnosis",
            "difference",
            "direction",
            "disease",
            "distribution",
            "drug",
            "effectiveness",
            "efficiency",
            "element",
            "error",
            "estimation",
            "evidence",
            "evolution",
            "examination",
            "experience",
            "exposure",
            "factor",
            "failure",
            "field",
            "finding",
            "form",
            "formation",
            "frequency",
            "future",
            "girl",
            "group",
            "growth",
            "guideline",
            "hospital",
            "hour",
            "idea",
            "incidence",
            "increase",
            "index",
            "induction",
            "influence",
            "insight",
            "instance",
            "interaction",
            "intervention",
            "item",
            "life",
            "line",
            "location",
            "loop",
            "loss",
            "man",
            "management",
            "material",
            "measurement",
            "mechanism",
            "medicine",
            "member",
            "men",
            "mode",
            "month",
            "movement",
            "nature",
            "object",
            "observation",
            "occurrence",
            "origin",
            "outcome",
            "paper",
            "parameter",
            "part",
            "participant",
            "path",
            "patient",
            "pattern",
            "perception",
            "period",
            "perspective",
            "phase",
            "phenomenon",
            "place",
            "point",
            "practice",
            "precision",
            "prediction",
            "presence",
            "procedure",
            "product",
            "production",
            "program",
            "progress",
            "property",
            "proportion",
            "question",
            "range",
            "rate",
            "ratio",
            "reaction",
            "reference",
            "region",
            "relation",
            "relationship",
            "release",
            "report",
            "response",
            "review",
            "risk",
            "role",
            "rule",
            "sample",
            "scenario",
            "search",
            "section",
            "selection",
            "sequence",
            "series",
            "severity",
            "sex",
            "shift",
            "side",
            "sign",
            "site",
            "skill",
            "society",
            "space",
            "stability",
            "stimulus",
            "stimulation",
            "student",
            "study",
            "subject",
            "surface",
            "survey",
            "surgery",
            "symptom",
            "synthesis",
            "target",
            "technology",
            "theory",
            "therapy",
            "therapist",
            "thing",
            "tool",
            "topic",
            "transfer",
            "treatment",
            "trend",
            "trial",
            "unit",
            "usage",
            "use",
            "utility",
            "value",
            "variability",
            "variation",
            "version",
            "view",
            "vocabulary",
            "volume",
            "week",
            "woman",
            "women",
            "word",
            "work",
            "year",
        ],
    )
)


class Name(NamedTuple):
    """The stems of a name, separated by spaces, and what it is worth for the group that it names."""

    stems: str
    worth: float


class _Phrase(NamedTuple):
    papers: frozenset[int]
    titles: int
    worth: float


class Names:
    """The phrases of an issue's papers that may name a theme: those of two papers and a title at least."""

    def __init__(self, papers: Sequence[Paper], ignored: set[str], background: Background) -> None:
        self._count = len(papers)
        self._papers = papers
        outlines = [outline_of(paper) for paper in papers]
        in_title: dict[str, set[int]] = defaultdict(set)
        ends, places = Counter[str](), Counter[str]()
        having: dict[str, set[int]] = defaultdict(set)
        for place, outline in enumerate(outlines):
            for phrase, _ in _phrases(outline.of_title):
                in_title[phrase].add(place)
        known = _of_two(outlines)
        for place, outline in enumerate(outlines):
            for runs in (outline.of_title, outline.of_abstract):
                for phrase, last in _phrases(runs, known):
                    if phrase in in_title:
                        having[phrase].add(place)
                        places[phrase] += 1
                        ends[phrase] += last
        self._phrases = {
            phrase: _Phrase(
                frozenset(found),
                len(in_title[phrase]),
                _worth(phrase, ends[phrase] / places[phrase], background),
            )
            for phrase, found in having.items()
            if len(found) > 1
            and ends[phrase] >= _LEAST_NOUN * places[phrase]
            and _may_name(phrase, ignored, background)
        }
        self._of_paper: dict[int, list[str]] = defaultdict(list)
        for phrase, each in self._phrases.items():
            for place in each.papers:
                self._of_paper[place].append(phrase)

    def best(self, places: tuple[int, ...]) -> Name | None:
        """Return the best name of a group of papers; None if no phrase names it."""
        size = len(places)
        inside = Counter(phrase for place in places for phrase in self._of_paper[place])
        best, most = "", 0.0
        for phrase, count in inside.items():
            if count < 2 or count < _INSIDE * size:
                continue
            each = self._phrases[phrase]
            if len(each.papers) - count > _OUTSIDE * (self._count - size):
                continue
            f1 = 2 * count / (size + len(each.papers))
            worth = round(f1 * each.worth * (0.5 + 0.5 * min(1.0, 2 * each.titles / len(each.papers))), 9)
            if worth > most or (worth == most and (len(phrase), phrase) > (len(best), best)):
                best, most = phrase, worth
        return Name(best, most) if best else None

    def having(self, name: Name) -> frozenset[int]:
        """Return the places of the papers that have a name."""
        return self._phrases[name.stems].papers

    def shown(self, name: Name, places: Sequence[int]) -> str:
        """Return a name as most titles write it, those of the group first."""
        phrase = name.stems
        for titles in ([self._papers[place] for place in places], self._papers):
            spellings: Counter[str] = Counter()
            for paper in titles:
                spellings.update(_spelled(paper, phrase))
            if spellings:
                return min(spellings, key=lambda text: (-spellings[text], text))
        return phrase


def _of_two(outlines: Sequence[Outline]) -> set[str]:
    """Return the words of titles that two papers have."""
    papers = Counter(
        stems
        for each in outlines
        for stems in {stems for runs in (each.of_title, each.of_abstract) for run in runs for stems in run}
    )
    titles = {stems for each in outlines for run in each.of_title for stems in run}
    return {stems for stems in titles if papers[stems] > 1}


def _phrases(runs: Sequence[Run], known: set[str] | None = None) -> Iterator[tuple[str, bool]]:
    """Yield the phrases of runs, and whether each ends its run; only of words that are `known`."""
    for run in runs:
        last = len(run) - 1
        for start, first in enumerate(run):
            if known is not None and first not in known:
                continue
            phrase = first
            yield phrase, start == last
            for end in range(start + 1, min(last + 1, start + _LONGEST)):
                stems = run[end]
                if known is not None and stems not in known:
                    break
                phrase = f"{phrase} {stems}"
                yield phrase, end == last


def _spelled(paper: Paper, phrase: str) -> Iterator[str]:
    outline = outline_of(paper)
    for run, places in zip(outline.of_title, outline.places, strict=True):
        for start in range(len(run)):
            for end in range(start, min(len(run), start + _LONGEST)):
                if " ".join(run[start : end + 1]) == phrase:
                    yield cased(clean(paper.title[places[start][0] : places[end][1]]))


def _may_name(phrase: str, ignored: set[str], background: Background) -> bool:
    """Return whether a phrase says more than the keywords and words that every abstract has."""
    stems = phrase.split(" ")
    telling = [each for each in stems if each not in ignored and each not in GENERIC and len(each) > 2]
    if stems[0] in GENERIC or len(set(stems)) < len(stems) or not all(map(str.isalpha, telling)):
        return False
    if any(map(str.isdigit, stems)):
        return False
    if len(stems) == 1:
        return bool(telling) and phrase not in _VAGUE and background.rarity([phrase]) >= _RARE
    return any(each not in _VAGUE for each in telling)


def _worth(phrase: str, noun: float, background: Background) -> float:
    """Return what a phrase is worth as a name of any group: its rarity × how often it ends runs × its length."""
    stems = phrase.split(" ")
    terms = [f"{one} {two}" for one, two in pairwise(stems)] or stems
    return float(background.rarity(terms) * noun**0.5 * _LENGTHS[min(len(stems), len(_LENGTHS)) - 1])
