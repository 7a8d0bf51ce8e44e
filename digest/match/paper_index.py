"""Any query over the same papers, again and again: their words are looked up once, then kept.

An index of single words answers most items exactly. What it cannot decide (phrases, words near each other) it narrows
down to the papers that contain all the words, and the reference matcher decides.
"""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from string import ascii_lowercase

from digest.match.query.parser import And, Atom, Node, Not, Query
from digest.match.reference import (
    FieldText,
    is_prefix,
    is_stemmed,
    occurrences,
    texts_of,
    units,
)
from digest.model import Paper
from digest.text.words import Word, words

FieldWords = list[tuple[str, tuple[Word, ...]]]  # each searchable text: its field and its words

_KEPT = 2_000  # items whose papers are remembered
_SHORTEST_MISSPELT = 4  # letters; shorter words are near too many others


class PaperIndex:
    """The words of papers. A set of papers is an int whose bit `n` is set for `papers[n]`."""

    def __init__(self) -> None:
        self.papers: list[Paper] = []
        self._spellings: dict[str, set[str]] = defaultdict(set)  # a text, also without its sign: the texts
        self._stems: dict[str, set[str]] = defaultdict(set)  # a stem, also without its sign: the texts
        self._places: dict[str, dict[str, array[int]]] = defaultdict(dict)  # field, text: places of papers
        self._found: dict[tuple[object, ...], int] = {}

    def add(self, paper: Paper, texts: FieldWords) -> None:
        """Add a paper with its words, which `field_words` finds."""
        place = len(self.papers)
        for field, found in texts:
            places = self._places[field]
            for word in found:
                known = places.setdefault(word.text, array("L"))
                if not known or known[-1] != place:
                    known.append(place)
                self._spellings[word.text].add(word.text)
                self._spellings[word.bare].add(word.text)
                self._stems[word.stem].add(word.text)
                self._stems[word.bare_stem].add(word.text)
        self.papers.append(paper)
        self._found.clear()

    def accepted(self, query: Query) -> int:
        """Return the papers that a query accepts: those that the reference matcher accepts."""
        return self._any(query.keywords) & ~self._any(query.exclude)

    def holding(self, node: Node) -> int:
        """Return the papers for which a node of a query holds."""
        if isinstance(node, Atom):
            return self._atom(node)
        if isinstance(node, Not):
            return ((1 << len(self.papers)) - 1) & ~self.holding(node.child)
        if isinstance(node, And):
            found = (1 << len(self.papers)) - 1
            for child in node.children:
                found &= self.holding(child)
            return found
        return self._any(node.children)

    def nearest(self, word: str) -> str | None:
        """Return the word of the titles and abstracts, one letter away, that most papers contain; None without one.

        One letter is missing, too many or another, or two neighbours are swapped: `quantise` and `quantize`.
        """
        if len(word) < _SHORTEST_MISSPELT:
            return None
        known = {edit: self._count(edit) for edit in _one_letter_away(word) - {word}}
        best = max(sorted(known), key=lambda edit: known[edit], default="")
        return best if known.get(best) else None

    def _count(self, text: str) -> int:
        return sum(len(self._places[field].get(text, ())) for field in ("title", "abstract"))

    def _any(self, nodes: Sequence[Node]) -> int:
        found = 0
        for node in nodes:
            found |= self.holding(node)
        return found

    def _atom(self, atom: Atom) -> int:
        if (known := self._found.get(atom.key)) is not None:
            return known
        found = 0
        for field in atom.fields:
            found |= self._in_field(atom, field)
        if len(atom.words) > 1 or atom.near is not None:
            found = _bits(
                (place for place in places_of(found) if self._occurs(atom, place)), len(self.papers)
            )
        if len(self._found) >= _KEPT:
            self._found.clear()
        self._found[atom.key] = found
        return found

    def _occurs(self, atom: Atom, place: int) -> bool:
        return any(
            occurrences(atom, FieldText(field, text, item))
            for field, item, text in texts_of(self.papers[place])
            if field in atom.fields
        )

    def _in_field(self, atom: Atom, field: str) -> int:
        """Return the papers that contain all words of the atom in a field, a hyphenated pair also as one word."""
        found = -1
        for unit in units(atom.words):
            parts, joined = -1, 0
            for word in unit:
                if word.after - word.at == 1:
                    parts &= self._with_word(atom, word, field)
                else:
                    joined |= self._with_word(atom, word, field)
            found &= parts | joined
        return found

    def _with_word(self, atom: Atom, word: Word, field: str) -> int:
        places = self._places[field]
        texts: Iterable[str]
        if is_prefix(atom, word):
            texts = (text for text in places if text.startswith(word.text))
        elif is_stemmed(atom, field):
            texts = self._stems.get(word.stem, ())
        else:
            texts = self._spellings.get(word.text, ())
        return _bits((place for text in texts for place in places.get(text, ())), len(self.papers))


def field_words(paper: Paper) -> FieldWords:
    """Return the words of the searchable texts of a paper. This is the slow part of adding it."""
    return [(field, words(text)) for field, _, text in texts_of(paper)]


def places_of(papers: int) -> Iterator[int]:
    """Yield the places of the papers of a set, in ascending order."""
    for place, bit in enumerate(reversed(f"{papers:b}")):
        if bit == "1":
            yield place


def _bits(places: Iterable[int], size: int) -> int:
    held = bytearray((size + 7) // 8)
    for place in places:
        held[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(held, "little")


def _one_letter_away(word: str) -> set[str]:
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    swapped = {head + tail[1] + tail[0] + tail[2:] for head, tail in cuts if len(tail) > 1}
    shorter = {head + tail[1:] for head, tail in cuts if tail}
    longer = {head + letter + tail for head, tail in cuts for letter in ascii_lowercase}
    other = {head + letter + tail[1:] for head, tail in cuts if tail for letter in ascii_lowercase}
    return swapped | shorter | longer | other
