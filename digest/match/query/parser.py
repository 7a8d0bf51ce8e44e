"""The parser of the query language, which `docs/query.md` describes by examples.

A text becomes tokens (`lexer`: items, parentheses of groups, operators), and tokens become a tree (`ast`: And,
Or, Not and Atom). A mistake raises QueryError with its place and the right form.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from digest.match.query.ast import (
    DEFAULT_SCOPE,
    FIELDS,
    SCOPES,
    STEMMED,
    And,
    Atom,
    Node,
    Not,
    Or,
    Query,
    positive_atoms,
)
from digest.match.query.lexer import MAX_LENGTH, MAX_NEAR_WORDS, MAX_TOKENS, Lexer, Token, fail

__all__ = [
    "DEFAULT_SCOPE",
    "FIELDS",
    "MAX_DEPTH",
    "MAX_LENGTH",
    "MAX_NEAR_WORDS",
    "MAX_TOKENS",
    "STEMMED",
    "And",
    "Atom",
    "Node",
    "Not",
    "Or",
    "Query",
    "check_exclude",
    "check_keyword",
    "parse",
    "parse_exclude",
    "positive_atoms",
    "query_of",
]

MAX_DEPTH = 200
_BOOST_RANGE = (1e-60, 1e60)  # so that no sum of scores can become infinite


@lru_cache(maxsize=8192)
def parse(text: str) -> Node:
    """Return the tree of one keyword, the same for the check of a subscription and for its run. Raises QueryError."""
    return _tree(text, Lexer(text).tokens())


def parse_exclude(text: str) -> Node:
    """Return the tree of one text of `exclude`, where NOT and boosts are errors. Raises QueryError."""
    tokens = Lexer(text).tokens()
    for token in tokens:
        if token.negative or token.kind == "not":
            fail(
                text,
                "NOT is not allowed in exclude",
                token.position,
                "remove it, as exclude already means NOT",
            )
        if token.boosted is not None:
            fail(
                text,
                "a boost is not allowed in exclude",
                token.boosted,
                "remove it, as excluded papers have no score",
            )
    return _tree(text, tokens)


# Most queries match one of these expressions, and every text that does is valid: items of ASCII letters and digits,
# of which every branch begins with a positive one. Recognising that takes a tenth of the time of parsing.
_PLAIN_LENGTH = 2_000
_ITEM = rf"""(?: (?: {"|".join(SCOPES)} ) : )?+ (?! (?: AND|OR|NOT ) (?! [a-z0-9] ) )
    (?: "[A-Za-z0-9][A-Za-z0-9,.'/\ -]*+" | [A-Za-z]{{2,}}+\* | [A-Za-z0-9]++ (?: -[A-Za-z0-9]++ )*+ )
    (?= \ | \Z )"""
_PLAIN_KEYWORD = re.compile(
    rf"{_ITEM} (?: \ ++ (?: OR\ ++ | (?: AND\ ++ )?+ (?: NOT\ ++ | - )?+ ) {_ITEM} )*+", re.VERBOSE
)
_PLAIN_EXCLUDE = re.compile(rf"{_ITEM} (?: \ ++ (?: OR\ ++ | AND\ ++ )?+ {_ITEM} )*+", re.VERBOSE)


def check_keyword(text: str) -> None:
    """Raise QueryError if a keyword is not valid, as `parse` does."""
    if len(text) > _PLAIN_LENGTH or not _PLAIN_KEYWORD.fullmatch(text):
        parse(text)


def check_exclude(text: str) -> None:
    """Raise QueryError if a text of `exclude` is not valid, as `parse_exclude` does."""
    if len(text) > _PLAIN_LENGTH or not _PLAIN_EXCLUDE.fullmatch(text):
        parse_exclude(text)


def query_of(keywords: Iterable[str], exclude: Iterable[str] = ()) -> Query:
    """Return the query that accepts a paper if any keyword does and no text of `exclude` does.

    Raises QueryError.
    """
    return Query(tuple(map(parse, keywords)), tuple(map(parse_exclude, exclude)))


@dataclass(slots=True)
class _Group:
    """A group whose items are being read: the branches of an OR, each a list of the nodes of an AND."""

    position: int
    scope: tuple[str, ...]
    boost: float = 1.0
    negative: bool = False
    begins: int = 0  # position of the group or of the NOT before it
    branches: list[list[tuple[Node, int]]] = field(default_factory=lambda: [[]])  # nodes and their positions
    operator: Token | None = None  # the last token, if it is an operator that still needs an item


def _tree(text: str, tokens: list[Token]) -> Node:
    """Build the tree with a stack of groups, as recursion over nested groups could overflow Python's own."""
    boosts = _group_boosts(text, tokens)
    stack = [_Group(0, DEFAULT_SCOPE)]
    for token in tokens:
        group = stack[-1]
        if token.kind == "close":
            node = _finish(text, group, token.position)
            stack.pop()
            _add(stack[-1], node, group.begins, negative=group.negative)
        elif token.kind == "open":
            negative, begins = _negative(text, group, token)
            if len(stack) > MAX_DEPTH:
                fail(
                    text, f"groups are nested more than {MAX_DEPTH} deep", token.position, "use fewer groups"
                )
            boost = _product(text, group.boost, *boosts[token.position])
            stack.append(_Group(token.position, token.scope or group.scope, boost, negative, begins))
        elif token.atom is not None:
            negative, begins = _negative(text, group, token)
            boost = _product(text, group.boost, token.boost, token.boosted)
            atom = _placed(token.atom, token.scope or group.scope, boost)
            _add(group, atom, begins, negative=negative)
        else:
            _operator(text, group, token)
    return _finish(text, stack[0], len(text))


def _placed(atom: Atom, fields: tuple[str, ...], boost: float) -> Atom:
    if atom.fields == fields and atom.boost == boost:
        return atom
    return Atom(atom.term, atom.words, fields, atom.prefix, atom.exact, atom.near, boost)


def _group_boosts(text: str, tokens: list[Token]) -> dict[int, tuple[float, int | None]]:
    """Return, by the position of the opening parenthesis, the boost after the closing one and its position."""
    found: dict[int, tuple[float, int | None]] = {}
    opened: list[Token] = []
    for token in tokens:
        if token.kind == "open":
            opened.append(token)
        elif token.kind == "close":
            if not opened:
                fail(text, "this parenthesis closes no group", token.position, "remove it")
            found[opened.pop().position] = (token.boost, token.boosted)
    if opened:
        fail(text, "this parenthesis is not closed", _paren(text, opened[-1]), "close it: (one OR another)")
    return found


def _paren(text: str, token: Token) -> int:
    return text.index("(", token.position)


def _product(text: str, outer: float, own: float, position: int | None) -> float:
    boost = outer * own
    if position is not None and not _BOOST_RANGE[0] <= boost <= _BOOST_RANGE[1]:
        fail(text, "the product of the boosts is out of range", position, "use moderate boosts, as in word^2")
    return boost


def _negative(text: str, group: _Group, token: Token) -> tuple[bool, int]:
    """Return whether an item or group is negated, by its sign or by a NOT, and the position of that."""
    if group.operator is None or group.operator.kind != "not":
        return token.negative, token.position
    if token.signed:
        fail(text, "NOT and a sign cannot be combined", token.position, "write NOT word or -word")
    return True, group.operator.position


def _add(group: _Group, node: Node, position: int, *, negative: bool) -> None:
    group.branches[-1].append((Not(node) if negative else node, position))
    group.operator = None


def _operator(text: str, group: _Group, token: Token) -> None:
    """Apply an operator to the group. Raises QueryError if it has no item before it."""
    name = token.kind.upper()
    if token.kind == "not":
        if group.operator is not None and group.operator.kind == "not":
            fail(text, "NOT cannot follow NOT", token.position, "write NOT word")
    elif group.operator is not None or not group.branches[-1]:
        fail(text, f"{name} needs an item before it", token.position, f"write one {name} other")
    elif token.kind == "or":
        group.branches.append([])
    group.operator = token


def _finish(text: str, group: _Group, end: int) -> Node:
    """Return the node of a group whose items are all read."""
    if group.operator is not None:
        name = group.operator.kind.upper()
        remedy = "write NOT word" if name == "NOT" else f"write one {name} other"
        fail(text, f"{name} needs an item after it", group.operator.position, remedy)
    if not group.branches[-1]:
        message = "the group is empty" if end < len(text) else "the query is empty"
        fail(text, message, group.position, "write at least one word")
    branches = [_branch(text, branch) for branch in group.branches]
    return branches[0] if len(branches) == 1 else Or(tuple(branches))


def _branch(text: str, branch: list[tuple[Node, int]]) -> Node:
    if all(isinstance(node, Not) for node, _ in branch):
        fail(
            text,
            "there is nothing to search for, only exclusions",
            branch[0][1],
            "add what to search for, as in (a OR b) -c",
        )
    nodes = tuple(node for node, _ in branch)
    return nodes[0] if len(nodes) == 1 else And(nodes)
