"""Keywords that would find papers like a few liked ones, as a readable list to edit. Pure.

Each paper of the library gets a likelihood of being wanted: its weighted words in common with the liked papers, in
comparison with what these have in common with each other, raised to a power, so that few papers are likely. Keywords
are phrases of the liked papers. They are chosen one by one, each time the one with which the query has the highest
expected F1; then excludes in the same way, from phrases of unlikely papers that no liked paper has.
`benchmarks/tuning.py` measures it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from digest.errors import QueryError
from digest.match.paper_index import PaperIndex, field_words, places_of
from digest.match.query.parser import parse, query_of
from digest.model import Paper
from digest.text.keyphrases import cased, is_content_word
from digest.text.stopwords import GENERIC
from digest.text.words import Word, words

MOST, MOST_EXCLUDED = 6, 3
_LONGEST, _MOST_WORDS = 3, 4  # of a phrase: words, and words if those that hyphens join count one by one
_POWER = 12.0
_LIKELY = 40  # papers that are likely at most, however little the liked ones have in common
_LIKED = 8.0  # how much a liked paper counts; others count at most 1
_BETTER = 1.01  # by how much the expected F1 must rise for a further keyword
_MUCH_BETTER = 1.03  # the same for an exclude
_TAKES = 3  # papers at least that an exclude leaves out; fewer may be chance
_LOOKED_AT = 200  # unlikely papers whose phrases are tried as excludes

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SuggestedKeyword:
    """A keyword as to be written in a subscription; its papers in the library, and those that only it adds (or takes)."""

    text: str
    papers: int
    adds: int


@dataclass(frozen=True, slots=True)
class Suggested:
    """Keywords, the best first, and excludes."""

    keywords: tuple[SuggestedKeyword, ...] = ()
    exclude: tuple[SuggestedKeyword, ...] = ()


@dataclass(slots=True)
class _Phrases:
    """The phrases of some papers by their stems: how they are written, and in how many titles and papers they are."""

    forms: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    titles: Counter[str] = field(default_factory=Counter)
    papers: Counter[str] = field(default_factory=Counter)

    def add(self, paper: Paper) -> None:
        found = set()
        for text, in_title in ((paper.title, True), (paper.abstract, False)):
            for stems, form in phrases(text):
                self.forms[stems][form] += 1
                self.titles[stems] += in_title
                found.add(stems)
        self.papers.update(found)

    def keyword(self, stems: str) -> str | None:
        """Return a phrase in its most frequent form, as a keyword; None if it cannot be one."""
        forms = self.forms[stems]
        text = min(forms, key=lambda form: (-forms[form], form))
        keyword = text if text.isalnum() else f'"{text}"'
        try:
            parse(keyword)
        except QueryError:
            return None
        return keyword


def suggest(liked: Sequence[Paper], index: PaperIndex) -> Suggested:
    """Return keywords that find the liked papers and papers like them, of a library whose index this is."""
    found = _Phrases()
    for paper in liked:
        found.add(paper)
    keywords = {stems: text for stems in sorted(found.forms) if (text := found.keyword(stems)) is not None}
    if not keywords or not index.numbers:
        return Suggested()
    choice = _Choice(liked, index, tuple(keywords.values()))
    of_terms = np.array([(found.papers[stems] + found.titles[stems]) / len(liked) for stems in keywords])
    repeated = np.array([found.papers[stems] + found.titles[stems] > 1 for stems in keywords])
    choice.weigh(np.where(repeated, of_terms, 0.0) if repeated.any() else of_terms)
    chosen = choice.keywords()
    excluded = choice.excludes() if chosen else []
    return Suggested(tuple(chosen), tuple(excluded))


class _Choice:
    """The candidates, the papers that they find, and what is chosen so far."""

    def __init__(self, liked: Sequence[Paper], index: PaperIndex, candidates: Sequence[str]) -> None:
        self._index, self._liked, self._candidates = index, liked, candidates
        self._size = len(index.numbers)
        self._found = _incidence(index, candidates)
        mine = PaperIndex()
        for paper in liked:
            mine.add(paper, field_words(paper))
        self._mine = _incidence(mine, candidates)
        self._wanted = np.zeros(self._size)
        self._matched = np.zeros(self._size, bool)
        self._covered = np.zeros(len(liked), bool)

    def weigh(self, worth: Floats) -> None:
        """Set how likely each paper is wanted, from 0 to 1, by the worth of each candidate in the liked papers."""
        often = np.maximum(1, np.asarray(self._found.sum(axis=1)).ravel())
        rare = np.log((self._index.live.bit_count() + 1) / (often + 0.5))
        scores = self._found.T @ (worth * rare * rare)
        has = self._mine.toarray()
        if len(self._liked) > 1:  # what each has in common with the others
            others = (has.sum(axis=1, keepdims=True) - has) / (len(self._liked) - 1)
            usual = float(np.mean(((others * (worth > 0)[:, None] * has).T * rare * rare).sum(axis=1)))
        else:
            usual = float(has[:, 0] @ (worth * rare * rare)) / 2
        best = np.sort(scores)[::-1]
        usual = max(usual, float(best[min(len(best) - 1, _LIKELY)]), 1e-9)
        self._wanted = np.clip(scores / usual, 0, 1) ** _POWER
        self._total = self._wanted.sum() + _LIKED * len(self._liked)
        # A keyword that finds a single paper, a liked one, helps only where no other exists.
        wider = often > 1
        self._allowed = wider if wider.any() else np.ones(len(self._candidates), bool)

    def keywords(self) -> list[SuggestedKeyword]:
        """Choose keywords one by one."""
        chosen: list[SuggestedKeyword] = []
        has, best = self._mine.toarray() > 0, 0.0
        while len(chosen) < MOST:
            fresh = ~self._matched
            adds = self._found @ fresh.astype(float)
            covered = _LIKED * (has | self._covered).sum(axis=1)
            right = (self._wanted * self._matched).sum() + self._found @ (self._wanted * fresh) + covered
            expected = 2 * right / (self._matched.sum() + adds + covered + self._total) * self._allowed
            place = int(np.argmax(expected))
            if expected[place] <= best * _BETTER or not (adds[place] or has[place].any()):
                break
            best = float(expected[place])
            papers = self._found[place].indices
            chosen.append(SuggestedKeyword(self._candidates[place], len(papers), int(adds[place])))
            self._matched[papers] = True
            self._covered |= has[place]
        self._best = best
        return chosen

    def excludes(self) -> list[SuggestedKeyword]:
        """Choose excludes one by one: phrases of unlikely papers that match, which no liked paper has."""
        unlikely = np.flatnonzero(self._matched & (self._wanted < 0.5))
        order = unlikely[np.argsort(self._wanted[unlikely], kind="stable")][:_LOOKED_AT]
        theirs = _Phrases()
        for paper in self._index.papers(order.tolist()):
            theirs.add(Paper(paper.number, paper.uid, paper.title, "", paper.first_seen))
        often = sorted(theirs.papers, key=lambda stems: (-theirs.papers[stems], stems))[:_LOOKED_AT]
        candidates = [text for stems in often if (text := theirs.keyword(stems)) is not None]
        mine = PaperIndex()
        for paper in self._liked:
            mine.add(paper, field_words(paper))
        candidates = [text for text in candidates if not mine.accepted(query_of([text]))]
        found = _incidence(self._index, candidates)
        covered, chosen = _LIKED * self._covered.sum(), list[SuggestedKeyword]()
        while candidates and len(chosen) < MOST_EXCLUDED:
            takes = found @ self._matched.astype(float)
            right = (self._wanted * self._matched).sum() - found @ (self._wanted * self._matched) + covered
            expected = 2 * right / (self._matched.sum() - takes + covered + self._total)
            place = int(np.argmax(expected * (takes >= _TAKES)))
            if takes[place] < _TAKES or expected[place] <= self._best * _MUCH_BETTER:
                break
            self._best = float(expected[place])
            papers = found[place].indices
            chosen.append(SuggestedKeyword(candidates[place], len(papers), int(takes[place])))
            self._matched[papers] = False
        return chosen


def _incidence(index: PaperIndex, keywords: Sequence[str]) -> csr_matrix:
    """Return which keywords (rows) match which papers (columns, by place)."""
    places = [np.fromiter(places_of(index.accepted(query_of([each]))), np.int32) for each in keywords]
    ends = np.cumsum([0, *map(len, places)])
    columns = np.concatenate(places) if places else np.zeros(0, np.int32)
    return csr_matrix((np.ones(len(columns)), columns, ends), shape=(len(keywords), len(index.numbers)))


def phrases(text: str) -> Iterator[tuple[str, str]]:
    """Yield the phrases of a text that somebody might search for: their stems, and how they are written.

    A phrase has one to three words, with nothing but a space between them. Words that hyphens join stay together. It
    begins with a word that tells a subject.
    """
    chains = list(_chains(text))
    for start in range(len(chains)):
        for end in range(start, min(start + _LONGEST, len(chains))):
            if end > start and text[chains[end - 1][-1].end : chains[end][0].start] != " ":
                break
            run = [word for chain in chains[start : end + 1] for word in chain]
            if len(run) <= _MOST_WORDS and _tells(chains[start], chains[end], alone=start == end):
                yield " ".join(word.stem for word in run), cased(text[run[0].start : run[-1].end])


def _chains(text: str) -> Iterator[list[Word]]:
    """Yield the words of a text; those that hyphens join are one chain."""
    chain: list[Word] = []
    for word in words(text):
        if word.after - word.at > 1:
            continue
        if chain and text[chain[-1].end : word.start] != "-":
            yield chain
            chain = []
        chain.append(word)
    if chain:
        yield chain


def _tells(first: Sequence[Word], last: Sequence[Word], *, alone: bool) -> bool:
    """Return whether a phrase from one chain to another tells a subject: `language models`, but not `new models`."""
    if len(first) == 1 and (
        first[0].stem in GENERIC
        or not is_content_word(first[0])
        or (alone and (len(first[0].text) < 3 or first[0].text[0].isdigit()))
    ):
        return False
    return all(any(map(is_content_word, chain)) for chain in (first, last))
