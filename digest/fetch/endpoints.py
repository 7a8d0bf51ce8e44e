"""The URLs of each kind of source: the first one, and the one after each document. Pure.

A URL contains page, day and query, so a fetch that was interrupted can continue from the URL alone.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

from digest.fetch.errors import FetchError
from digest.model import Source

_PER_PAGE: Final = 100
_ARXIV, _DAILY = "https://export.arxiv.org/api/query", "https://huggingface.co/api/daily_papers"
_TOTAL = re.compile(rb"<opensearch:totalResults[^>]*>\s*(\d{1,9})")
_ENTRY = re.compile(rb"<entry[\s>]")


@dataclass(frozen=True, slots=True)
class Paging:
    """The URLs of a source with many documents.

    `first_url(source, since, until)` is the first URL for these days, `next_url(url, data, until)` the one
    after the document `data` at `url`, None after the last.
    """

    first_url: Callable[[Source, date, date], str]
    next_url: Callable[[str, bytes, date], str | None]


def _arxiv_first_url(source: Source, since: date, until: date) -> str:
    """Return the URL for papers submitted on these days, oldest first: new papers do not shift the pages."""
    days = f"submittedDate:[{since:%Y%m%d}0000 TO {until:%Y%m%d}2359]"
    query = {
        "search_query": f"({source.query}) AND {days}",
        "sortBy": "submittedDate",
        "sortOrder": "ascending",
        "start": 0,
        "max_results": _PER_PAGE,
    }
    return f"{source.url or _ARXIV}?{urlencode(query)}"


def _arxiv_next_url(url: str, data: bytes, _until: date) -> str | None:
    start = _number(url, "start")
    total, entries = _TOTAL.search(data), len(_ENTRY.findall(data))
    if total is None or start + entries >= int(total[1]):
        return None
    if not entries:  # the API of arXiv is known for such responses
        raise FetchError(
            f"the response is empty, but {int(total[1]) - start} papers are missing", temporary=True
        )
    return _with(url, start=start + entries)


def _daily_first_url(source: Source, since: date, _until: date) -> str:
    return f"{source.url or _DAILY}?{urlencode({'date': since.isoformat(), 'limit': _PER_PAGE, 'p': 0})}"


def _daily_next_url(url: str, data: bytes, until: date) -> str | None:
    if _length(data) >= _PER_PAGE:
        return _with(url, p=_number(url, "p") + 1)
    day = date.fromisoformat(_parameters(url)["date"]) + timedelta(days=1)
    return _with(url, date=day.isoformat(), p=0) if day <= until else None


PAGED: Final[dict[str, Paging]] = {
    "arxiv": Paging(_arxiv_first_url, _arxiv_next_url),
    "daily-papers": Paging(_daily_first_url, _daily_next_url),
}
# One document, which is requested again each time.
DOCUMENTS: Final = frozenset({"feed", "page"})
# Pages for people: robots.txt is checked first.
SCRAPED: Final = frozenset({"page"})


def check_document(source: Source, data: bytes) -> None:
    """Raise FetchError if the document is a web page, but the kind of the source is not."""
    if source.kind not in SCRAPED and extension(data, "") == ".html":
        raise FetchError(
            f"the document is a web page, which a source of kind {source.kind!r} is not; check its url"
        )


def is_empty(data: bytes) -> bool:
    """Return whether a document lists nothing and is not worth keeping."""
    return data.strip() in {b"", b"[]"}


def extension(data: bytes, content_type: str) -> str:
    """Return the extension for a file name; it is for people only, the content decides on the format."""
    head = data.lstrip()[:200].lower()
    if head[:1] in {b"{", b"["}:
        return ".json"
    if head.startswith((b"<!doctype html", b"<html")) or content_type == "text/html":
        return ".html"
    return ".xml" if head.startswith(b"<") else ".txt"


def _parameters(url: str) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}


def _number(url: str, key: str) -> int:
    value = _parameters(url).get(key, "0")
    return int(value) if value.isdigit() else 0


def _with(url: str, **changed: object) -> str:
    parts = urlsplit(url)
    return parts._replace(query=urlencode({**_parameters(url), **changed})).geturl()


def _length(data: bytes) -> int:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return 0
    return len(value) if isinstance(value, list) else 0
