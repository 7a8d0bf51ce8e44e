"""Near misses: what papers had and what they lacked where a query accepted none. Pure.

A keyword comes near a paper if all but one of the things it asks for together are there: the sides of an
AND, or the words of a phrase. What an `exclude` took away is a near miss too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import and_, or_

from digest.i18n.language import ENGLISH, Language
from digest.match.query.parser import DEFAULT_SCOPE, And, Atom, Node, Not, Or, Query
from digest.match.reference import AnalysedPaper, occurrences, units
from digest.text.clean import shown_term

NEWEST = 500  # papers of an interval that are looked at
LOOKUPS = 20_000  # of an item in a paper, in a whole run: about half a second
_MANY = 8  # papers from which on it says little that more than half of them have a word
_MOST_PARTS = 12  # a keyword that asks for more at once is beyond saying in a line


@dataclass(frozen=True, slots=True)
class NearMiss:
    """Papers that came near: they met all of `met`, and none of `lacked`; or `excluded` took them away.

    `papers` are library numbers. With nothing lacked or excluded, the words of the phrase in `met` were
    all there, but not together. Terms are as typed.
    """

    papers: tuple[int, ...]
    met: tuple[str, ...]
    lacked: tuple[str, ...] = ()
    excluded: str | None = None

    def __str__(self) -> str:
        return self.said()

    def said(self, who: str | None = None, say: Language = ENGLISH) -> str:
        """Say it of `who`, such as "it"; else of as many papers as there are."""
        number = len(self.papers)
        who = who or say.ngettext("%(number)s paper", "%(number)s papers", number)
        met = _joined(self.met, say)
        if self.excluded is not None:
            excluded = quoted(self.excluded, say)
            return say.plural(
                "%(who)s matched %(met)s but was excluded by %(excluded)s",
                "%(who)s matched %(met)s but were excluded by %(excluded)s",
                number,
            ) % {"who": who, "met": met, "excluded": excluded}
        if not self.lacked:
            return say.gettext("%(who)s had the words of %(met)s but not together", who=who, met=met)
        lacked = _joined(self.lacked, say)
        return say.gettext("%(who)s matched %(met)s but not %(lacked)s", who=who, met=met, lacked=lacked)


def _joined(terms: Sequence[str], say: Language) -> str:
    link = say.gettext("and")
    return f" {link} ".join(quoted(term, say) for term in terms)


def quoted(term: str, say: Language = ENGLISH) -> str:
    """Return a term between quotation marks, those it may have itself left out."""
    return say.gettext("“%(term)s”", term=shown_term(term))


class NearMissFinder:
    """The papers of an interval; each item is looked up once in them, whichever queries ask for it.

    When `lookups` are used up, further queries have no near misses: a reason is never worth a slow run.
    """

    def __init__(self, papers: Sequence[AnalysedPaper], lookups: int = LOOKUPS) -> None:
        self.lookups_left = lookups
        self._papers = papers[-NEWEST:]
        self._all = (1 << len(self._papers)) - 1
        self._found: dict[tuple[object, ...], int] = {}

    def misses(self, query: Query, most: int = 3) -> tuple[NearMiss, ...]:
        """Return how papers came nearest to a query, the nearest and most frequent ways first.

        What most papers do anyway is told only if there is nothing else to tell.
        """
        atoms = [atom for node in (*query.keywords, *query.exclude) for atom in _atoms(node)]
        fresh = {atom.key for atom in atoms} - self._found.keys()
        if len(fresh) * len(self._papers) > self.lookups_left:
            return ()
        self.lookups_left -= len(fresh) * len(self._papers)
        ways = [*self._excluded(query)]
        for keyword in _alternatives(query.keywords):
            ways += self._one_short(keyword)
        merged = {str(replace(way, papers=())): way for way in ways}
        telling = [way for way in merged.values() if not self._usual(way)]
        return tuple(sorted(telling or merged.values(), key=_nearest_first)[:most])

    def _usual(self, way: NearMiss) -> bool:
        """Tell whether most papers are so, whatever is asked for: as “model” is in every second paper."""
        return way.excluded is None and len(self._papers) >= _MANY and 2 * len(way.papers) > len(self._papers)

    def _excluded(self, query: Query) -> Iterator[NearMiss]:
        for keyword in _alternatives(query.keywords):
            accepted = self._bits(keyword)
            for exclude in query.exclude:
                if taken := accepted & self._bits(exclude):
                    yield NearMiss(self._numbers(taken), (shown(keyword),), excluded=shown(exclude))

    def _one_short(self, keyword: Node) -> Iterator[NearMiss]:
        """Yield the ways to be one thing short of a keyword, by that thing."""
        parts = _parts(keyword)
        if not 2 <= len(parts) <= _MOST_PARTS:
            return
        bits = [self._bits(part) for part in parts]
        for place, part in enumerate(parts):
            others = [other for n, other in enumerate(parts) if n != place]
            met = tuple(shown(other) for other in others if not isinstance(other, Not))
            near = reduce(and_, (bits[n] for n in range(len(parts)) if n != place)) & ~bits[place]
            if near and met:
                if isinstance(part, Not):
                    yield NearMiss(self._numbers(near), met, excluded=shown(part.child))
                else:
                    yield NearMiss(self._numbers(near), met, (shown(part),))
        together = reduce(and_, bits)
        if isinstance(keyword, Atom) and (apart := together & ~self._bits(keyword)):
            yield NearMiss(self._numbers(apart), (shown(keyword),))

    def _bits(self, node: Node) -> int:
        """Return which papers a node accepts, as a bitmap."""
        if isinstance(node, Not):
            return self._all & ~self._bits(node.child)
        if isinstance(node, And):
            return reduce(and_, map(self._bits, node.children), self._all)
        if isinstance(node, Or):
            return reduce(or_, map(self._bits, node.children), 0)
        if node.key not in self._found:
            self._found[node.key] = sum(
                1 << number for number, paper in enumerate(self._papers) if _occurs(node, paper)
            )
        return self._found[node.key]

    def _numbers(self, bits: int) -> tuple[int, ...]:
        return tuple(each.paper.number for n, each in enumerate(self._papers) if bits >> n & 1)


def _nearest_first(way: NearMiss) -> tuple[int, int, int]:
    return len(way.lacked), -len(way.met), -len(way.papers)


def _occurs(atom: Atom, analysed: AnalysedPaper) -> bool:
    return any(occurrences(atom, part) for part in analysed.parts if part.field in atom.fields)


def _alternatives(nodes: Sequence[Node]) -> Iterator[Node]:
    """Yield the keywords, the sides of an OR as keywords of their own."""
    for node in nodes:
        if isinstance(node, Or):
            yield from _alternatives(node.children)
        else:
            yield node


def _parts(node: Node) -> tuple[Node, ...]:
    """Return what a keyword asks for together."""
    return _words(node) if isinstance(node, Atom) else _parts_of_and(node)


def _parts_of_and(node: Node) -> tuple[Node, ...]:
    if isinstance(node, And):
        return tuple(part for child in node.children for part in _parts_of_and(child))
    return (node,)


def _words(atom: Atom) -> tuple[Atom, ...]:
    """Return the words of a phrase as items of their own; a hyphenated pair stays together."""
    graphs = units(atom.words)
    if len(graphs) < 2:
        return (atom,)
    return tuple(
        replace(
            atom,
            term="-".join(word.text for word in graph if word.after - word.at == 1) + "*" * last,
            words=tuple(graph),
            near=None,
            prefix=last,
        )
        for graph in graphs
        for last in [atom.prefix and graph is graphs[-1]]
    )


def _atoms(node: Node) -> Iterator[Atom]:
    """Yield every item that `misses` looks up for a node."""
    if isinstance(node, Atom):
        yield node
        yield from _words(node)
    elif isinstance(node, Not):
        yield from _atoms(node.child)
    else:
        for child in node.children:
            yield from _atoms(child)


def shown(node: Node) -> str:
    """Return a node as a person would write it."""
    if isinstance(node, Atom):
        scoped = node.fields != DEFAULT_SCOPE and len(node.fields) == 1
        return f"{node.fields[0]}:{node.term}" if scoped else node.term
    if isinstance(node, Not):
        return f"-{shown(node.child)}"
    joined = (" AND " if isinstance(node, And) else " OR ").join(map(shown, node.children))
    return f"({joined})"
