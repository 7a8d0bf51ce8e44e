"""Where a paper can be read: its own addresses, those in its abstract, and searches for its title. Pure.

Nothing is guessed: an address is known from the source, follows from an identifier, or is written in the abstract. What
only may lead to the paper is a search, and says so.
"""

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote_plus

from digest.i18n.language import Language
from digest.model import Paper
from digest.text.clean import clean, shorten
from digest.text.links import addresses
from digest.text.math import shown
from digest.urls import arxiv_url, doi_url, public_url, web_url

_CODE = re.compile(
    r"https?://(?:www\.)?(?:github\.com|gitlab\.com|codeberg\.org|bitbucket\.org|huggingface\.co|zenodo\.org)/\S",
    re.IGNORECASE,
)
_PUBMED = re.compile(r"https?://(?:www\.ncbi\.nlm\.nih\.gov/pubmed|pubmed\.ncbi\.nlm\.nih\.gov)/(\d+)")
_HAS_HTML = re.compile(
    r"(?:231[2-9]|2[4-9]\d\d|[3-9]\d{3})\.\d{4,5}"
)  # arXiv has made pages since December 2023
_MOST_FOUND = 3  # addresses of an abstract


class Link(NamedTuple):
    """An address with its name; `kind` is `paper`, `code`, `project` or `search`."""

    kind: str
    name: str
    url: str


@lru_cache(maxsize=4096)
def paper_links(paper: Paper, lang: Language, *, alphaxiv: bool = False) -> tuple[Link, ...]:
    """Return every address of a paper, the paper itself first; searches if no address of the paper is known."""
    known = [*_identified(paper, alphaxiv=alphaxiv), *_named(paper, lang), *_written(paper, lang)]
    own = web_url(paper.url)
    if own and own not in {link.url for link in known}:
        known.insert(0, Link("paper", shorten(own.split("://", 1)[1], 60), own))
    if not public_url(paper):
        known += _searches(paper, lang)
    return tuple({link.url: link for link in reversed(known)}.values())[::-1]


def short_links(paper: Paper, lang: Language) -> tuple[Link, ...]:
    """Return what an issue shows beside the title, which links to the paper: its PDF, code, project and searches."""
    return tuple(link for link in paper_links(paper, lang) if link.kind != "paper" or link.name == "PDF")


def _identified(paper: Paper, *, alphaxiv: bool) -> list[Link]:
    found = []
    if paper.arxiv:
        version = f"v{paper.version}" if paper.version else ""
        about = arxiv_url(paper.arxiv)
        found += [
            Link("paper", f"arXiv:{clean(paper.arxiv)}{version}", about),
            Link("paper", "PDF", about.replace("/abs/", "/pdf/")),
        ]
        if _HAS_HTML.match(paper.arxiv):
            found.append(Link("paper", "HTML", about.replace("/abs/", "/html/")))
        if alphaxiv:
            found.append(Link("paper", "alphaXiv", about.replace("//arxiv.org/", "//www.alphaxiv.org/")))
    if paper.doi:
        found.append(Link("paper", f"doi:{clean(paper.doi)}", doi_url(paper.doi)))
    if pubmed := _PUBMED.match(paper.url or ""):
        found.append(Link("paper", f"PMID:{pubmed[1]}", f"https://pubmed.ncbi.nlm.nih.gov/{pubmed[1]}/"))
    return found


def _named(paper: Paper, lang: Language) -> list[Link]:
    """Return the addresses of code and project that the source names."""
    found = []
    if code := web_url(paper.code_url):
        found.append(Link("code", lang.gettext("code"), code))
    if project := web_url(paper.project_url):
        found.append(Link("project", lang.gettext("project page"), project))
    return found


def _written(paper: Paper, lang: Language) -> list[Link]:
    """Return the web addresses that the abstract has."""
    text = shown(paper.abstract)
    urls = []
    for start, end in addresses(text):
        written = text[start:end]
        if "@" not in written:
            urls.append(web_url(written if "://" in written else f"https://{written}"))
    return [
        Link("code", lang.gettext("code"), url)
        if _CODE.match(url)
        else Link("project", lang.gettext("project page"), url)
        for url in dict.fromkeys(filter(None, urls[:_MOST_FOUND]))
        if url not in {paper.code_url, paper.project_url}
    ]


def _searches(paper: Paper, lang: Language) -> list[Link]:
    exact = " ".join(clean(shown(paper.title)).replace('"', " ").split())
    title = quote_plus(f'"{exact}"')
    return [
        Link(
            "search",
            lang.gettext("search arXiv"),
            f"https://arxiv.org/search/?searchtype=title&query={title}",
        ),
        Link(
            "search", lang.gettext("search Google Scholar"), f"https://scholar.google.com/scholar?q={title}"
        ),
    ]
