"""An mbox with alerts of several kinds."""

from digest.ports import Document, Fault, Parsed
from digest.read.parsing import alert_mail

name = "alert-mails"
READS_BYTES = True


def sniff(document: Document) -> bool:
    """Claim a mailbox with more than one kind of alert; with one, it belongs to that kind's format."""
    return len(alert_mail.kinds_of(document)) > 1


def parse(document: Document) -> Parsed | Fault:
    """Read every alert."""
    return alert_mail.parsed(document)
