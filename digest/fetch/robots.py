"""The robots.txt of a site (RFC 9309)."""

from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

from digest.fetch.errors import FetchError
from digest.fetch.web import WebClient

NAME = "paper-digest"


def check_allowed(client: WebClient, url: str) -> None:
    """Raise FetchError if the site disallows the URL; without a robots.txt everything is allowed."""
    robots_url = urlsplit(url)._replace(path="/robots.txt", query="", fragment="").geturl()
    try:
        data = client.get(robots_url).data or b""
    except FetchError as error:
        if error.status is not None and 400 <= error.status < 500:
            return
        raise FetchError(f"robots.txt cannot be read, so the page was not fetched: {error}") from error
    rules = RobotFileParser(robots_url)
    rules.parse(data.decode("utf-8", "replace").splitlines())
    if not rules.can_fetch(NAME, url):
        raise FetchError(f"{robots_url} does not allow fetching {url}")
