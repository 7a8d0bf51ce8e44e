"""A paper as a BibTeX entry."""

import re
import unicodedata
from collections.abc import Sequence

from digest.model import Paper
from digest.text.clean import clean
from digest.text.math import shown
from digest.text.names import GROUP
from digest.text.safe_tex import safe_tex

_SPECIAL = str.maketrans(
    {"\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    | {sign: f"\\{sign}" for sign in "%&#$_"}
)
# BibTeX counts escaped braces too, so unbalanced ones must be written by name.
_NAMED_BRACES = {r"\{": r"\textbraceleft{}", r"\}": r"\textbraceright{}"}
# What BibTeX splits names at, in any case, and the name that means "et al."
_NAME_SEPARATOR = re.compile(r",|\band\b|^others$", re.IGNORECASE)
_WEB = re.compile(r"https?://[^\s\\{}\"<>^`|]+", re.ASCII)  # what BibTeX or TeX would read is percent-encoded
_DOI = re.compile(r"10\.\d+(?:\.\d+)*/[^\s\\{}$~^\"]+", re.ASCII)


def bibtex_entry(paper: Paper, *, key: str, url: str) -> str:
    """Return the entry of a paper with a citation key.

    It is an `@inproceedings` if its venue is a conference, an `@article` if it has another venue or a DOI of its own
    (not the one that arXiv gives each of its papers), else a `@misc`.

    `url` is the address of the paper, percent-encoded, or "". Unknown fields are omitted, and each value is on one line.
    Text that is valid TeX, with the commands that `digest.text.safe_tex` allows, stays TeX; any other text is escaped.
    """
    conference = _is_conference(paper.venue or "")
    fields = {
        "title": f"{{{_value(paper.title)}}}",
        "author": " and ".join(filter(None, map(_author, paper.authors))),
        "year": str(paper.published.year) if paper.published else "",
        "journal": "" if conference else _value(paper.venue or ""),
        "booktitle": _value(paper.venue or "") if conference else "",
        "eprint": _escaped(paper.arxiv or ""),
        "archiveprefix": "arXiv" if paper.arxiv else "",
        "primaryclass": _escaped(paper.categories[0]) if paper.arxiv and _is_class(paper.categories) else "",
        "doi": _escaped(doi) if _DOI.fullmatch(doi := paper.doi or "") else "",
        "url": url.replace("$", "%24").replace("%", r"\%") if _WEB.fullmatch(url) else "",
        "note": "Sample: this paper is invented" if paper.is_sample else "",
        "abstract": _value(paper.abstract),
    }
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items() if value)
    published = paper.venue or (paper.doi and not paper.doi.lower().startswith("10.48550/"))
    kind = "inproceedings" if conference else "article" if published else "misc"
    return f"@{kind}{{{key},\n{lines}}}"


_CONFERENCE = re.compile(
    r"\b(?:proceedings|proc\.|conference|conf\.|workshop|symposium)(?!\w)", re.IGNORECASE
)
_JOURNAL = re.compile(
    r"\b(?:proceedings of the (?:national academy|royal society|ieee$)|proceedings of the ieee$|journal)",
    re.IGNORECASE,
)
_CLASS = re.compile(r"[a-z]+(?:-[a-z]+)*(?:\.[A-Za-z-]+)?")


def _is_conference(venue: str) -> bool:
    return bool(_CONFERENCE.search(venue)) and not _JOURNAL.search(venue)


def _is_class(categories: Sequence[str]) -> bool:
    """Return whether the first category is one of arXiv, such as `cs.CL` or `hep-th`."""
    return bool(categories) and bool(_CLASS.fullmatch(categories[0]))


def citation_key(paper: Paper) -> str:
    """Return a key such as `steep2026kettle`: last name of the first author, year, first long word of the title."""
    words = [word for word in map(_plain, shown(paper.title).split()) if len(word) > 3]
    first = paper.authors[0] if paper.authors else ""
    name = _plain("".join(first.partition(",")[0].split()[-1:]))
    year = str(paper.published.year) if paper.published else ""
    key = f"{name or 'paper'}{year}{''.join(words[:1])}"
    return f"paper{paper.number}" if key == "paper" else key


def _value(text: str) -> str:
    """Return a text as the value of a field, on one line."""
    line = " ".join(clean(text).split())
    tex = safe_tex(line) if "\\" in line else None
    return _escaped(shown(line)) if tex is None else tex


def _escaped(text: str) -> str:
    """Return plain text on one line, with the special characters of TeX escaped."""
    line = " ".join(clean(text).split())
    value = line.translate(_SPECIAL)
    if _is_balanced(line):
        return value
    return re.sub(r"\\[{}]", lambda brace: _NAMED_BRACES[brace[0]], value)


def _is_balanced(text: str) -> bool:
    """Return whether the braces are balanced."""
    depth = 0
    for brace in re.findall(r"[{}]", text):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    return depth == 0


def _author(name: str) -> str:
    """Return a name, in braces if BibTeX would split it: at "and", at a comma, or the name of a group."""
    value = _value(name)
    return f"{{{value}}}" if _NAME_SEPARATOR.search(value) or GROUP.search(value) else value


def _plain(text: str) -> str:
    """Return the ASCII letters and digits of a text in lower case; accented letters lose their accents."""
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]", "", folded)
