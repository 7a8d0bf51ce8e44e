"""Hashes that find near titles among millions."""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Final

from digest.identity.folding import words_of
from digest.identity.series import is_recurrent

HASH_BITS: Final = 47  # 6 bytes of an SQLite integer; two of a million titles collide in one library of 50
_SKETCH_BITS: Final = 47
_OPENING_WORDS: Final = 12


@dataclass(frozen=True, slots=True)
class Traces:
    """The hashes of a title to store in the index, and those to look up there.

    `stored` are the hashes of the first and second half of the title (and of the opening of the abstract): a
    changed, missing or added word leaves one half equal. `asked` also has the halves that the title would have
    with a word more or less. `sketch` has two bits for each word.
    """

    stored: tuple[int, ...]
    asked: tuple[int, ...]
    sketch: int


def hashed(text: str) -> int:
    """Return a hash of a text, the same in every process and on every machine."""
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()) >> (
        64 - HASH_BITS
    )


@lru_cache(maxsize=1 << 15)
def _bits(word: str) -> int:
    value = hashed(word)
    return 1 << value % _SKETCH_BITS | 1 << (value >> 16) % _SKETCH_BITS


def traces(title: str, abstract: str = "") -> Traces:
    """Return the traces of a title and its abstract; a title that is short or recurrent has no hashes."""
    parts = words_of(title)
    count = len(parts)
    sketch = 0
    for part in parts:
        sketch |= _bits(part)
    opening = _opening(abstract)
    if count < 3 or is_recurrent(parts):
        return Traces(opening, opening, sketch)
    stored = (_start(parts, (count + 1) // 2), _end(parts, count // 2))
    asked = {*stored}
    for other in (count - 1, count + 1):
        asked |= {_start(parts, (other + 1) // 2), _end(parts, other // 2)}
    return Traces((*stored, *opening), (*sorted(asked), *opening), sketch)


def _start(parts: tuple[str, ...], length: int) -> int:
    return hashed("<" + "".join(parts[:length]))


def _end(parts: tuple[str, ...], length: int) -> int:
    return hashed(">" + "".join(parts[max(len(parts) - length, 0) :]))


def _opening(abstract: str) -> tuple[int, ...]:
    parts = words_of(abstract[:200]) if abstract else ()
    return (hashed("=" + "".join(parts[:_OPENING_WORDS])),) if len(parts) > _OPENING_WORDS else ()


def sketches_near(one: int, other: int) -> bool:
    """Return whether two titles with these sketches may differ in at most two words, or one contain the other."""
    return min((one & ~other).bit_count(), (other & ~one).bit_count()) <= 4
