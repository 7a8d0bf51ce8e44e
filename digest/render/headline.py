"""The subject of an issue's email: its best papers, by name, in few characters. Pure."""

import re
from collections.abc import Sequence
from itertools import combinations

from digest.i18n.language import Language
from digest.text.clean import shorten

LIMIT = 70  # characters of a subject that mail programs show before they cut it
NAME = 30  # characters of the subscription's name in it
NAMED = 3  # papers in it

_HEAD = re.compile(r"\s*(?P<head>\S+(?:\s\S+){0,2}?)(?::\s|：|\s[-\u2013\u2014]\s|\s?\u2014\s?)\s*\S")
# EchoDistill, SNOOPI, GPT-4: a capital inside a word, or a digit.
_COINED = re.compile(r"(?<=[^\W_])[A-Z]|\d")
# What precedes the colon of a title and names no paper.
_KINDS = frozenset(
    [
        "abstract",
        "addendum",
        "announcement",
        "article",
        "case",
        "comment",
        "commentary",
        "correction",
        "corrigendum",
        "editorial",
        "erratum",
        "essay",
        "expression",
        "feature",
        "guideline",
        "introduction",
        "letter",
        "meta-analysis",
        "news",
        "note",
        "opinion",
        "overview",
        "perspective",
        "position",
        "preface",
        "preprint",
        "protocol",
        "re",
        "removed",
        "reply",
        "report",
        "response",
        "retracted",
        "retraction",
        "review",
        "sample",
        "survey",
        "tutorial",
        "update",
        "viewpoint",
        "withdrawal",
        "withdrawn",
    ]
)
# Emoji and rows of exclamation marks, which filters for spam count.
_LOUD = re.compile(
    "[\u2190-\u21ff\u2300-\u27bf\u2900-\u297f\u2b00-\u2bff\ufe0f\U0001f000-\U0001faff]|!(?=[!?])"
)


def short_title(title: str) -> str:
    """Return the name that a title gives its paper before a colon or a dash (`SNOOPI: …`), otherwise the title.

    Emoji, the brackets around a translated title, and the full stop or exclamation mark at its end are left out,
    unless nothing else would remain.
    """
    plain = " ".join(_LOUD.sub(" ", title).split()).rstrip(" .!")
    if plain.startswith("[") and plain.endswith("]"):
        plain = plain[1:-1].rstrip(" .!")
    found = _HEAD.match(plain)
    if found and len(found["head"]) <= NAME and _is_name(found["head"]):
        return found["head"]
    return plain or title


def _is_name(head: str) -> bool:
    words = head.split()
    if any(word.strip("[]():").casefold() in _KINDS for word in words):
        return False
    return bool(_COINED.search(head)) or (len(words) < 3 and not any(word[0].islower() for word in words))


def headline(titles: Sequence[str], total: int, room: int, lang: Language) -> str:
    """Return the best papers by name and how many more there are: `EchoDistill, SNOOPI and 41 more`.

    `titles` are the best first, `total` counts all papers. The first is always named, shortened if it has to be;
    of the next two, those are named that fit into `room` characters. "" without titles.
    """
    if not titles:
        return ""
    first, *others = dict.fromkeys(map(short_title, titles[:NAMED]))
    for count in range(len(others), 0, -1):
        for chosen in combinations(others, count):
            text = _listed((first, *chosen), total, lang)
            if len(text) <= room:
                return text
    rest = len(_listed(("",), total, lang))
    return _listed((_cut(first, max(2, room - rest)),), total, lang)


def _listed(names: Sequence[str], total: int, lang: Language) -> str:
    found, more = ", ".join(names), total - len(names)  # titles hold "and" too
    return (
        lang.listed([found, lang.ngettext("%(number)s more", "%(number)s more", more)]) if more > 0 else found
    )


def _cut(title: str, limit: int) -> str:
    """Return a title of at most `limit` characters, shortened between words where it has words."""
    if len(title) <= limit:
        return title
    whole = title[:limit].rpartition(" ")[0].rstrip(" ,;:-\u2013\u2014")
    return f"{whole}…" if len(whole) > limit // 2 else shorten(title, limit)
