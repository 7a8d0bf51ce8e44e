"""What somebody types into the page on which people subscribe: checked, and tried on the library."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from zoneinfo import available_timezones

from digest.compose.slots import parse_schedule
from digest.i18n.language import LANGUAGES
from digest.match.paper_index import PaperIndex
from digest.model import Home, Match, Subscription
from digest.services.accounts import is_allowed
from digest.services.tuning import Fault, Interest, Tuning, faults_of, tune
from digest.services.workspace import Clock
from digest.text.addresses import address_error
from digest.text.clean import clean, shorten
from digest.text.keyphrases import keyphrases

DAYS = ("daily", "weekdays", "mon", "tue", "wed", "thu", "fri", "sat", "sun", "monthly 1")
SIZES = (5, 10, 20, 50)  # papers in an email
MOST_KEYWORDS = 60
_LONGEST = 400  # characters of a keyword
_LONGEST_NAME = 60
_RELATED = 5
_ADDRESS = re.compile(r"https?:\S*|\S+\.(?:com|org|io|net|ai)\b\S*")


@cache
def zones() -> tuple[str, ...]:
    """Return the names of all time zones, sorted; looking them up on the disk takes a while."""
    return tuple(sorted(available_timezones()))


@dataclass(frozen=True, slots=True)
class Draft:
    """The fields of the form, as they were typed."""

    keywords: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    days: str = "daily"
    time: str = "08:00"
    timezone: str = ""
    size: str = "20"
    language: str = ""
    email: str = ""
    name: str = ""

    @property
    def interest(self) -> Interest:
        return Interest(self.keywords, self.exclude)

    @property
    def schedule(self) -> str:
        return f"{self.days} {self.time}"


@dataclass(frozen=True, slots=True)
class Checked:
    """A draft with its mistakes: faults of queries, and by field what else is wrong. `wish` is None with any of them."""

    draft: Draft
    faults: tuple[Fault, ...] = ()
    problems: Mapping[str, str] = field(default_factory=dict)
    wish: Subscription | None = None


def draft_of(home: Home, wish: Subscription) -> Draft:
    """Return the draft that a subscription was made from; its days are "" if the form cannot show its schedule."""
    days, _, time = wish.schedule.rpartition(" ")
    known = days in DAYS and len(time) == len("08:00")
    return Draft(
        wish.keywords,
        wish.exclude,
        days if known else "",
        time if known else "08:00",
        wish.timezone or home.settings.timezone,
        str(wish.max_papers),
        wish.language or home.settings.language,
        name=wish.name,
    )


def check_draft(home: Home, draft: Draft, *, address: bool = True) -> Checked:
    """Check a draft; without `address`, of somebody whose address is known."""
    problems = dict(_problems(draft))
    if address and (problem := _address_problem(home, draft.email)):
        problems["email"] = problem
    faults = faults_of([draft.interest])
    if faults or problems:
        return Checked(draft, faults, problems)
    return Checked(draft, wish=_wish(home, draft))


def _wish(home: Home, draft: Draft) -> Subscription:
    return Subscription(
        "",
        name_of(draft),
        draft.keywords,
        draft.exclude,
        schedule=draft.schedule,
        timezone=draft.timezone or home.settings.timezone,
        max_papers=int(draft.size),
        language=draft.language or home.settings.language,
        visibility="private",
        formats=("html", "text"),
    )


def name_of(draft: Draft) -> str:
    """Return the name of the subscription: as typed, else from its keywords."""
    name = " ".join(clean(draft.name).split()) or ", ".join(draft.keywords)
    return shorten(" ".join(clean(name).split()), _LONGEST_NAME)


def _problems(draft: Draft) -> Mapping[str, str]:
    """Return the names of mistakes by field; `digest.render.sign_up` has what the page says."""
    found = {}
    if not draft.keywords:
        found["keywords"] = "no keywords"
    elif len(draft.keywords) + len(draft.exclude) > MOST_KEYWORDS:
        found["keywords"] = "too many keywords"
    elif any(len(each) > _LONGEST for each in (*draft.keywords, *draft.exclude)):
        found["keywords"] = "a long keyword"
    if draft.days not in DAYS:
        found["days"] = "not a day"
    else:
        try:
            parse_schedule(draft.schedule)
        except ValueError:
            found["time"] = "not a time"
    if draft.timezone and draft.timezone not in zones():
        found["timezone"] = "not a time zone"
    if not (draft.size.isascii() and draft.size.isdigit() and 1 <= int(draft.size[:6]) <= 200):
        found["size"] = "not a size"
    if draft.language and draft.language not in LANGUAGES:
        found["language"] = "not a language"
    return found


def _address_problem(home: Home, address: str) -> str:
    if not address:
        return "no address"
    if address_error(address):
        return "not an address"
    return "" if is_allowed(home, address) else "another domain"


@dataclass(frozen=True, slots=True)
class Tried:
    """What the keywords of a draft would have brought, and related terms that they might have, too."""

    tuning: Tuning
    related: tuple[str, ...] = ()


def try_draft(home: Home, index: PaperIndex, draft: Draft, clock: Clock) -> Tried:
    """Try a draft without faults on the papers of an index."""
    zone = draft.timezone if draft.timezone in zones() else home.settings.timezone
    tuning = tune(index, [draft.interest], clock.now, zone=zone)
    return Tried(tuning, related_terms(draft.keywords, tuning.newest))


def related_terms(keywords: Sequence[str], found: Sequence[Match]) -> tuple[str, ...]:
    """Return pairs of words that several of the newest matches have, as keywords; none that a keyword has already."""
    known = {word for each in keywords for word in keyphrases(each.replace("*", ""))}
    counted: Counter[str] = Counter()
    written: dict[str, str] = {}
    for match in found:
        phrases = keyphrases(match.paper.title, _ADDRESS.sub(" ; ", match.paper.abstract))
        pairs = {stem: text for stem, text in phrases.items() if " " in stem}
        counted.update(pairs.keys())
        written |= {stem: text for stem, text in pairs.items() if stem not in written}
    new = [stem for stem, number in counted.most_common() if number > 1 and not known & {stem, *stem.split()}]
    return tuple(f'"{written[stem].lower()}"' for stem in new[:_RELATED])
