"""Lists of authors as bibliographies and tables write them. Pure, and linear in the length of the list.

A separator counts where it separates: `;` and `|` everywhere, ` and ` and ` & ` between names, a comma only if the
parts on its sides are whole names. Braces, as in BibTeX, keep a name together.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from digest.read.normalize import MOST_AUTHORS
from digest.read.parsing import names
from digest.read.placeholders import is_placeholder
from digest.text.names import GROUP
from digest.text.untex import plain


class People(NamedTuple):
    """Names with the given name first, and whether the list is complete (without `et al.` or `others`)."""

    names: tuple[str, ...]
    complete: bool = True

    @property
    def counted(self) -> int | None:
        return (len(self.names) or None) if self.complete else None


_STRONG = re.compile(r"[{}]|[;|]")
_AND = re.compile(r"[{}]| (?:(?:and|AND|And)(?: |$))+| ?\\?& |^(?:and|AND|And|\\?&) ")
_COMMA = re.compile(r"[{}]|,")
# Without these, a text has none of the separators.
_SIGNS = {_STRONG: (";", "|"), _AND: ("and", "AND", "And", "&"), _COMMA: (",",)}
_LEAST_CHARACTERS = 8
_FOOTNOTES = "*†‡§¶⁎∗¹²³⁴⁵⁶⁷⁸⁹⁰"
_WIDE = str.maketrans("，、；", ";;;")
_ADDRESS = re.compile(r" ?<[^<>\s@]+@[^<>\s@]+>")
_MORE = re.compile(
    r"\W*(?:and\s+)?(?:et\.?\s*al(?:ii|\.)?|others|\d{1,5}\s+(?:more|others)|(?:\d{1,5}\s)?more authors?|\.\.\.|…)\W*",
    re.IGNORECASE,
)
_MORE_AT_END = re.compile(
    r"[,\s]\s*(?:et\.?\s+al(?:ii)?\.?|and\s+others|&\s+others|\.\.\.|…)\s*$", re.IGNORECASE
)
_INITIALS = re.compile(r"(?:[^\W\d_a-zà-ÿ]\.?-?){1,4}")
_DOTTED = re.compile(r"(?:[^\W\d_a-zà-ÿ]\.\s?-?){1,4}")
_ROLE = re.compile(r" \((?:ed|eds|editor|editors|author|hrsg)\.?\)$", re.IGNORECASE)
_ORCID = re.compile(r"[\[(]?(?:https?://)?orcid(?:\.org/|:?\s*)[\dXx-]{15,25}[\])]?", re.IGNORECASE)
_LIST_START = re.compile(r"\s*(?:c?\(|\[)\s*[\[{]?\s*u?[\"']")
_QUOTED = re.compile(r"u?'((?:[^'\\]|\\.)*)'|u?\"((?:[^\"\\]|\\.)*)\"")
_NAME_KEYS = frozenset({"name", "display_name", "full_name", "fullname", "literal", "author"})
_PART_KEYS = (
    "given",
    "family",
    "first",
    "last",
    "firstname",
    "lastname",
    "first_name",
    "last_name",
    "forename",
)
_EXTENDED = re.compile(
    r"\s*(family|given|prefix|suffix|useprefix|given-i|family-i|prefix-i|suffix-i)\s*=\s*(.*)", re.DOTALL
)
_COMPANY = re.compile(r"(?:inc|ltd|llc|gmbh|corp|plc)\.?", re.IGNORECASE)


def people_in(text: str) -> People:
    """Return the names in a cell or a field that holds a whole list, in any of the usual notations."""
    if listed := _from_list(text):
        return gathered(listed)
    line = " ".join(text.translate(_WIDE).split())
    return _split(
        line[1:-1] if line.startswith("[") and line.endswith("]") and not is_placeholder(line) else line
    )


def bibtex_people(text: str) -> People:
    """Return the names of BibTeX, which are separated by `and`; without `and`, another separator counts."""
    parts = [part for part in _cut(" ".join(text.split()), _AND, only="and") if part.strip()]
    if len(parts) == 1:
        return _split(parts[0]) if "," in parts[0] or ";" in parts[0] else gathered(parts)
    found: list[str] = []
    complete = True
    for part in parts[:MOST_AUTHORS]:
        inner = _split(part) if _is_list(part) else None
        if inner:
            found += inner.names
            complete = complete and inner.complete
        elif _is_more(part):
            complete = False
        else:
            found += filter(None, [person(part)])
    return People((*found, *map(str.strip, parts[MOST_AUTHORS:])), complete)


def _is_list(part: str) -> bool:
    """Return whether a part of a list in BibTeX holds several names that a semicolon or a comma separates."""
    if any(sign in part for sign in ";|"):
        return _holds(part, _STRONG)
    cells = [cell for cell in _cut(part, _COMMA) if cell.strip()] if "," in part else []
    if len(cells) > 1 and all(map(_is_family_and_initials, cells)):
        return True  # Brook F., Kelp T.
    return len(cells) > 3 or (len(cells) == 2 and not _is_one_name(cells))


def gathered(values: Iterable[object]) -> People:
    """Return the names of a list with one name an item; an item with semicolons is a list itself."""
    found: list[str] = []
    complete = True
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) >= _LEAST_CHARACTERS and max(map(len, texts)) == 1:
        return people_in("".join(text or " " for text in texts))  # a text that a program took for a list
    for value in texts:
        if not value.strip():
            continue
        line = " ".join(value.split())
        if any(sign in line for sign in ";|") and _holds(line, _STRONG):
            inner = _split(line)
            found += inner.names
            complete = complete and inner.complete
        elif _is_more(value):
            complete = False
        else:
            found += filter(None, [person(value)])
    return People(tuple(found), complete)


@lru_cache(maxsize=1 << 12)
def person(text: str) -> str:
    """Return one name with the given name first and without TeX; a name in braces is kept as it is."""
    bare = (
        _ROLE.sub("", _ORCID.sub("", text)).strip() if "(" in text or "rcid" in text.lower() else text.strip()
    )
    if is_placeholder(bare):
        return ""
    bare = _ADDRESS.sub("", bare) if "@" in bare else bare
    bare = bare.rstrip(f"{_FOOTNOTES}, ") if bare and bare[-1] in _FOOTNOTES else bare
    if _in_braces(bare):
        return plain(bare)
    parts = [part for part in map(plain, _cut(bare, _COMMA)) if part]
    if len(parts) > 1 and (extended := _extended(parts)):
        return extended
    if len(parts) == 1:
        return turned(parts[0]) if _DOTTED.fullmatch(parts[0].rpartition(" ")[2]) else parts[0]
    return names.given_first_of(parts)


def turned(name: str) -> str:
    """Return `Brook A.B.` and `de Kelp F` with the initials first; any other name as it is."""
    family, _, initials = name.rpartition(" ")
    if (
        not family
        or "," in family
        or _INITIALS.fullmatch(initials) is None
        or _INITIALS.fullmatch(family.partition(" ")[0])
    ):
        return name
    if family.rpartition(" ")[2].endswith("."):
        return name
    return f"{initials} {family}"


def _split(text: str) -> People:
    """Return the names in a text that may hold several, separated in any way."""
    complete = True
    if shortened := _MORE_AT_END.search(text[-40:]):
        text = text[: max(0, len(text) - 40) + shortened.start()]
        complete = False
    found: list[str] = []
    strong = [part for part in _cut(text, _STRONG) if part.strip()]
    strong, rest = strong[:MOST_AUTHORS], strong[MOST_AUTHORS:]  # only the number of the rest counts
    if (len(strong) > 1 or shortened) and all(map(_is_family_and_initials, strong)):  # Brook A; Kelp F
        return People((*(turned(plain(part)) for part in strong), *map(str.strip, rest)), complete)
    for part in strong:
        weak = [one for one in _cut(part, _AND) if one.strip(" ,")]
        if len(strong) > 1 and GROUP.search(part):
            *_, last = part.rpartition(",")
            if last is not part and re.search(r" (?:and|&) ", last):
                found.append(plain(part))  # Tide, Foam and Sand Consortium
                continue
            weak = weak if "," in part else [part]  # Tide and Foam Consortium
        if _is_more(part):
            complete = False
            continue
        weak_named = [one for one in weak if not _is_more(one)]
        complete = complete and len(weak_named) == len(weak) and not any(map(_is_more, _cut(part, _COMMA)))
        found += _between_commas(weak_named, alone=len(strong) == 1)
    return People((*filter(None, map(_tidy, found)), *map(str.strip, rest)), complete)


def _between_commas(parts: Sequence[str], *, alone: bool) -> list[str]:
    """Return the names in parts that `and` separated, of which each may be a name or several between commas.

    `alone` if semicolons separate nothing, so that commas may separate names.
    """
    cells = [[cell for cell in map(str.strip, _cut(part, _COMMA)) if cell] for part in parts]
    flat = [cell for cell in (cell for each in cells for cell in each) if not _is_more(cell)]
    if len(flat) > 2 * MOST_AUTHORS:
        return [*names.with_suffixes(flat)]
    if len(flat) > 1 and all(map(_is_family_and_initials, flat)):  # Brook AB, Kelp F
        named = list(map(plain, flat))
        if not any(name.endswith(".") for name in named[:-1]):
            named[-1] = named[-1].rstrip(".")
        return list(map(turned, named))
    most = max(map(len, cells), default=0)
    if most <= 2 and all(_is_one_name(each) for each in cells):
        return [person(part) for part in parts]
    pairs = (
        len(flat) % 2 == 0 and not any(map(_is_given, flat[::2])) and all(map(_ends_with_initial, flat[1::2]))
    )
    if pairs and len(flat) > 2 and (alone or most > 2):  # Brook, A., Kelp, F., & Dune, M.
        return [
            names.given_first_of([plain(one), plain(two)])
            for one, two in zip(flat[::2], flat[1::2], strict=True)
        ]
    if most == 3 and all(names.has_suffix([plain(cell) for cell in each]) or len(each) < 3 for each in cells):
        return [person(part) for part in parts]
    return [*names.with_suffixes(map(plain, flat))]


def _is_one_name(cells: Sequence[str]) -> bool:
    """Return whether a name of one or two parts is one name: `Brook, Ada Maria`, but not `Ada Brook, Fern Kelp`."""
    if len(cells) < 2 or _in_braces(cells[0]):
        return True
    family, given = (plain(cell).split() for cell in cells)
    if not family or _COMPANY.fullmatch(" ".join(given)):
        return True
    if any(_INITIALS.fullmatch(word) for word in family[:1]) and len(family) > 1:
        return False  # A. Brook, F. Kelp
    return (
        len(family) == 1 or len(given) == 1 or family[0][:1].islower() or any(map(_INITIALS.fullmatch, given))
    )


def _is_family_and_initials(cell: str) -> bool:
    name = plain(cell)
    return turned(name) != name or turned(name.rstrip(".")) != name.rstrip(".")


def _is_given(cell: str) -> bool:
    return len(cell) <= 12 and re.fullmatch(rf"(?:{_INITIALS.pattern}\s?-?){{1,4}}", plain(cell)) is not None


def _ends_with_initial(cell: str) -> bool:
    return _is_given(cell) or (" " in cell and _is_given(cell.rpartition(" ")[2]) and cell.endswith("."))


def _is_more(text: str) -> bool:
    return len(text) <= 40 and _MORE.fullmatch(text.strip(" {}")) is not None


def _tidy(name: str) -> str:
    bare = name.strip(" ,;").rstrip(_FOOTNOTES)
    if (
        bare.endswith(".")
        and not bare.lower().endswith(("inc.", "co."))
        and GROUP.search(bare.rpartition(" ")[2])
    ):
        bare = bare.rstrip(".")
    return "" if is_placeholder(bare) else bare


def _extended(parts: Sequence[str]) -> str:
    """Return a name in biblatex's extended notation, `family=Brook, given=Ada, prefix=van`; "" for another name."""
    found = {match[1]: match[2].strip(' "') for part in parts if (match := _EXTENDED.fullmatch(part))}
    if "family" not in found or len(found) < len(parts):
        return ""
    name = " ".join(filter(None, (found.get("given"), found.get("prefix"), found["family"])))
    return f"{name}, {found['suffix']}" if found.get("suffix") else name


def _in_braces(text: str) -> bool:
    """Return whether one pair of braces holds the whole text."""
    if not (text.startswith("{") and text.endswith("}")):
        return False
    depth = 0
    for brace in re.finditer(r"[{}]", text):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return brace.end() == len(text) and not re.match(r"\{\\[^{}]*\}$", text)
    return False


def _holds(text: str, signs: re.Pattern[str]) -> bool:
    return len(_cut(text, signs)) > 1


def _cut(text: str, signs: re.Pattern[str], only: str = "any") -> list[str]:
    """Return the parts of a text between separators outside of braces; `only` "and" leaves out `&`."""
    if not any(sign in text for sign in _SIGNS[signs]):
        return [text]
    parts: list[str] = []
    depth = start = 0
    for match in signs.finditer(text):
        sign = match[0]
        if sign in {"{", "}"}:
            if text[match.start() - 1 : match.start()] != "\\":
                depth = max(0, depth + (1 if sign == "{" else -1))
        elif depth == 0 and not (only == "and" and "&" in sign):
            parts.append(text[start : match.start()])
            start = match.end()
    parts.append(text[start:])
    return parts


def _from_list(text: str) -> list[str]:
    """Return the items of a list of Python, JSON or R (`["Ada Brook"]`, `c("Ada")`); empty for any other text."""
    if not _LIST_START.match(text):
        return []
    tokens = [(found, found[1] if found[1] is not None else found[2]) for found in _QUOTED.finditer(text)]
    if not re.match(r"\s*(?:c?\(|\[)?\s*\{", text):
        return [re.sub(r"\\(.)", r"\1", value) for _, value in tokens]
    found: list[str] = []
    parts: dict[str, str] = {}
    for (key, name), (_, value) in pairwise(tokens):
        if text[key.end() : key.end() + 3].lstrip()[:1] != ":":
            continue
        if name.lower() in _NAME_KEYS:
            found.append(value)
        elif name.lower() in _PART_KEYS:
            kind = (
                "given"
                if name.lower() in {"given", "forename"} or name.lower().startswith("first")
                else "family"
            )
            parts[kind] = value
            if len(parts) == 2:
                found.append(f"{parts['given']} {parts['family']}")
                parts = {}
    return found
