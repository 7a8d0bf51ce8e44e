"""arXiv's `.abs` files, which hold the metadata of one paper or several."""

from digest.ports import Document, Fault, Parsed
from digest.read.parsing import arxiv_blocks, mail
from digest.read.parsing.alert_mail import is_arxiv_mail

name = "arxiv-abs"


def sniff(document: Document) -> bool:
    """Claim text with a block that does not end with a link."""
    text = document.text
    return (
        text is not None
        and arxiv_blocks.has_block(text)
        and not (is_arxiv_mail(text) or mail.is_mail(document))
    )


def parse(document: Document) -> Parsed | Fault:
    """Read every block."""
    return arxiv_blocks.parse(document.text or "")
