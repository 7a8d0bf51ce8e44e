"""What the descriptions in publishers' feeds say about a paper besides its abstract. Pure.

Many feeds announce an article by a teaser: `Journal, EarlyView.` (Wiley), `Journal, Ahead of Print.` (SAGE, Taylor &
Francis), `Journal, Volume 3, Issue 1, Page 1-10, May 2024.` (ACM), `Journal, Published online: 03 May 2024; doi:…`
(Nature), `Publication date: May 2024 Source: … Author(s): …` (ScienceDirect), `Ada Brook in Proceedings of …` (ACL).
Others repeat title, authors and citation before the abstract (MDPI, PLOS, Copernicus, APS) or after it (APS, PubMed).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from digest.read.parsing import html_tree, names
from digest.read.parsing.dates import day_of
from digest.read.parsing.ids import doi_in
from digest.text.markup import unmarked

_HEADING = re.compile(r"(?:graphical\s+)?(?:abstract|summary)\s*[:.]?", re.IGNORECASE)
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
    r"(?:\A|(?<=\s))(Publication date|Available online(?=:| \d)|Published|Source|Author\(s\)|Authors?|DOI)(?::|(?<=online))\s*"
)
_FIRST_LABEL = re.compile(
    r"\A(?:(?:Publication date|Available online|Source|Author\(s\)|Authors?):|Available online \d)"
)
_ONLINE = re.compile(r"\A(?:available|published) online:?\s*", re.IGNORECASE)
_MORE = re.compile(
    r"\s*(?:Read more\W*|Continue reading\b.{0,200}|The post .{1,300} appeared first on .{1,200})\Z"
)
_NOTHING = re.compile(r"\W*(?:abstract|no abstract(?: available)?|n/?a|read more)?\W*", re.IGNORECASE)
_IN_VENUE = re.compile(
    r"(?P<people>[^.:;!?]{2,60}(?:\.[^.:;!?]{1,60}){0,60}?) in (?P<venue>(?:The )?(?:Proceedings|Findings|Transactions|Workshop"
    r"|Companion|Advances|Lecture Notes)\b[^.;!?]{5,300})\.?"
)
_CITATION = re.compile(
    r"\bdoi\s?:?\s?(?:https?:\S+/)?10\.\d{4,9}/\S|(?:\A|, )https?://(?:dx\.)?doi\.org/10\.\d{4,9}/\S",
    re.IGNORECASE,
)
_LONGEST_CITATION = 250  # characters
_MOST_BEFORE = 5  # lines with title, authors and citation before an abstract
_LEAST_WORDS = (
    4  # of an abstract beside a citation; of one that does not end like a sentence, three times as many
)
# Lines after an abstract: APS, PubMed, the Royal Society of Chemistry, SHARE.
_AFTER = re.compile(
    r"\[[^\[\]]{3,200}\] Published .{3,60}|PMID:\s*\d.*|(?:doi|DOI):?\s*\S+|To cite this article\b.*|Retrieved from .*"
    r"|The content of this RSS Feed\b.*|https?://\S+|[^\w\s…]?"
)


@dataclass(frozen=True, slots=True)
class Said:
    """The prose of a description, perhaps empty, and what else it says. `doi` is that of its citation."""

    prose: str
    authors: tuple[str, ...] = ()
    published: date | None = None
    venue: str = ""
    doi: str | None = None


def read(markup: str, title: str, people: Sequence[str] = (), *, plain: bool = False) -> Said:
    """Divide a description of a feed into its abstract and what it says besides.

    `people` are the authors that the feed names elsewhere.
    """
    lines = [unmarked(markup)] if plain else html_tree.html_lines(markup)
    lines, after = _without_end([line for line in lines if line])
    labels, lines = _labels(lines)
    start, citation = _start(lines, title, people)
    before, lines = lines[:start], lines[start:]
    prose, day = _without_leads(" ".join(lines))
    if _NOTHING.fullmatch(prose) or _letters(prose) == _letters(title):
        prose = ""
    if (citation or after) and _is_short(prose):
        prose = ""
    named = names.split_family_first(prose) if labels and _is_short(prose) else ()
    if named and all(map(_is_name, named)):
        labels, prose = {"authors": prose, **labels}, ""
    if " in " in prose and (match := _IN_VENUE.fullmatch(prose)):
        named = names.split_names(match["people"])
        if all(map(_is_name, named)):
            return Said("", named, venue=match["venue"])
    return Said(
        prose,
        _labelled_people(labels) or _people_in(before, citation),
        day or _labelled_day(labels) or next(filter(None, map(_day_in, before)), None),
        re.split(r",\s+Volume\b", labels.get("source", ""))[0].strip(),
        doi_in(citation) or next(filter(None, map(doi_in, after)), None),
    )


def bare_title(title: str) -> str:
    """Return a title without what feeds put before it: `[ASAP] `, `Foods, Vol. 13, Pages 1: `."""
    return _BEFORE_TITLE.sub("", title) or title


# ACS, Elsevier's Lancet, Science; MDPI
_BEFORE_TITLE = re.compile(
    r"\A(?:\[(?:ASAP|Articles?|Comments?|Correspondence|Editorials?|Perspectives?|Reports?|Research Articles?|Reviews?|Letters?"
    r"|Viewpoint|Seminar|Series|Policy Forum|Technical Comments?|Research Letters?|Brief Reports?)\] (?=\S)"
    r"|[^:\[\]]{2,120}, Vol\. \d+, Pages? [\w–-]+: (?=\S))"
)


def _without_end(lines: list[str]) -> tuple[list[str], list[str]]:
    """Return the lines without those after the abstract, and those."""
    end = len(lines)
    while end and _AFTER.fullmatch(lines[end - 1]):
        end -= 1
    return lines[:end], [line for line in lines[end:] if len(line) <= _LONGEST_CITATION]


def _labels(lines: list[str]) -> tuple[dict[str, str], list[str]]:
    """Return what labels at the beginnings of lines say, and the other lines; labels come before any prose."""
    said: dict[str, str] = {}
    others: list[str] = []
    after_prose = False
    for line in lines:
        first = None if after_prose else _FIRST_LABEL.match(line)
        if first is None or (len(lines) == 1 and first[0].startswith("Authors")):
            others.append(line)
            after_prose = after_prose or len(line) > _LONGEST_CITATION
            continue
        pieces = _LABELS.split(line)
        for label, value in zip(pieces[1::2], pieces[2::2], strict=True):
            said.setdefault(label.lower(), value.strip())
    return said, others


def _labelled_people(labels: dict[str, str]) -> tuple[str, ...]:
    listed = labels.get("author(s)") or labels.get("authors") or labels.get("author") or ""
    return names.split_family_first(listed) if listed else ()


def _labelled_day(labels: dict[str, str]) -> date | None:
    values = (labels.get("available online", ""), labels.get("publication date", ""))
    return next(filter(None, (day_of(_ONLINE.sub("", value)) for value in values)), None)


def _start(lines: list[str], title: str, people: Sequence[str]) -> tuple[int, str]:
    """Return how many lines come before the abstract, and the citation among them or ""."""
    start, citation = 0, ""
    for number, line in enumerate(lines[:_MOST_BEFORE], start=1):
        if _is_citation(line):
            start, citation = number, line
        elif start == number - 1 and (
            _HEADING.fullmatch(line)
            or not _without_leads(line)[0]
            or _repeats_title(line, title)
            or _repeats_people(line, people)
        ):
            start = number
    return start, citation


def _is_short(prose: str) -> bool:
    words = len(prose.split())
    return words < (_LEAST_WORDS if prose.endswith((".", "?", "!", "…")) else 3 * _LEAST_WORDS)


def _is_citation(line: str) -> bool:
    """Return whether a line is a citation or a DOI rather than a sentence that has one."""
    return len(line) <= _LONGEST_CITATION and _CITATION.search(line) is not None


def _repeats_title(line: str, title: str) -> bool:
    """Return whether a line is the title, perhaps with a journal and a colon before it."""
    if _letters(line) == _letters(title):
        return True
    before = line.removesuffix(title) if title else line
    return before != line and before.rstrip().endswith((":", "]", "|"))


def _repeats_people(line: str, people: Sequence[str]) -> bool:
    if not people or len(line) > 20 * _LONGEST_CITATION:
        return False
    letters = _letters(re.sub(r"\A[Bb]y:? |\band\b|&", "", line))
    return letters == _letters("".join(people))


def _people_in(before: Sequence[str], citation: str) -> tuple[str, ...]:
    """Return the names in the line above a citation, if it has nothing else."""
    place = before.index(citation) if citation else 0
    named = names.split_family_first(before[place - 1]) if place else ()
    return named if named and all(map(_is_name, named)) else ()


def _is_name(text: str) -> bool:
    """Return whether a text looks like the name of a person: two to five words, none of them a common word."""
    words = text.split()
    return (
        2 <= len(words) <= 5 and words[0][:1].isupper() and words[-1][:1].isupper() and not _COMMON & {*words}
    )


_COMMON = frozenset(
    ["a", "an", "the", "of", "for", "and", "in", "on", "at", "to", "with", "from", "by", "is", "are"]
)


def _without_leads(text: str) -> tuple[str, date | None]:
    day = None
    for lead in _LEADS:
        if match := lead.match(text):
            day = day or _day_in(match[0])
            text = text[match.end() :]
    return (_MORE.sub("", text) if len(text) > 1 else text), day


def _day_in(text: str) -> date | None:
    match = re.search(r"\d{1,2} [A-Z][a-z]+ \d{4}", text)
    return day_of(match[0]) if match else None


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))
