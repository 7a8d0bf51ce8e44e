"""Alerts by mail: which kind a message is, and the papers of all the messages in a file.

A message is an alert if it holds what only such an alert holds; any other is passed over and named in the
note, as nobody guesses at mails. An alert that cannot be read whole sets its file aside.
"""

from datetime import date

from digest.model import Listing
from digest.ports import Document, Fault, Parsed
from digest.read import normalize
from digest.read.parsing import arxiv_blocks, mail, scholar_cards
from digest.read.parsing.dates import newest
from digest.read.parsing.mail import Message

ARXIV, SCHOLAR = "arxiv-mail", "scholar-alert"


def is_arxiv(text: str) -> bool:
    """Say whether a text holds blocks of papers as arXiv mails them, each closed by a link."""
    return arxiv_blocks.begins(text) and arxiv_blocks.has_link(text)


def kinds_of(document: Document) -> frozenset[str]:
    """Return the kinds of alert among the messages of a file; empty if it is no mail."""
    return frozenset(kind for message in mail.messages(document) if (kind := _kind(message)))


def _kind(message: Message) -> str:
    if any(map(is_arxiv, message.plain)):
        return ARXIV
    return SCHOLAR if any(map(scholar_cards.begins, message.html)) else ""


def parsed(document: Document) -> Parsed | Fault:
    """Read every alert of a file, or say at which line one cannot be read."""
    listings: list[Listing] = []
    days: list[date | None] = []
    others: list[Message] = []
    for message in mail.messages(document):
        found = _read(message)
        if found is None:
            others.append(message)
        elif isinstance(found, Fault):
            reason = f"in the message {message.subject!r}: {found.reason}"
            return Fault(reason, found.remedy, message.line)
        else:
            listings += found
            days.append(message.sent)
    return normalize.parsed(listings, carried=newest(days), note=_note(others))


def _note(others: list[Message]) -> str:
    if not others:
        return ""
    first = others[0]
    return f"passed over what is no known alert: {len(others)} of the messages, first {first.subject!r} on line {first.line}"


def _read(message: Message) -> list[Listing] | Fault | None:
    kind = _kind(message)
    if kind and message.cut:
        return Fault("the message ends before its end", "save the message again, whole")
    if kind == ARXIV:
        blocks = arxiv_blocks.blocks(next(filter(is_arxiv, message.plain)))
        return blocks if isinstance(blocks, Fault) else [block.listing for block in blocks]
    if kind == SCHOLAR:
        cards = scholar_cards.parsed(next(filter(scholar_cards.begins, message.html)))
        return cards if isinstance(cards, Fault) else list(cards.listings)
    return None
