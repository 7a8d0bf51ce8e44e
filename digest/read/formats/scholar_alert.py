"""Google Scholar alerts: the HTML of an email, the message, or an mbox."""

from digest.ports import Document, Fault, Parsed
from digest.read import file_types
from digest.read.parsing import alert_mail, mail, scholar_cards

name = "scholar-alert"


def sniff(document: Document) -> bool:
    """Claim HTML with the classes of an alert, and emails with such HTML."""
    if mail.is_mail(document):
        return alert_mail.alert_kinds(document) == {name}
    text = document.text
    return text is not None and file_types.starts_with_tag(text) and scholar_cards.has_card(text)


def parse(document: Document) -> Parsed | Fault:
    """Read all papers of the alert, whose abstracts are snippets."""
    if mail.is_mail(document):
        return alert_mail.parse(document)
    return scholar_cards.parse(document.text or "")
