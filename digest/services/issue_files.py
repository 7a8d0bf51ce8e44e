"""The files of issues and feeds apart from runs: written for one issue, or made for a request."""

import re
from dataclasses import dataclass

from digest.errors import UsageError
from digest.model import Home, Issue
from digest.model.subscriptions import ID
from digest.services.workspace import open_library

_FEED = re.compile(r"([a-z0-9-]{1,64})\.(rss|atom|json)")
_STEM = re.compile(r"\d{4}-\d\d-\d\d-(\d{1,9})")


@dataclass(frozen=True, slots=True)
class RenderedIssue:
    """An issue whose files were written: their paths, relative to the home, and why some could not be written."""

    subscription: str
    number: int
    paths: tuple[str, ...]
    problems: tuple[str, ...]


def render_issue(home: Home, subscription: str, number: int | None) -> RenderedIssue:
    """Write the files of an issue, of the newest one without a number. Raises UsageError if it does not exist."""
    from digest.pipeline.outputs import write_issue

    with open_library(home, create=False) as store:
        with store.begin(write=False) as tx:
            cursor = tx.cursors.get(subscription)
            wanted = (cursor.issues if cursor else 0) if number is None else number
            key = tx.issues.key(subscription, wanted)
        if cursor is None:
            raise UsageError(
                f"the subscription {subscription!r} does not exist; to list them: digest subscriptions list"
            )
        if key is None:
            if not cursor.issues:
                raise UsageError(
                    f"the subscription {subscription!r} has no issue yet; to make one: digest run"
                )
            raise UsageError(
                f"issue {wanted} of {subscription} does not exist; it has the issues 1 to {cursor.issues}"
            )
        paths, problems = write_issue(home, store, key)
        if not problems:
            with store.begin() as tx:
                if tx.issues.is_pruned(key):
                    tx.on_disk.set_pruned([key], pruned=False)
    return RenderedIssue(subscription, wanted, paths, problems)


def feed_on_request(home: Home, name: str) -> bytes | None:
    """Return a subscription's feed by the name of its file; None if the subscription is unknown or private."""
    from digest.pipeline.outputs import made_on_request

    named = _FEED.fullmatch(name)
    if named is None or named[1] == "all":
        return None
    with open_library(home, create=False) as store:
        with store.begin(write=False) as tx:
            known = tx.cursors.get(named[1])
        if known is None:
            return None
        return made_on_request(home, store, "feed", named[1], f"output/feeds/{name}")


def page_on_request(home: Home, subscription: str, stem: str) -> str | None:
    """Return the archive page of an issue by the stem of its file, with counted clicks where they are counted."""
    from digest.pipeline.outputs import made_on_request
    from digest.services.reader_pages import tracked_page

    named = _STEM.fullmatch(stem)
    if named is None or not ID.fullmatch(subscription):
        return None
    with open_library(home, create=False) as store:
        with store.begin(write=False) as tx:
            key = tx.issues.key(subscription, int(named[1]))
            issue: Issue | None = None if key is None else tx.issues.get(key).issue
        if key is None or issue is None or issue.stem != stem:
            return None
        page = made_on_request(
            home, store, "issue", str(key), f"output/site/issues/{subscription}/{stem}.html"
        )
    # A private subscription has no page here, whether or not it counts clicks.
    return None if page is None else tracked_page(home, subscription, stem) or page.decode()
