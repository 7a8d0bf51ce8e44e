"""arXiv ids, DOIs and other ids, normalised from every spelling that files use.

arXiv's scheme is described at https://info.arxiv.org/help/arxiv_identifier.html: `2408.12345` since April 2007
(four digits after the dot until 2014), `hep-th/9701001` before; a subject class as in `math.GT/0309136` is not
part of the id. DOIs are compared without case (DOI Handbook, 3.4).
"""

import re
from dataclasses import replace
from typing import Final
from urllib.parse import unquote

from digest.model import Listing

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
_DOI_LABEL = re.compile(
    r"(?:https?://)?(?:dx\.|www\.)?doi\.org/|(?:urn|info)\s*:?\s*doi\s*[:/]\s*|doi\s*[:=]\s*|doi\s+",
    re.IGNORECASE,
)
_DOI = re.compile(r"10\.\d+(?:\.\d+)*/\S+", re.ASCII)
_DOI_IN_ADDRESS = re.compile(
    r"(?:://(?:dx\.|www\.)?doi\.org|/doi(?:/(?:abs|full|pdf|epdf|pdfdirect|book))?)/(10\.\d+(?:\.\d+)*/[^?#\s]+)",
    re.IGNORECASE | re.ASCII,
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

# Registrants whose DOIs name a manuscript or an upload of it; the published paper has another DOI.
_PREPRINT_DOIS = (
    *("10.48550/", "10.1101/", "10.2139/", "10.21203/", "10.20944/", "10.26434/", "10.31234/", "10.31219/"),
    *("10.31235/", "10.36227/", "10.5281/", "10.22541/", "10.33774/", "10.6084/", "10.48448/"),
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


def doi(text: str | None) -> str | None:
    """Return the DOI that a text is, in lower case without label and address; None if it is not a DOI."""
    bare = (text or "").strip()
    label = _DOI_LABEL.match(bare)
    if label:
        bare = unquote(bare[label.end() :])
    bare = bare.strip().rstrip(".,;")
    return bare.lower() if _DOI.fullmatch(bare) else None


def doi_in_address(url: str | None) -> str | None:
    """Return the DOI that an address of doi.org or of a publisher contains; None if there is none."""
    found = _DOI_IN_ADDRESS.search(unquote(url or ""))
    return doi(found[1].rstrip("/")) if found else None


def is_preprint_doi(name: str) -> bool:
    """Return whether a DOI names a manuscript rather than a published paper."""
    return name.startswith(_PREPRINT_DOIS)


def other_ids(url: str | None) -> tuple[str, ...]:
    """Return the ids of other services that an address contains, each with its kind: `pmid:31452104`."""
    if not url:
        return ()
    return tuple(f"{kind}:{found[1]}" for kind, known in _OTHERS if (found := known.search(url)))


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
        address = doi_in_address(listing.url)
        known_doi = None if address and address.startswith(_ARXIV_DOI) else address
    elif known_doi is None:
        known_doi = listing.doi
    if (name, known_doi) == (listing.arxiv, listing.doi) and (listing.version or not version):
        return listing
    return replace(listing, arxiv=name, doi=known_doi, version=listing.version or version)


def _arxiv_elsewhere(listing: Listing) -> tuple[str, int | None] | None:
    if listing.doi and _ARXIV_DOI in listing.doi.lower() and (found := arxiv_id(doi(listing.doi))):
        return found
    return arxiv_id(listing.url)
