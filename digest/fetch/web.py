"""HTTP requests: guarded, rate limited, limited in bytes and seconds, and retried after temporary errors."""

import ssl
import zlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit

import httpcore
import httpx
import stamina

from digest.fetch.errors import FetchError
from digest.fetch.network_guard import Deadline, DeadlineError, ForbiddenAddressError, GuardedNetwork
from digest.fetch.rate_limit import RateLimit
from digest.text.hosts import with_ascii_host
from digest.urls import hide, secrets_of

# Called before another attempt, with the error of the last one and the seconds to wait.
_waiting: ContextVar[Callable[[Exception, float], None]] = ContextVar(
    "waiting", default=lambda _error, _wait: None
)


def _note_retry(details: stamina.instrumentation.RetryDetails) -> None:
    _waiting.get()(details.caused_by, details.wait_for)


# Without hooks of its own, stamina logs each attempt, with structlog to stdout, which is for answers.
stamina.instrumentation.set_on_retry_hooks([_note_retry])

_MOST_REDIRECTS = 5
_REDIRECTS = {301, 302, 303, 307, 308}
_TEMPORARY = {408, 425, 429, 500, 502, 503, 504}
_GZIP = 16 + zlib.MAX_WBITS
_MIB = 1024 * 1024
_LONGEST_WAIT = 86_400.0  # seconds that a Retry-After counts at most


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one document; all times are in seconds.

    `seconds` is the longest time for one request as a whole, redirects included. Between `attempts`, the wait is `first_wait`, then twice as long
    each time, up to `longest_wait`, plus up to `jitter`. A server that asks for more than
    `longest_retry_after` is not tried again in this fetch.
    """

    max_bytes: int
    seconds: float = 60.0
    attempts: int = 4
    longest_retry_after: float = 120.0
    first_wait: float = 2.0
    longest_wait: float = 60.0
    jitter: float = 1.0


@dataclass(frozen=True, slots=True)
class Validators:
    """The ETag and Last-Modified of a document, for conditional requests."""

    etag: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True)
class Download:
    """A document and its media type; `data` is None if it has not changed."""

    data: bytes | None
    content_type: str
    validators: Validators


class _Stream(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


class _Transport(httpx.BaseTransport):
    """A transport with guarded connections; the one of httpx cannot use another network backend."""

    def __init__(self, deadline: Deadline, *, private: bool) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(), network_backend=GuardedNetwork(deadline, private=private)
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        response = self._pool.handle_request(
            httpcore.Request(
                request.method,
                httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=_Stream(response),
            extensions=response.extensions,
        )

    def close(self) -> None:
        self._pool.close()


@dataclass(slots=True)
class WebClient:
    """Requests documents; a context manager.

    `agent` is the User-Agent, `private` allows private addresses. `notify` is called with the reason for a wait
    before another attempt.
    """

    agent: str
    limits: Limits
    private: bool = False
    rate_limit: RateLimit = field(default_factory=RateLimit)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    notify: Callable[[str], None] = lambda _text: None
    _deadline: Deadline = field(default_factory=Deadline)
    _client: httpx.Client | None = None

    def __enter__(self) -> Self:
        self._client = httpx.Client(
            transport=_Transport(self._deadline, private=self.private),
            timeout=httpx.Timeout(20.0, connect=10.0),
            headers={"User-Agent": self.agent, "Accept-Encoding": "gzip"},
            trust_env=False,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            self._client.close()

    def get(
        self,
        url: str,
        validators: Validators | None = None,
        check: Callable[[bytes], object] = lambda _data: None,
    ) -> Download:
        """Return a document.

        Temporary errors are retried; raises FetchError if they last, or at once for others.

        `check` may reject a document by a FetchError, temporary or not.
        """
        limits = self.limits
        _waiting.set(self._note_wait)
        for attempt in stamina.retry_context(
            on=self._should_retry,
            attempts=limits.attempts,
            timeout=None,
            wait_initial=limits.first_wait,
            wait_max=limits.longest_wait,
            wait_jitter=limits.jitter,
        ):
            with attempt:
                download = self._follow_redirects(url, validators or Validators())
                if download.data is not None:
                    check(download.data)
                return download
        raise AssertionError("the last attempt returns or raises")

    def _note_wait(self, error: Exception, wait: float) -> None:
        status = error.status if isinstance(error, FetchError) else None
        reason = "no connection" if status is None else f"status {status}"
        self.notify(f"{reason}; trying again in {wait:.0f} s")

    def _should_retry(self, error: Exception) -> bool | float:
        """Return whether to retry: True for the usual wait, or the seconds that the server asks for."""
        if not isinstance(error, FetchError) or not error.temporary:
            return False
        if error.retry_after is None:
            return True
        return error.retry_after if error.retry_after <= self.limits.longest_retry_after else False

    def _follow_redirects(self, url: str, validators: Validators) -> Download:
        """Return the document after all redirects; each is a request with the same checks."""
        self._deadline.start(self.limits.seconds)
        for _ in range(_MOST_REDIRECTS + 1):
            result = self._request(url, validators)
            if isinstance(result, Download):
                return result
            if urlsplit(url).scheme == "https" and urlsplit(result).scheme != "https":
                raise FetchError(f"{url} redirects to {result}, which is not encrypted")
            url = result
        raise FetchError(f"more than {_MOST_REDIRECTS} redirects, the last to {url}")

    def _request(self, url: str, validators: Validators) -> Download | str:
        """Make one request. Returns the document, or the URL of a redirect."""
        assert self._client is not None, "used as a context manager"
        conditions = {"If-None-Match": validators.etag, "If-Modified-Since": validators.modified}
        headers = {name: value for name, value in conditions.items() if value}
        try:
            request = self._client.build_request("GET", with_ascii_host(url), headers=headers)
            if request.url.scheme not in {"http", "https"} or not request.url.host:
                raise FetchError(f"{url} is not an http or https URL")
            self._deadline.extend(self.rate_limit.wait(request.url.host))
            response = self._client.send(request, stream=True)
            try:
                return self._result_of(response, validators)
            finally:
                response.close()
        except DeadlineError as error:
            raise FetchError(
                f"{url} took longer than {self.limits.seconds:.0f} s", unreachable=error.connecting
            ) from error
        except ForbiddenAddressError as error:
            raise FetchError(str(error)) from error
        except (
            httpx.InvalidURL,
            httpx.UnsupportedProtocol,
            ValueError,
        ) as error:  # `urljoin` raises the last
            raise FetchError(f"{url} is not a valid URL: {error}") from error
        except (httpx.HTTPError, *_CONNECTION_ERRORS) as error:
            reason = hide(str(error), secrets_of(url)) or type(error).__name__
            raise FetchError(
                f"{url}: the connection failed: {reason}", temporary=True, unreachable=_is_unreachable(error)
            ) from error

    def _result_of(self, response: httpx.Response, validators: Validators) -> Download | str:
        status, headers = response.status_code, response.headers
        if status == httpx.codes.NOT_MODIFIED:
            return Download(None, "", validators)
        if status in _REDIRECTS and "location" in headers:
            return urljoin(str(response.url), with_ascii_host(headers["location"]))
        if status != httpx.codes.OK:
            wait = retry_after(headers.get("retry-after", ""), self.now())
            # Servers may quote the address in what they answer.
            phrase = hide(response.reason_phrase, secrets_of(str(response.url)))
            reason = f"{response.url}: status {status} {phrase}".rstrip()
            if wait is not None:
                reason = f"{reason}, retry after {wait:.0f} s"
            raise FetchError(reason, temporary=status in _TEMPORARY, retry_after=wait, status=status)
        data = self._body(response)
        content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        received = Validators(headers.get("etag", ""), headers.get("last-modified", ""))
        return Download(data, content_type, received)

    def _body(self, response: httpx.Response) -> bytes:
        """Return the body, decompressed piece by piece, so that no decompression bomb fills the memory."""
        most = self.limits.max_bytes
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in {"identity", "", "gzip", "x-gzip"}:
            raise FetchError(f"{response.url} has the content encoding {encoding}, which was not requested")
        unpack = zlib.decompressobj(_GZIP) if encoding.endswith("gzip") else None
        pieces: list[bytes] = []
        size = 0
        for raw in response.iter_raw():
            try:
                piece = unpack.decompress(raw, most - size + 1) if unpack else raw
            except zlib.error as error:
                raise FetchError(f"{response.url} is not valid gzip", temporary=True) from error
            size += len(piece)
            pieces.append(piece)
            if size > most:
                raise FetchError(f"{response.url} has more than {most / _MIB:,.1f} MiB (max_file_mb)")
        if unpack is not None and not unpack.eof:
            raise FetchError(f"{response.url} is incomplete", temporary=True)
        return b"".join(pieces)


def _is_unreachable(error: Exception) -> bool:
    """Return whether a connection failed before a server took it; a bad certificate or host name is not that."""
    connecting = isinstance(error, httpcore.ConnectError | httpcore.ConnectTimeout)
    return connecting and not isinstance(error.__cause__, ssl.SSLError | ValueError)


# The transport raises errors of httpcore, not of httpx.
_CONNECTION_ERRORS = (
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
)


def retry_after(value: str, now: datetime) -> float | None:
    """Return the seconds of a Retry-After header, which is a number or a date; None if it is invalid."""
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), _LONGEST_WAIT)
    try:
        end = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if end.tzinfo is None:
        end = end.replace(tzinfo=UTC)
    return min(max((end - now).total_seconds(), 0.0), _LONGEST_WAIT)
