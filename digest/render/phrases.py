"""What we say, in English: dates, counts, and the sentences made of them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from digest.display import clean, shorten, shown_term
from digest.model import Evidence, Issue, Item, Paper
from digest.render.highlight import Piece, pieces, spans

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: tuple[str, ...] = ("January", "February", "March", "April", "May", "June")
_MONTHS += ("July", "August", "September", "October", "November", "December")

_SOURCES = {
    "daily-papers-page": "Daily Papers",
    "daily-papers-api": "Daily Papers",
    "arxiv-api": "arXiv",
    "arxiv-mail": "arXiv",
    "arxiv-abs": "arXiv",
    "medline": "PubMed",
}


def in_zone(when: datetime, timezone: str) -> datetime:
    """Return an instant as clocks show it in a zone; in UTC if there is no such zone here."""
    try:
        return when.astimezone(ZoneInfo(timezone))
    except (ValueError, KeyError, OSError):
        return when.astimezone(ZoneInfo("UTC"))


def long_day(day: date) -> str:
    """Return `Monday 24 November`."""
    return f"{_DAYS[day.weekday()]} {day_and_month(day)}"


def day_and_month(day: date) -> str:
    """Return `24 November`."""
    return f"{day.day} {_MONTHS[day.month - 1]}"


def short_day(day: date) -> str:
    """Return `25 Sep 2024`."""
    return f"{day.day} {_MONTHS[day.month - 1][:3]} {day.year}"


def since(when: datetime, today: date, timezone: str) -> str:
    """Return `since Thursday`, or with more words the longer ago it was."""
    local = in_zone(when, timezone)
    ago = (today - local.date()).days
    if ago <= 0:
        return f"since {local:%H:%M} today"
    if ago == 1:
        return "since yesterday"
    if ago < 7:
        return f"since {_DAYS[local.weekday()]}"
    year = f" {local.year}" if local.year != today.year else ""
    return f"since {day_and_month(local)}{year}"


def count(number: int, one: str, many: str | None = None) -> str:
    """Return `1 paper`, `2 papers`, `12,345 papers`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def summary(issue: Issue) -> str:
    """Return what an issue holds: `5 new of 66 papers since Thursday.`"""
    new = len(issue.new) + len(issue.more_new)
    updated = len(issue.updated) + len(issue.more_updated)
    parts = [f"{number:,} {word}" for number, word in ((new, "new"), (updated, "updated")) if number]
    what = " and ".join(parts) or "Nothing new"
    when = since(issue.since, issue.day, issue.timezone) if issue.since else "so far"
    told = f"{what} of {count(max(issue.considered, new + updated), 'paper')} {when}."
    told += f" Ordered by {clean(issue.order)}." if issue.order else ""
    told = f"{told} {clean(issue.note)}".strip()
    return f"Your first issue: {told}" if issue.number == 1 else told


def themes(issue: Issue) -> str:
    """Return what a long issue is about: `super resolution, blur (5) · agents (3) · other (2)`."""
    if not issue.themes:
        return ""
    told = [f"{clean(theme.name)} ({len(theme.papers)})" for theme in issue.themes]
    rest = len(issue.new) - sum(len(theme.papers) for theme in issue.themes)
    return " · ".join([*told, f"other ({rest})"] if rest > 0 else told)


@lru_cache(maxsize=4096)
def facts(paper: Paper, *, source: bool = True) -> tuple[str, ...]:
    """Return what is known of a paper besides its text and authors, each fact a few words."""
    told = [clean(said).strip() for said in (paper.organization, paper.venue) if said]
    told.append(short_day(paper.published) if paper.published else "")
    told += [clean(category).strip() for category in paper.categories[:3]]
    told.append(count(paper.comments, "comment") if paper.comments else "")
    told.append(count(paper.upvotes, "upvote") if paper.upvotes else "")
    told += sources(paper) if source else ()
    return tuple(shorten(fact, 80) for fact in told if fact)


def sources(paper: Paper) -> tuple[str, ...]:
    """Return the names of a paper's sources, for people."""
    return tuple(dict.fromkeys(_SOURCES.get(name, clean(name).replace("-", " ")) for name in paper.sources))


def authors(paper: Paper, evidence: Iterable[Evidence] = (), shown: int = 3) -> tuple[Piece, ...]:
    """Return who wrote a paper: at most `shown` names, matched names before others, and how many more."""
    total = max(paper.author_count or 0, len(paper.authors))
    if not paper.authors:
        return (Piece(count(total, "author")),) if total else ()
    matched = {each.item for each in evidence if each.field == "author"}
    names = range(len(paper.authors))
    if total > shown:
        # The first author always; then those that the reader asked for.
        names_by_worth = sorted(names, key=lambda place: (place > 0, place not in matched, place))
        chosen: Sequence[int] = sorted(names_by_worth[: max(shown - 1, 1)])
    else:
        chosen = names
    found: list[Piece] = []
    for place in chosen:
        if found:
            found.append(Piece(", "))
        found += pieces(paper.authors[place], spans(evidence, "author", place))
    if total > len(chosen):
        found.append(Piece(f" and {total - len(chosen):,} more"))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Found:
    """A term that was found in one place, and how often, where that tells something (else 1)."""

    term: str
    times: int


@dataclass(frozen=True, slots=True)
class Reason:
    """A place, and what was found there: `in the title`, one-step and diffusion."""

    where: str
    found: tuple[Found, ...]


_PLACES = {
    "title": "in the title",
    "abstract": "in the abstract",
    "author": "among the authors",
    "category": "among the categories",
    "organization": "as the organization",
    "source": "as the source",
}
_COUNTED = ("title", "abstract")
_TERMS = 8


def reasons(evidence: Sequence[Evidence]) -> tuple[tuple[Reason, ...], int]:
    """Return why a paper is in an issue, place by place, and how many terms are not named."""
    places: dict[str, dict[str, int]] = {}
    names = {term: shorten(shown_term(term), 60) for term in {each.term for each in evidence}}
    for each in evidence:
        terms = places.setdefault(each.field, {})
        term = names[each.term]
        terms[term] = terms.get(term, 0) + 1
    every = list(dict.fromkeys(term for terms in places.values() for term in terms))
    named = set(every[:_TERMS])
    told = (
        Reason(
            _PLACES.get(field, f"in the {clean(field)}"),
            tuple(
                Found(term, times if field in _COUNTED else 1)
                for term, times in terms.items()
                if term in named
            ),
        )
        for field, terms in places.items()
    )
    return tuple(reason for reason in told if reason.found), len(every) - len(named)


def because(told: Sequence[Reason], untold: int, standing: Sequence[Reason] = ()) -> tuple[Piece, ...]:
    """Return reasons as one line, the terms marked: `one-step in the title; model 4× in the abstract`.

    `standing` is why the paper stands where it does.
    """
    more = [Piece(f" and {count(untold, 'more term', 'more terms')}")] if untold else []
    found = [*_listed(told), *more]
    found += [*([Piece("; ")] if found and standing else []), *_listed(standing)]
    return tuple(piece for piece in found if piece.text)


def _listed(told: Sequence[Reason]) -> Iterator[Piece]:
    for number, reason in enumerate(told):
        yield Piece("; " if number else "")
        for place, term in enumerate(reason.found):
            times = f" {term.times}×" if term.times > 1 else ""
            last = place == len(reason.found) - 1
            yield Piece(term.term, hit=True)
            yield Piece(f"{times} {reason.where}" if last else f"{times}, ")


def ranked_by(item: Item) -> tuple[Reason, ...]:
    """Return why a paper stands where it does, besides its keywords."""
    by = {part.name: part.value for part in item.parts}
    taste = by.get("taste", 0.0)
    terms = tuple(Found(shorten(clean(term), 60), 1) for term in (item.liked if taste > 0 else item.disliked))
    told = [
        Reason(f"as in papers you {'liked' if taste > 0 else 'disliked'} ({abs(taste):.0%} alike)", terms)
    ]
    talk = (
        (item.paper.upvotes, "upvote"),
        (item.paper.comments, "comment"),
        (1 if item.paper.code_url else 0, "published code"),
    )
    said = tuple(
        Found(count(number, what) if what != "published code" else what, 1) for number, what in talk if number
    )
    told.append(Reason("for popularity", said if by.get("popularity") else ()))
    day = item.paper.published
    told.append(Reason("for freshness", (Found(short_day(day), 1),) if day and by.get("freshness") else ()))
    return tuple(reason for reason in told if reason.found and (reason is not told[0] or round(taste, 2)))


_CHANGES = {
    "title": "new title",
    "abstract": "revised abstract",
    "code": "code available",
}


def changes(what: Sequence[str]) -> str:
    """Return what was revised: `revised abstract, version 2`; empty if it is not known."""
    return ", ".join(dict.fromkeys(_CHANGES.get(each, clean(each)) for each in what))
