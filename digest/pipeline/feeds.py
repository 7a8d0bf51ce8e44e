"""The content of feeds, from the library: of subscriptions, and of the feed `all`."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from digest.i18n.catalogue import language
from digest.i18n.language import Language
from digest.identity import feed_uid
from digest.model import FeedItem, Home, Paper, Subscription
from digest.pipeline.set_aside import HARMLESS, Boundary, Papers
from digest.store.store import Transaction
from digest.urls import issue_page

if TYPE_CHECKING:
    from digest.publish import Channel


def feeds_of(
    home: Home, tx: Transaction, names: Iterable[str]
) -> "dict[str, tuple[Channel, list[FeedItem]]]":
    """Return the feeds of subscriptions with their items, by id; papers of several feeds are loaded once."""
    settings, lang = home.settings, language(home.settings.language)
    cursors = tx.cursors.of(names)
    of_issues = {
        name
        for name, row in tx.subscriptions.of(cursors).items()
        if isinstance(row.value, Subscription) and row.value.feed == "issues"
    }
    entries = {
        name: () if name in of_issues else tx.feeds.newest(name, settings.feed_items) for name in cursors
    }
    numbers = {each.paper for some in entries.values() for each in some}
    papers, revised = tx.library.papers(numbers), tx.library.updated_at(numbers)
    found = {}
    for name, cursor in cursors.items():
        items = [
            FeedItem(
                papers[each.paper],
                each.entered,
                max(each.entered, revised.get(each.paper, each.entered)),
                each.terms,
                each.about,
                each.place,
            )
            for each in entries[name]
        ]
        if name in of_issues:
            items = _issues_of(home, tx, name, lang)
        about = lang.gettext("Papers for %(name)s", name=cursor.name)
        found[name] = channel_of(home, name, cursor.name, about, items, begun=cursor.enrolled), items
    return found


def _issues_of(home: Home, tx: Transaction, name: str, lang: Language) -> list[FeedItem]:
    """Return the newest issues of a subscription as items; each is a paper with the titles of the best in it."""
    from digest.render import phrases

    found = []
    for line, made in tx.issues.newest_of(name, home.settings.feed_items):
        counts = lang.listed(phrases.counts(line.new, line.updated, lang)) or lang.gettext("nothing new")
        issue = Paper(
            number=line.number,
            uid=feed_uid(f"issue:{name}:{line.number}"),
            title=f"{line.name}, {lang.long_day(line.day, year=True)}",
            abstract=" · ".join((counts, *line.best)),
            first_seen=made,
            url=home.settings.base_url + issue_page(name, line.stem),
        )
        found.append(FeedItem(issue, made, made))
    return found


def items_of(tx: Transaction, found: Sequence[tuple[Paper, datetime]]) -> list[FeedItem]:
    """Return papers, each with the time at which it entered the feed, as items."""
    revised = tx.library.updated_at(paper.number for paper, _ in found)
    return [FeedItem(paper, at, max(at, revised.get(paper.number, at))) for paper, at in found]


def channel_of(
    home: Home, name: str, title: str, about: str, items: Sequence[FeedItem], *, begun: datetime
) -> "Channel":
    """Return a feed without its items; `begun` is when it was created."""
    from digest import publish

    settings = home.settings
    return publish.Channel(
        name=name,
        title=title,
        description=about,
        base_url=settings.base_url,
        id=feed_uid(f"feed:{name}"),
        updated=max((item.updated for item in items), default=begun),
        language=language(settings.language).code,
    )


def feed_bytes(boundary: Boundary, form: str, channel: "Channel", items: list[FeedItem]) -> bytes | None:
    """Return a feed in a format of `digest.publish.FORMS`; papers that make it fail have less text."""
    from digest import publish

    papers = {item.paper.number: item.paper for item in items}
    return boundary.many("feed", papers, partial(_written, publish.FORMS[form], channel, items))


def _written(
    write: "Callable[[Channel, list[FeedItem]], bytes]",
    channel: "Channel",
    items: list[FeedItem],
    papers: Papers,
) -> bytes:
    """Return a feed of the items of these papers only; one that it does not have is added."""
    known = {item.paper.number: item for item in items}
    new = FeedItem(HARMLESS, HARMLESS.first_seen, HARMLESS.first_seen)
    return write(
        channel,
        [replace(known.get(number, new), paper=paper) for number, paper in papers.items()],
    )
