"""Names of authors: lists taken apart, family name first turned around. Pure."""

import re
from collections.abc import Iterable

from digest.read import normalize

_SUFFIX = re.compile(r"(?:jr|sr|iii?|iv|phd|md)\.?", re.IGNORECASE)
_AND = re.compile(r"\s+(?:and|&)\s+|;", re.IGNORECASE)
_ET_AL = re.compile(r"(?:and\s+)?et\.?\s*al\.?|(?:and\s+)?others", re.IGNORECASE)
_INITIALS = re.compile(r"(?:[^\W\d_]\.?[\s-]*){1,4}")
_LONGEST_INITIALS = 10


def one(text: str) -> str:
    """Return a name with its white space collapsed."""
    return " ".join(text.split())


def turned(text: str) -> str:
    """Return `Family, Given` and `Family, Jr., Given` given name first; any other name as it is."""
    parts = [part for part in map(one, text.split(",")) if part]
    if len(parts) == 2 and _SUFFIX.fullmatch(parts[1]):
        return f"{parts[0]}, {parts[1]}"
    if len(parts) == 2:
        return f"{parts[1]} {parts[0]}"
    if len(parts) == 3 and _SUFFIX.fullmatch(parts[1]):
        return f"{parts[2]} {parts[0]}, {parts[1]}"
    if len(parts) == 3 and _SUFFIX.fullmatch(parts[2]):
        return f"{parts[1]} {parts[0]}, {parts[2]}"
    return one(text)


def listed(text: str) -> tuple[str, ...]:
    """Return the names of `A. One, B. Two and C. Three (1), …`: affiliations in brackets are left out.

    A suffix (`Jr.`) stays with its name; `et al.` is no name. Of `The X Collaboration: A, B` both the
    collaboration and its members are names.
    """
    names: list[str] = []
    plain = _AND.sub(",", f" {without_brackets(text)} ").replace(": ", ", ")
    for part in map(one, plain.split(",")):
        bare = re.sub(r"^(?:and|&)\s+", "", part)
        if not bare or _ET_AL.fullmatch(bare):
            continue
        if _SUFFIX.fullmatch(bare) and names:
            names[-1] = f"{names[-1]}, {bare}"
        else:
            names.append(bare)
    return tuple(names)


def family_first(text: str) -> tuple[str, ...]:
    """Return the names of `Zhang, W., Li, H.`, given name first; of any other list as `listed` does.

    Such a list has an even number of parts, and every second one is initials.
    """
    parts = [part for part in map(one, text.split(",")) if part]
    if len(parts) >= 2 and len(parts) % 2 == 0 and all(map(_is_initials, parts[1::2])):
        return tuple(f"{given} {family}" for family, given in zip(parts[::2], parts[1::2], strict=True))
    return listed(text)


def _is_initials(part: str) -> bool:
    return len(part) <= _LONGEST_INITIALS and _INITIALS.fullmatch(part) is not None


def without_brackets(text: str) -> str:
    """Return a text without what stands in round brackets; a bracket that is never closed is kept."""
    kept: list[str] = []
    open_at: list[int] = []
    for character in text:
        if character == "(":
            open_at.append(len(kept))
        kept.append(character)
        if character == ")" and open_at:
            del kept[open_at.pop() :]
    return "".join(kept)


def known(names: Iterable[object]) -> tuple[str, ...]:
    """Return the texts among the values that hold anything, as names."""
    return tuple(name for value in names if isinstance(value, str) and (name := normalize.line(value)))
