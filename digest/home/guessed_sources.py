"""Sources from an address: the kind, a name, and whether the address may be written to `digest.toml`. Pure."""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import replace
from itertools import count
from typing import Final
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

from digest.home.source_settings import SOURCE_KINDS
from digest.home.values import document_url, one_line, source_name
from digest.model import Source
from digest.text.hosts import host_of_url, is_ip
from digest.urls import mask_secrets

# The archives of arXiv with subjects of two letters, those with other subjects, and those without (arxiv.org/category_taxonomy).
_CATEGORY = re.compile(
    r"(?P<archive>cs|econ|eess|math|nlin|stat|q-bio|q-fin|astro-ph)(?:\.(?P<two>[a-z]{2}))?"
    r"|(?P<wide>cond-mat|physics)(?:\.(?P<subject>[a-z]+(?:-[a-z]+)?))?"
    r"|gr-qc|hep-(?:ex|lat|ph|th)|math-ph|nucl-(?:ex|th)|quant-ph",
    re.IGNORECASE,
)
_ARXIV_HOSTS: Final = frozenset({"arxiv.org", "www.arxiv.org", "export.arxiv.org"})
_DAILY_HOSTS: Final = frozenset({"huggingface.co", "www.huggingface.co", "hf.co"})
_LISTING = re.compile(r"/list/([^/]+)(?:/[\w-]+)?/?")
_DAILY = re.compile(r"/papers/?|/papers/date/[\d-]+/?|/api/daily_papers/?")
# Names of parameters that hold what only the reader may know.
_SECRET = re.compile(
    r"(?:.*[_-])?(?:api)?(?:key|token|auth|authkey|password|passwd|pwd|secret|sig|signature|credentials?|session|sid)",
    re.IGNORECASE,
)
_COMMON_LABELS: Final = frozenset({"www", "feeds", "feed", "rss", "export", "connect", "api"})
_LONGEST_NAME = 40  # the names of files begin with it
ADDABLE: Final = tuple(kind for kind in SOURCE_KINDS if kind != "imap")
_ADVICE = (
    "put the whole address into a variable or a file, and add the source to digest.toml yourself, with url_env "
    "(the name of the variable) or url_file (the path of the file) in place of url; see docs/sources.md"
)


def guessed_source(address: str, kind: str = "") -> Source:
    """Return a source without a name for an address, a category of arXiv, or, with kind `arxiv`, a query.

    Without a kind it is `arxiv` for a category and for the addresses of arXiv's lists and API, `daily-papers` for
    those of Daily Papers, else `feed`. Raises ValueError with "message; remedy", without secrets of the address.
    """
    address = _printable(address)
    query = _arxiv_query(address)
    if kind == "arxiv" or (not kind and query):
        if not query and "://" in address:
            raise ValueError(
                f"{mask_secrets(address)!r} is not a list of arXiv; use a category such as cs.AI, or a query"
            )
        return Source("", "arxiv", query=query or one_line(address))
    if _is_daily_papers(address) and kind in {"", "daily-papers"}:
        return Source("", "daily-papers")
    return Source("", kind or "feed", url=_public_url(address))


def _printable(address: str) -> str:
    stripped = address.strip()
    if not stripped or not stripped.isprintable():
        raise ValueError("the address is empty or contains control characters; use an address in one line")
    return stripped


def _public_url(address: str) -> str:
    """Return an address as settings have it. Raises ValueError if it is invalid or contains a secret."""
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    shown = repr(mask_secrets(address))
    if "@" in parts.netloc and parts.scheme in {"http", "https"}:
        raise ValueError(f"{shown} contains a user or a password; {_ADVICE}")
    for name, value in parse_qsl(parts.query, max_num_fields=1000):
        if value and _SECRET.fullmatch(name):
            raise ValueError(f"{shown} seems to contain a secret ({name}); {_ADVICE}")
    try:
        return document_url(address)
    except ValueError:
        remedy = "use a URL such as https://papers.example.org/feed.xml"
        if parts.scheme in {"imap", "imaps"}:
            remedy = 'for a mail folder, add a source of kind "imap" to digest.toml; see docs/sources.md'
        raise ValueError(f"{shown} is not a valid URL; {remedy}") from None


def _arxiv_query(address: str) -> str:
    """Return the query for a category or an address of arXiv, "" if it is something else."""
    if query := _category_query(address):
        return query
    parts = _split(address)
    if parts is None or parts[0] not in _ARXIV_HOSTS:
        return ""
    _, path, asked = parts
    if listing := _LISTING.fullmatch(path):
        return _category_query(unquote(listing[1]))
    if path.rstrip("/") == "/api/query":
        values = parse_qs(asked).get("search_query", [""])
        return " ".join(values[0].split()) if values[0].isprintable() else ""
    return ""


def _category_query(text: str) -> str:
    found = _CATEGORY.fullmatch(text)
    if found is None:
        return ""
    if found["two"]:
        return f"cat:{found['archive'].lower()}.{found['two'].upper()}"
    name = text.lower()
    # An archive with subjects has papers in the subjects; the old ones of astro-ph and cond-mat in itself, too.
    return f"cat:{name}*" if name in {"astro-ph", "cond-mat"} else f"cat:{name}" + _any_subject(found)


def _any_subject(found: "re.Match[str]") -> str:
    return ".*" if (found["archive"] or found["wide"]) and not found["subject"] else ""


def _is_daily_papers(address: str) -> bool:
    parts = _split(address)
    return parts is not None and parts[0] in _DAILY_HOSTS and _DAILY.fullmatch(parts[1]) is not None


def _split(address: str) -> tuple[str, str, str] | None:
    """Return host, path and query of an http or https URL."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or "@" in parts.netloc:
        return None
    return host_of_url(parts.netloc) or "", parts.path, parts.query


def same_source(source: Source) -> tuple[str, ...]:
    """Return a key that is equal for two sources that fetch the same."""
    url = source.url
    if url:
        parts = urlsplit(url)
        netloc = parts.netloc.lower().removesuffix(":443" if parts.scheme == "https" else ":80")
        url = parts._replace(netloc=netloc, path=parts.path or "/", fragment="").geturl()
    if source.kind == "arxiv":
        return "arxiv", " ".join(source.query.lower().split()), url
    return ("daily-papers", url) if source.kind == "daily-papers" else ("", url)


def named(source: Source, taken: Collection[str], *, name: str = "", title: str = "") -> Source:
    """Return a source with `name`, else with a name made of its title, query or host that is not taken.

    Raises ValueError with "message; remedy" if `name` is invalid or taken.
    """
    if name:
        if source_name(name) in taken:
            raise ValueError(f"a source named {name!r} exists already; use another name")
        return replace(source, name=name)
    stem = _slug(title) or _stem(source)
    return replace(source, name=_free(stem, taken))


def _free(stem: str, taken: Collection[str]) -> str:
    """Return a stem, with the lowest number that makes it a name that is not taken, from 2."""
    if stem not in taken:
        return stem
    return next(name for number in count(2) if (name := f"{stem}-{number}") not in taken)


def _stem(source: Source) -> str:
    """Return a name made of what the source fetches."""
    if source.kind == "arxiv":
        return _slug(source.query.removeprefix("cat:")) or "arxiv"
    if source.kind == "daily-papers" and not source.url:
        return "daily-papers"
    host = host_of_url(urlsplit(source.url).netloc) or ""
    if is_ip(host):
        return _slug(host) or "feed"
    labels = host.rstrip(".").split(".")
    while len(labels) > 2 and labels[0] in _COMMON_LABELS:
        labels = labels[1:]
    return _slug("-".join(labels[:-1] if len(labels) > 1 else labels)) or "feed"


def _slug(text: str) -> str:
    """Return a text as a name: a-z, 0-9 and - only, cut between two words; "" if nothing is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if len(words) > _LONGEST_NAME:
        words = words[: _LONGEST_NAME + 1].rpartition("-")[0] or words[:_LONGEST_NAME]
    return words.strip("-")
