"""Which paper is this? Keys under which a listing's paper is known, strongest first.

Two listings are one paper if they share a key: the arXiv id, else the DOI, else the folded title. A title
is no key between two different arXiv ids.
"""

import re
import unicodedata
import uuid

from digest.model import Listing
from digest.text import words

_NAMESPACE = uuid.UUID("5b0bd0d8-3d38-5b3e-9f5c-6f0a3c3c9b7e")
_SURROGATE = re.compile("[\ud800-\udfff]")


def fold_text(text: str) -> str:
    """Return what is left of `text` when case, accents, punctuation, hyphens, blanks and TeX fold away.

    Words are joined without blanks, so that "pre-training", "pre training" and "pretraining" are one;
    a blank stays between two digits ("GPT 4 1" is not "GPT 41"). Text without a word folds to itself,
    in NFKC and lower case, lone surrogates replaced.
    """
    parts = [word.text for word in words(text) if word.after - word.at == 1]
    if not parts:
        folded = unicodedata.normalize("NFKC", text).casefold()
        return " ".join(_SURROGATE.sub("\ufffd", folded).split())
    return "".join(
        f" {part}" if before[-1:].isdigit() and part[:1].isdigit() else part
        for before, part in zip(["", *parts], parts, strict=False)
    )


def keys_of(listing: Listing) -> tuple[str, ...]:
    """Return the identity keys of a listing, strongest first; at least one."""
    keys = []
    if listing.arxiv:
        keys.append(f"arxiv:{listing.arxiv.casefold()}")
    if listing.doi:
        keys.append(f"doi:{listing.doi.casefold()}")
    keys.append(f"title:{fold_text(listing.title)}")
    return tuple(keys)


def one_paper(key: str, listing: Listing, other: Listing) -> bool:
    """Tell whether two listings that share `key` are one paper."""
    ids = {each.arxiv.casefold() for each in (listing, other) if each.arxiv}
    return len(ids) < 2 or not key.startswith("title:")


def feed_uid(key: str) -> str:
    """Return the `urn:uuid:` of a paper's feed items: uuid5 of its identity key when first seen."""
    return f"urn:uuid:{uuid.uuid5(_NAMESPACE, key)}"
