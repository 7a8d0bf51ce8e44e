"""Alerts by mail: the kind of alert of a message, and the papers in all messages of a file.

A message is an alert if it contains something that only such alerts contain. Other messages are skipped and
mentioned in the note. If an alert cannot be read completely, the file is rejected.
"""

from datetime import date

from digest.model import Listing
from digest.ports import Document, Fault, Parsed
from digest.read import normalize
from digest.read.parsing import arxiv_blocks, mail, scholar_cards
from digest.read.parsing.dates import newest
from digest.read.parsing.mail import Message

ARXIV, SCHOLAR = "arxiv-mail", "scholar-alert"


def is_arxiv_mail(text: str) -> bool:
    """Return whether a text has blocks of papers that end with a link, as in arXiv's emails."""
    return arxiv_blocks.has_block(text) and arxiv_blocks.has_link(text)


def alert_kinds(document: Document) -> frozenset[str]:
    """Return the kinds of alert among the messages of a file; an empty set if the file is not mail."""
    return frozenset(kind for message in mail.messages(document) if (kind := _kind(message)))


def _kind(message: Message) -> str:
    if any(map(is_arxiv_mail, message.plain)):
        return ARXIV
    return SCHOLAR if any(map(scholar_cards.has_card, message.html)) else ""


def parse(document: Document) -> Parsed | Fault:
    """Read all alerts of a file, or return a fault with the line of the first that cannot be read."""
    listings: list[Listing] = []
    days: list[date | None] = []
    skipped: list[Message] = []
    for message in mail.messages(document):
        found = _read(message)
        if found is None:
            skipped += [] if message.wraps else [message]
        elif isinstance(found, Fault):
            reason = f"in the message {message.subject!r}: {found.reason}"
            return Fault(reason, found.remedy, message.line)
        else:
            listings += found
            days.append(message.sent)
    return normalize.parsed(listings, carried=newest(days), note=_note(skipped))


def _note(skipped: list[Message]) -> str:
    if not skipped:
        return ""
    first = f"{skipped[0].subject!r} on line {skipped[0].line}"
    if len(skipped) == 1:
        return f"skipped 1 message that is not a known alert: {first}"
    return f"skipped {len(skipped)} messages that are not known alerts, first {first}"


def _read(message: Message) -> list[Listing] | Fault | None:
    kind = _kind(message)
    if message.problem:
        return Fault(message.problem, "save the alert itself, without the messages around it")
    if kind and message.cut:
        return Fault("the message is cut short", "save the complete message again")
    if kind == ARXIV:
        blocks = arxiv_blocks.blocks(next(filter(is_arxiv_mail, message.plain)))
        return blocks if isinstance(blocks, Fault) else [block.listing for block in blocks]
    if kind == SCHOLAR:
        cards = scholar_cards.parse(next(filter(scholar_cards.has_card, message.html)))
        return cards if isinstance(cards, Fault) else list(cards.listings)
    return None
