"""Terms that arXiv's formats share: the kinds of announcement. Pure."""

_ANNOUNCEMENTS = frozenset(("new", "cross", "replace", "replace-cross"))


def announced(text: str) -> str | None:
    """Return the kind of announcement, or None if it is unknown."""
    kind = text.strip().lower()
    return kind if kind in _ANNOUNCEMENTS else None
