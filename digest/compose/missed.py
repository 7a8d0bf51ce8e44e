"""Slots that no run used in time: one issue covers all of them, and says so. Pure."""

from datetime import datetime
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from digest.compose.slots import parse_schedule, slots_backwards
from digest.i18n.language import Language
from digest.model import Subscription

_MOST = 1_000  # slots that are counted


def slots_after(subscription: Subscription, after: datetime, until: datetime) -> int:
    """Return how many slots a subscription had after an instant and not after another one, 1,000 at most."""
    zone = ZoneInfo(subscription.timezone)
    slots = slots_backwards(parse_schedule(subscription.schedule), zone, until)
    return sum(1 for _ in islice(takewhile(lambda slot: slot.instant > after, slots), _MOST))


def missed_text(count: int, since: str, lang: Language, *, no_run: bool) -> str:
    """Return the sentence of an issue that covers `count` slots, at least two.

    `since` is the time of the last run as a phrase, such as `since Monday`. `no_run`: no run took place
    since then; otherwise there were some, but none included the subscription.
    """
    number = _words(lang).get(count) or lang.number(count)
    if no_run:
        return lang.gettext(
            "No run took place %(since)s; this issue covers %(number)s.", since=since, number=number
        )
    return lang.gettext(
        "No run included this subscription %(since)s; this issue covers %(number)s.",
        since=since,
        number=number,
    )


def _words(lang: Language) -> dict[int, str]:
    return {
        2: lang.gettext("two"),
        3: lang.gettext("three"),
        4: lang.gettext("four"),
        5: lang.gettext("five"),
        6: lang.gettext("six"),
        7: lang.gettext("seven"),
        8: lang.gettext("eight"),
        9: lang.gettext("nine"),
        10: lang.gettext("ten"),
        11: lang.gettext("eleven"),
        12: lang.gettext("twelve"),
    }
