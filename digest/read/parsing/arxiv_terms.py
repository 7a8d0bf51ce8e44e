"""How arXiv words things, wherever it writes them. Pure."""

import re

_WITHDRAWN = re.compile(
    r"(?:\W*(?:this|the)\s+(?:current\s+)?(?:papers?|article|submission|manuscript|preprint|work)\s+"
    r"(?:has|have|is|was|had)\s+(?:now\s+)?(?:been\s+|being\s+)?(?:temporarily\s+)?)?withdrawn\b",
    re.IGNORECASE,
)
_TYPES = {"new": "new", "cross": "cross", "replace": "replace", "replace-cross": "replace-cross"}


def is_withdrawn(abstract: str, comment: str) -> bool:
    """Tell whether abstract or comment begin with the words that withdraw a paper."""
    return bool(_WITHDRAWN.match(abstract) or _WITHDRAWN.match(comment))


def announced(text: str) -> str | None:
    """Return the kind of announcement, None if it is none that is known."""
    return _TYPES.get(text.strip().lower())
