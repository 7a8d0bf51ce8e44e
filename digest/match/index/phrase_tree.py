"""The words and phrases of all queries as one tree, and where they occur in a batch of papers."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from digest.match.index.arrays import Numbers, Places, ranges
from digest.match.index.batch import Batch, Lexicon
from digest.match.index.compiler import STEMS, TEXTS, Program


class Tree:
    """The tree of a program, with its words numbered by a lexicon.

    * `roots[r][word]` is the node below root r, 0 for none.
    * The nodes below node n are the rows `edge_starts[n]` to `edge_starts[n + 1]` of `edges`, by word.
    * The units that a prefix after node n completes are the rows `star_starts[n]` to `star_starts[n + 1]` of
      `stars`, by the number of the prefix; those of prefix p at the root are `root_stars[p]` to
      `root_stars[p + 1]`.
    * Node n completes the units `end_unit[ends[n]:ends[n + 1]]`.
    """

    def __init__(self, program: Program, lexicon: Lexicon) -> None:
        words = np.fromiter(map(lexicon.number, program.words), np.int64, len(program.words))
        size = len(lexicon.words) + 1  # the last column is for words that are in no query
        self.roots = np.zeros((2, size), np.int32)
        at_root = program.edge_from <= TEXTS
        self.roots[program.edge_from[at_root], words[program.edge_word[at_root]]] = program.edge_to[at_root]
        inner = ~at_root
        self.edges = Table(
            _key(program.edge_from[inner], words[program.edge_word[inner]]), program.edge_to[inner]
        )
        self.stars = Table(_key(program.star_from, program.star_prefix), program.star_unit)
        nodes = np.arange(TEXTS + len(program.edge_to) + 3)
        self.ends = np.searchsorted(program.end_node, nodes)
        self.end_unit = program.end_unit
        self.edge_starts = np.searchsorted(self.edges.keys, nodes << 32)
        self.star_starts = np.searchsorted(self.stars.keys, nodes << 32)
        prefixes = np.arange(len(program.prefixes) + 1)
        self.root_stars = np.searchsorted(self.stars.keys, _key(np.full(len(prefixes), TEXTS), prefixes))
        self._prefixes = {prefix: number for number, prefix in enumerate(program.prefixes)}
        self._lengths = sorted(set(map(len, program.prefixes)))
        self._first, self._count = np.zeros(0, np.int64), np.zeros(0, np.int64)  # by the number of a word
        self._row: list[int] = []

    def prefixes(self, batch: Batch) -> tuple[Places, Places, Numbers]:
        """Return the prefixes with which the words of a batch begin: for each word where its prefixes begin
        in the third array, and how many it has; the third array holds their numbers.
        """
        more = len(batch.lexicon.words) - len(self._first)
        if more > 0:
            self._first = np.concatenate((self._first, np.zeros(more, np.int64)))
            self._count = np.concatenate((self._count, np.full(more, -1)))
        present = np.zeros(len(self._first), np.bool_)
        present[batch.tokens.text] = True
        for word in np.flatnonzero(present & (self._count < 0)).tolist():
            found = self._prefixes_of(batch.lexicon.words[word]) if self._prefixes else []
            self._first[word], self._count[word] = len(self._row), len(found)
            self._row += found
        return self._first, self._count, np.array(self._row, np.int32)

    def _prefixes_of(self, word: str) -> list[int]:
        starts = (self._prefixes.get(word[:length]) for length in self._lengths if length <= len(word))
        return [number for number in starts if number is not None]

    def occurrences(self, batch: Batch) -> Iterator[tuple[Numbers, Places]]:
        """Yield units and the tokens that complete them, following all paths of the tree step by step."""
        prefixes = self.prefixes(batch)
        token = np.arange(len(batch.stem))
        yield self._starred(batch, prefixes, np.full(len(token), TEXTS), token)
        for root, words in ((STEMS, batch.stem), (TEXTS, batch.tokens.text)):
            token = np.arange(len(words))
            node = self.roots[root][np.clip(words, -1, self.roots.shape[1] - 1)]
            while len(token):
                token, node = token[node > 0], node[node > 0]
                first = self.ends[node]
                counts = self.ends[node + 1] - first
                yield self.end_unit[ranges(first, counts)], np.repeat(token, counts)
                token, node = self._next(batch, token, node)
                starred = self.star_starts[node] < self.star_starts[node + 1]
                yield self._starred(batch, prefixes, node[starred], token[starred])
                node = self.edges.find(_key(node, words[token]))

    def _next(self, batch: Batch, token: Places, node: Numbers) -> tuple[Places, Numbers]:
        """Return the tokens that begin where these end, each with the node that its path has reached."""
        after = batch.tokens.after[token]
        first = batch.begins[after]
        counts = batch.begins[after + 1] - first
        return ranges(first, counts), np.repeat(node, counts)

    def _starred(
        self,
        batch: Batch,
        prefixes: tuple[Places, Places, Numbers],
        node: npt.NDArray[np.integer],
        token: Places,
    ) -> tuple[Numbers, Places]:
        """Return the units that tokens complete by a prefix at their node, with these tokens."""
        begins, count, row = prefixes
        word = batch.tokens.text[token]
        counts = count[word]
        first, last = self.stars.range(_key(np.repeat(node, counts), row[ranges(begins[word], counts)]))
        return self.stars.values[ranges(first, last - first)], np.repeat(
            np.repeat(token, counts), last - first
        )


class Table:
    """A sorted table from keys to numbers; a key may have several."""

    def __init__(self, keys: Places, values: Numbers) -> None:
        order = np.argsort(keys, kind="stable")
        self.keys = keys[order]
        self.values = values[order]

    def find(self, keys: Places) -> Numbers:
        """Return the number of each key, 0 for an unknown key. Each key must have one number, above 0."""
        if not len(self.keys):
            return np.zeros(len(keys), np.int32)
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[place] == keys, self.values[place], 0)

    def range(self, keys: Places) -> tuple[Places, Places]:
        """Return the places in `values` where the numbers of each key begin and end."""
        return np.searchsorted(self.keys, keys), np.searchsorted(self.keys, keys, side="right")


def _key(node: npt.NDArray[np.integer], what: npt.NDArray[np.integer]) -> Places:
    return node.astype(np.int64) << 32 | (what.astype(np.int64) & 0xFFFFFFFF)
