"""Alerts by mail: the kinds of alert in a message, and the papers in all messages of a file.

A message is an alert if it contains something that only such alerts contain, also if it was forwarded inline. Other
messages, and messages inside a text that are not alerts, are skipped and mentioned in the note. If an alert cannot be
read completely, the file is rejected.
"""

import re
from collections.abc import Iterator
from datetime import date

from digest.model import Listing
from digest.ports import Document, Fault, Parsed
from digest.read import normalize
from digest.read.parsing import arxiv_blocks, forwards, mail, scholar_cards, scholar_text
from digest.read.parsing.dates import newest
from digest.read.parsing.mail import Message

ARXIV, SCHOLAR = "arxiv-mail", "scholar-alert"
_WORD = re.compile(r"\w+")
_LEAST_WORDS = 5  # a message that only says "see below" holds no papers


def is_arxiv_mail(text: str) -> bool:
    """Return whether a text has blocks of papers that end with a link, as in arXiv's emails."""
    return arxiv_blocks.has_block(text) and arxiv_blocks.has_link(text)


def alert_kinds(document: Document) -> frozenset[str]:
    """Return the kinds of alert among the messages of a file; an empty set if the file is not mail."""
    return frozenset(kind for message in mail.messages(document) for kind in _kinds(message))


def _kinds(message: Message) -> Iterator[str]:
    if any(_arxiv_texts(message)):
        yield ARXIV
    if any(_scholar_pages(message)) or any(_scholar_texts(message)):
        yield SCHOLAR


def _arxiv_texts(message: Message) -> Iterator[str]:
    """Yield the texts with blocks of arXiv; HTML counts if no plain text has any."""
    found = [text for text in map(forwards.unquoted, message.plain) if is_arxiv_mail(text)]
    yield from found or filter(is_arxiv_mail, _texts_of_html(message, "arXiv:"))


def _scholar_pages(message: Message) -> Iterator[str]:
    return filter(scholar_cards.has_card, message.html)


def _scholar_texts(message: Message) -> Iterator[str]:
    """Yield the texts with papers of Scholar in a message without the HTML that it has; HTML comes first."""
    if not any(_scholar_pages(message)):
        found = list(filter(scholar_text.has_card, _texts_of_html(message, "scholar")))
        yield from found or filter(scholar_text.has_card, map(forwards.unquoted_lines, message.plain))


def _texts_of_html(message: Message, part: str) -> Iterator[str]:
    """Yield the text of each part in HTML that contains another text, perhaps wrapped."""
    return (forwards.text_of_html(page) for page in message.html if part in page or "http" in page)


def parse(document: Document) -> Parsed | Fault:
    """Read all alerts of a file, or return a fault with the line of the first that cannot be read."""
    listings: list[Listing] = []
    days: list[date | None] = []
    skipped: list[tuple[str, int]] = []
    for message in mail.messages(document):
        found = _read(message)
        if found is None:
            skipped += [] if message.wraps else [(message.subject, message.line)]
        elif isinstance(found, Fault):
            reason = f"in the message {message.subject!r}: {found.reason}"
            return Fault(reason, found.remedy, message.line)
        else:
            listings += found
            days.append(message.sent)
            skipped += ((subject, message.line) for subject in _unknown_inside(message))
        skipped += ((name, message.line) for name in message.unread)
    return normalize.parsed(listings, carried=newest(days), note=_note(skipped))


def _note(skipped: list[tuple[str, int]]) -> str:
    if not skipped:
        return ""
    subject, line = skipped[0]
    first = f"{subject!r} on line {line}"
    if len(skipped) == 1:
        return f"skipped 1 message that is not a known alert: {first}"
    return f"skipped {len(skipped)} messages that are not known alerts, first {first}"


def _unknown_inside(message: Message) -> Iterator[str]:
    """Yield the subjects of the forwarded messages in the text of an alert that are not alerts."""
    texts = [forwards.text_of_html(page) for page in message.html] or list(
        map(forwards.unquoted_lines, message.plain)
    )
    for text in texts:
        for one in forwards.inside(text):
            known = is_arxiv_mail(one.text) or scholar_text.has_card(one.text)
            if not known and len(_WORD.findall(one.text)) >= _LEAST_WORDS:
                yield one.subject


def _read(message: Message) -> list[Listing] | Fault | None:
    if message.problem:
        return Fault(message.problem, "save the alert itself, without the messages around it")
    found: list[Listing] = []
    kinds = list(_kinds(message))
    if kinds and message.cut:
        return Fault("the message is cut short", "save the complete message again")
    for text in _arxiv_texts(message):
        blocks = arxiv_blocks.blocks(text)
        if isinstance(blocks, Fault):
            return blocks
        found += (block.listing for block in blocks)
    for page in _scholar_pages(message):
        cards = scholar_cards.parse(page)
        if isinstance(cards, Fault):
            return cards
        found += cards.listings
    for text in _scholar_texts(message):
        found += scholar_text.parse(text)
    return found if kinds else None
