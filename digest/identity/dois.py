"""DOIs, normalised from every spelling that files use, and the versions that preprint servers add to them.

DOIs are compared without case (DOI Handbook, 3.4). Publishers' addresses continue after the DOI with a view of the
paper (`/full`, `.full.pdf`, `?af=R`). The tails, the other forms of addresses and the version suffixes come from the
addresses in the tests of Zotero's translators (https://github.com/zotero/translators, June 2026), from Crossref's and
Wikipedia's lists of broken DOIs, and from the addresses of the 30 publishers with the most DOIs.
"""

import html
import re
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

_LONGEST: Final = 2000  # characters of a text that are read
_LONGEST_NAME: Final = 500  # of a DOI; real ones have up to 250
_LABEL = re.compile(
    r"(?:https?:)?(?://)?(?:(?:dx|www)\.)?doi\.org[/:]+|(?:https?://)?doi-org\.[\w.-]+/+|https?://(?=10\.\d{4})"
    r"|(?:urn|info)\s*:?\s*doi\s*[:/]\s*|doi\s*[:：=/]+\s*|doi\s+|\s+|[\"'(<\[{]",
    re.IGNORECASE,
)
_DOI = re.compile(r"10\.\d+(?:\.\d+)*/\S+", re.ASCII)
_REST = re.compile(r"\s*(?:\s(?:[\[(;,|<]|10\.\d|https?:).*)?", re.DOTALL)  # such as "[doi]", or another DOI
# In running text a DOI ends before a tag, but SICI suffixes have brackets: `10.1002/(SICI)1097-0142(1951)4:2<387::X>`.
_IN_TEXT = re.compile(r"(?<![\w.])10\.\d{4,9}(?:\.\d+)*/(?:<\d[^<>\s/]*>|[^\s\"<>])+", re.ASCII)
_IN_PATH = re.compile(
    r"(?:(?<=doi\.org/)10\.\d+|(?<![\w.])10\.\d{4,9})(?:\.\d+)*/\S+", re.ASCII | re.IGNORECASE
)
_UNDER_DOI = re.compile(r"/doi(?:/[a-z]+)*/(10\.\d+(?:\.\d+)*/\S+)", re.ASCII | re.IGNORECASE)
_IS_ADDRESS = re.compile(
    r"(?:https?:)?//|(?:www|dx)\.|[a-z0-9][\w-]*(?:\.[\w-]+)*\.[a-z]{2,}/", re.IGNORECASE
)
# Addresses of a journal or of its contents, which have a DOI of their own.
_OF_JOURNAL = re.compile(r"/(?:toc|loi|journal|issue)/10\.|10\.\d+/\((?:issn|eissn)\)", re.IGNORECASE)

# A last segment of an address that is a view of the paper: 10.3389/x/full, 10.1108/x/full/html, 10.1007/x/fulltext.html.
_VIEW: Final = re.compile(
    r"full|fulltext|full[-_]text|index|abs|abstract|summary|extract|short|long|pdf|epdf|pdfdirect|pdfplus|ampdf|html?"
    r"|full_?html|epub|xml|meta|ris|bib(?:tex)?|references?|ref|citations?|cite|cited-?by|figures?|figures-only|tables?"
    r"|tab-[a-z-]+|suppl|supporting-?info(?:rmation)?|supp(?:lementary|lemental)?(?:[-_]?(?:material|data|info))?s?"
    r"|metrics|related(?:-content)?|comments?|info|issuetoc|toc|asset|download|export|print|peer-review|share|tools"
    r"|author-information|permissions|article-info|transcript|standard|media|preview|read|reader|view|e-?letters?|"
)
_NUMBERED: Final = frozenset(("figure", "figures", "table", "tables"))
# An extension that is one: 10.1101/x.full.pdf.
_FILE: Final = re.compile(
    r"full|full-text|abstract|short|long|extract|summary|figures-only|supplementary-material|article-info|pdf|epub|xml"
    r"|html?|ris|bib(?:tex)?"
)
# From here on, an address goes on to something else than the paper.
_CUT: Final = re.compile(
    r"(?:/suppl(?:_file)?/|/transform/|/-/|/_(?:pdf|article)|/galley/\d|;jsessionid=).*", re.DOTALL
)
# The check character of SICI, which may be "#": 10.1002/(SICI)1097-0142(19960401)77:7<1356::AID-CNCR20>3.0.CO;2-#
_SICI_CHECK: Final = ";2-#"
_MARKED: Final = re.compile(r"\[(?:doi|DOI)\]$")
_TRAILING: Final = " \t.,;:!'\"`*_\\|·…„“”‘’«»、。，；"  # not "-", with which SICI suffixes may end
_PAIRS: Final = {")": "(", "]": "[", "}": "{", ">": "<"}
_HYPHENS: Final = {ord("‐"): "-", ord("‑"): "-"} | dict.fromkeys(
    map(ord, "\u200b\u200c\u200d\ufeff\u00ad\u2060")
)
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|#\d{1,6}|#x[0-9a-f]{1,5});", re.IGNORECASE)
_TEX = re.compile(r"\{?\\text(less|greater)\s?(?:\{\})?\}?|\$([<>])\$|\{?\\([_%&#$])\}?")
# Silverchair's platform (Oxford, ASH, AIP, JAMA and others) adds a number of its own, and words of the title.
_SILVERCHAIR = re.compile(r"/[\w-]*(?:article|chapter|book)[\w-]*/doi/10\.", re.IGNORECASE)
_OWN_NUMBER = re.compile(r"(?<=[^/])/\d{4,9}(?:/[^/]*)?/?$")
_OXFORD = re.compile(r"(10\.1093/[a-z_-]+/[a-z0-9.-]+)/\d{5,9}(?:/\S*)?")
# Taylor & Francis and university presses add words of the title after a book's or chapter's DOI.
_TITLE_WORDS = re.compile(r"//[^/]*\b(?:taylorfrancis\.com)/", re.IGNORECASE)
_PRESS = re.compile(r"/[a-z]+-\d{13}[^/]*$")

# Addresses that name the DOI without its prefix, by publisher.
_NAMED: Final = tuple(
    (re.compile(pattern, re.IGNORECASE | re.ASCII), name)
    for pattern, name in (
        (r"//(?:www\.)?nature\.com/articles/(?!nature|srep)([a-z]+)(20[01]\d)(\d{1,4})(?:\.pdf)?(?:/|$)", "10.1038/{}.{}.{}"),
        (r"//(?:www\.)?nature\.com/articles/([a-z]+\d[\w.-]*?\d[\w-]*?|[sd]4\d{4}-[\w-]+)(?:_reference)?(?:\.pdf)?(?:/|$)", "10.1038/{}"),
        (r"//elifesciences\.org/(?:articles|reviewed-preprints)/(\d{5,6})(?:v\d+)?(?:[./]|$)", "10.7554/elife.{}"),
        (r"//peerj\.com/articles/(\d+)(?:[./]|$)", "10.7717/peerj.{}"),
        (r"//peerj\.com/articles/(cs|pchem|ochem|achem|ichem|matsci)-(\d+)(?:[./]|$)", "10.7717/peerj-{}.{}"),
        (r"//pubs\.rsc\.org/en/content/[a-z]+/\d{4}/[a-z]{2}/([a-z]\d[a-z]{2}\d{5}[a-z])(?:/|$)", "10.1039/{}"),
        (r"//(?:www\.)?hindawi\.com/journals/[a-z]+/(\d{4})/(\d{6,8})(?:/|$)", "10.1155/{}/{}"),
        (r"//([a-z]+)\.copernicus\.org/articles/(\d+)/(\d+)/(\d{4})(?:/|$)", "10.5194/{}-{}-{}-{}"),
        (r"//(?:www\.)?(?:bio|med)rxiv\.org/cgi/(?:content|reprint)/(?:[a-z-]+/)*(\d{4}\.\d\d\.\d\d\.\d+|\d{6})", "10.1101/{}"),
        (r"//(?:www\.)?biorxiv\.org/content/(?:biorxiv/)?early/\d{4}/\d\d/\d\d/(\d{6})", "10.1101/{}"),
        (r"//(?:www\.)?researchsquare\.com/article/(rs-\d+)/(v\d+)", "10.21203/rs.3.{}/{}"),
        (r"//(?:www\.)?preprints\.org/manuscript/(\d{6}\.\d{4})/(v\d+)", "10.20944/preprints{}.{}"),
        (r"//papers\.ssrn\.com/.*[?&]abstract(?:_?id)?=(\d+)", "10.2139/ssrn.{}"),
        (r"//(?:www\.)?ssrn\.com/abstract=(\d+)", "10.2139/ssrn.{}"),
        (r"//zenodo\.org/records?/(\d+)", "10.5281/zenodo.{}"),
        (r"//(?:osf\.io/preprints/)?psyarxiv(?:\.com)?/([a-z0-9]{5}(?:_v\d+)?)(?:/|$)", "10.31234/osf.io/{}"),
        (r"//(?:osf\.io/preprints/)?socarxiv(?:\.org)?/([a-z0-9]{5}(?:_v\d+)?)(?:/|$)", "10.31235/osf.io/{}"),
    )
)  # fmt: skip

# What the registrants of preprints add for a version.
_VERSIONS: Final = tuple(
    re.compile(rf"(10\.(?:{name})){suffix}", re.ASCII)
    for name, suffix in (
        (r"(?:1101|64898)/(?:\d{4}\.\d\d\.\d\d\.)?\d{5,8}", r"v(\d{1,3})"),  # bioRxiv, medRxiv
        (r"(?:21203|22541|36227|17504)/\S+?", r"/v(\d{1,3})"),  # Research Square, Authorea, TechRxiv, protocols.io
        (r"(?:26434|33774|36227|20944|6084|31124|14293|26124|3762/bxiv)/?\S+?", r"[.-]v(\d{1,3})"),  # ChemRxiv, Preprints.org, figshare, …
        (r"\d+/osf\.io/[a-z0-9]{5,8}", r"_v(\d{1,3})"),
        (r"7287/peerj\.preprints\.\d+", r"v(\d{1,3})"),
        (r"17504/protocols\.io\.[a-z0-9]+?", r"v(\d{1,3})"),
        (r"(?:12688|35241|21955)/[a-z0-9]+\.\d+|3310/[a-z]+openres\.\d+", r"\.(\d{1,2})"),  # F1000 and its platforms
        (r"7554/elife\.\d{5,6}", r"\.(\d{1,2})"),  # eLife's reviewed preprints
        (r"1002/essoar\.\d+", r"\.(\d{1,2})"),
        (r"1038/npre\.\d{4}\.\d+", r"\.(\d{1,2})"),
        (r"32388/[a-z0-9]{6}", r"\.(\d{1,2})"),  # Qeios
    )
)  # fmt: skip

# Registrants, and beginnings of suffixes, whose DOIs name a manuscript or an upload of it; the published paper has
# another DOI. Cold Spring Harbor's journals share the prefix of bioRxiv, whose suffixes begin with a digit.
_PREPRINTS = re.compile(
    r"10\.(?:48550|64898|2139|21203|20944|26434|31219|3122\d|3123\d|35542|36227|5281|22541|33774|6084|48448|7287"
    r"|31124|32942|26124|32388)/|10\.1101/\d|10\.1002/essoar|10\.1590/scielopreprints|10\.3762/bxiv|10\.1038/npre"
    r"|10\.14293/\S*(?:pp[a-z0-9]+|pr2199)"
)


@lru_cache(maxsize=1 << 12)
def doi(text: str | None) -> str | None:
    """Return the DOI that a text is, or that an address contains, or None.

    It is in lower case, without label, address, percent signs, punctuation around it, and what a publisher adds to
    it in an address. The result is its own DOI. A version that is part of a DOI is kept, see `unversioned`.
    """
    bare = _unescaped((text or "").strip()[:_LONGEST])
    found = _bare(bare)
    if found is None and _IS_ADDRESS.match(bare):
        found = _in_address(bare)
    return found


def doi_in(text: str | None) -> str | None:
    """Return the first DOI in an address or a running text, or None."""
    text = (text or "")[:_LONGEST]
    if found := doi(text):
        return found
    match = _IN_TEXT.search(_unescaped(text))
    return _cleaned(match[0]) if match else None


def unversioned(name: str) -> tuple[str, int | None]:
    """Return the DOI of all versions of a preprint, and the version that a DOI in normal form names, if any."""
    for known in _VERSIONS:
        if found := known.fullmatch(name):
            return found[1], int(found[2])
    return name, None


def version_in(text: str | None) -> int | None:
    """Return the version of a preprint in a DOI or in an address of bioRxiv, whose DOIs have no versions."""
    found = _RXIV_VERSION.search(_unescaped(text or "")) if text and "v" in text.lower() else None
    return int(found[1]) if found else None


_RXIV_VERSION = re.compile(
    r"(?:10\.(?:1101|64898)/|rxiv\.org/cgi/content/\S*?)(?:\d{4}\.\d\d\.\d\d\.)?\d{5,8}v(\d{1,3})(?!\d)",
    re.IGNORECASE | re.ASCII,
)


def is_preprint(name: str) -> bool:
    """Return whether a DOI in normal form names a manuscript rather than a published paper."""
    return _PREPRINTS.match(name) is not None


def _unescaped(text: str) -> str:
    """Return a text without entities, percent signs and invisible characters."""
    before = None
    while text != before:  # ends: each round is shorter
        before = text
        if "&" in text:
            text = _ENTITY.sub(lambda found: html.unescape(found[0]), text)
        if "%" in text:
            text = unquote(text)
    if "\\" in text or "$" in text:
        text = _TEX.sub(
            lambda found: {"less": "<", "greater": ">"}.get(found[1]) or found[2] or found[3], text
        )
    return text.translate(_HYPHENS)


def _bare(text: str) -> str | None:
    """Return the DOI at the beginning of a text, after any labels."""
    while label := _LABEL.match(text):
        text = text[label.end() :]
    found = _DOI.match(text)
    return _cleaned(found[0]) if found and _REST.fullmatch(text, found.end()) else None


def _in_address(address: str) -> str | None:
    path, *rest = re.split(r"[?#&]", address)
    if _OF_JOURNAL.search(path):
        return None
    match = _UNDER_DOI.search(path)
    found = match[1] if match else _in_path(path)
    if found is not None:
        if _SILVERCHAIR.search(path):
            found = _OWN_NUMBER.sub("", found)
        elif _TITLE_WORDS.search(path):
            found = "/".join(found.split("/")[:2])
        return _cleaned(_PRESS.sub("", found))
    for pattern, name in _NAMED:
        if each := pattern.search(address if "ssrn" in name else path):
            return _cleaned(name.format(*each.groups()))
    values = (piece.partition("=")[2] for piece in rest)
    return next(filter(None, (_bare(value) or _in_address(value) for value in values)), None)


def _in_path(path: str) -> str | None:
    """Return what begins like a DOI in a path; directly below a host other than doi.org it must have digits."""
    found = _IN_PATH.search(path)
    if found is None or path.count("/", 0, found.start()) > 3 or "doi.org" in path:
        return found and found[0]
    return found[0] if any(map(str.isdigit, found[0].partition("/")[2])) else None


def _cleaned(name: str) -> str | None:
    """Return a DOI in normal form: without query, punctuation around it, and the tails of addresses."""
    name = name.lower()
    if _SICI_CHECK in name and "<" in name and (sici := name.partition(_SICI_CHECK)[0]).isprintable():
        return sici + _SICI_CHECK if _DOI.fullmatch(sici) and len(sici) < _LONGEST_NAME else None
    name = _MARKED.sub("", re.split(r"[?#&\s]|</", name, maxsplit=1)[0])
    if len(name) > _LONGEST_NAME:
        return None
    before = None
    while name != before:  # ends: each round is shorter
        before = name
        name = name.rstrip(_TRAILING)
        if name and name[-1] in _PAIRS and name.count(name[-1]) > name.count(_PAIRS[name[-1]]):
            name = name[:-1]
        elif "://" not in name:
            name = _without_tail(name)
    return name if _DOI.fullmatch(name) else None


def _without_tail(name: str) -> str:
    """Return a DOI without the last of its tails."""
    if oxford := _OXFORD.fullmatch(name):
        return oxford[1]
    head, _, last = name.rpartition("/")
    stem, _, extension = name.removesuffix("+html").rpartition(".")
    if _VIEW.fullmatch(last) or (last.isdigit() and head.rpartition("/")[2] in _NUMBERED):
        shorter = head
    elif _FILE.fullmatch(extension):
        shorter = stem
    else:
        shorter = _CUT.sub("", name)
    if shorter.startswith(("10.1101/", "10.64898/")):
        shorter = unversioned(shorter)[0]  # bioRxiv's DOIs have no versions
    return shorter if _DOI.fullmatch(shorter) else name
