"""An mbox with several kinds of alerts."""

from digest.ports import Document, Fault, Parsed
from digest.read.parsing import alert_mail

name = "alert-mails"
READS_BYTES = True


def sniff(document: Document) -> bool:
    """Claim an mbox with more than one kind of alert; the format of the kind claims any other."""
    return len(alert_mail.alert_kinds(document)) > 1


def parse(document: Document) -> Parsed | Fault:
    """Read every alert."""
    return alert_mail.parse(document)
