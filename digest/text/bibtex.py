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
# BibTeX counts escaped braces too, so unbalanced ones must be written by name.
_NAMED_BRACES = {r"\{": r"\textbraceleft{}", r"\}": r"\textbraceright{}"}
_DOLLAR = re.compile(r"(?<!\\)(\$)")
_UNESCAPED = re.compile(r"(?<!\\)[%&#_^]")
_UNESCAPED_IN_MATH = re.compile(r"(?<!\\)[%#]")
_NAME_SEPARATOR = re.compile(r",|\band\b")  # outside braces


def bibtex_entry(paper: Paper, *, key: str, url: str) -> str:
    """Return the entry of a paper with a citation key: `@article` if it has a DOI or a journal, else `@misc`.

    `url` is the address of the paper, percent-encoded, or "". Unknown fields are omitted, and each value is on one line.
    Text that is valid TeX stays TeX; any other text is escaped.
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
        "note": "Sample: this paper is invented" if paper.is_sample else "",
        "abstract": _value(paper.abstract),
    }
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items() if value)
    return f"@{'article' if paper.doi or paper.venue else 'misc'}{{{key},\n{lines}}}"


def citation_key(paper: Paper) -> str:
    """Return a key such as `steep2026kettle`: last name of the first author, year, first long word of the title."""
    words = [word for word in map(_plain, shown(paper.title).split()) if len(word) > 3]
    name = _plain("".join(paper.authors[0].split()[-1:])) if paper.authors else ""
    year = str(paper.published.year) if paper.published else ""
    key = f"{name or 'paper'}{year}{''.join(words[:1])}"
    return f"paper{paper.number}" if key == "paper" else key


def _value(text: str) -> str:
    """Return a text as the value of a field, on one line."""
    line = " ".join(clean(text).split())
    tex = _valid_tex(line) if "\\" in line else ""
    return tex or _escaped(shown(line))


def _valid_tex(line: str) -> str:
    """Return TeX with `%`, `&`, `#`, `_` and `^` escaped where they are errors; "" if it is not valid TeX."""
    without_escapes = re.sub(r"\\.", "", line)
    parts = _DOLLAR.split(line)  # text, dollar, mathematics, dollar, text …
    formulas_close = len(parts) % 4 == 1
    if (
        "\\" in without_escapes
        or not formulas_close
        or not (_is_balanced(line) and _is_balanced(without_escapes))
    ):
        return ""
    return "".join(
        (_UNESCAPED_IN_MATH if place % 4 == 2 else _UNESCAPED).sub(
            lambda sign: sign[0].translate(_SPECIAL), part
        )
        for place, part in enumerate(parts)
    )


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
    """Return a name, in braces if BibTeX would split it at "and" or at a comma."""
    value = _value(name)
    return f"{{{value}}}" if _NAME_SEPARATOR.search(value) else value


def _plain(text: str) -> str:
    """Return the ASCII letters and digits of a text in lower case; accented letters lose their accents."""
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]", "", folded)
