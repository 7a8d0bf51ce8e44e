"""Hints on queries that are valid but may not mean what was intended: a word looks like an operator. Pure."""

from itertools import pairwise

from digest.match.query.lexer import Lexer, Token

_OPERATORS = {"and": "AND", "or": "OR", "not": "NOT"}


def hints(text: str) -> tuple[str, ...]:
    """Return a hint for each `and`, `or` and `not` in lower case where an operator is possible.

    Raises QueryError for an invalid query.
    """
    tokens = Lexer(text).tokens()
    found: dict[str, None] = {}
    for before, token in pairwise([None, *tokens]):
        after = next((each for each in tokens if token and each.position > token.position), None)
        word = _word(token)
        if word in _OPERATORS and _begins(after) and (word == "not" or _ends(before)):
            found[word] = None
    return tuple(
        f"{word!r} in {text!r} is searched as a word; the operator is {_OPERATORS[word]}; to search for the "
        f'word, use quotes: "{word}"'
        for word in found
    )


def _word(token: Token | None) -> str:
    """Return the word of a token in lower case if it is a plain word, else ""."""
    if token is None or token.atom is None or token.signed or token.scope or token.boosted is not None:
        return ""
    term = token.atom.term
    return "" if token.atom.exact or token.atom.prefix or not term.isalpha() else term.lower()


def _begins(token: Token | None) -> bool:
    return token is not None and token.kind in ("item", "open", "not")


def _ends(token: Token | None) -> bool:
    return token is not None and token.kind in ("item", "close")
