"""Addresses below the path of `base_url`, which a proxy may remove or leave."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from digest.model import Home

_PAGES = {
    "/",
    "/index.html",
    "/feeds",
    "/feeds/",
    "/healthz",
    "/metrics",
    "/robots.txt",
    "/search",
    "/search.js",
    "/subscribe",
    "/manage",
}
# Slashes after the first part of links in emails and pages.
_PARTS = {"unsubscribe": 0, "r": 1, "private": 1, "subscribe": 0, "confirm": 0, "manage": 0, "feedback": 1}


class PathPrefix:
    """An application whose addresses also work below the path of `base_url`.

    An address may mean two things: if `base_url` ends in `/papers/`, `/papers/1.html` is the page of a paper behind
    a proxy that removes the path, and a page of the archive's top folder behind one that leaves it. The latter is
    meant if it exists, else the former. The path without its slash leads to the start page.
    """

    def __init__(self, app: ASGIApp, home: Callable[[], Home]) -> None:
        self._app, self._home = app, home

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            home = self._home()
            # Decoded as the path of a request is. A proxy that removes a path without its slash leaves two slashes.
            prefix = unquote(urlsplit(home.settings.base_url).path).rstrip("/")
            path = "/" + scope["path"].lstrip("/")
            inner = path.removeprefix(prefix) if f"{path}/".startswith(f"{prefix}/") else path
            if not _exists(home.output, inner) and _exists(home.output, path):
                inner = path
            if not inner:
                await with_slash(scope)(scope, receive, send)
                return
            scope = {**scope, "path": inner, "raw_path": quote(inner, errors="replace").encode()}
        await self._app(scope, receive, send)


def with_slash(scope: Scope) -> Response:
    """Return a redirect to the address of a request with a slash after it, whatever a proxy has removed before it."""
    last = quote(scope["path"].rpartition("/")[2], errors="replace")
    query = scope["query_string"].decode("ascii", "replace")
    return Response(status_code=301, headers={"location": f"./{last}/" + (f"?{query}" if query else "")})


def _exists(output: Path, path: str) -> bool:
    """Return whether a path is one of a file or a page, or has the form of a link in an email or a page."""
    first, _, rest = path.removeprefix("/").partition("/")
    if path in _PAGES or first == "admin":
        return True
    if rest and rest.count("/") == _PARTS.get(first):
        return True
    try:
        return (output / "feeds" / rest if first == "feeds" else output / "site" / path[1:]).is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False
