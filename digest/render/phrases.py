"""Sentences of an issue in the reader's language: dates, counts, and why a paper is there."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from digest.i18n.language import ENGLISH, Language
from digest.model import Evidence, Issue, Item, Paper, Trend, status_of
from digest.render.highlight import Piece, isolated_pieces, pieces, spans
from digest.text.clean import clean, shorten, shown_term
from digest.text.direction import isolated
from digest.text.math import readable, shown

_SOURCES = {
    "daily-papers-page": "Daily Papers",
    "daily-papers-api": "Daily Papers",
    "arxiv-api": "arXiv",
    "arxiv-mail": "arXiv",
    "arxiv-abs": "arXiv",
    "medline": "PubMed",
    "web-of-science": "Web of Science",
}


def in_zone(when: datetime, timezone: str) -> datetime:
    """Return the local time of an instant in a zone; in UTC if the zone is not known on this machine."""
    try:
        return when.astimezone(ZoneInfo(timezone))
    except (ValueError, KeyError, OSError):
        return when.astimezone(ZoneInfo("UTC"))


def since(when: datetime, today: date, timezone: str, lang: Language = ENGLISH) -> str:
    """Return `since Thursday`; a time for today, a date for what is a week ago or more."""
    local = in_zone(when, timezone)
    ago = (today - local.date()).days
    if ago <= 0:
        return lang.gettext("since %(time)s today", time=f"{local:%H:%M}")
    if ago == 1:
        return lang.gettext("since yesterday")
    if ago < 7:
        return lang.gettext("since %(weekday)s", weekday=lang.weekday(local.date()))
    day = lang.day_and_month(local.date(), year=local.year != today.year)
    return lang.gettext("since %(date)s", date=day)


def counts(new: int, updated: int, lang: Language = ENGLISH) -> tuple[str, ...]:
    """Return `5 new` and `2 updated`, without those that are 0."""
    found = (
        lang.ngettext("%(number)s new", "%(number)s new", new) if new else "",
        lang.ngettext("%(number)s updated", "%(number)s updated", updated) if updated else "",
    )
    return tuple(filter(None, found))


def summary(issue: Issue, lang: Language = ENGLISH) -> str:
    """Return how much an issue holds: `5 new of 66 papers since Thursday.`, and how it is ordered."""
    new = len(issue.new) + len(issue.more_new)
    updated = len(issue.updated) + len(issue.more_updated)
    when = since(issue.since, issue.day, issue.timezone, lang) if issue.since else lang.gettext("so far")
    papers = lang.ngettext("%(number)s paper", "%(number)s papers", max(issue.considered, new + updated))
    if new or updated:
        found = lang.listed(counts(new, updated, lang))
        text = lang.gettext("%(found)s of %(papers)s %(when)s.", found=found, papers=papers, when=when)
    else:
        text = lang.gettext("Nothing new among %(papers)s %(when)s.", papers=papers, when=when)
    if issue.order:
        text += " " + lang.gettext("Ordered by %(order)s.", order=clean(issue.order))
    text = f"{text} {clean(issue.note)}".strip()
    return lang.gettext("Your first issue: %(summary)s", summary=text) if issue.number == 1 else text


def themes(issue: Issue, lang: Language = ENGLISH) -> str:
    """Return the themes of a long issue: `super resolution, blur (5) · agents (3) · other (2)`; else ""."""
    if not issue.themes:
        return ""
    found = [f"{isolated(clean(theme.name))} ({len(theme.papers)})" for theme in issue.themes]
    rest = len(issue.new) - sum(len(theme.papers) for theme in issue.themes)
    if rest > 0:
        other = lang.gettext("other")
        found.append(f"{other} ({rest})")
    return " · ".join(found)


_TREND_WEEKS = 4


def rising(found: Sequence[Trend], lang: Language = ENGLISH) -> str:
    """Return a sentence that introduces trends, or ""."""
    if not found:
        return ""
    return lang.gettext(
        "Topics that more titles mention than before, in the four weeks to %(day)s.",
        day=lang.day_and_month(found[0].last),
    )


def trends(found: Sequence[Trend], lang: Language = ENGLISH) -> tuple[tuple[str, str], ...]:
    """Return the name of each trend with its last four weeks: `3, 4, 9, 15 papers a week`."""
    return tuple(
        (
            isolated(clean(shown(each.name))),
            lang.gettext(
                "%(counts)s papers a week", counts=", ".join(map(lang.number, each.weeks[-_TREND_WEEKS:]))
            ),
        )
        for each in found
    )


@lru_cache(maxsize=4096)
def facts(paper: Paper, lang: Language = ENGLISH, *, source: bool = True) -> tuple[str, ...]:
    """Return what is known of a paper besides its text and authors, each fact a few words."""
    found = [clean(name).strip() for name in (paper.organization, paper.venue) if name]
    found.append(published(paper, lang))
    found += [clean(category).strip() for category in paper.categories[:3]]
    found += comments_and_upvotes(paper, lang)
    found += sources(paper) if source else ()
    return tuple(shorten(fact, 80) for fact in found if fact)


def published(paper: Paper, lang: Language) -> str:
    """Return the date of a paper; of a vague date the words, such as `Spring 2024`."""
    if paper.published_text:
        return clean(paper.published_text).strip()
    return lang.short_day(paper.published) if paper.published else ""


def comments_and_upvotes(paper: Paper, lang: Language) -> tuple[str, str]:
    """Return `5 comments` and `32 upvotes`, each "" for zero."""
    comments, upvotes = paper.comments or 0, paper.upvotes or 0
    return (
        lang.ngettext("%(number)s comment", "%(number)s comments", comments) if comments else "",
        lang.ngettext("%(number)s upvote", "%(number)s upvotes", upvotes) if upvotes else "",
    )


def sources(paper: Paper) -> tuple[str, ...]:
    """Return the names of the sources of a paper, for people: `arXiv`, `Daily Papers`."""
    return tuple(dict.fromkeys(_SOURCES.get(name, clean(name).replace("-", " ")) for name in paper.sources))


def authors(
    paper: Paper, evidence: Iterable[Evidence] = (), shown: int = 3, *, lang: Language = ENGLISH
) -> tuple[Piece, ...]:
    """Return the authors of a paper: at most `shown` names, and how many more there are.

    The first author is always named; authors in the evidence are named before others.
    """
    total = max(paper.author_count or 0, len(paper.authors))
    if not paper.authors:
        return (Piece(lang.ngettext("%(number)s author", "%(number)s authors", total)),) if total else ()
    matched = {each.item for each in evidence if each.field == "author"}
    names = range(len(paper.authors))
    if total > shown:
        by_importance = sorted(names, key=lambda place: (place > 0, place not in matched, place))
        chosen: Sequence[int] = sorted(by_importance[: max(shown - 1, 1)])
    else:
        chosen = names
    found: list[Piece] = []
    for place in chosen:
        if found:
            found.append(Piece(", "))
        found += isolated_pieces(pieces(paper.authors[place], spans(evidence, "author", place)))
    if total > len(chosen):
        more = lang.number(total - len(chosen))
        found.append(Piece(" " + lang.gettext("and %(number)s more", number=more)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Found:
    """A matched term and how often it occurs; `times` is 1 outside titles and abstracts."""

    term: str
    times: int


@dataclass(frozen=True, slots=True)
class Reason:
    """Terms and where they were found: one-step and diffusion, `in the title`."""

    where: str
    found: tuple[Found, ...]


@lru_cache
def _places(lang: Language) -> dict[str, str]:
    return {
        "title": lang.gettext("in the title"),
        "abstract": lang.gettext("in the abstract"),
        "author": lang.gettext("among the authors"),
        "category": lang.gettext("among the categories"),
        "organization": lang.gettext("as the organization"),
        "source": lang.gettext("as the source"),
    }


_COUNTED = ("title", "abstract")
_TERMS = 8


def reasons(evidence: Sequence[Evidence], lang: Language = ENGLISH) -> tuple[tuple[Reason, ...], int]:
    """Return the words of a paper that a query matched, by field, and how many further ones are not named."""
    fields: dict[str, dict[str, int]] = {}
    names = _names({(each.term, each.text) for each in evidence})
    for each in evidence:
        terms = fields.setdefault(each.field, {})
        term = names[each.term, each.text]
        terms[term] = terms.get(term, 0) + 1
    every = list(dict.fromkeys(term for terms in fields.values() for term in terms))
    named = set(every[:_TERMS])
    where = _places(lang)
    found = (
        Reason(
            where.get(field) or lang.gettext("in the %(field)s", field=clean(field)),
            tuple(
                Found(term, times if field in _COUNTED else 1)
                for term, times in terms.items()
                if term in named
            ),
        )
        for field, terms in fields.items()
    )
    return tuple(reason for reason in found if reason.found), len(every) - len(named)


def _names(found: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return how each term and the words that it found are named: the same words in one case, the lower one."""
    names = {each: shorten(_found(*each), 60) for each in found}
    by_case: dict[str, str] = {}
    for name in sorted(names.values(), key=lambda name: (sum(map(str.isupper, name)), name)):
        by_case.setdefault(name.casefold(), name)
    return {each: by_case[name.casefold()] for each, name in names.items()}


def _found(term: str, words: str) -> str:
    """Return the words that a term of a query found, as typed if they differ in case only."""
    typed, found = shown_term(term), clean(readable(words).text).strip()
    return found if found and found.casefold() != typed.casefold() else typed


def because(
    matches: Sequence[Reason], unnamed: int, ranks: Sequence[Reason] = (), *, lang: Language = ENGLISH
) -> tuple[Piece, ...]:
    """Return reasons as one line, the terms marked: `one-step in the title; model 4× in the abstract`.

    `matches` and `unnamed` are what `reasons` returns, `ranks` what `ranked_by` returns.
    """
    more = []
    if unnamed:
        rest = lang.ngettext("and %(number)s more term", "and %(number)s more terms", unnamed)
        more = [Piece(f" {rest}")]
    found = [*_listed(matches), *more]
    found += [*([Piece("; ")] if found and ranks else []), *_listed(ranks)]
    return tuple(piece for piece in found if piece.text)


def _listed(reasons: Sequence[Reason]) -> Iterator[Piece]:
    for number, reason in enumerate(reasons):
        yield Piece("; " if number else "")
        for place, term in enumerate(reason.found):
            times = f" {term.times}×" if term.times > 1 else ""
            last = place == len(reason.found) - 1
            yield from isolated_pieces((Piece(term.term, hit=True),))
            yield Piece(f"{times} {reason.where}" if last else f"{times}, ")


def ranked_by(item: Item, lang: Language = ENGLISH) -> tuple[Reason, ...]:
    """Return what ranks a paper besides its keywords: taste, popularity, freshness and plug-ins, where they count."""
    by = {part.name: part.value for part in item.parts}
    found = []
    learnt = next((name for name in ("taste", "clicks", "likes and clicks") if name in by), "taste")
    if (taste := round(by.get(learnt, 0.0), 2)) > 0:
        found.append(Reason(_similar(learnt, taste, lang), _named(item.liked)))
    if by.get("popularity"):
        comments, upvotes = comments_and_upvotes(item.paper, lang)
        code = lang.gettext("published code") if item.paper.code_url else ""
        facts = tuple(Found(each, 1) for each in (upvotes, comments, code) if each)
        found.append(Reason(lang.gettext("(popularity)"), facts))
    if by.get("freshness") and item.paper.published:
        day = published(item.paper, lang)
        found.append(Reason(lang.gettext("(freshness)"), (Found(day, 1),)))
    known = {"keyword", "taste", "clicks", "likes and clicks", "dislikes", "popularity", "freshness"}
    found += [
        Reason(f"({clean(name)})", (Found(lang.percent(value), 1),))
        for name, value in by.items()
        if value and name not in known
    ]
    return tuple(reason for reason in found if reason.found)


def but(item: Item, lang: Language = ENGLISH) -> tuple[Piece, ...]:
    """Return what speaks against a paper as one line, the words marked; () if nothing does."""
    return tuple(piece for piece in _listed(lowered_by(item, lang)) if piece.text)


def lowered_by(item: Item, lang: Language = ENGLISH) -> tuple[Reason, ...]:
    """Return what speaks against a paper: the words that it shares with papers that the reader disliked."""
    if not item.disliked:
        return ()
    return (Reason(lang.gettext("as in papers you disliked"), _named(item.disliked)),)


def _named(terms: Sequence[str]) -> tuple[Found, ...]:
    return tuple(Found(shorten(clean(term), 60), 1) for term in terms)


def _similar(learnt: str, taste: float, lang: Language) -> str:
    """Return which papers of the reader a paper resembles: `as in papers you liked (54% similar)`."""
    share = lang.percent(taste)
    if learnt == "taste":
        return lang.gettext("as in papers you liked (%(share)s similar)", share=share)
    if learnt == "clicks":
        return lang.gettext("as in papers you opened (%(share)s similar)", share=share)
    return lang.gettext("as in papers you liked or opened (%(share)s similar)", share=share)


_VERSION = re.compile(r"version (\d+)")


def changes(what: Sequence[str], lang: Language = ENGLISH) -> str:
    """Return what was revised: `revised abstract, version 2`; "" if that is not known."""
    return ", ".join(dict.fromkeys(_change(each, lang) for each in what))


def status(paper: Paper, lang: Language = ENGLISH) -> str:
    """Return whether a paper is withdrawn, retracted or removed, in words; otherwise an empty string."""
    return _statuses(lang).get(status_of(paper) or "", "")


def _statuses(lang: Language) -> dict[str, str]:
    return {
        "withdrawn": lang.gettext("withdrawn"),
        "retracted": lang.gettext("retracted"),
        "removed": lang.gettext("removed"),
    }


def _change(what: str, lang: Language) -> str:
    if version := _VERSION.fullmatch(what):
        return lang.gettext("version %(number)s", number=version[1])
    known = {
        "title": lang.gettext("new title"),
        "abstract": lang.gettext("revised abstract"),
        "code": lang.gettext("code available"),
        **_statuses(lang),
        "replaced": lang.gettext("replaced"),
    }
    return known.get(what) or clean(what)
