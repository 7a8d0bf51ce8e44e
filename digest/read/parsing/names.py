"""Author names: splits lists and puts the given name first. Pure."""

import re
from collections.abc import Iterable, Sequence

from digest.read import normalize
from digest.text.tex_letters import with_letters

_SUFFIX = re.compile(r"(?:jr|sr|iii?|iv|ph\.?d|md|inc|ltd|llc|gmbh)\.?", re.IGNORECASE)
_AND = re.compile(r"(?<!\s)\s+(?:and|&)\s+|;", re.IGNORECASE)
_ET_AL = re.compile(r"(?:and\s+)?et\.?\s*al\.?|(?:and\s+)?others", re.IGNORECASE)
_INITIALS = re.compile(r"(?:[^\W\d_]\.?[\s-]*){1,4}")
_LONGEST_INITIALS = 10


def given_first(text: str) -> str:
    """Return `Family, Given` and `Family, Jr., Given` with the given name first; any other name as it is."""
    parts = [part for part in map(_collapse, text.split(",")) if part]
    return given_first_of(parts) if 2 <= len(parts) <= 3 else _collapse(text)


def given_first_of(parts: Sequence[str]) -> str:
    """Return the name whose parts between commas are given, as `given_first` does."""
    if len(parts) == 2 and _SUFFIX.fullmatch(parts[1]):
        return f"{parts[0]}, {parts[1]}"
    if len(parts) == 2:
        return f"{parts[1]} {parts[0]}"
    if len(parts) == 3 and _SUFFIX.fullmatch(parts[1]):
        return f"{parts[2]} {parts[0]}, {parts[1]}"
    if len(parts) == 3 and _SUFFIX.fullmatch(parts[2]):
        return f"{parts[1]} {parts[0]}, {parts[2]}"
    return ", ".join(parts)


def has_suffix(parts: Sequence[str]) -> bool:
    """Return whether one of the later parts of a name is a suffix such as `Jr.`."""
    return any(_SUFFIX.fullmatch(part) for part in parts[1:])


def with_suffixes(parts: Iterable[str]) -> list[str]:
    """Return names between commas; a suffix such as `Jr.` belongs to the name before it."""
    found: list[str] = []
    for part in parts:
        if found and _SUFFIX.fullmatch(part):
            found[-1] = f"{found[-1]}, {part}"
        else:
            found.append(part)
    return found


def split_names(text: str) -> tuple[str, ...]:
    """Return the names in `A. One, B. Two and C. Three (1), …`, without affiliations in brackets.

    A suffix (`Jr.`) stays with its name, and `et al.` is dropped. Of `The X Collaboration: A, B`, the
    collaboration and its members are returned.
    """
    names: list[str] = []
    plain = _AND.sub(",", f" {without_brackets(text)} ").replace(": ", ", ")
    for part in map(_collapse, plain.split(",")):
        bare = re.sub(r"^(?:and|&)\s+", "", part)
        if not bare or _ET_AL.fullmatch(bare):
            continue
        if _SUFFIX.fullmatch(bare) and names:
            names[-1] = f"{names[-1]}, {bare}"
        else:
            names.append(bare)
    return tuple(names)


def split_tex_names(text: str) -> tuple[str, ...]:
    """Return the names in a list in which letters may be written in TeX, as in arXiv's metadata."""
    return split_names(with_letters(text))


def split_family_first(text: str) -> tuple[str, ...]:
    """Return the names in `Zhang, W., Li, H.`, given name first; split any other list like `split_names`.

    Such a list has an even number of parts, and every second part consists of initials.
    """
    parts = [part for part in map(_collapse, text.split(",")) if part]
    if len(parts) >= 2 and len(parts) % 2 == 0 and all(map(_is_initials, parts[1::2])):
        return tuple(f"{given} {family}" for family, given in zip(parts[::2], parts[1::2], strict=True))
    return split_names(text)


def _is_initials(part: str) -> bool:
    return len(part) <= _LONGEST_INITIALS and _INITIALS.fullmatch(part) is not None


def without_brackets(text: str) -> str:
    """Return a text without the parts in round brackets; a bracket that is never closed is kept."""
    kept: list[str] = []
    open_at: list[int] = []
    for character in text:
        if character == "(":
            open_at.append(len(kept))
        kept.append(character)
        if character == ")" and open_at:
            del kept[open_at.pop() :]
    return "".join(kept)


def clean(names: Iterable[object]) -> tuple[str, ...]:
    """Return the non-empty strings among the values, with their white space collapsed."""
    return tuple(name for value in names if isinstance(value, str) and (name := normalize.one_line(value)))


def _collapse(text: str) -> str:
    return " ".join(text.split())
