"""JSON Feed 1.1."""

import json
from collections.abc import Sequence
from typing import Any

from digest.model import FeedItem
from digest.publish.feed import Channel, Entry, entry_of


def json_feed(channel: Channel, items: Sequence[FeedItem]) -> bytes:
    """Return a JSON Feed of the items, in the order given (newest first)."""
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": channel.shown_title,
        "home_page_url": channel.base_url,
        "feed_url": channel.feed_url("json"),
        "description": channel.shown_description,
        "language": channel.language,
        "items": [_item(entry_of(item, channel)) for item in items],
    }
    return json.dumps(feed, ensure_ascii=False, indent=1).encode() + b"\n"


def _item(entry: Entry) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": entry.id,
        "url": entry.link,
        "title": entry.title,
        "content_html": entry.content,
        "date_published": entry.entered.isoformat(),
        "date_modified": entry.updated.replace(microsecond=0).isoformat(),
    }
    if entry.authors:
        item["authors"] = [{"name": name} for name in entry.authors]
    if entry.categories:
        item["tags"] = list(entry.categories)
    return item
