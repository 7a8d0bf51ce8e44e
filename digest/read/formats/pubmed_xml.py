"""PubMed's XML, from its API or its export; see https://dtd.nlm.nih.gov/ncbi/pubmed/doc/."""

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from digest.model import Listing
from digest.ports import Document, Fault, Parsed
from digest.read import normalize
from digest.read.parsing import html_tree
from digest.read.parsing.dates import Published, day_from_parts, newest, published
from digest.read.parsing.ids import first_doi

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

name = "pubmed-xml"
READS_BYTES = True

_ROOTS = {"pubmedarticleset", "pubmedarticle", "medlinecitationset", "medlinecitation"}
_RETRACTED = "Retracted Publication"
_RETRACTED_IN = "RetractionIn"


def sniff(document: Document) -> bool:
    """Claim XML with a root element of PubMed."""
    return html_tree.root_name(document) in _ROOTS


def parse(document: Document) -> Parsed | Fault:
    """Read all articles with a title, or return a fault if the XML is not well-formed."""
    root = html_tree.xml(document)
    if isinstance(root, Fault):
        return root
    citations = (
        [root] if html_tree.local_name(root) == "MedlineCitation" else list(root.iter("{*}MedlineCitation"))
    )
    found = [_listing(citation) for citation in citations]
    listings = [listing for listing in found if listing is not None]
    skipped = len(found) - len(listings) + sum(1 for _ in root.iter("{*}PubmedBookArticle"))
    days = (_day(element) for element in root.iter("{*}DateRevised", "{*}DateCompleted", "{*}PubMedPubDate"))
    return normalize.parsed(
        listings,
        carried=newest([*days, *(one.published for one in listings)]),
        note=normalize.skipped_note(skipped, "record"),
    )


def _listing(citation: "Element") -> Listing | None:
    article = html_tree.child(citation, "Article")
    titles = (
        normalize.prose(html_tree.text(html_tree.child(article, name)))
        for name in ("ArticleTitle", "VernacularTitle")
    )
    title = next(filter(None, titles), "")
    if article is None or not title:
        return None
    people = html_tree.child(article, "AuthorList")
    authors = (
        tuple(filter(None, map(_person, html_tree.children(people, "Author")))) if people is not None else ()
    )
    complete = people is None or people.get("CompleteYN") != "N"
    texts = (
        list(html_tree.children(abstract, "AbstractText"))
        if (abstract := html_tree.child(article, "Abstract")) is not None
        else []
    )
    pmid = html_tree.text(html_tree.child(citation, "PMID"))
    day, words = _published(citation, article)
    return Listing(
        rank=0,
        title=title,
        abstract=normalize.abstract(" ".join(filter(None, map(html_tree.text, texts)))),
        authors=authors,
        author_count=(len(authors) or None) if complete else None,
        published=day,
        published_text=words,
        categories=normalize.unique_lines(
            [html_tree.text(element) for element in citation.iter("{*}DescriptorName")]
        ),
        doi=first_doi(_ids(citation, article)),
        url=f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/" if pmid.isdigit() else None,
        status=_status(citation, article),
        keywords=normalize.unique_lines([html_tree.text(element) for element in citation.iter("{*}Keyword")]),
        venue=_journal(article),
    )


def _journal(article: "Element") -> str | None:
    journal = html_tree.child(article, "Journal")
    names = (html_tree.text(html_tree.child(journal, part)) for part in ("Title", "ISOAbbreviation"))
    return next(filter(None, names), None) if journal is not None else None


def _person(author: "Element") -> str:
    part = {
        key: html_tree.text(html_tree.child(author, key))
        for key in ("ForeName", "Initials", "LastName", "Suffix", "CollectiveName")
    }
    given = part["ForeName"] or part["Initials"]
    name = " ".join(filter(None, (given, part["LastName"]))) or part["CollectiveName"]
    return f"{name}, {part['Suffix']}" if part["Suffix"] and part["LastName"] else name


def _ids(citation: "Element", article: "Element") -> Iterator[str]:
    """Yield the ids that may be the DOI of the article, without the DOIs of its references."""
    for element in html_tree.children(article, "ELocationID"):
        if element.get("EIdType") == "doi":
            yield html_tree.text(element)
    record = citation.getparent()
    data = html_tree.child(record, "PubmedData") if record is not None else None
    ids = html_tree.child(data, "ArticleIdList")
    for element in html_tree.children(ids, "ArticleId") if ids is not None else ():
        if element.get("IdType") == "doi":
            yield html_tree.text(element)


def _published(citation: "Element", article: "Element") -> Published:
    """Return the date of the electronic article, or of the issue, or else of the entry in PubMed, or a vague date."""
    issue = html_tree.child(html_tree.child(article, "Journal"), "JournalIssue")
    dates = [html_tree.child(article, "ArticleDate"), html_tree.child(issue, "PubDate")]
    record = citation.getparent()
    history = (
        html_tree.child(html_tree.child(record, "PubmedData"), "History") if record is not None else None
    )
    entered = {
        element.get("PubStatus"): element
        for element in (html_tree.children(history, "PubMedPubDate") if history is not None else ())
    }
    dates += [entered.get("pubmed"), entered.get("entrez")]
    day = next((day for each in dates if each is not None and (day := _day(each))), None)
    printed = {
        key: html_tree.text(html_tree.child(dates[1], key))
        for key in ("MedlineDate", "Season", "Month", "Year")
    }
    return published(
        day, (printed["MedlineDate"], f"{printed['Season'] or printed['Month']} {printed['Year']}")
    )


def _day(element: "Element") -> date | None:
    year, month, day = (html_tree.text(html_tree.child(element, part)) for part in ("Year", "Month", "Day"))
    return day_from_parts(year, month, day)


def _status(citation: "Element", article: "Element") -> str | None:
    """Return `retracted` for a retracted publication, and for one that names the notice of its retraction."""
    kinds = map(html_tree.text, article.iter("{*}PublicationType"))
    notices = (element.get("RefType") for element in citation.iter("{*}CommentsCorrections"))
    return "retracted" if _RETRACTED in kinds or _RETRACTED_IN in notices else None
