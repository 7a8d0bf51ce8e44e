"""Papers of the library as JSON Lines, CSV or BibTeX."""

import csv
import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from digest.model import Paper


def export(papers: Iterable[Paper], form: str) -> Iterator[str]:
    """Yield papers as text in a form (`jsonl`, `bibtex` or `csv`), each piece with its line ends."""
    return _FORMS[form](papers)


def paper_json(paper: Paper) -> dict[str, Any]:
    """Return a paper, as the library has it now, as one JSON object."""
    return {
        "number": paper.number,
        "title": paper.title,
        "abstract": paper.abstract,
        "authors": list(paper.authors),
        "published": paper.published.isoformat() if paper.published else None,
        "first_seen": paper.first_seen.isoformat(),
        "organization": paper.organization,
        "venue": paper.venue,
        "categories": list(paper.categories),
        "ids": {"arxiv": paper.arxiv, "doi": paper.doi},
        "version": paper.version,
        "url": paper.url,
        "code_url": paper.code_url,
        "withdrawn": paper.withdrawn,
        "sources": list(paper.sources),
    }


def _json_lines(papers: Iterable[Paper]) -> Iterator[str]:
    for paper in papers:
        text = json.dumps(paper_json(paper), ensure_ascii=False)
        yield text + "\n"


_COLUMNS = (
    *("number", "title", "authors", "published", "first_seen", "arxiv", "doi", "url", "categories"),
    *("organization", "venue", "sources", "abstract"),
)


def _csv(papers: Iterable[Paper]) -> Iterator[str]:
    def line(values: Iterable[object]) -> str:
        out = io.StringIO()
        csv.writer(out, lineterminator="\r\n").writerow(values)
        return out.getvalue()

    yield line(_COLUMNS)
    for paper in papers:
        values = paper_json(paper) | {"arxiv": paper.arxiv, "doi": paper.doi}
        yield line(_cell(values[name]) for name in _COLUMNS)


def _cell(value: object) -> str:
    text = "; ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
    # A spreadsheet would evaluate text that starts with one of these characters as a formula.
    return f"'{text}" if text[:1] in set("=+-@\t\r") else text


_BIBTEX_ESCAPES = str.maketrans(
    {"\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "%": r"\%", "&": r"\&", "#": r"\#", "$": r"\$"}
    | {"_": r"\_", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
)


def _bibtex(papers: Iterable[Paper]) -> Iterator[str]:
    used: set[str] = set()
    for paper in papers:
        fields = {
            "title": "{" + _tex(paper.title) + "}",
            "author": " and ".join(_tex(author) for author in paper.authors),
            "year": str(paper.published.year) if paper.published else "",
            "journal": _tex(paper.venue or ""),
            "eprint": paper.arxiv or "",
            "archiveprefix": "arXiv" if paper.arxiv else "",
            "doi": paper.doi or "",
            "url": paper.url or "",
            "abstract": _tex(paper.abstract),
        }
        lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items() if value)
        yield f"@{'article' if paper.venue else 'misc'}{{{_citation_key(paper, used)},\n{lines}}}\n\n"


def _tex(text: str) -> str:
    """Escape the special characters of BibTeX, unless the text is TeX already and its braces balance."""
    if "\\" in text and _balanced(text):
        return text
    return text.translate(_BIBTEX_ESCAPES)


def _balanced(text: str) -> bool:
    depth = 0
    for char in re.sub(r"\\.", "", text):
        depth += (char == "{") - (char == "}")
        if depth < 0:
            return False
    return depth == 0


def _citation_key(paper: Paper, used: set[str]) -> str:
    def plain(text: str) -> str:
        folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
        return re.sub(r"[^a-z0-9]", "", folded)

    name = plain(paper.authors[0].split()[-1]) if paper.authors and paper.authors[0].split() else "paper"
    words = [word for word in map(plain, paper.title.split()) if len(word) > 3]
    key = f"{name or 'paper'}{paper.published.year if paper.published else ''}{words[0] if words else ''}"
    if key in used:
        key = f"{key}-{paper.number}"
    used.add(key)
    return key


_FORMS: dict[str, Callable[[Iterable[Paper]], Iterator[str]]] = {
    "jsonl": _json_lines,
    "bibtex": _bibtex,
    "csv": _csv,
}
