"""The list of all feeds as OPML 2.0, for feed readers to import in one step."""

from collections.abc import Iterable
from html import escape

from digest.publish.feed import plain
from digest.text.clean import clean
from digest.urls import feed_file


def opml(title: str, base_url: str, feeds: Iterable[tuple[str, str]]) -> bytes:
    """Return an OPML list of feeds, each given as the stem of its files and its title."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<opml version="2.0">',
        f"<head><title>{_text(title)}</title></head>",
        "<body>",
        *(
            f'<outline type="rss" text="{_text(name)}" title="{_text(name)}"'
            f' xmlUrl="{_text(base_url + feed_file(stem, "rss"))}" htmlUrl="{_text(base_url)}"/>'
            for stem, name in feeds
        ),
        "</body>",
        "</opml>",
        "",
    ]
    return "\n".join(lines).encode()


def _text(text: str) -> str:
    """Return a text as the value of an XML attribute, never empty. OPML would take tags in it for markup."""
    return escape(plain(clean(text).strip()) or "…").replace("\ufffd", "□")
