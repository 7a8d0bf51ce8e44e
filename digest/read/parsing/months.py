"""The names of months and seasons, as bibliographies write them in many languages. Pure.

The names and abbreviations are those of the locales of CLDR and of the Citation Style Language; without accents and case.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

# Each line has the twelve months of a language; "|" separates forms.
_NAMES: Final = (
    "january february march april may june july august september|sept october november december",  # English
    "januar|jänner feber|februar märz|maerz|mrz april mai juni juli august september oktober november dezember",
    "janvier février mars avril mai juin juillet|juil août septembre octobre novembre décembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre|setiembre octubre noviembre diciembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "januari februari maart|mrt april mei juni juli augustus september oktober november december",
    "januari februari mars april maj juni juli augusti september oktober november december",
    "januar februar marts april maj juni juli august september oktober november december|desember",
    ("tammikuu|tammikuuta helmikuu|helmikuuta maaliskuu|maaliskuuta huhtikuu|huhtikuuta toukokuu|toukokuuta kesäkuu|kesäkuuta" " heinäkuu|heinäkuuta elokuu|elokuuta syyskuu|syyskuuta lokakuu|lokakuuta marraskuu|marraskuuta joulukuu|joulukuuta"),
    ("styczeń|stycznia luty|lutego marzec|marca kwiecień|kwietnia maj|maja czerwiec|czerwca lipiec|lipca sierpień|sierpnia" " wrzesień|września październik|października listopad|listopada grudzień|grudnia"),
    ("leden|ledna únor|února březen|března duben|dubna květen|května červen|června červenec|července srpen|srpna září" " říjen|října listopad|listopadu prosinec|prosince"),
    ("január|januára február|februára marec|marca apríl|apríla máj|mája jún|júna júl|júla august|augusta september|septembra" " október|októbra november|novembra december|decembra"),
    "január február március április május június július augusztus szeptember október november december",
    "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie|noi decembrie",
    "ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık",
    ("siječanj|siječnja veljača|veljače ožujak|ožujka travanj|travnja svibanj|svibnja lipanj|lipnja srpanj|srpnja kolovoz|kolovoza" " rujan|rujna - studeni|studenoga -"),
    ("январь|января февраль|февраля март|марта апрель|апреля май|мая июнь|июня июль|июля август|августа сентябрь|сентября" " октябрь|октября ноябрь|ноября декабрь|декабря"),
    ("січень|січня лютий|лютого березень|березня квітень|квітня травень|травня червень|червня липень|липня серпень|серпня" " вересень|вересня жовтень|жовтня листопад|листопада грудень|грудня"),
    ("ιανουάριος|ιανουαρίου φεβρουάριος|φεβρουαρίου μάρτιος|μαρτίου απρίλιος|απριλίου μάιος|μαΐου ιούνιος|ιουνίου" " ιούλιος|ιουλίου αύγουστος|αυγούστου σεπτέμβριος|σεπτεμβρίου οκτώβριος|οκτωβρίου νοέμβριος|νοεμβρίου δεκέμβριος|δεκεμβρίου"),
    "januari februari maret april mei juni juli agustus september oktober november desember",
)  # fmt: skip
_SEASONS: Final = {
    3: "spring printemps primavera frühjahr frühling lente voorjaar vår forår wiosna jaro весна tavasz kevät ilkbahar",
    6: "summer été verano estate verão sommer zomer sommar lato léto лето nyár kesä yaz",
    9: "autumn fall automne otoño autunno outono herbst herfst höst efterår høst jesień podzim осень ősz syksy sonbahar",
    1: "winter hiver invierno inverno vinter zima зима tél talvi kış",
}
_MARKS = re.compile(r"[\u0300-\u036f]")
LETTERS: Final = r"[^\W\d_]"


def folded(text: str) -> str:
    """Return a text in lower case and without accents."""
    bare = text.casefold()
    if bare.isascii():
        return bare
    return _MARKS.sub("", unicodedata.normalize("NFKD", bare)).translate(
        {ord("ı"): "i", ord("ł"): "l", ord("ø"): "o"}
    )


@lru_cache(maxsize=1)
def _months() -> dict[str, int]:
    """Return the month of each name, and of each beginning that no other month shares; English names come first."""
    found: dict[str, int] = {}
    for lines in (_NAMES[:1], _NAMES):
        names: dict[str, int] = {}
        for line in lines:
            for number, forms in enumerate(line.split(), start=1):
                for form in forms.split("|"):
                    names.setdefault(folded(form), number)
        shared: dict[str, set[int]] = {}
        for name, number in names.items():
            for end in range(3, len(name)):
                shared.setdefault(name[:end], set()).add(number)
        unique = {short: min(numbers) for short, numbers in shared.items() if len(numbers) == 1}
        for each in (names, unique):
            for name, number in each.items():
                found.setdefault(name, number)
    return found


def month_named(text: str) -> int | None:
    """Return the month (1 to 12) of a name or of an abbreviation with at least three letters, or None."""
    bare = folded(text.strip()).rstrip(".")
    return _months().get(bare) if len(bare) >= 3 and bare.isalpha() else None


# Web of Science abbreviates them so.
_SHORT_SEASONS: Final = {"spr": 3, "sum": 6, "fal": 9, "aut": 9, "win": 1}
_SEASON_MONTHS: Final = {
    folded(name): month for month, names in _SEASONS.items() for name in names.split()
} | _SHORT_SEASONS


def season_month(text: str) -> int | None:
    """Return the month with which a season begins in its year, 1 for winter; None for another word."""
    return _SEASON_MONTHS.get(folded(text.strip()).rstrip("."))
