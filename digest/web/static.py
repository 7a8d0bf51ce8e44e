"""Static files over HTTP, with types, caching and security headers."""

import base64
import gzip
import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from os import stat_result
from pathlib import Path
from typing import Any

from anyio import to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digest.web.negotiation import coding, is_current, prefers_pages, satisfiable_ranges
from digest.web.page_cache import PageCache

# Types that mimetypes does not know, or that feed readers expect otherwise.
TYPES = {
    ".rss": "application/rss+xml; charset=utf-8",
    ".atom": "application/atom+xml; charset=utf-8",
    ".json": "application/feed+json; charset=utf-8",
    ".opml": "text/x-opml; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".xsl": "application/xslt+xml; charset=utf-8",
}
_FEEDS = {".rss", ".atom"}
_MOST_ZIPPED = 32 * 1024 * 1024  # bytes; a larger file is sent as it is
# Pages load nothing from other origins and may not be framed.
_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src {scripts}; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)


class Files(StaticFiles):
    """The files of a folder, which may not exist yet. Hidden files are not served.

    A folder is served as its `index.html`. Texts are compressed for clients that accept it, each version once.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, check_dir=False)
        self._zipped: PageCache[bytes] = PageCache(len)

    async def check_config(self) -> None:
        """Accept a folder that does not exist yet."""

    def lookup_path(self, path: str) -> tuple[str, stat_result | None]:
        """Return the path and stat of a file; an empty path for hidden files."""
        if any(part.startswith(".") for part in Path(path).parts):
            return "", None
        return super().lookup_path(path)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file at a path, or for the folder its start page. Raises HTTPException 404 if it is missing."""
        if path == ".":
            path = "index.html"
        elif scope["path"].endswith("/"):  # relative links in it would break
            raise HTTPException(404)
        try:
            response = await super().get_response(path, scope)
            if isinstance(response, FileResponse) and "content-encoding" in response.headers:
                body = await self._zipped_file(response)
                return Response(body, headers=dict(response.headers))
        except OSError as error:  # a circular link, a failing disk
            raise HTTPException(404) from error
        return response

    async def _zipped_file(self, response: FileResponse) -> bytes | None:
        """Return the file of a response, compressed. Raises OSError."""
        key = (response.path, response.headers["etag"])
        known = self._zipped.known(key)
        if known is not None:
            return known
        path = Path(response.path)
        return await to_thread.run_sync(self._zipped.get, key, lambda: zipped(path.read_bytes()))

    def file_response(
        self, full_path: Any, stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        path, request = Path(full_path), Headers(scope=scope)
        response: Response = FileResponse(path, status_code, stat_result=stat_result)
        response.headers["cache-control"] = "no-cache"  # may be stored, must be revalidated
        with_range = _mend_range(scope, stat_result.st_size)
        if path.suffix in TYPES:
            response.headers["content-type"] = TYPES[path.suffix]
            response.headers["vary"] = "Accept-Encoding"
            if stat_result.st_size <= _MOST_ZIPPED and not with_range and asks_for_gzip(request):
                response.headers["etag"] = zipped_tag(response.headers["etag"])
                response.headers["content-encoding"] = "gzip"
                del response.headers["content-length"], response.headers["accept-ranges"]
        if path.suffix in _FEEDS:
            response.headers["vary"] += ", Accept"
            if prefers_pages(request.get("accept")):  # browsers show feeds by their style sheet only as XML
                response.headers["content-type"] = "application/xml; charset=utf-8"
        if self.is_not_modified(response.headers, request):
            response = NotModifiedResponse(response.headers)
        if path.suffix == ".html":  # also with 304, whose headers replace those that were stored
            changed = stat_result.st_mtime_ns, stat_result.st_size
            response.headers["content-security-policy"] = page_policy(path, *changed)
        return response

    def is_not_modified(self, response_headers: Headers, request_headers: Headers) -> bool:
        """Return whether the client has this version, also if a proxy has changed the entity tag."""
        known = request_headers.get("if-none-match")
        if known is None:
            return super().is_not_modified(response_headers, request_headers)
        return is_current(known, response_headers["etag"])


def _mend_range(scope: Scope, size: int) -> bool:
    """Take a range that is to be ignored out of a request for a file of `size` bytes; return whether one remains."""
    value = Headers(scope=scope).get("range")
    if value is None:
        return False
    mended = satisfiable_ranges(value, size) if scope["method"] == "GET" else None
    scope["headers"] = [each for each in scope["headers"] if each[0] != b"range"]
    if mended is not None:
        scope["headers"].append((b"range", mended.encode()))
    return mended is not None


def asks_for_gzip(request: Headers) -> bool:
    """Return whether a client prefers gzip. Raises HTTPException 406 if it refuses whatever we have."""
    chosen = coding(request.get("accept-encoding"))
    if chosen is None:
        raise HTTPException(406, "Use Accept-Encoding: gzip, or identity.")
    return chosen == "gzip"


def zipped(data: bytes) -> bytes:
    """Return data compressed with gzip, always to the same bytes."""
    return gzip.compress(data, 6, mtime=0)


def zipped_tag(tag: str) -> str:
    """Return the entity tag of a compressed response; `tag` is that of the content itself."""
    return f'{tag[:-1]}-gzip"'


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
    """A rendered page, as it is and compressed, with the headers that follow from its content."""

    body: bytes
    zipped: bytes
    etag: str
    policy: str

    @classmethod
    def of(cls, text: str) -> "Page":
        body = text.encode("utf-8", "backslashreplace")
        return cls(body, zipped(body), f'"{sha256(body).hexdigest()[:32]}"', policy(body))

    @property
    def size(self) -> int:
        return len(self.body) + len(self.zipped)


def page_response(
    page: str | Page, scope: Scope, status: int = 200, media_type: str = "text/html"
) -> Response:
    """Return a rendered page, or a text of another type, or 304 if the client has it already."""
    page, request = Page.of(page) if isinstance(page, str) else page, Headers(scope=scope)
    headers = {
        "etag": page.etag,
        "cache-control": "no-cache",
        "content-security-policy": page.policy,
        "vary": "Accept-Encoding",
    }
    small = coding(request.get("accept-encoding")) == "gzip"
    if small:
        headers["etag"] = zipped_tag(page.etag)
    if status == 200 and is_current(request.get("if-none-match", ""), page.etag):
        return Response(status_code=304, headers=headers)
    if small:
        headers["content-encoding"] = "gzip"
    return Response(page.zipped if small else page.body, status, headers, media_type=media_type)


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
