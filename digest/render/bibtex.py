"""A paper as a BibTeX entry, of what is known of it."""

import re
import unicodedata

from digest.model import Paper
from digest.text.clean import clean
from digest.text.math import shown
from digest.urls import arxiv_url, doi_url, web_url

_SPECIAL = re.compile(r"[&%$#_]")
_BACKSLASHES_AND_BRACES = str.maketrans({"\\": r"\textbackslash ", "{": r"\{", "}": r"\}"})


def bibtex(paper: Paper) -> str:
    """Return an entry that every BibTeX can read: `@article` with a DOI, else `@misc`."""
    fields = {
        "title": f"{{{_value(shown(paper.title))}}}",
        "author": " and ".join(filter(None, map(_author, paper.authors))),
        "year": str(paper.published.year) if paper.published else "",
        "eprint": _value(paper.arxiv or ""),
        "archivePrefix": "arXiv" if paper.arxiv else "",
        "doi": _value(paper.doi or ""),
        "url": _url(paper),
    }
    lines = [f"  {name:13} = {{{value}}}" for name, value in fields.items() if value]
    return f"@{'article' if paper.doi else 'misc'}{{{_key(paper)},\n" + ",\n".join(lines) + "\n}"


def _value(text: str) -> str:
    """Return a text in one line, what means something to BibTeX escaped."""
    line = " ".join(clean(text).split())
    return _SPECIAL.sub(r"\\\g<0>", line.translate(_BACKSLASHES_AND_BRACES))


def _author(name: str) -> str:
    """Return a name; in braces if BibTeX would take "and" or a comma in it for its own."""
    value = _value(name)
    return f"{{{value}}}" if re.search(r",|\band\b", value) else value


def _url(paper: Paper) -> str:
    url = web_url(paper.url)
    url = url or (arxiv_url(paper.arxiv) if paper.arxiv else doi_url(paper.doi) if paper.doi else "")
    return url.replace("%", r"\%").replace("{", "%7B").replace("}", "%7D")


def _key(paper: Paper) -> str:
    """Return `steep2026kettle`: the first author's last name, the year, the first long word of the title."""
    words = [word for word in re.findall(r"[a-z]+", _ascii(shown(paper.title))) if len(word) > 3]
    name = _ascii(paper.authors[0]).split()[-1:] if paper.authors else []
    year = [str(paper.published.year)] if paper.published else []
    key = "".join(re.sub(r"[^a-z0-9]", "", part) for part in (*name, *year, *words[:1]))
    return key or f"paper{paper.number}"


def _ascii(text: str) -> str:
    """Return a text in lower case without accents and what else is not ASCII."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
