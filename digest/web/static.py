"""Files of the output over HTTP: whole, with their types, and not again to who has them."""

import base64
import re
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

# What mimetypes does not know, or not as feed readers do.
TYPES = {
    ".rss": "application/rss+xml; charset=utf-8",
    ".atom": "application/atom+xml; charset=utf-8",
    ".json": "application/feed+json; charset=utf-8",
    ".opml": "text/x-opml; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
# Everything a page needs is in it, or beside it: nothing is loaded from elsewhere, nothing frames it.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src {scripts}; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)


class Files(StaticFiles):
    """A folder that may come into being later. Hidden files and drafts are none; folders are not listed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, check_dir=False)

    async def check_config(self) -> None:
        """Leave it be that the folder is not there yet."""

    def lookup_path(self, path: str) -> tuple[str, stat_result | None]:
        """Return a file and its state. Raises HTTPException if it is none."""
        if any(part.startswith(".") for part in Path(path).parts):
            return "", None
        return super().lookup_path(path)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file at a path. Raises HTTPException if it is none."""
        if scope["path"].endswith("/") and self.get_path(scope) != ".":  # its links would lead elsewhere
            raise HTTPException(404)
        try:
            return await super().get_response(path, scope)
        except OSError as error:  # a link in a circle, a disk that fails
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
        response.headers["cache-control"] = "no-cache"  # it may be kept, and is asked for again
        return response


@lru_cache(maxsize=1024)
def page_policy(path: Path, _changed: int, _size: int) -> str:
    """Return the policy of a page in a file: the scripts in it may run, and those beside it, no others."""
    return policy(path.read_bytes())


def policy(page: bytes) -> str:
    """Return a Content-Security-Policy that allows a page what stands in it."""
    hashes = [base64.b64encode(sha256(script).digest()).decode() for script in _SCRIPT.findall(page)]
    return _POLICY.format(scripts=" ".join(("'self'", *(f"'sha256-{each}'" for each in hashes))))


def page_response(page: str, scope: Scope, status: int = 200) -> Response:
    """Return a page made just now, or that it is the one which the asker has."""
    body = page.encode("utf-8", "backslashreplace")
    headers = {
        "etag": f'"{sha256(body).hexdigest()[:32]}"',
        "cache-control": "no-cache",
        "content-security-policy": policy(body),
    }
    known = Headers(scope=scope).get("if-none-match", "")
    if status == 200 and headers["etag"] in [each.strip().removeprefix("W/") for each in known.split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(body, status, headers, media_type="text/html")


class SecurityHeaders:
    """An application whose every answer carries the headers that keep a page to itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("content-security-policy", policy(b""))
                headers["x-content-type-options"] = "nosniff"
                headers["referrer-policy"] = "no-referrer"
            await send(message)

        await self._app(scope, receive, guarded)
