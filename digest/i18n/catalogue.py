"""Languages other than English: catalogues of messages, and what Babel knows of days, numbers and plurals.

A catalogue is a file in gettext's format, `digest/i18n/locale/<code>/LC_MESSAGES/digest.po`, and is read as it is:
there is nothing to build. Babel is imported when such a language is first spoken.
"""

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from digest.i18n.language import ENGLISH, LANGUAGES, Language

LOCALE = Path(__file__).parent / "locale"


class Translated(Language):
    """A language by its catalogue; a message that it lacks is said in English."""

    def __init__(self, code: str) -> None:
        from babel import Locale
        from babel.messages.pofile import read_po

        self.code = code
        self._locale = Locale.parse(code)
        with (LOCALE / code / "LC_MESSAGES" / "digest.po").open("rb") as file:
            catalogue = read_po(file, locale=code)
        self._form_of = self._locale.plural_form
        self._tags = tuple(sorted(self._form_of.tags | {"other"}, key=_PLURAL_TAGS.index))
        self._messages: dict[str, str] = {}
        self._plurals: dict[str, dict[str, str]] = {}
        for each in catalogue:
            if isinstance(each.id, str):
                self._messages[each.id] = str(each.string) or each.id
            else:
                self._plurals[each.id[0]] = dict(zip(self._tags, each.string or (), strict=True))

    def message(self, text: str) -> str:
        return self._messages.get(text, text)

    def plural(self, one: str, many: str, number: int) -> str:
        forms = self._plurals.get(one)
        return (forms and forms[self._form_of(number)]) or super().plural(one, many, number)

    def number(self, value: int) -> str:
        from babel.numbers import format_decimal

        return str(value) if 0 <= value < 1000 else format_decimal(value, locale=self._locale)

    def percent(self, share: float) -> str:
        from babel.numbers import format_percent

        return format_percent(share, locale=self._locale)

    def weekday(self, day: date) -> str:
        return _written(self._locale, "EEEE", day)

    # How the parts of a day follow each other is a message as others are.
    def long_day(self, day: date, *, year: bool = False) -> str:
        pattern = self.gettext("EEEE d MMMM y") if year else self.gettext("EEEE d MMMM")
        return _written(self._locale, pattern, day)

    def day_and_month(self, day: date, *, year: bool = False) -> str:
        return _written(self._locale, self.gettext("d MMMM y") if year else self.gettext("d MMMM"), day)

    def short_day(self, day: date) -> str:
        return _written(self._locale, self.gettext("d MMM y"), day)


# The order in which gettext counts plural forms.
_PLURAL_TAGS = ("zero", "one", "two", "few", "many", "other")


@lru_cache(maxsize=1024)
def _written(locale: Any, pattern: str, day: date) -> str:
    """Return a day in a pattern of Unicode's, with the names of a locale."""
    from babel.dates import format_date

    return format_date(day, pattern, locale=locale)


@lru_cache(maxsize=len(LANGUAGES))
def language(code: str) -> Language:
    """Return one of LANGUAGES; English for any other code."""
    return Translated(code) if code in LANGUAGES and code != "en" else ENGLISH
