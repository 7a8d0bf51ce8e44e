"""What each kind of source is asked for: the first address, and the one after each answer. Pure.

An address is all that is needed to go on where a fetch was broken off: page, day and query are in it.
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
    """How a source with many documents is asked.

    `first(source, since, until)` is the first address for these days, `after(url, data, until)` the one
    after an answer, None behind the last.
    """

    first: Callable[[Source, date, date], str]
    after: Callable[[str, bytes, date], str | None]


def _arxiv_first(source: Source, since: date, until: date) -> str:
    """Ask for what was submitted on these days, oldest first: new papers do not shift the pages."""
    days = f"submittedDate:[{since:%Y%m%d}0000 TO {until:%Y%m%d}2359]"
    asked = {
        "search_query": f"({source.query}) AND {days}",
        "sortBy": "submittedDate",
        "sortOrder": "ascending",
        "start": 0,
        "max_results": _PER_PAGE,
    }
    return f"{source.url or _ARXIV}?{urlencode(asked)}"


def _arxiv_after(url: str, data: bytes, _until: date) -> str | None:
    start = _number(url, "start")
    total, entries = _TOTAL.search(data), len(_ENTRY.findall(data))
    if total is None or start + entries >= int(total[1]):
        return None
    if not entries:  # arXiv's API is known for such answers
        raise FetchError(f"an empty answer, though {int(total[1]) - start} papers are to come", passing=True)
    return _with(url, start=start + entries)


def _daily_first(source: Source, since: date, _until: date) -> str:
    return f"{source.url or _DAILY}?{urlencode({'date': since.isoformat(), 'limit': _PER_PAGE, 'p': 0})}"


def _daily_after(url: str, data: bytes, until: date) -> str | None:
    if _length(data) >= _PER_PAGE:
        return _with(url, p=_number(url, "p") + 1)
    day = date.fromisoformat(_parameters(url)["date"]) + timedelta(days=1)
    return _with(url, date=day.isoformat(), p=0) if day <= until else None


# The other kinds of source are one document, which is asked for again.
PAGED: Final[dict[str, Paging]] = {
    "arxiv": Paging(_arxiv_first, _arxiv_after),
    "daily-papers": Paging(_daily_first, _daily_after),
}
# Made for people, so that robots.txt is asked first.
SCRAPED: Final = frozenset({"page"})


def check(source: Source, data: bytes) -> None:
    """Raise FetchError if a web page came where an answer or a feed was asked for."""
    if source.kind not in SCRAPED and extension(data, "") == ".html":
        raise FetchError(f"a web page came, not what a source of kind {source.kind!r} is; check its url")


def is_empty(data: bytes) -> bool:
    """Say whether an answer lists nothing, so that there is no document to keep."""
    return data.strip() in {b"", b"[]"}


def extension(data: bytes, kind: str) -> str:
    """Return the ending of a file's name; for people only, as a digest file is known by its content."""
    head = data.lstrip()[:200].lower()
    if head[:1] in {b"{", b"["}:
        return ".json"
    if head.startswith((b"<!doctype html", b"<html")) or kind == "text/html":
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
