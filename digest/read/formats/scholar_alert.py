"""Google Scholar's alerts: the HTML of the mail, the message, or an mbox of them."""

from digest.ports import Document, Fault, Parsed
from digest.read import file_types as kinds
from digest.read.parsing import alert_mail as alerts
from digest.read.parsing import mail as mails
from digest.read.parsing import scholar_cards

name = "scholar-alert"


def sniff(document: Document) -> bool:
    """Claim HTML with the alert's own classes, and mails with such HTML in them."""
    if mails.is_mail(document):
        return alerts.kinds_of(document) == {name}
    text = document.text
    return text is not None and kinds.begins_as_markup(text) and scholar_cards.begins(text)


def parse(document: Document) -> Parsed | Fault:
    """Read every paper of the alert; what Scholar shows of an abstract is a snippet."""
    if mails.is_mail(document):
        return alerts.parsed(document)
    return scholar_cards.parsed(document.text or "")
