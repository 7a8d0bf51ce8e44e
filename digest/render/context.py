"""The settings of a home that issues and pages show."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

from digest.urls import feed_file, is_root_of_this_machine


@dataclass(frozen=True, slots=True)
class SiteContext:
    """The settings that issues and pages show.

    `base_url` ends with a slash; `sender` is the name and address for From. `language` is that of the archive,
    not of issues. `feeds_base` replaces `base_url` in addresses of feeds where it is not empty. `alphaxiv`: papers
    of arXiv link to alphaXiv, too. `private` is the address, with a slash at its end, below which the pages of a
    private subscription are: its issues link there, and to no feed. `contact` is the address of who runs the home.
    `manage` is the address of the page of the only reader of a subscription, and `feedback` the one, with a slash at its
    end, below which that reader's feedback is taken. `subscribe` is the address of the page where people subscribe, ""
    without such a page.
    """

    title: str = "Paper Digest"
    base_url: str = "http://localhost:8350/"
    sender: str = ""
    timezone: str = "UTC"
    language: str = "en"
    feeds_base: str = ""
    alphaxiv: bool = False
    private: str = ""
    manage: str = ""
    feedback: str = ""
    contact: str = ""
    subscribe: str = ""

    def relative_to(self, page: str) -> "SiteContext":
        """Return the context of a page that may be opened as a file; `page` is the path from it to the archive.

        While `base_url` is this machine, links are relative: they work from a folder, and from a server that
        has the archive and the feeds at its root.
        """
        if not is_root_of_this_machine(self.base_url):
            return self
        above = page.removesuffix("site/") if page.endswith("site/") else f"{page}../"
        return replace(self, base_url=page, feeds_base=above)

    def beside_feeds(self) -> "SiteContext":
        """Return the context of a page in the folder of the feeds."""
        # Where the archive is depends on whether the page is opened as a file, so that the page does not say.
        return (
            replace(self, base_url="", feeds_base="../") if is_root_of_this_machine(self.base_url) else self
        )

    @property
    def feeds_page(self) -> str:
        """The address of the page that lists the feeds."""
        return f"{self.feeds_base}feeds/index.html" if self.feeds_base else f"{self.base_url}feeds/"

    @property
    def home_url(self) -> str:
        """The address of the first page of the archive."""
        return f"{self.base_url}index.html" if self.feeds_base else self.base_url

    def feed_url(self, name: str, form: str) -> str:
        """Return the address of a feed in a format (`rss`, `atom`, `json`, `opml`)."""
        return (self.feeds_base or self.base_url) + feed_file(name, form)


# Noncharacters, which no cleaned text contains, in place of addresses.
_BASE, _HOME, _FEEDS = "\ufdd0", "\ufdd1", "\ufdd2"
_MARKS = re.compile(f"([{_BASE}{_HOME}{_FEEDS}])")


class Nowhere(SiteContext):
    """The context of a page that is made once for several places: `addressed` puts the addresses in."""

    __slots__ = ()

    @property
    def home_url(self) -> str:
        return _HOME

    def feed_url(self, name: str, form: str) -> str:
        return _FEEDS + feed_file(name, form)


def nowhere(site: SiteContext) -> Nowhere:
    """Return the context of a site without its addresses."""
    return Nowhere(
        site.title,
        _BASE,
        site.sender,
        site.timezone,
        site.language,
        private=site.private,
        manage=site.manage,
        feedback=site.feedback,
        contact=site.contact,
    )


def parts_of(page: str) -> list[str]:
    """Return a page of the context `nowhere` in parts: every second one is a mark."""
    return _MARKS.split(page)


def addressed(parts: Sequence[str], site: SiteContext) -> str:
    """Return an HTML page with the addresses of a site."""
    values = {_BASE: site.base_url, _HOME: site.home_url, _FEEDS: site.feeds_base or site.base_url}
    escaped = {mark: escape(value) for mark, value in values.items()}
    return "".join([escaped[part] if place % 2 else part for place, part in enumerate(parts)])
