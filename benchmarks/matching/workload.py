"""Papers and many generated queries, the same for every engine.

Keywords come from real papers: words (50 %), phrases of two (32 %) and three (6 %) words, and prefixes of 5 to 7
letters (12 %). Words in more than 5 % of the papers and phrases that begin or end with a stop word are excluded.
Frequent keywords are used more often (weight 1/(rank + 60)); 15 % match in the title only; boosts are 1 to 5. A
query has 3 to 8 keywords in one (35 %), two (45 %) or three (20 %) groups of OR, which are joined by AND; a quarter
of the queries exclude one or two more.
"""

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

DATA = Path(__file__).parents[3] / "shared" / "data"
FOLDERS = (DATA / "daily-papers-pages", DATA / "daily-papers-api")
SAMPLES = Path(__file__).parents[2] / "inbox"

WORD, TWO, THREE, PREFIX = range(4)
_MIX = (0.50, 0.32, 0.06, 0.12)
_GROUPS = (0.35, 0.45, 0.20)
_VOCABULARY = 500  # the number of papers from which the keywords come

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Text:
    """A paper. `plain` is its text for the engines, so that all of them see the same words."""

    title: str
    abstract: str

    def plain(self) -> "Text":
        return Text(_plain(self.title), _plain(self.abstract))


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z]{2,}", text.lower()))


# --- papers --------------------------------------------------------------------------------------


def real_papers(folders: Sequence[Path]) -> list[Text]:
    """Return the papers in saved pages (.txt) and in API responses (.json), each title once."""
    found: dict[str, Text] = {}
    for folder in folders:
        for file in sorted(folder.iterdir() if folder.is_dir() else ()):
            for paper in _READERS.get(file.suffix, _nothing)(file.read_text("utf-8", errors="replace")):
                found.setdefault(_plain(paper.title), paper)
    return list(found.values())


def _nothing(_: str) -> Iterator[Text]:
    return iter(())


def _of_page(page: str) -> Iterator[Text]:
    blocks = [block.strip() for block in re.split(r"\n\s*\n", page)]
    for title, abstract in pairwise(blocks):
        if len(abstract) > 300 > len(title) > 20:
            yield Text(title, abstract)


def _of_response(response: str) -> Iterator[Text]:
    try:
        rows = json.loads(response)
    except ValueError:
        return
    for row in rows if isinstance(rows, list) else ():
        paper = row.get("paper", {}) if isinstance(row, dict) else {}
        if paper.get("title") and paper.get("summary"):
            yield Text(paper["title"], paper["summary"])


_READERS: dict[str, Callable[[str], Iterator[Text]]] = {".txt": _of_page, ".json": _of_response}


def at_least(papers: Sequence[Text], count: int) -> list[Text]:
    """Return `count` papers; beyond the real ones, they consist of random sentences of these."""
    rng = random.Random(1)
    sentences = [part for paper in papers for part in re.split(r"(?<=[.!?])\s+", paper.abstract)]
    result = list(papers[:count])
    while len(result) < count:
        title = f"{rng.choice(papers).title}: {rng.choice(papers).title}"
        result.append(Text(title, " ".join(rng.choices(sentences, k=8))))
    return result


# --- keywords ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Item:
    """A keyword: its kind, its words separated by spaces, and whether it is for the title only."""

    kind: int
    words: str
    title: bool = False


def _vocabulary(papers: Sequence[Text]) -> list[list[str]]:
    """Return the keywords of each kind, most frequent first."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    in_papers: list[Counter[str]] = [Counter() for _ in _MIX]
    texts = [[paper.title.split(), paper.abstract.split()] for paper in papers]
    in_texts = Counter(word for paper in texts for word in {word for part in paper for word in part})
    common = {word for word, count in in_texts.items() if count > max(1, len(papers) / 20)}
    for paper in texts:
        seen: list[set[str]] = [set() for _ in _MIX]
        for part in paper:
            kept = [len(word) > 2 and word not in ENGLISH_STOP_WORDS for word in part]
            for place, word in enumerate(part):
                for length in (1, 2, 3):
                    last = place + length
                    if last <= len(part) and kept[place] and kept[last - 1]:
                        seen[length - 1].add(" ".join(part[place:last]))
                if kept[place] and len(word) > 7:
                    seen[PREFIX].add(word[: 5 + len(word) % 3])
            seen[WORD] -= common
        for counter, items in zip(in_papers, seen, strict=True):
            counter.update(items)
    return [sorted(counter, key=lambda words: (-counter[words], words)) for counter in in_papers]


# --- queries -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Workload:
    """Queries as arrays. A slot is a keyword of a query; query n has the slots `starts[n]` to `starts[n + 1]`.

    `group` is the number of the group in the query, from 0. It is -1 in slots that exclude, which come first.
    `frequency` is the relative frequency of each item in the queries.
    """

    items: tuple[Item, ...]
    starts: Ints
    item: Ints
    group: Ints
    boost: Ints
    frequency: npt.NDArray[np.float64]

    @property
    def size(self) -> int:
        return len(self.starts) - 1

    def first(self, count: int) -> "Workload":
        """Return the first queries."""
        end = self.starts[count]
        return replace(
            self,
            starts=self.starts[: count + 1],
            item=self.item[:end],
            group=self.group[:end],
            boost=self.boost[:end],
        )

    @cached_property
    def used(self) -> Ints:
        """The items in these queries."""
        return np.unique(self.item)

    def texts(self, language: "Language") -> Iterator[str]:
        """Yield the queries as text in a query language."""
        of_item = [language.item(item) for item in self.items]
        join = language
        starts, items, groups, boosts = (
            array.tolist() for array in (self.starts, self.item, self.group, self.boost)
        )
        boost_of = [join.boost.format(n) for n in range(6)]
        for first, last in pairwise(starts):
            parts: list[list[str]] = []
            without: list[str] = []
            for slot in range(first, last):
                text = of_item[items[slot]]
                if (group := groups[slot]) < 0:
                    without.append(join.without + text)
                elif group == len(parts):
                    parts.append([text + boost_of[boosts[slot]]])
                else:
                    parts[group].append(text + boost_of[boosts[slot]])
            yield join.both.join("(" + join.either.join(part) + ")" for part in parts) + "".join(without)


@dataclass(frozen=True, slots=True)
class Language:
    """A query language: its items and operators."""

    item: Callable[[Item], str]
    both: str
    either: str
    without: str
    boost: str = ""


def _title(item: Item) -> str:
    return "title:" if item.title else ""


def _exact(item: Item) -> str:
    if item.kind == PREFIX:
        return f"{_title(item)}{item.words}*"
    return f'{_title(item)}="{item.words}"' if " " in item.words else f"{_title(item)}={item.words}"


OURS = Language(_exact, " AND ", " OR ", " -", "^{}")
OURS_STEMMED = replace(OURS, item=lambda item: _exact(item).replace("=", ""))
# The syntax that other parsers of Lucene's query language understand too.
LUCENE = Language(OURS_STEMMED.item, " AND ", " OR ", " AND NOT ", "^{}")


def workload(papers: Sequence[Text], count: int, keywords: tuple[int, int] = (3, 8)) -> Workload:
    """Generate queries from the words of plain papers. A longer list begins like a shorter one."""
    vocabulary = _vocabulary(papers[:_VOCABULARY])
    pieces = [
        _draw(vocabulary, min(_BLOCK, count - first), keywords, first) for first in range(0, count, _BLOCK)
    ]
    code, lengths, group, boost = (np.concatenate(column) for column in zip(*pieces, strict=True))
    codes, item = np.unique(code, return_inverse=True)
    sizes = [len(words) for words in vocabulary]
    offsets = np.cumsum([0, *sizes])
    kinds = np.searchsorted(offsets, codes // 2, side="right") - 1
    ranks = codes // 2 - offsets[kinds]
    items = tuple(
        Item(kind, vocabulary[kind][rank], title=bool(code % 2))
        for kind, rank, code in zip(kinds.tolist(), ranks.tolist(), codes.tolist(), strict=True)
    )
    starts = np.concatenate(([0], np.cumsum(lengths)))
    return Workload(items, starts, item, group, boost, 1 / (ranks + 60.0))


_BLOCK = 10_000  # queries drawn with one seed, so that a longer list begins like a shorter one
_Drawn = tuple[Ints, Ints, Ints, Ints]


def _draw(vocabulary: Sequence[Sequence[str]], count: int, keywords: tuple[int, int], seed: int) -> _Drawn:
    """Draw queries: the codes of their items, the number of items of each query, the groups and the boosts."""
    rng = np.random.default_rng(seed)
    count, wanted = _BLOCK, count
    positive = rng.integers(keywords[0], keywords[1] + 1, count)
    negative = np.where(rng.random(count) < 0.25, rng.integers(1, 3, count), 0)
    groups = np.minimum(rng.choice(3, count, p=_GROUPS) + 1, positive)
    lengths = positive + negative
    query = np.repeat(np.arange(count), lengths)
    place = np.arange(len(query)) - np.repeat(np.cumsum(lengths) - lengths, lengths) - negative[query]
    # The first keywords each open a group; the others join a random group.
    of_query = groups[query]
    group = np.where(place < of_query, place, (rng.random(len(query)) * of_query).astype(np.int64))
    group = np.where(place < 0, -1, group)
    kind = rng.choice(len(_MIX), len(query), p=_MIX)
    code = np.zeros(len(query), np.int64)
    offset = 0
    for number, words in enumerate(vocabulary):
        heights = np.cumsum(1 / (np.arange(len(words)) + 60.0))
        here = kind == number
        code[here] = offset + np.searchsorted(heights, rng.random(int(here.sum())) * heights[-1])
        offset += len(words)
    code = code * 2 + (rng.random(len(query)) < 0.15)
    boost = rng.integers(1, 6, len(query))
    kept = slice(0, int(lengths[:wanted].sum()))
    return code[kept], lengths[:wanted], group[kept], boost[kept]
