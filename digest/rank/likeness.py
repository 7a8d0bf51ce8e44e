"""How alike papers are: the cosines of TF-IDF vectors. Pure. It imports numpy and scikit-learn: import it inside functions."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from digest.model import Paper
from digest.rank.background import Background
from digest.rank.outline import terms_of

_MOST_KEPT = 2_048  # vectors of a background; each takes about 10 kB


_NONE = np.zeros(0, dtype=np.int64)


class Vector(NamedTuple):
    """The terms of a paper: their hashes, those of their one or two stems, and (1 + log count) × rarity of each.

    A collision of two 64-bit hashes, which would make two terms one, is not expected in the life of a library.
    """

    terms: NDArray[np.int64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    weights: NDArray[np.float64]


def likenesses(
    papers: Sequence[Paper], ignored: Collection[str], background: Background
) -> list[list[float]] | None:
    """Return the cosine of every two papers, a list per paper, without terms that have an ignored stem.

    None if no paper has a term.
    """
    rows = [_without(vector, ignored) for vector in vectors_of(papers, background)]
    columns, place, papers_with = np.unique(
        np.concatenate([terms for terms, _ in rows]), return_inverse=True, return_counts=True
    )
    if not len(columns):
        return None
    # Terms of one paper only make its vector longer: they are not among the terms × papers.
    shared = papers_with > 1
    number = np.cumsum(shared) - 1
    table = np.zeros((int(shared.sum()), len(rows)))
    having, weighing = [], []
    start = 0
    for paper, (terms, weights) in enumerate(rows):
        places = place[start : start + len(terms)]
        chosen = shared[places]
        having.append(number[places[chosen]])
        weighing.append(weights[chosen] / (np.sqrt(np.square(weights).sum()) or 1.0))
        table[having[-1], paper] = weighing[-1]
        start += len(terms)
    # A matrix product would be as fast, but wakes a thread for each processor, which then waits in a loop for more.
    cosines = [np.einsum("t,tp->p", some, table[of]) for some, of in zip(weighing, having, strict=True)]
    half = np.triu(np.round(cosines, 9), 1)
    found: list[list[float]] = (
        half + half.T + np.diag([float(len(terms) > 0) for terms, _ in rows])
    ).tolist()
    return found


def vectors_of(papers: Sequence[Paper], background: Background) -> list[Vector]:
    """Return the vectors of papers; a background keeps those that it had to compute."""
    keys, kept = [(paper.title, paper.abstract) for paper in papers], background.vectors
    if len(kept) > _MOST_KEPT:
        kept.clear()
    new = {key: paper for key, paper in zip(keys, papers, strict=True) if key not in kept}
    kept |= zip(new, _vectors([terms_of(paper) for paper in new.values()], background), strict=True)
    return [kept[key] for key in keys]


def _vectors(counts: Sequence[Counter[str]], background: Background) -> Iterator[Vector]:
    """Yield the vectors of papers with these terms."""
    vocabulary = sorted({term for each in counts for term in each})
    if not vocabulary:
        yield from (Vector(_NONE, _NONE, _NONE, np.zeros(0)) for _ in counts)
        return
    vectorizer = TfidfVectorizer(
        analyzer=Counter.elements, vocabulary=vocabulary, sublinear_tf=True, norm=None
    )
    vectorizer.idf_ = np.array(background.idfs(vocabulary))
    found = vectorizer.transform(counts)
    terms = np.array([hash(term) for term in vocabulary], dtype=np.int64)
    stems = [term.partition(" ") for term in vocabulary]
    first = np.array([hash(each[0]) for each in stems], dtype=np.int64)
    second = np.array([hash(each[2]) for each in stems], dtype=np.int64)
    for start, end in pairwise(found.indptr):
        columns = found.indices[start:end]
        yield Vector(terms[columns], first[columns], second[columns], found.data[start:end])


def _without(vector: Vector, ignored: Collection[str]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the terms and weights of a vector without terms that have an ignored stem."""
    if not ignored:
        return vector.terms, vector.weights
    hashes = np.array([hash(each) for each in ignored], dtype=np.int64)
    has = (vector.first[:, None] == hashes) | (vector.second[:, None] == hashes)
    kept = ~has.any(axis=1)
    return vector.terms[kept], vector.weights[kept]
