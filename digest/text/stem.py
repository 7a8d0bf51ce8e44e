"""Inflectional stemming of English words: removes plurals, -ed and -ing. Pure."""

import re
from functools import lru_cache

_VOWELS = frozenset("aeiouy")
_DOUBLES = ("bb", "dd", "ff", "gg", "mm", "nn", "pp", "rr", "tt")

# Words with an irregular stem, and words that are their own stem.
_FIXED = {word: word for word in ("sky", "news", "howe", "atlas", "cosmos", "bias", "andes")}
_FIXED |= {"skies": "sky", "idly": "idl", "gently": "gentl", "ugly": "ugli", "early": "earli"}
_FIXED |= {"only": "onli", "singly": "singl"}

# The region R1 begins after the first consonant that follows a vowel, or after one of the prefixes, where the
# rule would merge words such as "past" and "paste". R2 begins in R1 after the next such consonant.
_SYLLABLE = re.compile("[aeiouy][^aeiouy]")
_PREFIXES = ("gener", "commun", "arsen", "past", "univers", "later", "emerg", "organ", "inter")
_REGION = re.compile(f"^(?:{'|'.join(_PREFIXES)})|{_SYLLABLE.pattern}")

_NO_PARTICIPLES = frozenset(("inn", "out", "cann", "herr", "earr", "even"))  # inning, outing, canning …
_NO_PAST_TENSES = frozenset(("proc", "exc", "succ"))  # proceed, exceed, succeed
_PAST = ("ingly", "edly", "ing", "ed")
_INFLECTED = ("s", "ed", "ing", "y", "e", "ll")  # a word with another ending is its own stem


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """Return the inflectional stem of a folded word.

    Applies the steps 1a, 1b, 1c and 5 of the English Snowball stemmer (Porter2) with its exceptions. Step 0
    removes apostrophes, which words here do not have. Steps 2 to 4 would merge "adaptive" and "adaptation". A
    word with other characters than a to z is its own stem.
    """
    if len(word) <= 2 or not (word.isascii() and word.isalpha()):
        return word
    if word in _FIXED:
        return _FIXED[word]
    if not word.endswith(_INFLECTED):
        return word
    marked = _mark_consonant_y(word)
    first = _end(_REGION, marked)
    short = _step_1c(_step_1b(_step_1a(marked), first))
    if short.endswith(("e", "ll")):
        short = _step_5(short, first, _end(_SYLLABLE, marked, first))
    return short.lower()


def _mark_consonant_y(word: str) -> str:
    """Replace y by Y at the start of a word and after a vowel."""
    if "y" not in word:
        return word
    chars = list(word)
    for index, char in enumerate(chars):
        if char == "y" and (index == 0 or chars[index - 1] in _VOWELS):
            chars[index] = "Y"
    return "".join(chars)


def _end(pattern: re.Pattern[str], word: str, start: int = 0) -> int:
    """Return the end of the first match of a pattern from `start` on, or the end of the word."""
    found = pattern.search(word, start)
    return found.end() if found else len(word)


def _has_vowel(part: str) -> bool:
    return not _VOWELS.isdisjoint(part)


def _ends_short(word: str) -> bool:
    """Return whether the word ends in a short syllable."""
    if word == "past":
        return True
    if len(word) < 2 or word[-1] in _VOWELS or word[-2] not in _VOWELS:
        return False
    return len(word) == 2 or (word[-3] not in _VOWELS and word[-1] not in "wxY")


def _step_1a(word: str) -> str:
    if word.endswith("sses"):
        return word[:-2]
    if word.endswith(("ied", "ies")):
        return word[:-2] if len(word) > 4 else word[:-1]
    if word.endswith("s") and not word.endswith(("us", "ss")) and _has_vowel(word[:-2]):
        return word[:-1]
    return word


def _step_1b(word: str, first: int) -> str:
    if word.endswith(("eed", "eedly")):
        base = word[: word.rindex("eed")]
        return base + "ee" if len(base) >= first and base not in _NO_PAST_TENSES else word
    if not word.endswith(_PAST):
        return word
    for suffix in _PAST:
        if word.endswith(suffix):
            base = word.removesuffix(suffix)
            break
    if suffix == "ing" and len(base) == 2 and base[1] == "y":
        return base[0] + "ie"  # dying
    if not _has_vowel(base) or (suffix == "ing" and base in _NO_PARTICIPLES):
        return word
    return _restore_ending(base, first)


def _restore_ending(base: str, first: int) -> str:
    """Restore the ending before a suffix was added: the e of "hope", the single p of "hop"."""
    if base.endswith(("at", "bl", "iz")):
        return base + "e"
    if base.endswith(_DOUBLES):
        return base if len(base) == 3 and base[0] in "aeo" else base[:-1]
    return base + "e" if len(base) <= first and _ends_short(base) else base


def _step_1c(word: str) -> str:
    if len(word) > 2 and word[-1] in "yY" and word[-2] not in _VOWELS:
        return word[:-1] + "i"
    return word


def _step_5(word: str, first: int, second: int) -> str:
    last = len(word) - 1
    if word.endswith("e") and (last >= second or (last >= first and not _ends_short(word[:-1]))):
        return word[:-1]
    if word.endswith("ll") and last >= second:
        return word[:-1]
    return word
