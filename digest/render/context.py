"""What surrounds an issue: the settings that show, and what the archive knows of other issues."""

from dataclasses import dataclass, replace

from digest.urls import feed_file, is_root_of_this_machine


@dataclass(frozen=True, slots=True)
class SiteContext:
    """What settings contribute. `base_url` ends with a slash; `sender` is a name and an address for From.

    `language` is that of the archive's own pages; `feeds_base` what addresses of feeds begin with, where
    it is not `base_url`.
    """

    title: str = "Paper Digest"
    base_url: str = "http://localhost:8350/"
    sender: str = ""
    timezone: str = "UTC"
    language: str = "en"
    feeds_base: str = ""

    def relative_to(self, page: str) -> "SiteContext":
        """Return the frame of a page that may be opened as a file; `page` leads from it to the archive.

        Where the archive is on this machine only, links lead to the files beside the page: they work
        from a folder, and from a server that shows archive and feeds at its root.
        """
        if not is_root_of_this_machine(self.base_url):
            return self
        above = page.removesuffix("site/") if page.endswith("site/") else f"{page}../"
        return replace(self, base_url=page, feeds_base=above)

    @property
    def home_url(self) -> str:
        """Return the address of the archive's first page."""
        return f"{self.base_url}index.html" if self.feeds_base else self.base_url

    def feed_url(self, name: str, form: str) -> str:
        """Return the address of a feed."""
        return (self.feeds_base or self.base_url) + feed_file(name, form)
