"""arXiv ids and other ids, normalised from every spelling that files use; `digest.identity.dois` reads DOIs.

arXiv's scheme is described at https://info.arxiv.org/help/arxiv_identifier.html: `2408.12345` since April 2007
(four digits after the dot until 2014), `hep-th/9701001` before; a subject class as in `math.GT/0309136` is not
part of the id.
"""

import re
from dataclasses import replace
from typing import Final
from urllib.parse import unquote

from digest.identity.dois import doi, unversioned, version_in
from digest.model import Listing
from digest.text.hosts import with_ascii_host

# The archives that assigned ids before 2007, including those that were merged into others.
_ARCHIVES = (
    "acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|cond-mat|cs"
    "|dg-ga|funct-an|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math|math-ph|mtrl-th|nlin|nucl-ex|nucl-th|patt-sol"
    "|physics|plasm-ph|q-alg|q-bio|q-fin|quant-ph|solv-int|stat|supr-con"
)
_MONTH = r"(?:0[1-9]|1[0-2])"
_ID = (
    rf"(?:(?P<new>\d\d{_MONTH}\.\d{{4,5}})|(?P<archive>{_ARCHIVES})(?:\.[a-z]{{2}})?/(?P<number>\d\d{_MONTH}\d{{3}}))"
    r"(?:v(?P<version>[1-9]\d{0,2}))?(?![\d.]\d|\w)"
)
_LABEL = r"oai:arxiv\.org:|arxiv\s*:\s*|(?:doi\s*:\s*)?10\.48550/arxiv\."
_ADDRESS = r"(?:https?://)?(?:[\w-]+\.)*arxiv\.org/"
# Path segments before an id in addresses of arXiv, its mirrors and pages about its papers.
_PAGES = r"abs|pdf|html|format|ps|e-print|src|papers?|arxiv|overview"
_ALONE = re.compile(rf"(?:{_LABEL})?{_ID}(?:\.pdf)?(?:\s*\[[\w.,;\s-]*\])?", re.IGNORECASE | re.ASCII)
_IN_ADDRESS = re.compile(
    rf"(?:/(?:{_PAGES})/|^{_ADDRESS}|arxiv:|10\.48550/arxiv\.){_ID}", re.IGNORECASE | re.ASCII
)
_ARXIV_DOI = "10.48550/arxiv."
# Ids of other services, as their addresses contain them.
_OTHERS: Final = (
    ("pmid", re.compile(r"//(?:pubmed\.ncbi\.nlm\.nih\.gov|www\.ncbi\.nlm\.nih\.gov/pubmed)/(\d{1,9})\b")),
    ("pmc", re.compile(r"//(?:www\.ncbi\.nlm\.nih\.gov/pmc|pmc\.ncbi\.nlm\.nih\.gov)/articles/(PMC\d+)")),
    ("openreview", re.compile(r"//openreview\.net/(?:forum|pdf)\?id=([\w-]+)")),
    ("acl", re.compile(r"//(?:www\.)?aclanthology\.org/([A-Z]\d\d-\d{4,5}|\d{4}\.[\w-]+\.\d+)(?=[./?#]|$)")),
    ("s2", re.compile(r"//www\.semanticscholar\.org/paper/(?:[^/?#]+/)?([0-9a-f]{40})\b")),
)


def arxiv_id(text: str | None) -> tuple[str, int | None] | None:
    """Return the arXiv id that a text is or that an address contains, and its version if there is one.

    It accepts the bare id in both styles, `arXiv:…`, the OAI name, arXiv's DOI, and addresses of pages with the
    id. Returns None for anything else: an id within prose may be another paper's.
    """
    bare = (text or "").strip()
    found = _ALONE.fullmatch(bare) or (_IN_ADDRESS.search(unquote(bare)) if "/" in bare else None)
    if found is None:
        return None
    name = found["new"] or f"{found['archive'].lower()}/{found['number']}"
    return name, int(found["version"]) if found["version"] else None


def other_ids(url: str | None) -> tuple[str, ...]:
    """Return the ids of other services that an address contains, each with its kind: `pmid:31452104`."""
    if not url:
        return ()
    return tuple(f"{kind}:{found[1]}" for kind, known in _OTHERS if (found := known.search(url)))


def pmid(url: str | None) -> str | None:
    """Return the PubMed id that an address contains, as `pmid:31452104`, or None."""
    return _pmid(url) if url and "ncbi.nlm.nih.gov" in url else None


def _pmid(url: str) -> str | None:
    kind, known = _OTHERS[0]
    return f"{kind}:{found[1]}" if (found := known.search(url)) else None


def same_address(one: Listing, other: Listing) -> bool:
    """Return whether two listings have the address of one page, other than a home page."""
    if not one.url or not other.url:
        return False
    address = _page(one.url)
    return address == _page(other.url) and "/" in address


def _page(url: str) -> str:
    """Return an address without scheme, tracking and final slash. A fragment may name a paper of a list."""
    return _TRACKING.sub("", _SCHEME.sub("", with_ascii_host(url))).rstrip("/?&")


_SCHEME = re.compile(r"https?://(?:www\.)?", re.IGNORECASE)
_TRACKING = re.compile(r"(?<=[?&])(?:utm_\w+|af|rss|hl|source|ref)=[^&#]*&?")


def identified(listing: Listing) -> Listing:
    """Return the listing with its arXiv id, version and DOI normalised, also those in its address or DOI.

    An id in an unknown spelling is kept as it is.
    """
    found = arxiv_id(listing.arxiv) or (None if listing.arxiv else _arxiv_elsewhere(listing))
    name, version = found or (listing.arxiv or None, None)
    known_doi = doi(listing.doi)
    if known_doi and known_doi.startswith(_ARXIV_DOI):
        known_doi = None  # it only repeats the arXiv id
    elif not listing.doi:
        address = doi(listing.url)
        known_doi = None if address and address.startswith(_ARXIV_DOI) else address
    elif known_doi is None:
        known_doi = listing.doi
    if known_doi and not name and not version:
        version = unversioned(known_doi)[1] or version_in(listing.doi) or version_in(listing.url)
    if (name, known_doi) == (listing.arxiv, listing.doi) and (listing.version or not version):
        return listing
    return replace(listing, arxiv=name, doi=known_doi, version=listing.version or version)


def _arxiv_elsewhere(listing: Listing) -> tuple[str, int | None] | None:
    if listing.doi and _ARXIV_DOI in listing.doi.lower() and (found := arxiv_id(doi(listing.doi))):
        return found
    return arxiv_id(listing.url)
