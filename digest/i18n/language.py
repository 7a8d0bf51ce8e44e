"""How we speak to readers: our messages, and days and numbers as English writes them.

Every other language is made of this one by a catalogue: see `catalogue`. Pure.
"""

from collections.abc import Sequence
from datetime import date

LANGUAGES = ("en", "de")

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: tuple[str, ...] = ("January", "February", "March", "April", "May", "June")
_MONTHS += ("July", "August", "September", "October", "November", "December")


class Language:
    """English. Messages have places for values in gettext's way: `since %(weekday)s`."""

    code = "en"

    def message(self, text: str) -> str:
        """Return a message with its places still empty."""
        return text

    def plural(self, one: str, many: str, number: int) -> str:
        """Return the form of a message that goes with a number, its places still empty."""
        return one if number == 1 else many

    def gettext(self, text: str, **values: str) -> str:
        """Return a message with its places filled."""
        text = self.message(text)
        return text % values if values else text

    def ngettext(self, one: str, many: str, number: int) -> str:
        """Return a message that counts, such as `2 papers`, from `%(number)s paper` and its plural."""
        return self.plural(one, many, number) % {"number": self.number(number)}

    def listed(self, told: Sequence[str]) -> str:
        """Return `a, b and c`."""
        if len(told) < 2:
            return "".join(told)
        return self.gettext("%(most)s and %(last)s", most=", ".join(told[:-1]), last=told[-1])

    def number(self, value: int) -> str:
        """Return `12,345`."""
        return f"{value:,}"

    def percent(self, share: float) -> str:
        """Return `27%` for 0.27."""
        return f"{share:.0%}"

    def weekday(self, day: date) -> str:
        """Return `Monday`."""
        return _DAYS[day.weekday()]

    def long_day(self, day: date, *, year: bool = False) -> str:
        """Return `Monday 24 November`, and its year if asked to."""
        return f"{self.weekday(day)} {self.day_and_month(day, year=year)}"

    def day_and_month(self, day: date, *, year: bool = False) -> str:
        """Return `24 November`, and its year if asked to."""
        told = f"{day.day} {_MONTHS[day.month - 1]}"
        return f"{told} {day.year}" if year else told

    def short_day(self, day: date) -> str:
        """Return `25 Sep 2024`."""
        return f"{day.day} {_MONTHS[day.month - 1][:3]} {day.year}"


ENGLISH = Language()
