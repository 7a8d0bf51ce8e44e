"""arXiv ids and DOIs as people and files write them → their one normal form. Pure.

arXiv's scheme: https://info.arxiv.org/help/arxiv_identifier.html, `2303.00763` since April 2007 (four digits
behind the dot until 2014), `hep-th/9901001` before, where a subject class (`math.GT/0309136`) is no part of
the name. A DOI is compared without case, so it is kept in lower case.
"""

import re
from urllib.parse import unquote

_NEW = r"\d{4}\.\d{4,5}"
_OLD = r"[a-z]+(?:-[a-z]+)*(?:\.[A-Za-z]{2})?/\d{7}"
_ARXIV = re.compile(rf"(?P<id>{_NEW}|{_OLD})(?:v(?P<version>[1-9]\d{{0,3}}))?", re.IGNORECASE | re.ASCII)
_ARXIV_LABEL = re.compile(
    r"(?:oai:arXiv\.org:|arXiv\s*:\s*|https?://(?:[\w-]+\.)*arxiv\.org/(?:abs|pdf|html|format|ps)/)",
    re.IGNORECASE,
)
_ARXIV_DOI = "10.48550/arxiv."
_DOI_LABEL = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi\s*:\s*|doi\s+)", re.IGNORECASE)
_DOI = re.compile(r"10\.\d{4,9}/\S+")
_DOI_IN_TEXT = re.compile(r"\b10\.\d{4,9}/[^\s\"<>]+")
_LONGEST = 300


def arxiv_id(text: str) -> tuple[str | None, int | None]:
    """Return the arXiv id that a text is, and its version; (None, None) if it is none.

    Accepts the bare id, `arXiv:…`, the OAI name, the address of a paper's page or PDF, and the DOI
    that arXiv gives.
    """
    bare = text.strip()[:_LONGEST]
    label = _ARXIV_LABEL.match(bare)
    rest = bare[label.end() :] if label else bare
    if not label and (named := doi(bare)) and named.startswith(_ARXIV_DOI):
        rest = named.removeprefix(_ARXIV_DOI)
    if label and "/" in label[0]:
        rest = re.split(r"[?#]", rest, maxsplit=1)[0].removesuffix(".pdf").rstrip("/")
    match = _ARXIV.fullmatch(rest.split(" ")[0] if label else rest)
    if match is None:
        return None, None
    version = int(match["version"]) if match["version"] else None
    return _without_class(match["id"].lower()), version


def _without_class(name: str) -> str:
    archive, slash, number = name.partition("/")
    return archive.split(".")[0] + slash + number if slash else name


def doi(text: str | None) -> str | None:
    """Return the DOI that a text is, without label and in lower case; None if it is none."""
    bare = (text or "").strip()[:_LONGEST]
    label = _DOI_LABEL.match(bare)
    if label:
        bare = unquote(bare[label.end() :]) if "/" in label[0] else bare[label.end() :]
    bare = bare.strip().rstrip(".,;")
    return bare.lower() if _DOI.fullmatch(bare) else None


def doi_in(text: str | None) -> str | None:
    """Return the first DOI that stands in an address or a text, None if there is none."""
    match = _DOI_IN_TEXT.search(unquote((text or "")[:2000]))
    return doi(re.split(r"[?#&]", match[0], maxsplit=1)[0]) if match else None
