"""Near misses: what papers matched and what they lacked where a query accepted none. Pure.

A paper is a near miss of a keyword if it has all but one of the parts that the keyword requires: the sides of
an AND, or the words of a phrase. A paper that only an `exclude` rejected is a near miss, too.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import and_, or_

from digest.i18n.language import ENGLISH, Language
from digest.match.query.parser import DEFAULT_SCOPE, And, Atom, Node, Not, Or, Query
from digest.match.reference import AnalysedPaper, occurrences, units
from digest.text.clean import shown_term
from digest.text.formulas import closed
from digest.text.words import Word

NEWEST = 500  # papers of an interval that are examined
LOOKUPS = 20_000  # of one item in one paper, per run: about half a second
# In at least this many papers a near miss of more than half of them says little: “model” is everywhere.
_MANY = 8
_MAX_PARTS = 12  # a keyword with more required parts does not fit into one line


@dataclass(frozen=True, slots=True)
class NearMiss:
    """Papers that matched all of `met` but nothing of `lacked`, or that `excluded` rejected.

    `papers` are library numbers. If `lacked` and `excluded` are empty, the papers have all words of the phrase
    in `met`, but not together. Terms are as typed.
    """

    papers: tuple[int, ...]
    met: tuple[str, ...]
    lacked: tuple[str, ...] = ()
    excluded: str | None = None

    def __str__(self) -> str:
        return self.sentence()

    def sentence(self, who: str | None = None, lang: Language = ENGLISH) -> str:
        """Return the near miss as a sentence about `who`, such as "it"; by default about the number of papers."""
        number = len(self.papers)
        who = who or lang.ngettext("%(number)s paper", "%(number)s papers", number)
        met = _joined(self.met, lang)
        if self.excluded is not None:
            excluded = quoted(self.excluded, lang)
            return lang.plural(
                "%(who)s matched %(met)s but was excluded by %(excluded)s",
                "%(who)s matched %(met)s but were excluded by %(excluded)s",
                number,
            ) % {"who": who, "met": met, "excluded": excluded}
        if not self.lacked:
            return lang.gettext("%(who)s had the words of %(met)s but not together", who=who, met=met)
        lacked = _joined(self.lacked, lang)
        return lang.gettext("%(who)s matched %(met)s but not %(lacked)s", who=who, met=met, lacked=lacked)


def _joined(terms: Sequence[str], lang: Language) -> str:
    link = lang.gettext("and")
    return f" {link} ".join(quoted(term, lang) for term in terms)


def quoted(term: str, lang: Language = ENGLISH) -> str:
    """Return a term in quotation marks of the language, without the quotes that it has as typed."""
    return lang.gettext("“%(term)s”", term=shown_term(term))


class NearMissFinder:
    """Finds near misses among the papers of an interval; each item is looked up once for all queries.

    Once `lookups` are used up, further queries get no near misses: explanations must not slow down a run.
    """

    def __init__(self, papers: Sequence[AnalysedPaper], lookups: int = LOOKUPS) -> None:
        self.lookups_left = lookups
        self._papers = papers[-NEWEST:]
        self._all = (1 << len(self._papers)) - 1
        self._found: dict[tuple[object, ...], int] = {}

    def misses(self, query: Query, most: int = 3) -> tuple[NearMiss, ...]:
        """Return at most `most` near misses of a query: the nearest first, then those with most papers.

        Near misses of more than half of the papers are returned only without others.
        """
        atoms = [atom for node in (*query.keywords, *query.exclude) for atom in _atoms(node)]
        fresh = {atom.key for atom in atoms} - self._found.keys()
        if len(fresh) * len(self._papers) > self.lookups_left:
            return ()
        self.lookups_left -= len(fresh) * len(self._papers)
        found = [*self._excluded(query)]
        for keyword in _alternatives(query.keywords):
            found += self._one_short(keyword)
        distinct = {str(replace(miss, papers=())): miss for miss in found}
        unusual = [miss for miss in distinct.values() if not self._is_usual(miss)]
        return tuple(sorted(unusual or distinct.values(), key=_nearest_first)[:most])

    def _is_usual(self, miss: NearMiss) -> bool:
        """Return whether more than half of the papers are such near misses."""
        return (
            miss.excluded is None and len(self._papers) >= _MANY and 2 * len(miss.papers) > len(self._papers)
        )

    def _excluded(self, query: Query) -> Iterator[NearMiss]:
        """Yield the papers that a keyword accepts and an `exclude` rejects."""
        for keyword in _alternatives(query.keywords):
            accepted = self._bits(keyword)
            for exclude in query.exclude:
                if rejected := accepted & self._bits(exclude):
                    yield NearMiss(self._numbers(rejected), (shown(keyword),), excluded=shown(exclude))

    def _one_short(self, keyword: Node) -> Iterator[NearMiss]:
        """Yield the papers that lack exactly one part of a keyword, by that part."""
        parts = _parts(keyword)
        if not 2 <= len(parts) <= _MAX_PARTS:
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
        """Return the papers that a node accepts, as a bitmap."""
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


def _nearest_first(miss: NearMiss) -> tuple[int, int, int]:
    return len(miss.lacked), -len(miss.met), -len(miss.papers)


def _occurs(atom: Atom, analysed: AnalysedPaper) -> bool:
    return any(occurrences(atom, part) for part in analysed.parts if part.field in atom.fields)


def _alternatives(nodes: Sequence[Node]) -> Iterator[Node]:
    """Yield the keywords, with each side of an OR as a separate keyword."""
    for node in nodes:
        if isinstance(node, Or):
            yield from _alternatives(node.children)
        else:
            yield node


def _parts(node: Node) -> tuple[Node, ...]:
    """Return the parts that a keyword requires together."""
    return _words(node) if isinstance(node, Atom) else _parts_of_and(node)


def _parts_of_and(node: Node) -> tuple[Node, ...]:
    if isinstance(node, And):
        return tuple(part for child in node.children for part in _parts_of_and(child))
    return (node,)


def _words(atom: Atom) -> tuple[Atom, ...]:
    """Return the words of a phrase as separate items; a hyphenated pair stays together."""
    graphs = units(atom.words)
    if len(graphs) < 2:
        return (atom,)
    return tuple(
        replace(
            atom,
            term=_typed(atom, graph) + "*" * last,
            words=tuple(graph),
            near=None,
            prefix=last,
        )
        for graph in graphs
        for last in [atom.prefix and graph is graphs[-1]]
    )


def _typed(atom: Atom, graph: Sequence[Word]) -> str:
    """Return one word of a phrase, or a hyphenated pair, as a text of the query language."""
    parts = [word.text for word in graph if word.after - word.at == 1]
    body = re.sub('^=?["“”„‟]?', "", atom.item)
    start, end = graph[0].start, graph[-1].end
    if len(parts) < 2 or "\\" in body or "-" in body[start:end]:
        return "-".join(parts)
    return body[start : closed(body, start, end)]  # such as `O'Brien` and `CO$_2$`


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
    """Return a node as text of the query language."""
    if isinstance(node, Atom):
        scoped = node.fields != DEFAULT_SCOPE and len(node.fields) == 1
        return f"{node.fields[0]}:{node.item}" if scoped else node.item
    if isinstance(node, Not):
        return f"-{shown(node.child)}"
    joined = (" AND " if isinstance(node, And) else " OR ").join(map(shown, node.children))
    return f"({joined})"
