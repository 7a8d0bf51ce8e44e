"""Papers and very many invented queries, the same for every engine.

Keywords are words (50 %), phrases of two (32 %) and three (6 %) words and prefixes of 5 to 7 letters (12 %) of
real papers: no words of more than 5 % of the papers, no phrase that begins or ends with a stop word. Frequent ones are asked for more
often (chance 1/(rank + 60)); 15 % in the title only; boosts 1 to 5. A query has 3 to 8 of them in one
(35 %), two (45 %) or three (20 %) AND-ed groups of OR; a quarter exclude one or two more.
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
_VOCABULARY = 500  # papers that the keywords are taken from

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Text:
    """A paper as it is written. `plain` is what the engines get: they all see the same words."""

    title: str
    abstract: str

    def plain(self) -> "Text":
        return Text(_plain(self.title), _plain(self.abstract))


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z]{2,}", text.lower()))


# --- papers --------------------------------------------------------------------------------------


def real_papers(folders: Sequence[Path]) -> list[Text]:
    """Return the papers of saved pages (.txt) and of answers of the Daily Papers API (.json), each title once."""
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


def _of_answer(answer: str) -> Iterator[Text]:
    try:
        rows = json.loads(answer)
    except ValueError:
        return
    for row in rows if isinstance(rows, list) else ():
        paper = row.get("paper", {}) if isinstance(row, dict) else {}
        if paper.get("title") and paper.get("summary"):
            yield Text(paper["title"], paper["summary"])


_READERS: dict[str, Callable[[str], Iterator[Text]]] = {".txt": _of_page, ".json": _of_answer}


def at_least(papers: Sequence[Text], count: int) -> list[Text]:
    """Return so many papers; those beyond the real ones are made of their sentences, shuffled."""
    chance = random.Random(1)
    sentences = [part for paper in papers for part in re.split(r"(?<=[.!?])\s+", paper.abstract)]
    made = list(papers[:count])
    while len(made) < count:
        title = f"{chance.choice(papers).title}: {chance.choice(papers).title}"
        made.append(Text(title, " ".join(chance.choices(sentences, k=8))))
    return made


# --- keywords ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Item:
    """A keyword: its kind, its words with a blank between them, whether in the title only."""

    kind: int
    words: str
    title: bool = False


def _vocabulary(papers: Sequence[Text]) -> list[list[str]]:
    """Return the keywords of each kind, the most frequent first."""
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
    """Queries as arrays. A slot is one keyword of a query: those of query n are `starts[n]` to `starts[n + 1]`.

    `group` counts a query's groups from 0; in slots that exclude it is -1 (and they come first).
    """

    items: tuple[Item, ...]
    starts: Ints
    item: Ints
    group: Ints
    boost: Ints
    chance: npt.NDArray[np.float64]  # of each item to be asked for

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
        """The items that these queries ask for."""
        return np.unique(self.item)

    def texts(self, language: "Language") -> Iterator[str]:
        """Yield the queries in a language."""
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
    """How a query is written: its items, and what stands between them."""

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
# What other readers of Lucene's syntax know, too.
LUCENE = Language(OURS_STEMMED.item, " AND ", " OR ", " AND NOT ", "^{}")


def workload(papers: Sequence[Text], count: int, keywords: tuple[int, int] = (3, 8)) -> Workload:
    """Invent queries from the words of plain papers; the first ones are the same for every count above them."""
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


_BLOCK = 10_000  # queries drawn with one seed, so that a longer list begins as a shorter one
_Drawn = tuple[Ints, Ints, Ints, Ints]


def _draw(vocabulary: Sequence[Sequence[str]], count: int, keywords: tuple[int, int], seed: int) -> _Drawn:
    """Return for some queries the codes of their items, how many each has, and groups and boosts."""
    chance = np.random.default_rng(seed)
    count, wanted = _BLOCK, count
    positive = chance.integers(keywords[0], keywords[1] + 1, count)
    negative = np.where(chance.random(count) < 0.25, chance.integers(1, 3, count), 0)
    groups = np.minimum(chance.choice(3, count, p=_GROUPS) + 1, positive)
    lengths = positive + negative
    query = np.repeat(np.arange(count), lengths)
    place = np.arange(len(query)) - np.repeat(np.cumsum(lengths) - lengths, lengths) - negative[query]
    # The first keywords open the groups; the others join one by chance.
    of_query = groups[query]
    group = np.where(place < of_query, place, (chance.random(len(query)) * of_query).astype(np.int64))
    group = np.where(place < 0, -1, group)
    kind = chance.choice(len(_MIX), len(query), p=_MIX)
    code = np.zeros(len(query), np.int64)
    offset = 0
    for number, words in enumerate(vocabulary):
        heights = np.cumsum(1 / (np.arange(len(words)) + 60.0))
        here = kind == number
        code[here] = offset + np.searchsorted(heights, chance.random(int(here.sum())) * heights[-1])
        offset += len(words)
    code = code * 2 + (chance.random(len(query)) < 0.15)
    boost = chance.integers(1, 6, len(query))
    kept = slice(0, int(lengths[:wanted].sum()))
    return code[kept], lengths[:wanted], group[kept], boost[kept]
