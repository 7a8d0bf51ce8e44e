"""Static files over HTTP, with types, caching and security headers."""

import base64
import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from os import stat_result
from pathlib import Path
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Types that mimetypes does not know, or that feed readers expect otherwise.
TYPES = {
    ".rss": "application/rss+xml; charset=utf-8",
    ".atom": "application/atom+xml; charset=utf-8",
    ".json": "application/feed+json; charset=utf-8",
    ".opml": "text/x-opml; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
# Pages are self-contained: they load nothing from other origins and may not be framed.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src {scripts}; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)


class Files(StaticFiles):
    """The files of a folder, which may not exist yet. Hidden files are not served, folders not listed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, check_dir=False)

    async def check_config(self) -> None:
        """Accept a folder that does not exist yet."""

    def lookup_path(self, path: str) -> tuple[str, stat_result | None]:
        """Return the path and stat of a file; an empty path for hidden files."""
        if any(part.startswith(".") for part in Path(path).parts):
            return "", None
        return super().lookup_path(path)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file at a path. Raises HTTPException 404 if there is none."""
        if scope["path"].endswith("/") and self.get_path(scope) != ".":  # relative links in it would break
            raise HTTPException(404)
        try:
            return await super().get_response(path, scope)
        except OSError as error:  # a circular link, a failing disk
            raise HTTPException(404) from error

    def file_response(
        self, full_path: Any, stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        path = Path(full_path)
        if response.status_code == status_code and path.suffix in TYPES:
            response.headers["content-type"] = TYPES[path.suffix]
        if path.suffix == ".html":
            response.headers["content-security-policy"] = page_policy(
                path, stat_result.st_mtime_ns, stat_result.st_size
            )
        response.headers["cache-control"] = "no-cache"  # may be stored, must be revalidated
        return response


@lru_cache(maxsize=1024)
def page_policy(path: Path, _changed: int, _size: int) -> str:
    """Return the policy of a page in a file, cached by its mtime and size."""
    return policy(path.read_bytes())


def policy(page: bytes) -> str:
    """Return a Content-Security-Policy that allows a page its inline scripts, and scripts of this site."""
    hashes = [base64.b64encode(sha256(script).digest()).decode() for script in _SCRIPT.findall(page)]
    return _POLICY.format(scripts=" ".join(("'self'", *(f"'sha256-{each}'" for each in hashes))))


@dataclass(frozen=True, slots=True)
class Page:
    """A rendered page, with the headers that follow from its content."""

    body: bytes
    etag: str
    policy: str

    @classmethod
    def of(cls, text: str) -> "Page":
        body = text.encode("utf-8", "backslashreplace")
        return cls(body, f'"{sha256(body).hexdigest()[:32]}"', policy(body))


def page_response(page: str | Page, scope: Scope, status: int = 200) -> Response:
    """Return a rendered page, or 304 if the client has it already."""
    page = Page.of(page) if isinstance(page, str) else page
    headers = {"etag": page.etag, "cache-control": "no-cache", "content-security-policy": page.policy}
    known = Headers(scope=scope).get("if-none-match", "")
    if status == 200 and page.etag in [each.strip().removeprefix("W/") for each in known.split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(page.body, status, headers, media_type="text/html")


class SecurityHeaders:
    """An application whose every response has security headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("content-security-policy", policy(b""))
                headers["x-content-type-options"] = "nosniff"
                headers["referrer-policy"] = "no-referrer"
            await send(message)

        await self._app(scope, receive, send_secured)
