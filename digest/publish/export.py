"""Papers of the library as JSON Lines, BibTeX or CSV."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from digest.model import Paper, status_of
from digest.text.bibtex import bibtex_entry, citation_key
from digest.text.terminal import printable_json
from digest.urls import public_url


def export(papers: Iterable[Paper], form: str) -> Iterator[str]:
    """Write papers, in the order given, in one of EXPORTS.

    Yields pieces of text with their line ends, so that a library of any size fits into memory.
    """
    return EXPORTS[form](papers)


def paper_json(paper: Paper) -> dict[str, Any]:
    """Return a paper as one JSON object, with ids and title as the library knows them now."""
    return {
        "number": paper.number,
        "title": paper.title,
        "abstract": paper.abstract,
        "authors": list(paper.authors),
        "published": paper.published.isoformat() if paper.published else None,
        "published_text": paper.published_text,
        "first_seen": paper.first_seen.isoformat(),
        "organization": paper.organization,
        "venue": paper.venue,
        "categories": list(paper.categories),
        "ids": {"arxiv": paper.arxiv, "doi": paper.doi},
        "version": paper.version,
        "url": paper.url,
        "code_url": paper.code_url,
        "withdrawn": paper.withdrawn,
        "status": status_of(paper),
        "sources": list(paper.sources),
    }


def _json_lines(papers: Iterable[Paper]) -> Iterator[str]:
    for paper in papers:
        yield printable_json(json.dumps(paper_json(paper), ensure_ascii=False)) + "\n"


_COLUMNS = (
    *("number", "title", "authors", "published", "first_seen", "arxiv", "doi", "url", "categories"),
    *("organization", "venue", "sources", "abstract"),
)


def _csv(papers: Iterable[Paper]) -> Iterator[str]:
    yield _csv_line(_COLUMNS)
    for paper in papers:
        values = paper_json(paper) | {"arxiv": paper.arxiv, "doi": paper.doi}
        yield _csv_line(_cell(values[name]) for name in _COLUMNS)


def _csv_line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue()


def _cell(value: object) -> str:
    text = "; ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
    # Spreadsheets run text that begins with one of these as a formula.
    return f"'{text}" if text[:1] in set("=+-@\t\r") else text


def _bibtex(papers: Iterable[Paper]) -> Iterator[str]:
    used: set[str] = set()
    for paper in papers:
        key = citation_key(paper)
        if key in used:
            key = f"{key}-{paper.number}"
        used.add(key)
        yield bibtex_entry(paper, key=key, url=public_url(paper)) + "\n\n"


EXPORTS: dict[str, Callable[[Iterable[Paper]], Iterator[str]]] = {
    "jsonl": _json_lines,
    "bibtex": _bibtex,
    "csv": _csv,
}
