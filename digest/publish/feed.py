"""The content of feeds, the same for all formats: the feed itself and its entries."""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from html.entities import name2codepoint

from digest.i18n.catalogue import language
from digest.i18n.language import Language
from digest.model import FeedItem, Paper, status_of
from digest.text.clean import clean, shorten, shown_term
from digest.text.gist import gist_of
from digest.text.math import shown
from digest.urls import feed_file, paper_url

# Titles and names are plain text, but some readers interpret tags and entities in them.
_TAG_LIKE = re.compile(r"<(?=[A-Za-z/!?][^<]*[>=/]|/)")
_ENTITY_LIKE = re.compile(r"&(?=(#?\w+))")

_LAST = 999_999  # microseconds
_TERMS = 8  # that a reason names
KEPT = 4096  # entries that are kept for the feeds of other subscriptions; each takes a few kilobytes
# The feed `all` of a week may have more, and is written three times: reading the formulas of its papers takes longest.
_BARE_KEPT = 16_384


@dataclass(frozen=True, slots=True)
class Channel:
    """A feed without its items.

    `name` is the stem of its files (a subscription's id, or `all`); `base_url` ends with a slash and is
    its home page; `id` is a `urn:uuid:` that never changes. `updated` is when the newest item entered or was
    updated, or when the feed was created if it has no items; never the time of rendering. `language` is that
    of the fixed text. `older` and `newer` are the names of the feeds with the papers before and after these, and
    `current` that of the feed whose older papers this one holds; each may be "" (RFC 5005).
    """

    name: str
    title: str
    description: str
    base_url: str
    id: str
    updated: datetime
    language: str = "en"
    older: str = ""
    newer: str = ""
    current: str = ""

    def feed_url(self, form: str, name: str = "") -> str:
        """Return the address of the feed, or of another one, in a format (`rss`, `atom`, `json`)."""
        return self.base_url + feed_file(name or self.name, form)

    @property
    def shown_title(self) -> str:
        """The title, cleaned and never empty."""
        return _text(self.title) or self.name

    @property
    def shown_description(self) -> str:
        """The description, cleaned and never empty."""
        return _text(self.description) or self.shown_title


@dataclass(frozen=True, slots=True)
class Entry:
    """A paper as an entry of a feed: plain text, except `content`, which is HTML."""

    id: str
    link: str
    title: str
    content: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    entered: datetime
    updated: datetime


def _status(paper: Paper, lang: Language) -> str:
    """Return a paragraph that says that a paper is withdrawn, retracted or removed; otherwise nothing."""
    words = {
        "withdrawn": lang.gettext("withdrawn"),
        "retracted": lang.gettext("retracted"),
        "removed": lang.gettext("removed"),
    }
    status = status_of(paper)
    return f"<p><strong>{html.escape(words[status].capitalize())}</strong></p>" if status in words else ""


def entry_of(item: FeedItem, base_url: str, code: str) -> Entry:
    """Return the entry of an item, cleaned for every format, with fixed text in the language `code`."""
    bare = bare_entry(item.paper, item.entered, base_url, code, gist=bool(item.terms))
    return replace(
        bare,
        content=bare.content + reason_of(item.terms, code),
        categories=categories_of(item, bare.categories),
        updated=updated_of(item),
    )


@lru_cache(maxsize=_BARE_KEPT)
def bare_entry(paper: Paper, entered: datetime, base_url: str, code: str, *, gist: bool) -> Entry:
    """Return the entry of a paper without what differs from feed to feed; `gist`: its abstract begins with the gist.

    Its time of update is that of entry.
    """
    lang = language(code)
    abstract = _text(shown(paper.abstract)) or lang.gettext("No abstract is available.")
    title = _text(shown(paper.title)) or lang.gettext("Untitled paper")
    return Entry(
        id=paper.uid,
        link=paper_url(paper, base_url),
        title=lang.gettext("Sample: %(title)s", title=title) if paper.is_sample else title,
        content=f"{_status(paper, lang)}{_gist(paper) if gist else ''}<p>{html.escape(abstract)}</p>",
        authors=tuple(filter(None, map(_text, paper.authors))),
        categories=tuple(filter(None, map(_text, paper.categories))),
        entered=_utc(entered),
        updated=_utc(entered),
    )


def _gist(paper: Paper) -> str:
    """Return a paragraph with what was done and the best result, if the abstract has sentences that say so."""
    text = shown(paper.abstract)
    found = gist_of(text, paper.title)
    if found is None:
        return ""
    parts = (_text(text[slice(*part.span)]) for part in found.parts)
    return f"<p>{html.escape(' '.join(f'{part[:1].upper()}{part[1:]}' for part in parts))}</p>"


def updated_of(item: FeedItem) -> datetime:
    """Return when an item was updated; no two items of a feed at the same time, and the better ones later.

    The papers of a run enter at the same instant, and readers that sort by this time would mix up their order.
    """
    after = _LAST - item.place % _LAST if item.place else item.paper.number % _LAST
    return _utc(item.updated) + timedelta(microseconds=after)


def reason_of(terms: Iterable[str], code: str) -> str:
    """Return a paragraph that says which terms a paper met; "" without terms."""
    found = tuple(dict.fromkeys(filter(None, map(_shown, terms))))[:_TERMS]
    if not found:
        return ""
    words = ", ".join(f"<strong>{html.escape(term)}</strong>" for term in found)
    return f"<p>{html.escape(language(code).gettext('Why it is here:'))} {words}</p>"


def categories_of(item: FeedItem, categories: Iterable[str]) -> tuple[str, ...]:
    """Return the theme or the interests of an item, its matched terms, and the categories of its paper; each once."""
    names = (*map(_shown, item.about), *map(_shown, item.terms))
    return tuple(dict.fromkeys(filter(None, (*names, *categories))))


@lru_cache(maxsize=KEPT)
def _shown(term: str) -> str:
    return shorten(_text(shown_term(term)), 100)


def _utc(when: datetime) -> datetime:
    return when.astimezone(UTC).replace(microsecond=0)


def _text(text: str) -> str:
    """Return a cleaned text without U+FFFD, which validators warn about."""
    return clean(text).strip().replace("\ufffd", "□")


def plain(text: str) -> str:
    """Return plain text that looks the same but cannot be interpreted as HTML."""
    return _ENTITY_LIKE.sub(_ampersand, _TAG_LIKE.sub("‹", text))


def _ampersand(match: re.Match[str]) -> str:
    name = match[1]
    return "＆" if name in name2codepoint or name == "apos" or not name.isalpha() else "&"
