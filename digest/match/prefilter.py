"""One query over many papers, one after the other: a look at the letters skips most papers.

Finding the words of a paper takes far longer than seeing that it cannot contain a word of the query. The
reference matcher judges all papers that are not skipped, so the matches are the same.
"""

from collections.abc import Callable, Sequence

from digest.match.query.parser import And, Atom, Node, Not, Query
from digest.match.reference import analyse, is_prefix, is_stemmed, match, units
from digest.model import Match, Paper
from digest.text.formulas import is_marked
from digest.text.words import Word, pieces

_JOINING = dict.fromkeys(map(ord, "\u2010\u2019\u2018\u2032"))
_PREFILTERED = frozenset(("title", "abstract"))  # long texts; the other fields are short


def scanner(query: Query) -> Callable[[Paper], Match | None]:
    """Return a function that matches one paper after the other, with the results of `reference.match`."""
    may_match = possible(query)

    def find(paper: Paper) -> Match | None:
        return match(query, analyse(paper)) if may_match(paper) else None

    return find


def possible(query: Query) -> Callable[[Paper], bool]:
    """Return a function that tells whether a keyword of the query may match a paper; False is certain."""

    def may_match(paper: Paper) -> bool:
        letters = f"{_letters(paper.title)} {_letters(paper.abstract)}"
        return any(_may_hold(node, letters) for node in query.keywords)

    return may_match


def _letters(text: str) -> str:
    """Return a text folded and without what joins words, so that it contains each of its words and joined words."""
    letters = text.lower() if text.isascii() and not is_marked(text) else " ".join(pieces(text))
    for joining in "-'`_$":
        letters = letters.replace(joining, "")
    return letters if letters.isascii() else letters.translate(_JOINING)


def _may_hold(node: Node, letters: str) -> bool:
    """Return whether a node may match a text with these letters; False is certain."""
    if isinstance(node, Atom):
        return not _PREFILTERED.issuperset(node.fields) or all(
            _may_occur(node, unit, letters) for unit in units(node.words)
        )
    if isinstance(node, Not):
        return True
    return (all if isinstance(node, And) else any)(_may_hold(child, letters) for child in node.children)


def _may_occur(atom: Atom, unit: Sequence[Word], letters: str) -> bool:
    """Return whether a word of the atom, or a hyphenated pair in two words or as one, may occur in the letters."""
    parts = [word for word in unit if word.after - word.at == 1]
    joined = [word for word in unit if word.after - word.at > 1]
    return all(_beginning(atom, word) in letters for word in parts) or any(
        _beginning(atom, word) in letters for word in joined
    )


def _beginning(atom: Atom, word: Word) -> str:
    """Return the letters with which every word begins that matches this word of the atom."""
    if is_prefix(atom, word) or not is_stemmed(atom, "title"):
        return word.bare
    # A stem is not the beginning of its words only if "y" became "i" or "ie" ("dying") or an "e" was added or cut.
    return word.bare_stem.rstrip("eiy")
