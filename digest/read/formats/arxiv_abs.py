"""arXiv's `.abs` files: the metadata of a paper as arXiv keeps it; also several of them in one file."""

from digest.ports import Document, Fault, Parsed
from digest.read.parsing import arxiv_blocks, mail
from digest.read.parsing.alert_mail import is_arxiv

name = "arxiv-abs"


def sniff(document: Document) -> bool:
    """Claim text with a paper's block that no link closes."""
    text = document.text
    return text is not None and arxiv_blocks.begins(text) and not (is_arxiv(text) or mail.is_mail(document))


def parse(document: Document) -> Parsed | Fault:
    """Read every block."""
    return arxiv_blocks.parsed(document.text or "")
