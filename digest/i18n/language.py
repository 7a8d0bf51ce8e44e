"""The language of fixed texts: messages, days, numbers and lists in English.

`catalogue` makes the other languages from it.
"""

from collections.abc import Sequence
from datetime import date

LANGUAGES = ("en", "de")

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: tuple[str, ...] = ("January", "February", "March", "April", "May", "June")
_MONTHS += ("July", "August", "September", "October", "November", "December")


class Language:
    """English. Messages have placeholders as in gettext: `since %(weekday)s`."""

    code = "en"

    def message(self, text: str) -> str:
        """Return the translation of a message, its placeholders not yet filled."""
        return text

    def plural(self, one: str, many: str, number: int) -> str:
        """Return the form of a message for a number, its placeholders not yet filled."""
        return one if number == 1 else many

    def gettext(self, text: str, **values: str) -> str:
        """Return the translation of a message with its placeholders filled."""
        text = self.message(text)
        return text % values if values else text

    def ngettext(self, one: str, many: str, number: int) -> str:
        """Return the translation of a message with a count: `2 papers` for `%(number)s paper(s)`."""
        return self.plural(one, many, number) % {"number": self.number(number)}

    def listed(self, items: Sequence[str]) -> str:
        """Return `a, b and c`."""
        if len(items) < 2:
            return "".join(items)
        return self.gettext("%(most)s and %(last)s", most=", ".join(items[:-1]), last=items[-1])

    def number(self, value: int) -> str:
        """Return `12,345`."""
        return f"{value:,}"

    def decimal(self, value: float) -> str:
        """Return `1.5`."""
        return f"{value:,.1f}"

    def percent(self, share: float) -> str:
        """Return `27%` for 0.27."""
        return f"{share:.0%}"

    def weekday(self, day: date) -> str:
        """Return `Monday`."""
        return _DAYS[day.weekday()]

    def long_day(self, day: date, *, year: bool = False) -> str:
        """Return `Monday 24 November`, with `year` also its year."""
        return f"{self.weekday(day)} {self.day_and_month(day, year=year)}"

    def day_and_month(self, day: date, *, year: bool = False) -> str:
        """Return `24 November`, with `year` also its year."""
        text = f"{day.day} {_MONTHS[day.month - 1]}"
        return f"{text} {day.year}" if year else text

    def short_day(self, day: date) -> str:
        """Return `25 Sep 2024`."""
        return f"{day.day} {_MONTHS[day.month - 1][:3]} {day.year}"


ENGLISH = Language()
