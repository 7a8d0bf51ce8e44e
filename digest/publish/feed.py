"""What a feed says about itself, and what all three formats say about a paper."""

import html
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from digest.i18n.catalogue import language
from digest.model import FeedItem
from digest.text.clean import clean, shorten, shown_term
from digest.text.math import shown
from digest.urls import feed_file, paper_url


@dataclass(frozen=True, slots=True)
class Channel:
    """A feed as a whole.

    `name` is the stem of its files (a subscription's id, or `all`); `base_url` ends with a slash and is
    its home page; `id` is a `urn:uuid:` that never changes. `updated` is when its newest item entered
    or was updated, or when the feed was created if it has none; never the clock. `language` is that of
    what we say in it.
    """

    name: str
    title: str
    description: str
    base_url: str
    id: str
    updated: datetime
    language: str = "en"

    def feed_url(self, form: str) -> str:
        """Return the feed's own address in one format (`rss`, `atom`, `json`)."""
        return self.base_url + feed_file(self.name, form)

    @property
    def shown_title(self) -> str:
        """Return the title, fit for any format and never empty."""
        return _text(self.title) or self.name

    @property
    def shown_description(self) -> str:
        """Return the description, fit for any format and never empty."""
        return _text(self.description) or self.shown_title


@dataclass(frozen=True, slots=True)
class Entry:
    """A paper as every format tells it: plain text, except `content`, which is HTML."""

    id: str
    link: str
    title: str
    content: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    entered: datetime
    updated: datetime


def entry_of(item: FeedItem, channel: Channel) -> Entry:
    """Return what feeds tell of an item, cleaned."""
    paper, say = item.paper, language(channel.language)
    abstract = _text(shown(paper.abstract)) or say.gettext("No abstract is known.")
    terms = (shorten(_text(shown_term(term)), 100) for term in item.terms)
    return Entry(
        id=paper.uid,
        link=paper_url(paper, channel.base_url),
        title=_text(shown(paper.title)) or say.gettext("Untitled paper"),
        content=f"<p>{html.escape(abstract or say.gettext('No abstract is known.'))}</p>",
        authors=tuple(filter(None, map(_text, paper.authors))),
        categories=tuple(dict.fromkeys(filter(None, (*terms, *map(_text, paper.categories))))),
        entered=_utc(item.entered),
        # Papers of one run enter in the same instant, and readers that sort by `updated` then shuffle
        # them. A millionth of a second per library number keeps every entry's instant its own.
        updated=_utc(item.updated) + timedelta(microseconds=paper.number % 1_000_000),
    )


def _utc(when: datetime) -> datetime:
    return when.astimezone(UTC).replace(microsecond=0)


def _text(text: str) -> str:
    """Return a text for a feed: without the mark of a broken character, which validators warn about."""
    return clean(text).strip().replace("\ufffd", "□")
