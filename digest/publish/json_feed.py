"""JSON Feed 1.1. The item of a paper is written once; the feeds of all subscriptions are put together from these."""

import json
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from digest.model import FeedItem, Paper
from digest.publish.feed import KEPT, Channel, Entry, bare_entry, categories_of, reason_of, updated_of

_ITEM = "\ufdd0"  # a noncharacter, which no cleaned text contains
_NEXT_ITEM, _NEXT_TAG = ",\n  ", ",\n    "


def json_feed(channel: Channel, items: Sequence[FeedItem]) -> bytes:
    """Return a JSON Feed of the items, in the order given (newest first)."""
    if not items:
        return _written(channel, []).encode()
    head, tail = _written(channel, [_ITEM]).split(f'"{_ITEM}"')
    found = _NEXT_ITEM.join([_spliced(channel, item) for item in items])
    return f"{head}{found}{tail}".encode()


def whole(channel: Channel, entries: Sequence[Entry]) -> str:
    """Return a JSON Feed as the standard library writes it."""
    return _written(channel, [_item(each) for each in entries])


def _written(channel: Channel, items: Sequence[Any]) -> str:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": channel.shown_title,
        "home_page_url": channel.base_url,
        "feed_url": channel.feed_url("json"),
        "description": channel.shown_description,
        "language": channel.language,
        **({"next_url": channel.feed_url("json", channel.older)} if channel.older else {}),
        "items": items,
    }
    return json.dumps(feed, ensure_ascii=False, indent=1) + "\n"


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


class _Parts(NamedTuple):
    """An item before its reason, from there to its time of update, and after that; and the tags of the paper."""

    before: str
    dated: str
    after: str
    tags: tuple[str, ...]


def _spliced(channel: Channel, item: FeedItem) -> str:
    parts = _parts(channel.base_url, channel.language, item.paper, item.entered, bool(item.terms))
    reason = _string(reason_of(item.terms, channel.language))[1:-1] if item.terms else ""
    updated = updated_of(item).replace(microsecond=0).isoformat()
    tags = categories_of(item, parts.tags)
    listed = f',\n   "tags": [\n    {_NEXT_TAG.join(map(_string, tags))}\n   ]' if tags else ""
    return f"{parts.before}{reason}{parts.dated}{updated}{parts.after}{listed}\n  }}"


@lru_cache(maxsize=KEPT)
def _parts(base_url: str, language: str, paper: Paper, entered: datetime, gist: bool) -> _Parts:
    entry = bare_entry(paper, entered, base_url, language, gist=gist)
    item = {key: _string(value) for key, value in _item(entry).items() if isinstance(value, str)}
    item["content_html"] = f'{item["content_html"][:-1]}{_ITEM}"'
    item["date_modified"] = f'"{_ITEM}"'
    if entry.authors:
        names = ",\n".join(f'    {{\n     "name": {_string(name)}\n    }}' for name in entry.authors)
        item["authors"] = f"[\n{names}\n   ]"
    lines = ",\n".join(f'   "{key}": {value}' for key, value in item.items())
    before, dated, after = f"{{\n{lines}".split(_ITEM)
    return _Parts(before, dated, after, entry.categories)


_string = json.JSONEncoder(ensure_ascii=False).encode
