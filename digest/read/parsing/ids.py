"""arXiv ids and DOIs as files write them, for readers; `digest.identity.ids` knows their spellings."""

import re
from urllib.parse import unquote

from digest import identity
from digest.identity import doi

__all__ = ["arxiv_id", "doi", "doi_in"]

_DOI_IN_TEXT = re.compile(r"\b10\.\d{4,9}/[^\s\"<>]+")
_LONGEST = 300


def arxiv_id(text: str | None) -> tuple[str | None, int | None]:
    """Return the arXiv id that a text is or an address leads to, and its version; (None, None) if it is none."""
    return identity.arxiv_id((text or "")[:_LONGEST]) or (None, None)


def doi_in(text: str | None) -> str | None:
    """Return the first DOI that stands in an address or a text, None if there is none."""
    match = _DOI_IN_TEXT.search(unquote((text or "")[:2000]))
    return doi(re.split(r"[?#&]", match[0], maxsplit=1)[0]) if match else None
