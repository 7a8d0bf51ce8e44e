"""A reader's taste, learnt from a few papers: a weight per term, positive or negative. Pure.

It imports numpy and scipy, which load slowly: import this module inside functions.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
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

# `benchmarks/ranking.py` compares this with classifiers. The constants were chosen there on one half of the
# topics, and the results in docs/ranking.md are for the other half.
TITLE_TIMES = 4
PAIR_WEIGHT = 0.7
KEYWORDS_COUNT = 1.5
CLICKED = 0.2
DISLIKED = 0.2
BACKGROUND = 1.5
BACKGROUND_PAPERS = 2_000
# Papers on other subjects that are added to the size of the background: in a small library on one subject
# its own words would seem common.
_OTHER_PAPERS = 100
_KNOWN_PAIRS = 2  # papers of the background that must have a pair of words for it to be a term


@dataclass(frozen=True, slots=True)
class Profile:
    """A reader's taste: a weight for each column of the space that made it.

    `level` is the mean score of the liked papers (above 0), in which clicked ones count in part: a paper with
    this score is as close to them as they are on average.
    """

    weights: Floats
    level: float


class Space:
    """Turns papers into vectors over terms, weighted by how rare the terms are in a background of papers.

    A paper is a vector of length 1 over its terms (stems, and pairs of adjacent stems), each with the weight
    (1 + log count) × idf, where a word of the title counts `TITLE_TIMES` times. A word that the background lacks is
    the rarest. A new term gets the next column, so a later matrix may be wider than an earlier profile.
    """

    def __init__(
        self, background: Iterable[Paper], terms: Callable[[Paper], Counter[str]] | None = None
    ) -> None:
        """`terms` counts the terms of a paper, by default with `terms_of`."""
        self._counts = terms or terms_of
        counted: Counter[str] = Counter()
        known = []
        for paper in background:
            counts = self._counts(paper)
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
        """Return a matrix with one row of length 1 per paper (0 for a paper without words)."""
        return self._matrix(map(self._row, papers))

    def keywords(self, query: Query) -> Floats:
        """Return the vector of the words of a query that are searched in titles or abstracts."""
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
        """Return the taste learnt from keywords and from the rows of liked, disliked and clicked papers.

        It follows Rocchio's formula, with the background in place of negative examples, which keeps papers that
        resemble everything a little from coming first:

            (KEYWORDS_COUNT × keywords + sum of liked + CLICKED × sum of clicked)
            / (KEYWORDS_COUNT + number of liked + CLICKED × number of clicked)
            - DISLIKED × mean of disliked - BACKGROUND × mean of the background

        So the keywords of a subscription count as about one liked paper.
        """
        papers = liked.shape[0] + (0 if clicked is None else CLICKED * clicked.shape[0])
        count = KEYWORDS_COUNT * bool(keywords.any()) + papers or 1
        weights = self._wide(self._dense(liked)) / count
        if clicked is not None and clicked.shape[0]:
            weights += self._wide(CLICKED / count * self._dense(clicked))
        weights[: len(keywords)] += KEYWORDS_COUNT / count * keywords
        if disliked is not None and disliked.shape[0]:
            weights -= self._wide(DISLIKED / disliked.shape[0] * self._dense(disliked))
        weights[: len(self._mean)] -= BACKGROUND * self._mean
        if papers:
            level = float(score(liked, weights).sum()) / papers
            level += 0 if clicked is None else CLICKED * float(score(clicked, weights).sum()) / papers
        else:
            level = float(keywords @ weights[: len(keywords)])
        return Profile(weights, max(level, 1e-6))

    def likeness(self, papers: csr_matrix) -> Profile:
        """Return the taste of a reader who likes these papers and nothing else."""
        return self.profile(np.zeros(0), papers)

    def reasons(self, profile: Profile, row: csr_matrix) -> tuple[str, ...]:
        """Return the terms that bring a paper (a matrix of one row) closer to a taste, the most important first."""
        products = row.data * self._wide(profile.weights)[row.indices]
        found = sorted(
            (-part, self._terms[column])
            for column, part in zip(row.indices, products.tolist(), strict=True)
            if part > 0
        )
        return tuple(term for _, term in found)

    def terms(self, profile: Profile, count: int | None = None) -> tuple[tuple[str, float], ...]:
        """Return the terms of a taste with their weights, the highest first, or only the `count` first ones."""
        weighted = zip(profile.weights.tolist(), self._terms, strict=False)
        found = sorted((-weight, term) for weight, term in weighted if weight)
        return tuple((term, -weight) for weight, term in found[:count])

    def rarity(self, term: str) -> float:
        """Return the idf of a term, 0 if every paper of the background has it."""
        return log((1 + self._size) / (1 + self._often.get(term, 0))) * (PAIR_WEIGHT if " " in term else 1.0)

    def _row(self, paper: Paper) -> Row:
        if paper.number not in self._rows:
            self._rows[paper.number] = self._vector(self._counts(paper))
        return self._rows[paper.number]

    def _vector(self, counts: Counter[str]) -> Row:
        """Return columns and weights in alphabetical order of the terms, so that sums do not depend on the order
        in which papers were read.
        """
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
    """Return the product of each row with the weights, which may be of an earlier and narrower matrix."""
    width = rows.shape[1]
    found: Floats = rows @ np.pad(weights[:width], (0, max(0, width - len(weights))))
    return found


def closeness(profile: Profile, rows: csr_matrix) -> list[float]:
    """Return how close papers are to a taste, from -1 to 1 with 4 decimals.

    1 is as close as the liked papers on average, 0 no closer than papers in general, below 0 disliked.
    """
    values = np.clip(score(rows, profile.weights) / profile.level, -1, 1)
    return [round(float(value), 4) + 0.0 for value in values]


def similarities(rows: csr_matrix) -> list[list[float]]:
    """Return the cosine of every two rows, a list per row."""
    found: list[list[float]] = np.round((rows @ rows.T).toarray(), 6).tolist()
    return found


def terms_of(paper: Paper) -> Counter[str]:
    """Return the count of each term in a paper."""
    counts: Counter[str] = Counter()
    for text, times in ((paper.title, TITLE_TIMES), (paper.abstract, 1)):
        for term, often in _terms(_stems(text)).items():
            counts[term] += often * times
    return counts


def _stems(text: str) -> list[str]:
    return [word.stem for word in words(text) if is_content_word(word)]


def _terms(stems: Sequence[str]) -> Counter[str]:
    return Counter(stems) + Counter(f"{one} {two}" for one, two in pairwise(stems))
