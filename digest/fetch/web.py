"""One polite request: guarded, paced, capped in bytes and seconds, tried again when that may help."""

import logging
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpcore
import httpx
import stamina

from digest.fetch.errors import FetchError
from digest.fetch.network_guard import Forbidden, GuardedNetwork
from digest.fetch.rate_limit import Pace

# What is tried again is told at the end, if it fails; no log is wanted on the way.
logging.getLogger("stamina").addHandler(logging.NullHandler())

_MOST_REDIRECTS = 5
_REDIRECTS = {301, 302, 303, 307, 308}
_PASSING = {408, 425, 429, 500, 502, 503, 504}
_GZIP = 16 + zlib.MAX_WBITS
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may cost. `patience` is the longest wait a server may ask for in one run.

    `first_wait` doubles with each of the `attempts`, up to `longest_wait`, and gets up to a second of
    jitter; all in seconds.
    """

    max_bytes: int
    seconds: float = 60.0
    attempts: int = 4
    patience: float = 120.0
    first_wait: float = 2.0
    longest_wait: float = 60.0
    jitter: float = 1.0


@dataclass(frozen=True, slots=True)
class Known:
    """What the server said of a document when it was last fetched, for it to say "not modified"."""

    etag: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A document; `data` is None if it has not changed since."""

    data: bytes | None
    kind: str
    known: Known


class _Stream(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


class _Transport(httpx.BaseTransport):
    """httpx's own transport takes no other network than the system's; this one makes guarded connections."""

    def __init__(self, *, private: bool) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(), network_backend=GuardedNetwork(private=private)
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
class Web:
    """Asks servers for documents; used as a context. `agent` is what it calls itself."""

    agent: str
    limits: Limits
    private: bool = False
    pace: Pace = field(default_factory=Pace)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _client: httpx.Client | None = None

    def __enter__(self) -> Self:
        self._client = httpx.Client(
            transport=_Transport(private=self.private),
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
        self, url: str, known: Known | None = None, check: Callable[[bytes], object] = lambda _data: None
    ) -> Answer:
        """Return a document. Raises FetchError when it cannot be had, after some attempts if that may pass.

        `check` may refuse what came, by a FetchError too.
        """
        limits = self.limits
        for attempt in stamina.retry_context(
            on=self._worth_another,
            attempts=limits.attempts,
            timeout=None,
            wait_initial=limits.first_wait,
            wait_max=limits.longest_wait,
            wait_jitter=limits.jitter,
        ):
            with attempt:
                answer = self._followed(url, known or Known())
                if answer.data is not None:
                    check(answer.data)
                return answer
        raise AssertionError("the last attempt returns or raises")

    def _worth_another(self, problem: Exception) -> bool | float:
        """Say whether to try again: True for the usual back-off, or the seconds that the server asks for."""
        if not isinstance(problem, FetchError) or not problem.passing:
            return False
        if problem.after is None:
            return True
        return problem.after if problem.after <= self.limits.patience else False

    def _followed(self, url: str, known: Known) -> Answer:
        """Ask, and follow redirects, each of which is a request like any other."""
        for _ in range(_MOST_REDIRECTS + 1):
            answer = self._once(url, known)
            if isinstance(answer, Answer):
                return answer
            if urlsplit(url).scheme == "https" and urlsplit(answer).scheme != "https":
                raise FetchError(f"{url} leads to {answer}, which is not encrypted")
            url = answer
        raise FetchError(f"more than {_MOST_REDIRECTS} redirects, the last to {url}")

    def _once(self, url: str, known: Known) -> Answer | str:
        """Return the answer to one request, or where it is redirected to."""
        assert self._client is not None, "used outside of its context"
        asked = {"If-None-Match": known.etag, "If-Modified-Since": known.modified}
        try:
            request = self._client.build_request("GET", url, headers={k: v for k, v in asked.items() if v})
            if request.url.scheme not in {"http", "https"} or not request.url.host:
                raise FetchError(f"{url} is no http or https address")
            self.pace.wait(request.url.host)
            response = self._client.send(request, stream=True)
            try:
                return self._judged(response, known)
            finally:
                response.close()
        except Forbidden as problem:
            raise FetchError(str(problem)) from problem
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError) as problem:
            raise FetchError(f"{url} cannot be asked for: {problem}") from problem
        except (httpx.HTTPError, *_BROKEN) as problem:
            reason = str(problem) or type(problem).__name__
            raise FetchError(f"{url}: the connection failed: {reason}", passing=True) from problem

    def _judged(self, response: httpx.Response, known: Known) -> Answer | str:
        status, headers = response.status_code, response.headers
        if status == httpx.codes.NOT_MODIFIED:
            return Answer(None, "", known)
        if status in _REDIRECTS and "location" in headers:
            return str(response.url.join(headers["location"]))
        if status != httpx.codes.OK:
            wait = retry_after(headers.get("retry-after", ""), self.now())
            reason = f"{response.url} answers {status} {response.reason_phrase}".rstrip()
            if wait is not None:
                reason = f"{reason} and asks to come back in {wait:.0f} s"
            raise FetchError(reason, passing=status in _PASSING, after=wait, status=status)
        data = self._body(response)
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        return Answer(data, kind, Known(headers.get("etag", ""), headers.get("last-modified", "")))

    def _body(self, response: httpx.Response) -> bytes:
        """Return the body, unpacked piece by piece: a bomb is noticed before it is in memory."""
        most, deadline = self.limits.max_bytes, time.monotonic() + self.limits.seconds
        packing = response.headers.get("content-encoding", "identity").strip().lower()
        if packing not in {"identity", "", "gzip", "x-gzip"}:
            raise FetchError(f"{response.url} is packed as {packing}, which was not asked for")
        unpack = zlib.decompressobj(_GZIP) if packing.endswith("gzip") else None
        pieces: list[bytes] = []
        size = 0
        for raw in response.iter_raw():
            try:
                piece = unpack.decompress(raw, most - size + 1) if unpack else raw
            except zlib.error as problem:
                raise FetchError(f"{response.url} is no gzip as it claims", passing=True) from problem
            size += len(piece)
            pieces.append(piece)
            if size > most:
                raise FetchError(f"{response.url} has more than {most / _MIB:,.1f} MiB (max_file_mb)")
            if time.monotonic() > deadline:
                raise FetchError(
                    f"{response.url} takes longer than {self.limits.seconds:.0f} s", passing=True
                )
        if unpack is not None and not unpack.eof:
            raise FetchError(f"{response.url} ends before its end", passing=True)
        return b"".join(pieces)


# What the transport raises, as it is not httpx's own.
_BROKEN = (
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
)


def retry_after(value: str, now: datetime) -> float | None:
    """Return the seconds of a Retry-After header, a number or a date; None if it says nothing."""
    bare = value.strip()
    if bare.isascii() and bare.isdigit():
        return min(float(bare[:9]), 86_400.0)
    try:
        moment = parsedate_to_datetime(bare)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), 86_400.0)
