"""The older papers of the feed `all`, in pages that hardly ever change (RFC 5005, section 4: archived feeds).

Page N holds the papers with the library numbers (N - 1) * 500 + 1 to N * 500, and is written once all of these are
given. The feed itself holds the newest papers, and links to the page with the newest of the others.
"""

from collections.abc import Iterable

PAGE = 500  # papers


def page_of(number: int) -> int:
    """Return the page that a paper is on."""
    return (number - 1) // PAGE + 1


def numbers_of(page: int) -> range:
    """Return the numbers of the papers on a page."""
    return range((page - 1) * PAGE + 1, page * PAGE + 1)


def pages_with(numbers: Iterable[int], last: int) -> list[int]:
    """Return the pages that change with these papers, if the library's last number is `last`.

    A page that is written for the first time changes the link of the page before it.
    """
    found = {page_of(number) for number in numbers}
    found |= {page - 1 for page in found}
    return sorted(page for page in found if 0 < page <= last // PAGE)


def page_before(number: int, last: int) -> int:
    """Return the newest page of a paper and those before it; 0 if none is written."""
    return min(page_of(number), last // PAGE)


def page_name(page: int) -> str:
    """Return the stem of the files of a page; "" for 0."""
    return f"all/{page}" if page else ""
