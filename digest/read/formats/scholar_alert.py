"""Google Scholar's alerts: the HTML of the mail, the message, or an mbox of them."""

from digest.ports import Document, Fault, Parsed
from digest.read import file_types
from digest.read.parsing import alert_mail, mail, scholar_cards

name = "scholar-alert"


def sniff(document: Document) -> bool:
    """Claim HTML with the alert's own classes, and mails with such HTML in them."""
    if mail.is_mail(document):
        return alert_mail.kinds_of(document) == {name}
    text = document.text
    return text is not None and file_types.begins_as_markup(text) and scholar_cards.begins(text)


def parse(document: Document) -> Parsed | Fault:
    """Read every paper of the alert; what Scholar shows of an abstract is a snippet."""
    if mail.is_mail(document):
        return alert_mail.parsed(document)
    return scholar_cards.parsed(document.text or "")
