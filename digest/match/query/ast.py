"""The tree of a parsed query: And, Or, Not and Atom."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from digest.text.words import Word

FIELDS = ("title", "abstract", "author", "category", "organization", "source")
STEMMED = frozenset(("title", "abstract"))
DEFAULT_SCOPE = ("title", "abstract")
_ALIASES = {"ti": "title", "abs": "abstract", "au": "author", "cat": "category", "org": "organization"}
SCOPES: dict[str, tuple[str, ...]] = {name: (name,) for name in FIELDS}
SCOPES |= {alias: (name,) for alias, name in _ALIASES.items()} | {"all": DEFAULT_SCOPE}


@dataclass(frozen=True, slots=True)
class Atom:
    """An item: a word, a phrase (a graph of words), or words near each other.

    `term` is the item as typed, with its field and without its boost. With `prefix` the last word is the beginning of a
    word. `near` is the number of other words allowed in between. `boost` is the product of the item's own
    boost and those of its groups.
    """

    term: str
    words: tuple[Word, ...]
    fields: tuple[str, ...] = DEFAULT_SCOPE
    prefix: bool = False
    exact: bool = False
    near: int | None = None
    boost: float = 1.0

    @property
    def item(self) -> str:
        """The item as typed, without the field before it."""
        field, colon, item = self.term.partition(":")
        return item if colon and field.casefold() in SCOPES else self.term

    @property
    def key(self) -> tuple[object, ...]:
        """Return a key that is equal for two spellings of the same item in the same fields."""
        graph = tuple((word.text, word.at, word.after) for word in self.words)
        return graph, self.fields, self.prefix, self.exact, self.near


@dataclass(frozen=True, slots=True)
class Not:
    """Accepts what its child does not."""

    child: "Node"


@dataclass(frozen=True, slots=True)
class And:
    """Accepts what all children do."""

    children: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Accepts what any child does."""

    children: tuple["Node", ...]


Node = Atom | Not | And | Or


@dataclass(frozen=True, slots=True)
class Query:
    """A subscription's query: it accepts a paper if any keyword does and no exclude does."""

    keywords: tuple[Node, ...]
    exclude: tuple[Node, ...] = ()


def positive_atoms(query: Query) -> tuple[Atom, ...]:
    """Return the distinct atoms under no NOT, in the order of the query, each with its highest boost."""
    distinct: dict[tuple[object, ...], Atom] = {}
    for atom in _positive(query.keywords):
        known = distinct.setdefault(atom.key, atom)
        if atom.boost > known.boost:
            distinct[atom.key] = replace(known, boost=atom.boost)
    return tuple(distinct.values())


def _positive(nodes: Iterable[Node]) -> Iterator[Atom]:
    for node in nodes:
        if isinstance(node, Atom):
            yield node
        elif not isinstance(node, Not):
            yield from _positive(node.children)
