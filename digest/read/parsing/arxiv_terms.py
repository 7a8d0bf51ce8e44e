"""Terms that all of arXiv's formats share: withdrawal and the kind of announcement. Pure."""

import re

_WITHDRAWN = re.compile(
    r"(?:\W*(?:this|the)\s+(?:current\s+)?(?:papers?|article|submission|manuscript|preprint|work)\s+"
    r"(?:has|have|is|was|had)\s+(?:now\s+)?(?:been\s+|being\s+)?(?:temporarily\s+)?)?withdrawn\b",
    re.IGNORECASE,
)
_ANNOUNCEMENTS = frozenset(("new", "cross", "replace", "replace-cross"))


def is_withdrawn(abstract: str, comment: str) -> bool:
    """Return whether the abstract or the comment begins by saying that the paper is withdrawn."""
    return bool(_WITHDRAWN.match(abstract) or _WITHDRAWN.match(comment))


def announced(text: str) -> str | None:
    """Return the kind of announcement, or None if it is unknown."""
    kind = text.strip().lower()
    return kind if kind in _ANNOUNCEMENTS else None
