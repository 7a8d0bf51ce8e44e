"""What a reader likes, learnt from a few papers: a weight per term, for and against.

A paper is a vector of length 1 over its terms (stems, and pairs of neighbouring stems), each with
(1 + log times) × idf, where a word of the title counts `TITLE_TIMES`. How common terms are is read from a
*background* of papers. Rocchio's old formula with the background in place of negatives makes a profile:

    (KEYWORDS_COUNT × keywords + sum of liked + CLICKED × sum of clicked)
    / (KEYWORDS_COUNT + number of liked + CLICKED × number of clicked)
    - DISLIKED × mean of disliked - BACKGROUND × mean of the background

The keywords of a subscription thus count as about one liked paper, and no negatives are needed. Taking the
background away keeps papers that resemble everything a little from coming first. There is nothing to fit:
a profile is a sum of a few short vectors. `benchmarks/ranking.py` compares it with classifiers; the
constants were chosen there on one half of the topics and are reported on the other.

Imports numpy and scipy: import it where it is used.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from digest.match.query.parser import DEFAULT_SCOPE, Query, positive_atoms
from digest.match.reference import is_prefix
from digest.model import Paper
from digest.text.keyphrases import is_content_word
from digest.text.words import words

Floats = NDArray[np.float64]
Row = tuple["array[int]", "array[float]"]  # columns and weights

TITLE_TIMES = 4
PAIR_WEIGHT = 0.7
KEYWORDS_COUNT = 1.5
CLICKED = 0.2
DISLIKED = 0.2
BACKGROUND = 1.5
BACKGROUND_PAPERS = 2_000
_OTHER_PAPERS = 100  # on other subjects, that a small library is taken to have besides
_KNOWN_PAIRS = 2  # a pair of words met fewer times in the background is no term


@dataclass(frozen=True, slots=True)
class Profile:
    """A reader's taste: `weights` by column of the space that made it.

    `level` is the mean score of the liked papers (above 0), clicked ones counted in part: a paper that scores
    as high is as close as they are to each other.
    """

    weights: Floats
    level: float


class Space:
    """Terms and how common they are, by a background of papers; turns papers into vectors.

    A word that the background does not have is as rare as can be. Columns are given out as terms are
    met, so a later matrix may be wider than an earlier profile.
    """

    def __init__(self, background: Iterable[Paper]) -> None:
        counted: Counter[str] = Counter()
        known = []
        for paper in background:
            counts = _counts(paper.title, paper.abstract)
            known.append(counts)
            counted.update(counts.keys())
        self._size = len(known) + _OTHER_PAPERS
        self._often = {
            term: often for term, often in counted.items() if often >= _KNOWN_PAIRS or " " not in term
        }
        self._columns: dict[str, int] = {}
        self._terms: list[str] = []
        self._rows: dict[int, Row] = {}
        everything = self._matrix(self._vector(counts) for counts in known)
        self._mean = self._dense(everything) / self._size

    def matrix(self, papers: Iterable[Paper]) -> csr_matrix:
        """Return a row per paper, of length 1 (or 0 for a paper without words)."""
        return self._matrix(map(self._row, papers))

    def keywords(self, query: Query) -> Floats:
        """Return the vector of the words that a query asks for in title and abstract."""
        counts: Counter[str] = Counter()
        for atom in positive_atoms(query):
            if set(atom.fields) & set(DEFAULT_SCOPE):
                whole = [word for word in atom.words if not is_prefix(atom, word)]
                counts |= _terms([word.stem for word in whole if is_content_word(word)])
        return self._dense(self._matrix([self._vector(counts)]))

    def profile(
        self,
        keywords: Floats,
        liked: csr_matrix,
        disliked: csr_matrix | None = None,
        clicked: csr_matrix | None = None,
    ) -> Profile:
        """Learn a taste from liked papers, and from disliked and clicked ones if there are any."""
        said = liked.shape[0] + (0 if clicked is None else CLICKED * clicked.shape[0])
        count = KEYWORDS_COUNT * bool(keywords.any()) + said or 1
        weights = self._wide(self._dense(liked)) / count
        if clicked is not None and clicked.shape[0]:
            weights += self._wide(CLICKED / count * self._dense(clicked))
        weights[: len(keywords)] += KEYWORDS_COUNT / count * keywords
        if disliked is not None and disliked.shape[0]:
            weights -= self._wide(DISLIKED / disliked.shape[0] * self._dense(disliked))
        weights[: len(self._mean)] -= BACKGROUND * self._mean
        if said:
            level = float(score(liked, weights).sum()) / said
            level += 0 if clicked is None else CLICKED * float(score(clicked, weights).sum()) / said
        else:
            level = float(keywords @ weights[: len(keywords)])
        return Profile(weights, max(level, 1e-6))

    def reasons(self, profile: Profile, row: csr_matrix, count: int) -> tuple[tuple[str, float], ...]:
        """Return the terms that say most about a paper (one row), for it (above 0) or against it."""
        products = row.data * self._wide(profile.weights)[row.indices]
        found = [
            (self._terms[column], float(part)) for column, part in zip(row.indices, products, strict=True)
        ]
        found.sort(key=lambda pair: (-abs(pair[1]), pair[0]))
        return tuple(found[:count])

    def terms(self, profile: Profile, count: int) -> tuple[tuple[str, float], ...]:
        """Return the heaviest terms of a taste, for (above 0) and against, `count` of each."""
        said = zip(profile.weights.tolist(), self._terms, strict=False)
        found = sorted((-weight, term) for weight, term in said if weight)
        chosen = dict.fromkeys((*found[:count], *found[-count:]))
        return tuple((term, -weight) for weight, term in chosen)

    def rarity(self, term: str) -> float:
        """Return a term's idf: 0 if every paper of the background has it."""
        return log((1 + self._size) / (1 + self._often.get(term, 0))) * (PAIR_WEIGHT if " " in term else 1.0)

    def _row(self, paper: Paper) -> Row:
        if paper.number not in self._rows:
            self._rows[paper.number] = self._vector(_counts(paper.title, paper.abstract))
        return self._rows[paper.number]

    def _vector(self, counts: Counter[str]) -> Row:
        """Return columns and weights, in the order of the terms: so a sum never depends on what was met before."""
        columns, weights = array("i"), array("d")
        for term in sorted(counts):
            if " " in term and term not in self._often:
                continue
            if term not in self._columns:
                self._columns[term] = len(self._terms)
                self._terms.append(term)
            columns.append(self._columns[term])
            weights.append((1 + log(counts[term])) * self.rarity(term))
        length = sum(weight * weight for weight in weights) ** 0.5 or 1.0
        return columns, array("d", (weight / length for weight in weights))

    def _matrix(self, rows: Iterable[Row]) -> csr_matrix:
        columns, weights, ends = array("i"), array("d"), array("q", [0])
        for row_columns, row_weights in rows:
            columns += row_columns
            weights += row_weights
            ends.append(len(columns))
        parts = (np.array(weights), np.array(columns, np.int32), np.array(ends, np.int64))
        return csr_matrix(parts, shape=(len(ends) - 1, len(self._terms)))

    def _dense(self, rows: csr_matrix) -> Floats:
        """Return the sum of rows."""
        return np.asarray(
            np.bincount(rows.indices, weights=rows.data, minlength=len(self._terms)), np.float64
        )

    def _wide(self, vector: Floats) -> Floats:
        return np.pad(vector, (0, len(self._terms) - len(vector)))


def score(rows: csr_matrix, weights: Floats) -> Floats:
    """Return how well each row meets the weights, of the same or an earlier matrix's width."""
    width = rows.shape[1]
    found: Floats = rows @ np.pad(weights[:width], (0, max(0, width - len(weights))))
    return found


def closeness(profile: Profile, rows: csr_matrix) -> list[float]:
    """Return how close papers are to a taste: 1 as close as the liked ones on average, 0 no closer than
    papers in general, below 0 for what speaks against; from -1 to 1, to 4 decimals.
    """
    values = np.clip(score(rows, profile.weights) / profile.level, -1, 1)
    return [round(float(value), 4) + 0.0 for value in values]


def similarities(rows: csr_matrix) -> list[list[float]]:
    """Return the cosine of every two rows."""
    found: list[list[float]] = np.round((rows @ rows.T).toarray(), 6).tolist()
    return found


def _counts(title: str, abstract: str) -> Counter[str]:
    """Return how often a paper has each term."""
    counts: Counter[str] = Counter()
    for text, times in ((title, TITLE_TIMES), (abstract, 1)):
        for term, often in _terms(_stems(text)).items():
            counts[term] += often * times
    return counts


def _stems(text: str) -> list[str]:
    return [word.stem for word in words(text) if is_content_word(word)]


def _terms(stems: Sequence[str]) -> Counter[str]:
    return Counter(stems) + Counter(f"{one} {two}" for one, two in pairwise(stems))
