"""One query over many papers, one after the other: most are passed over at a glance at their letters.

To find the words of a paper takes far longer than to see that a word asked for cannot be among them. What
is not passed over is matched by `naive`, so the matches are the same.
"""

from collections.abc import Callable, Sequence

from digest.match.query.parser import And, Atom, Node, Not, Query
from digest.match.reference import analyse, is_prefix, is_stemmed, match, units
from digest.model import Match, Paper
from digest.text.words import Word, pieces

_GLANCED = frozenset(("title", "abstract"))  # fields of running text; the others are short


def scanner(query: Query) -> Callable[[Paper], Match | None]:
    """Return what finds the query's match in one paper after the other, as `naive.match` does."""

    def find(paper: Paper) -> Match | None:
        letters = f"{_letters(paper.title)} {_letters(paper.abstract)}"
        if not any(_may_hold(node, letters) for node in query.keywords):
            return None
        return match(query, analyse(paper))

    return find


def _letters(text: str) -> str:
    """Return a folded text without hyphens: each of its words, and each joined one, is a part of it."""
    plain = text.isascii() and "\\" not in text
    return (text.lower() if plain else " ".join(pieces(text))).replace("-", "")


def _may_hold(node: Node, letters: str) -> bool:
    """Tell whether a branch of a query may hold for a text of these letters; False is certain."""
    if isinstance(node, Atom):
        return not _GLANCED.issuperset(node.fields) or all(
            _may_stand(node, unit, letters) for unit in units(node.words)
        )
    if isinstance(node, Not):
        return True
    return (all if isinstance(node, And) else any)(_may_hold(child, letters) for child in node.children)


def _may_stand(atom: Atom, unit: Sequence[Word], letters: str) -> bool:
    """Tell whether a word of the atom, or both halves of a hyphenated pair or the two joined, may stand there."""
    parts = [word for word in unit if word.after - word.at == 1]
    joined = [word for word in unit if word.after - word.at > 1]
    return all(_beginning(atom, word) in letters for word in parts) or any(
        _beginning(atom, word) in letters for word in joined
    )


def _beginning(atom: Atom, word: Word) -> str:
    """Return with what each word begins that meets one of an atom."""
    if is_prefix(atom, word) or not is_stemmed(atom, "title"):
        return word.bare
    # Stems end otherwise than words only where "y" became "i" or "ie" ("dying"), or an "e" came or went.
    return word.bare_stem.rstrip("eiy")
