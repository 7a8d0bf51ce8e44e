"""arXiv's daily mail: its text, the message, or an mbox."""

from digest.ports import Document, Fault, Parsed
from digest.read.parsing import alert_mail, arxiv_blocks, forwards, mail

name = "arxiv-mail"


def sniff(document: Document) -> bool:
    """Claim text with a block that ends with a link, and emails with such text."""
    if mail.is_mail(document):
        return alert_mail.alert_kinds(document) == {name}
    text = document.text
    return text is not None and "arXiv:" in text and alert_mail.is_arxiv_mail(forwards.unquoted(text))


def parse(document: Document) -> Parsed | Fault:
    """Read every block: new papers, cross-lists and replacements."""
    if mail.is_mail(document):
        return alert_mail.parse(document)
    return arxiv_blocks.parse(forwards.unquoted(document.text or ""))
