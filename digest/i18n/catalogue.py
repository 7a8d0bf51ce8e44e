"""Languages other than English: messages from a catalogue; days, numbers and plurals from Babel.

A catalogue is a gettext file, `digest/i18n/locale/<code>/LC_MESSAGES/digest.po`, that is read without compiling.
Babel is imported when such a language is first used.
"""

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from digest.i18n.language import ENGLISH, LANGUAGES, Language

LOCALE = Path(__file__).parent / "locale"


class Translated(Language):
    """A language with a catalogue; a message that the catalogue lacks stays English."""

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

    def decimal(self, value: float) -> str:
        from babel.numbers import format_decimal

        return str(format_decimal(value, format="#,##0.0", locale=self._locale))

    def percent(self, share: float) -> str:
        from babel.numbers import format_percent

        return format_percent(share, locale=self._locale)

    def weekday(self, day: date) -> str:
        return _formatted(self._locale, "EEEE", day)

    # The order of the parts of a date is translated like any message.
    def long_day(self, day: date, *, year: bool = False) -> str:
        pattern = self.gettext("EEEE d MMMM y") if year else self.gettext("EEEE d MMMM")
        return _formatted(self._locale, pattern, day)

    def day_and_month(self, day: date, *, year: bool = False) -> str:
        return _formatted(self._locale, self.gettext("d MMMM y") if year else self.gettext("d MMMM"), day)

    def short_day(self, day: date) -> str:
        return _formatted(self._locale, self.gettext("d MMM y"), day)


# The order of plural forms in gettext files.
_PLURAL_TAGS = ("zero", "one", "two", "few", "many", "other")


@lru_cache(maxsize=1024)
def _formatted(locale: Any, pattern: str, day: date) -> str:
    """Return a day in a Unicode date pattern, with the names of a locale."""
    from babel.dates import format_date

    return format_date(day, pattern, locale=locale)


@lru_cache(maxsize=len(LANGUAGES))
def language(code: str) -> Language:
    """Return one of LANGUAGES; English for any other code."""
    return Translated(code) if code in LANGUAGES and code != "en" else ENGLISH
