"""The keys by which a paper is found again: ids first, then the folded title."""

import uuid

from digest.identity.decide import SHARED_DOI, Verdict, compare_ids, compare_namesakes, may_share_doi
from digest.identity.dois import unversioned
from digest.identity.folding import fold_text
from digest.identity.ids import identified, other_ids
from digest.model import Listing

_NAMESPACE = uuid.UUID("5b0bd0d8-3d38-5b3e-9f5c-6f0a3c3c9b7e")


def keys_of(listing: Listing) -> tuple[str, ...]:
    """Return the identity keys of a listing, strongest first; at least one."""
    listing = identified(listing)
    keys = []
    if listing.arxiv:
        keys.append(f"arxiv:{listing.arxiv.casefold()}")
    if listing.doi:
        keys.append(doi_key(listing.doi))
    keys += other_ids(listing.url)
    keys.append(f"title:{fold_text(listing.title)}")
    return tuple(keys)


def doi_key(name: str) -> str:
    """Return the identity key of a DOI in normal form; all versions of a preprint have the same."""
    return f"doi:{unversioned(name.casefold())[0]}"


def by_key(key: str, one: Listing, other: Listing) -> Verdict:
    """Return whether two listings that share a key are one paper.

    They are unless ids of a stronger kind differ; a shared title is judged by `compare_namesakes`.
    """
    kind, _, name = key.partition(":")
    if kind == "title":  # it may be an older title than that of the record
        return compare_namesakes(one, other)
    ids = None if kind == "arxiv" else compare_ids(one, other)
    if ids is not None and ids.clash and ids.rule != kind:  # a paper may have had another id of this kind
        return ids
    if kind == "doi" and not may_share_doi(one, other):
        return Verdict(False, SHARED_DOI, name)
    return Verdict(True, {"arxiv": "arxiv id", "doi": "doi"}.get(kind, "other id"), name)


def feed_uid(key: str) -> str:
    """Return the `urn:uuid:` of a paper's feed items: the uuid5 of its first identity key when first seen."""
    return f"urn:uuid:{uuid.uuid5(_NAMESPACE, key)}"
