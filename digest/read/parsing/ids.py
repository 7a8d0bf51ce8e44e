"""arXiv ids and DOIs in digest files, also behind wrapped addresses; `digest.identity` knows how they are spelled."""

from collections.abc import Iterable

from digest import identity
from digest.text.wrapped import unwrapped

_LONGEST = 300


def arxiv_id(text: str | None) -> tuple[str | None, int | None]:
    """Return the arXiv id and version in an id or an address, or (None, None)."""
    return identity.arxiv_id(unwrapped(text or "")[:_LONGEST]) or (None, None)


def doi(text: str | None) -> str | None:
    """Return the DOI that a text is, or that an address contains, or None."""
    return identity.doi(unwrapped(text or ""))


def doi_in(text: str | None) -> str | None:
    """Return the first DOI in an address or a running text, or None."""
    return identity.doi_in(unwrapped(text or ""))


def first_arxiv_id(texts: Iterable[str | None]) -> tuple[str | None, int | None]:
    """Return the arXiv id and version of the first text that has one, or (None, None)."""
    return next((found for text in texts if (found := arxiv_id(text))[0]), (None, None))


def first_doi(texts: Iterable[str | None]) -> str | None:
    """Return the first text that is a DOI, as a DOI, or None."""
    return next(filter(None, map(doi, texts)), None)
