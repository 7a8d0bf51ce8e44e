"""A paper as a BibTeX entry."""

import re
import unicodedata

from digest.model import Paper
from digest.text.clean import clean
from digest.text.math import shown

_SPECIAL = str.maketrans(
    {"\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    | {sign: f"\\{sign}" for sign in "%&#$_"}
)
# BibTeX counts escaped braces too, so those without a partner must not be braces.
_NAMED_BRACES = {r"\{": r"\textbraceleft{}", r"\}": r"\textbraceright{}"}
_DOLLAR = re.compile(r"(?<!\\)(\$)")
_UNESCAPED = re.compile(r"(?<!\\)[%&#_^]")
_UNESCAPED_IN_MATH = re.compile(r"(?<!\\)[%#]")
_PARTS_A_NAME = re.compile(r",|\band\b")  # outside braces


def bibtex_entry(paper: Paper, *, key: str, url: str) -> str:
    """Return the entry of a paper under a citation key: `@article` with a DOI or a journal, else `@misc`.

    `url` is where the paper is on the web, percent-encoded, "" if nowhere. Fields that are not known are absent; each value
    is one line. Text that is valid TeX stays TeX, any other text is escaped.
    """
    fields = {
        "title": f"{{{_value(paper.title)}}}",
        "author": " and ".join(filter(None, map(_author, paper.authors))),
        "year": str(paper.published.year) if paper.published else "",
        "journal": _value(paper.venue or ""),
        "eprint": _escaped(paper.arxiv or ""),
        "archiveprefix": "arXiv" if paper.arxiv else "",
        "doi": _escaped(paper.doi or ""),
        "url": url.replace("%", r"\%"),
        "abstract": _value(paper.abstract),
    }
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items() if value)
    return f"@{'article' if paper.doi or paper.venue else 'misc'}{{{key},\n{lines}}}"


def citation_key(paper: Paper) -> str:
    """Return `steep2026kettle`: the first author's last name, the year, the first long word of the title."""
    words = [word for word in re.findall(r"[a-z]+", _ascii(shown(paper.title))) if len(word) > 3]
    name = re.sub(r"[^a-z0-9]", "", "".join(_ascii(paper.authors[0]).split()[-1:])) if paper.authors else ""
    year = str(paper.published.year) if paper.published else ""
    key = f"{name or 'paper'}{year}{''.join(words[:1])}"
    return f"paper{paper.number}" if key == "paper" else key


def _value(text: str) -> str:
    """Return a text as the value of a field, in one line."""
    line = " ".join(clean(text).split())
    tex = _valid_tex(line) if "\\" in line else ""
    return tex or _escaped(shown(line))


def _valid_tex(line: str) -> str:
    """Return TeX with `%`, `&`, `#`, `_` and `^` escaped where they are errors; "" if it is not valid TeX."""
    without_escapes = re.sub(r"\\.", "", line)
    parts = _DOLLAR.split(line)  # text, dollar, mathematics, dollar, text …
    formulas_close = len(parts) % 4 == 1
    if "\\" in without_escapes or not formulas_close or not (_closes(line) and _closes(without_escapes)):
        return ""
    return "".join(
        (_UNESCAPED_IN_MATH if place % 4 == 2 else _UNESCAPED).sub(
            lambda sign: sign[0].translate(_SPECIAL), part
        )
        for place, part in enumerate(parts)
    )


def _escaped(text: str) -> str:
    """Return plain text, in one line, with everything escaped that means something to TeX."""
    line = " ".join(clean(text).split())
    value = line.translate(_SPECIAL)
    if _closes(line):
        return value
    return re.sub(r"\\[{}]", lambda brace: _NAMED_BRACES[brace[0]], value)


def _closes(text: str) -> bool:
    """Return whether every brace has its partner."""
    depth = 0
    for brace in re.findall(r"[{}]", text):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    return depth == 0


def _author(name: str) -> str:
    """Return a name; in braces if BibTeX would split it at "and" or at a comma."""
    value = _value(name)
    return f"{{{value}}}" if _PARTS_A_NAME.search(value) else value


def _ascii(text: str) -> str:
    """Return a text in lower case, without accents and other characters that are not ASCII."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
