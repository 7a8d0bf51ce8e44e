"""arXiv's daily mail: its text alone, or as the message or the mbox that came."""

from digest.ports import Document, Fault, Parsed
from digest.read.parsing import alert_mail, arxiv_blocks, mail

name = "arxiv-mail"


def sniff(document: Document) -> bool:
    """Claim text with a paper's block that a link closes, and mails with such text in them."""
    if mail.is_mail(document):
        return alert_mail.kinds_of(document) == {name}
    return document.text is not None and alert_mail.is_arxiv(document.text)


def parse(document: Document) -> Parsed | Fault:
    """Read every block: new papers, cross-lists and replacements."""
    if mail.is_mail(document):
        return alert_mail.parsed(document)
    return arxiv_blocks.parsed(document.text or "")
