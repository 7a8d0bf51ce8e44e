"""May this page be fetched? What the site's robots.txt says (RFC 9309)."""

from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

from digest.fetch.errors import FetchError
from digest.fetch.web import Web

NAME = "paper-digest"


def check(web: Web, url: str) -> None:
    """Raise FetchError if the site does not want the page fetched; a site without the file wants nothing."""
    parts = urlsplit(url)
    place = parts._replace(path="/robots.txt", query="", fragment="").geturl()
    try:
        data = web.get(place).data or b""
    except FetchError as problem:
        if problem.status is not None and 400 <= problem.status < 500:
            return
        raise FetchError(f"its robots.txt cannot be had, so the page is left alone: {problem}") from problem
    rules = RobotFileParser(place)
    rules.parse(data.decode("utf-8", "replace").splitlines())
    if not rules.can_fetch(NAME, url):
        raise FetchError(f"{place} does not want {url} fetched")
