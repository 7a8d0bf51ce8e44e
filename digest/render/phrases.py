"""What we say, in the reader's language: dates, counts, and the sentences made of them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from digest.i18n.language import ENGLISH, Language
from digest.model import Evidence, Issue, Item, Paper, Trend
from digest.render.highlight import Piece, pieces, spans
from digest.text.clean import clean, shorten, shown_term
from digest.text.math import shown

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


def since(when: datetime, today: date, timezone: str, say: Language = ENGLISH) -> str:
    """Return `since Thursday`, or with more words the longer ago it was."""
    local = in_zone(when, timezone)
    ago = (today - local.date()).days
    if ago <= 0:
        return say.gettext("since %(time)s today", time=f"{local:%H:%M}")
    if ago == 1:
        return say.gettext("since yesterday")
    if ago < 7:
        return say.gettext("since %(weekday)s", weekday=say.weekday(local.date()))
    day = say.day_and_month(local.date(), year=local.year != today.year)
    return say.gettext("since %(date)s", date=day)


def counts(new: int, updated: int, say: Language = ENGLISH) -> tuple[str, ...]:
    """Return `5 new` and `2 updated`, as far as there are any."""
    told = (
        say.ngettext("%(number)s new", "%(number)s new", new) if new else "",
        say.ngettext("%(number)s updated", "%(number)s updated", updated) if updated else "",
    )
    return tuple(filter(None, told))


def summary(issue: Issue, say: Language = ENGLISH) -> str:
    """Return what an issue holds: `5 new of 66 papers since Thursday.`"""
    new = len(issue.new) + len(issue.more_new)
    updated = len(issue.updated) + len(issue.more_updated)
    when = since(issue.since, issue.day, issue.timezone, say) if issue.since else say.gettext("so far")
    told = say.gettext(
        "%(what)s of %(papers)s %(when)s.",
        what=say.listed(counts(new, updated, say)) or say.gettext("Nothing new"),
        papers=say.ngettext("%(number)s paper", "%(number)s papers", max(issue.considered, new + updated)),
        when=when,
    )
    if issue.order:
        told += " " + say.gettext("Ordered by %(order)s.", order=clean(issue.order))
    told = f"{told} {clean(issue.note)}".strip()
    return say.gettext("Your first issue: %(summary)s", summary=told) if issue.number == 1 else told


def themes(issue: Issue, say: Language = ENGLISH) -> str:
    """Return what a long issue is about: `super resolution, blur (5) · agents (3) · other (2)`."""
    if not issue.themes:
        return ""
    told = [f"{clean(theme.name)} ({len(theme.papers)})" for theme in issue.themes]
    rest = len(issue.new) - sum(len(theme.papers) for theme in issue.themes)
    if rest > 0:
        other = say.gettext("other")
        told.append(f"{other} ({rest})")
    return " · ".join(told)


_TREND_WEEKS = 4


def rising(found: Sequence[Trend], say: Language = ENGLISH) -> str:
    """Return what the trends are, for people; empty for none."""
    if not found:
        return ""
    return say.gettext(
        "What more titles speak of than before, in the four weeks to %(day)s.",
        day=say.day_and_month(found[0].last),
    )


def trends(found: Sequence[Trend], say: Language = ENGLISH) -> tuple[tuple[str, str], ...]:
    """Return the name of each trend, and its last weeks: `3, 4, 9, 15 papers a week`."""
    return tuple(
        (
            clean(shown(each.name)),
            say.gettext(
                "%(counts)s papers a week", counts=", ".join(map(say.number, each.weeks[-_TREND_WEEKS:]))
            ),
        )
        for each in found
    )


@lru_cache(maxsize=4096)
def facts(paper: Paper, say: Language = ENGLISH, *, source: bool = True) -> tuple[str, ...]:
    """Return what is known of a paper besides its text and authors, each fact a few words."""
    told = [clean(said).strip() for said in (paper.organization, paper.venue) if said]
    told.append(say.short_day(paper.published) if paper.published else "")
    told += [clean(category).strip() for category in paper.categories[:3]]
    told += comments_and_upvotes(paper, say)
    told += sources(paper) if source else ()
    return tuple(shorten(fact, 80) for fact in told if fact)


def comments_and_upvotes(paper: Paper, say: Language) -> tuple[str, str]:
    """Return how much a paper is talked about: `5 comments`, `32 upvotes`; empty for none."""
    comments, upvotes = paper.comments or 0, paper.upvotes or 0
    return (
        say.ngettext("%(number)s comment", "%(number)s comments", comments) if comments else "",
        say.ngettext("%(number)s upvote", "%(number)s upvotes", upvotes) if upvotes else "",
    )


def sources(paper: Paper) -> tuple[str, ...]:
    """Return the names of a paper's sources, for people."""
    return tuple(dict.fromkeys(_SOURCES.get(name, clean(name).replace("-", " ")) for name in paper.sources))


def authors(
    paper: Paper, evidence: Iterable[Evidence] = (), shown: int = 3, *, say: Language = ENGLISH
) -> tuple[Piece, ...]:
    """Return who wrote a paper: at most `shown` names, matched names before others, and how many more."""
    total = max(paper.author_count or 0, len(paper.authors))
    if not paper.authors:
        told = say.ngettext("%(number)s author", "%(number)s authors", total) if total else ""
        return (Piece(told),) if told else ()
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
        more = say.number(total - len(chosen))
        found.append(Piece(" " + say.gettext("and %(number)s more", number=more)))
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


@lru_cache
def _places(say: Language) -> dict[str, str]:
    return {
        "title": say.gettext("in the title"),
        "abstract": say.gettext("in the abstract"),
        "author": say.gettext("among the authors"),
        "category": say.gettext("among the categories"),
        "organization": say.gettext("as the organization"),
        "source": say.gettext("as the source"),
    }


_COUNTED = ("title", "abstract")
_TERMS = 8


def reasons(evidence: Sequence[Evidence], say: Language = ENGLISH) -> tuple[tuple[Reason, ...], int]:
    """Return why a paper is in an issue, place by place, and how many terms are not named."""
    places: dict[str, dict[str, int]] = {}
    where = _places(say)
    names = {term: shorten(shown_term(term), 60) for term in {each.term for each in evidence}}
    for each in evidence:
        terms = places.setdefault(each.field, {})
        term = names[each.term]
        terms[term] = terms.get(term, 0) + 1
    every = list(dict.fromkeys(term for terms in places.values() for term in terms))
    named = set(every[:_TERMS])
    told = (
        Reason(
            where.get(field) or say.gettext("in the %(field)s", field=clean(field)),
            tuple(
                Found(term, times if field in _COUNTED else 1)
                for term, times in terms.items()
                if term in named
            ),
        )
        for field, terms in places.items()
    )
    return tuple(reason for reason in told if reason.found), len(every) - len(named)


def because(
    told: Sequence[Reason],
    untold: int,
    standing: Sequence[Reason] = (),
    *,
    say: Language = ENGLISH,
) -> tuple[Piece, ...]:
    """Return reasons as one line, the terms marked: `one-step in the title; model 4× in the abstract`.

    `standing` is why the paper stands where it does.
    """
    more = []
    if untold:
        rest = say.ngettext("and %(number)s more term", "and %(number)s more terms", untold)
        more = [Piece(f" {rest}")]
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


def ranked_by(item: Item, say: Language = ENGLISH) -> tuple[Reason, ...]:
    """Return why a paper stands where it does, besides its keywords."""
    by = {part.name: part.value for part in item.parts}
    told = []
    learnt = next((name for name in ("taste", "clicks", "likes and clicks") if name in by), "taste")
    if taste := round(by.get(learnt, 0.0), 2):
        share = say.percent(abs(taste))
        if taste < 0:
            where = say.gettext("as in papers you disliked (%(share)s alike)", share=share)
        elif learnt == "taste":
            where = say.gettext("as in papers you liked (%(share)s alike)", share=share)
        elif learnt == "clicks":
            where = say.gettext("as in papers you opened (%(share)s alike)", share=share)
        else:
            where = say.gettext("as in papers you liked or opened (%(share)s alike)", share=share)
        terms = item.liked if taste > 0 else item.disliked
        told.append(Reason(where, tuple(Found(shorten(clean(term), 60), 1) for term in terms)))
    if by.get("popularity"):
        comments, upvotes = comments_and_upvotes(item.paper, say)
        code = say.gettext("published code") if item.paper.code_url else ""
        said = tuple(Found(each, 1) for each in (upvotes, comments, code) if each)
        told.append(Reason(say.gettext("for popularity"), said))
    if by.get("freshness") and item.paper.published:
        day = say.short_day(item.paper.published)
        told.append(Reason(say.gettext("for freshness"), (Found(day, 1),)))
    return tuple(reason for reason in told if reason.found)


_VERSION = re.compile(r"version (\d+)")


def changes(what: Sequence[str], say: Language = ENGLISH) -> str:
    """Return what was revised: `revised abstract, version 2`; empty if it is not known."""
    return ", ".join(dict.fromkeys(_change(each, say) for each in what))


def _change(what: str, say: Language) -> str:
    if version := _VERSION.fullmatch(what):
        return say.gettext("version %(number)s", number=version[1])
    known = {
        "title": say.gettext("new title"),
        "abstract": say.gettext("revised abstract"),
        "code": say.gettext("code available"),
        "withdrawn": say.gettext("withdrawn"),
        "replaced": say.gettext("replaced"),
    }
    return known.get(what) or clean(what)
