"""The page on which people subscribe, as its template sees it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from digest.i18n.language import Language
from digest.model import Item, Match
from digest.render.context import SiteContext
from digest.render.view import PaperView, paper_view

_ABOUT = 180  # characters of an abstract
_HEIGHT = 56  # of the highest bar, in pixels


@dataclass(frozen=True, slots=True)
class FaultView:
    """A mistake in a query: what is wrong, what to do, and the query with a caret below it."""

    message: str
    remedy: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class KeywordView:
    """What a keyword brings: `rate` says how much, `note` what is remarkable, `near` are spellings that occur."""

    text: str
    rate: str
    note: str = ""
    near: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BarView:
    """A week: the height of its bar in pixels, and its label."""

    height: int
    label: str


@dataclass(frozen=True, slots=True)
class TriedView:
    """What the keywords would have brought."""

    headline: str
    summary: str
    bars: tuple[BarView, ...]
    keywords: tuple[KeywordView, ...]
    papers: tuple[PaperView, ...]
    more: str = ""
    related: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FormView:
    """The form: `values` by field, `problems` by field in words, and the choices of its lists as (value, label)."""

    language: str
    heading: str
    values: Mapping[str, str]
    days: tuple[tuple[str, str], ...]
    languages: tuple[tuple[str, str], ...]
    sizes: tuple[str, ...]
    zones: tuple[str, ...]
    stamp: str
    domains: str = ""
    problems: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, tuple[FaultView, ...]] = field(default_factory=dict)
    tried: TriedView | None = None
    waiting: bool = False
    said: str = ""


class Week(Protocol):
    """A week of the past, by its Monday."""

    @property
    def monday(self) -> date: ...
    @property
    def papers(self) -> int: ...
    @property
    def matched(self) -> int: ...


class KeywordCount(Protocol):
    """What a keyword brings (see `digest.services.tuning`)."""

    @property
    def keyword(self) -> str: ...
    @property
    def papers(self) -> int: ...
    @property
    def per_week(self) -> float: ...
    @property
    def share(self) -> float: ...
    @property
    def ever(self) -> int: ...
    @property
    def brings_nearly_all(self) -> bool: ...
    @property
    def spellings(self) -> tuple[tuple[str, str], ...]: ...


class Tuning(Protocol):
    """What keywords would have brought (see `digest.services.tuning`)."""

    @property
    def weeks(self) -> Sequence[Week]: ...
    @property
    def matched(self) -> int: ...
    @property
    def per_week(self) -> float: ...
    @property
    def keywords(self) -> Sequence[KeywordCount]: ...
    @property
    def newest(self) -> Sequence[Match]: ...


LANGUAGE_NAMES = (("en", "English"), ("de", "Deutsch"))


def days_of(lang: Language) -> tuple[tuple[str, str], ...]:
    """Return the choices of days, as (value, label)."""
    return (
        ("daily", lang.gettext("every day")),
        ("weekdays", lang.gettext("Monday to Friday")),
        ("mon", lang.gettext("on Mondays")),
        ("tue", lang.gettext("on Tuesdays")),
        ("wed", lang.gettext("on Wednesdays")),
        ("thu", lang.gettext("on Thursdays")),
        ("fri", lang.gettext("on Fridays")),
        ("sat", lang.gettext("on Saturdays")),
        ("sun", lang.gettext("on Sundays")),
        ("monthly 1", lang.gettext("on the first of the month")),
    )


def problem_text(lang: Language, name: str) -> str:
    """Return what the page says about a mistake that `digest.services.sign_up` names."""
    texts = {
        "no keywords": lang.gettext("Type at least one keyword, such as “one-step diffusion”."),
        "too many keywords": lang.gettext("These are too many keywords; use at most 60."),
        "a long keyword": lang.gettext("A keyword is longer than 400 characters; use several keywords."),
        "not a day": lang.gettext("Choose one of the days."),
        "not a time": lang.gettext("Type a time such as 08:00."),
        "not a time zone": lang.gettext("This is not a known time zone; use a name such as Europe/Berlin."),
        "not a size": lang.gettext("Choose one of the numbers."),
        "not a language": lang.gettext("Choose one of the languages."),
        "no address": lang.gettext("Type your email address."),
        "not an address": lang.gettext(
            "This is not a valid email address; use one such as name@example.org."
        ),
        "another domain": lang.gettext("Addresses of this domain cannot subscribe here."),
        "too fast": lang.gettext("That was quick. Please look at it once more, then press the button again."),
        "stale": lang.gettext("The page was open for a long time. Please press the button again."),
    }
    return texts[name]


def tried_view(site: SiteContext, lang: Language, tuning: Tuning, related: tuple[str, ...]) -> TriedView:
    """Return what keywords would have brought, in words and bars."""
    papers = tuple(
        paper_view(Item(each.paper, each.score, each.evidence), site, _ABOUT, lang) for each in tuning.newest
    )
    more = tuning.matched - len(papers)
    seen = sum(week.papers for week in tuning.weeks)
    return TriedView(
        headline=per_week(lang, tuning.per_week),
        summary=lang.gettext(
            "%(weeks)s weeks, %(papers)s",
            weeks=str(len(tuning.weeks)),
            papers=lang.ngettext("%(number)s paper seen", "%(number)s papers seen", seen),
        ),
        bars=_bars(lang, [(week.monday, week.matched) for week in tuning.weeks]),
        keywords=tuple(_keyword(lang, each, alone=len(tuning.keywords) == 1) for each in tuning.keywords),
        papers=papers,
        more=lang.ngettext("and %(number)s more in these weeks", "and %(number)s more in these weeks", more)
        if more > 0
        else "",
        related=related,
    )


def per_week(lang: Language, rate: float) -> str:
    """Return about how many papers a week there are, as a heading."""
    if not rate:
        return lang.gettext("No paper in the last weeks")
    if rate < 0.95:
        return lang.gettext("Less than one paper a week")
    return lang.ngettext(
        "About %(number)s paper a week", "About %(number)s papers a week", max(1, round(rate))
    )


def _bars(lang: Language, weeks: Sequence[tuple[date, int]]) -> tuple[BarView, ...]:
    most = max((number for _, number in weeks), default=0) or 1
    return tuple(
        BarView(
            max(2, round(_HEIGHT * number / most)),
            lang.gettext(
                "week of %(monday)s: %(number)s", monday=monday.isoformat(), number=lang.number(number)
            ),
        )
        for monday, number in weeks
    )


def _keyword(lang: Language, found: KeywordCount, *, alone: bool) -> KeywordView:
    rate = lang.gettext("%(number)s a week", number=lang.decimal(found.per_week))
    near = _mended(found) if not found.ever else ()
    note = ""
    if not found.ever:
        rate = ""
        note = lang.gettext("has never matched")
    elif not found.papers:
        note = lang.gettext("has not matched in these weeks")
    elif found.brings_nearly_all and not alone:
        note = lang.gettext("brings %(share)s", share=lang.percent(found.share))
    return KeywordView(found.keyword, rate, note, near)


def _mended(found: KeywordCount) -> tuple[str, ...]:
    """Return a keyword with the words that never occur replaced by the nearest ones that do; () if nothing was replaced."""
    text = found.keyword
    for word, better in found.spellings:
        text = re.sub(re.escape(word), lambda _, better=better: better, text, flags=re.IGNORECASE)  # type: ignore[misc]
    return (text,) if text != found.keyword else ()
