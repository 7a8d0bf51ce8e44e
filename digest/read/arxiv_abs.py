"""arXiv's `.abs` files: the metadata of a paper as arXiv keeps it; also several of them in one file."""

from digest.ports import Document, Fault, Parsed
from digest.read import arxiv_blocks, gather, kinds
from digest.read.alerts import is_arxiv
from digest.read.dates import newest

name = "arxiv-abs"


def sniff(document: Document) -> bool:
    """Claim text with a paper's block that no link closes."""
    text = document.text
    return text is not None and not is_arxiv(text) and arxiv_blocks.begins(text) and not kinds.is_mail(text)


def parse(document: Document) -> Parsed | Fault:
    """Read every block."""
    found = arxiv_blocks.blocks(document.text or "")
    if isinstance(found, Fault):
        return found
    return gather.parsed(
        (block.listing for block in found), carried=newest(block.newest for block in found)
    )
