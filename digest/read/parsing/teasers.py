"""What the descriptions in publishers' feeds say about a paper besides its abstract. Pure.

Many feeds announce an article by a teaser: `Journal, EarlyView.` (Wiley), `Journal, Ahead of Print.` (SAGE, Taylor &
Francis), `Journal, Volume 3, Issue 1, Page 1-10, May 2024.` (ACM), `Journal, Published online: 03 May 2024; doi:…`
(Nature), `Publication date: May 2024 Source: … Author(s): …` (ScienceDirect), with or without the abstract after it.
"""

import re
from dataclasses import dataclass
from datetime import date

from digest.read import normalize
from digest.read.parsing import html_tree
from digest.read.parsing.dates import day_of

# A heading `Abstract` in tags of its own at the beginning of the markup.
_HEADING = re.compile(
    r"\A((?:\s*+<(?!/)[^<>]*+>)*?\s*+)<(\w+)[^<>]*+>\s*+(?:graphical\s+)?(?:abstract|summary)\s*+[:.]?\s*+</\2\s*+>",
    re.IGNORECASE,
)
_STATUS = (
    r"(?:EarlyView|Early View|Ahead of Print|Accepted Article|Just Accepted|Online First|OnlineFirst|Latest Articles"
    r"|Volume \S{1,12}, (?:Issue|Number|Page)[^.;]{0,120}|Volume \S{1,12}, [A-Z][a-z]+ \d{4}[^.;]{0,60})"
)
_LEADS = (
    re.compile(rf"\A[^.;]{{0,200}}?(?:, |\A){_STATUS}\s*(?:\.\s*|\Z)"),
    re.compile(
        r"\A[^.;]{0,200}?,? ?Published online: \d{1,2} [A-Z][a-z]+ \d{4}\s*[;.]?\s*(?:doi:\s*\S+\s*)?",
        re.IGNORECASE,
    ),
)
_LABELS = re.compile(
    r"(?:\A|(?<=\s))(Publication date|Available online|Published|Source|Author\(s\)|Authors?|DOI):\s*"
)
_FIRST_LABEL = re.compile(r"\A(?:Publication date|Available online|Source|Author\(s\)):")
_MORE = re.compile(
    r"\s*(?:Read more\W*|Continue reading\b.{0,200}|The post .{1,300} appeared first on .{1,200})\Z"
)
_NOTHING = re.compile(r"\W*(?:abstract|no abstract(?: available)?|n/?a|read more)?\W*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Said:
    """The prose of a description, perhaps empty, and what labels in it say."""

    prose: str
    authors: str = ""
    published: date | None = None
    venue: str = ""


def read(markup: str, title: str, *, plain: bool = False) -> Said:
    """Divide a description of a feed into its abstract and what it says besides."""
    text = normalize.one_line(markup if plain else html_tree.html_to_text(_HEADING.sub(r"\1", markup)))
    if _FIRST_LABEL.match(text):
        return _labelled(text)
    day = None
    for lead in _LEADS:
        if match := lead.match(text):
            day = day or _day_in(match[0])
            text = text[match.end() :]
    text = _MORE.sub("", text) if len(text) > 1 else text
    if _NOTHING.fullmatch(text) or _letters(text) == _letters(title):
        text = ""
    return Said(text, published=day)


def _labelled(text: str) -> Said:
    pieces = _LABELS.split(text)
    said = {label.lower(): value.strip() for label, value in zip(pieces[1::2], pieces[2::2], strict=True)}
    authors = said.get("author(s)") or said.get("authors") or said.get("author") or ""
    return Said(
        "",
        authors,
        day_of(said.get("available online")) or day_of(said.get("publication date")),
        re.split(r",\s+Volume\b", said.get("source", ""))[0].strip(),
    )


def _day_in(text: str) -> date | None:
    match = re.search(r"\d{1,2} [A-Z][a-z]+ \d{4}", text)
    return day_of(match[0]) if match else None


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))
