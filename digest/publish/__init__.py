"""Feeds and exports of papers. The same papers give the same bytes."""

from digest.publish.feed import Channel
from digest.publish.json_feed import json_feed
from digest.publish.opml import opml
from digest.publish.rss_atom import STYLES, atom, rss

FORMS = {"rss": rss, "atom": atom, "json": json_feed}

__all__ = ["FORMS", "STYLES", "Channel", "atom", "json_feed", "opml", "rss"]
