"""Fetching sources side by side, so that none waits for a slow one; a site still gets one request at a time.

Each document becomes a file of its own, written atomically. The state of a source is saved after each
document, so that a fetch that is interrupted continues where it stopped.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from queue import Empty, SimpleQueue
from threading import Thread

from digest.errors import DigestError, StoreError, UsageError
from digest.fetch import imap, robots
from digest.fetch.endpoints import DOCUMENTS, PAGED, SCRAPED, Paging, check_document, extension, is_empty
from digest.fetch.errors import FetchError
from digest.fetch.rate_limit import RateLimit
from digest.fetch.state import SourceState, SourceStates
from digest.fetch.web import Limits, Validators, WebClient
from digest.model import Source
from digest.ports import Fetched, FetchRequest, PlugInSettings, SourcePlugIn
from digest.system import plugins
from digest.system.files import write_whole
from digest.text.format import local_time
from digest.urls import mask_secrets

# A new source is fetched so many days back.
_FIRST_DAYS = 7
_MOST_AT_ONCE = 8
# A fetch of a very broad query stops here; the next fetch continues.
_MOST_DOCUMENTS = 200


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """What all sources of a fetch have in common.

    `agent` is the User-Agent. `now` is the current time, `today` the day in `timezone`; `since` is the first day to
    fetch, None for the day of the last fetch. `password_of` returns the password of an IMAP source, `url_of` the
    URL of another one, `settings_of` the settings of one that a plug-in fetches; all raise UsageError if something
    cannot be read.
    """

    agent: str
    now: datetime
    today: date
    since: date | None
    limits: Limits
    password_of: Callable[[Source], str]
    url_of: Callable[[Source], str] = lambda source: source.url
    settings_of: Callable[[Source], PlugInSettings] = lambda source: PlugInSettings(source.options, str)
    rate_limit: RateLimit = field(default_factory=RateLimit)
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class FetchResult:
    """The result of fetching one source.

    `files` are the names of the files written, `unchanged` counts documents without news, `error` is the
    reason of a failure. `changed` is the time of the last new document, or None.
    """

    source: Source
    files: tuple[str, ...]
    unchanged: int
    error: str | None
    changed: datetime | None


@dataclass(slots=True)
class _SourceFetch:
    """The fetch of one source, in progress."""

    source: Source
    states: SourceStates
    options: FetchOptions
    notify: Callable[[str], None]
    files: list[str] = field(default_factory=list)
    unchanged: int = 0

    @property
    def state(self) -> SourceState:
        return self.states.of(self.source.name)

    def keep(self, data: bytes, ending: str) -> None:
        """Write a document into the inbox, under a name that depends on its content."""
        today = self.options.today.isoformat()
        digest = hashlib.sha256(data).hexdigest()
        path = self.states.inbox / f"{self.source.name}-{today}-{digest[:10]}{ending}"
        if write_whole(path, data):
            self.files.append(path.name)
            self.update(changed=_iso(self.options.now))
        else:
            self.unchanged += 1

    def update(self, **changes: object) -> None:
        self.states.update(self.source.name, **changes)


def fetch(
    sources: Sequence[Source],
    states: SourceStates,
    options: FetchOptions,
    progress: Callable[[str, int, int], None] = lambda _stage, _done, _total: None,
) -> Iterator[FetchResult]:
    """Fetch the sources and yield the result of each as it arrives.

    Raises StoreError if a file cannot be written.
    """
    waiting: SimpleQueue[Source] = SimpleQueue()
    for source in sources:
        waiting.put(source)
    reports: SimpleQueue[FetchResult | Exception | str] = SimpleQueue()

    def work() -> None:
        with suppress(Empty):
            while True:
                source = waiting.get_nowait()
                reports.put(f"fetching {source.name},")
                try:
                    reports.put(_result(source, states, options, reports.put))
                except Exception as error:  # noqa: BLE001 - raised by the thread that asked
                    reports.put(error)

    for _ in range(min(_MOST_AT_ONCE, len(sources))):
        Thread(target=work, daemon=True, name="fetch").start()
    done = 0
    try:
        while done < len(sources):
            report = reports.get()
            if isinstance(report, str):
                progress(report, done, len(sources))
                continue
            if isinstance(report, Exception):
                raise report
            done += 1
            yield report
    finally:
        with suppress(Empty):  # the threads end after the sources that they are fetching
            while True:
                waiting.get_nowait()


def _result(
    source: Source, states: SourceStates, options: FetchOptions, notify: Callable[[str], None]
) -> FetchResult:
    """Fetch a source; whatever its answer raises is the error of this source alone. Raises StoreError."""
    work = _SourceFetch(source, states, options, notify)
    error: str | None = None
    unreachable = False
    try:
        _fetch(work)
    except StoreError:
        raise
    except UsageError as problem:
        error = str(problem)
    except FetchError as problem:
        error, unreachable = str(problem), problem.unreachable
        if problem.retry_after is not None:
            work.update(not_before=_iso(options.now + timedelta(seconds=problem.retry_after)))
    except Exception as problem:  # noqa: BLE001 - the other sources go on
        error = (
            f"what the source sent cannot be processed ({mask_secrets(f'{type(problem).__name__}: {problem}')}); "
            "the next fetch tries again"
        )
    asked = _iso(options.now)
    failing = (work.state.failing or asked) if error else ""
    work.update(asked=asked, error=error or "", failing=failing, unreachable=unreachable)
    return FetchResult(source, tuple(work.files), work.unchanged, error, work.state.time_of("changed"))


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _fetch(work: _SourceFetch) -> None:
    options, source = work.options, work.source
    until = work.state.time_of("not_before")
    if until is not None and until > options.now:
        raise FetchError(
            f"the server asked to wait until {local_time(until, options.timezone)}; try again then"
        )
    if source.kind == "imap":
        _fetch_messages(work)
        return
    if source.kind not in PAGED and source.kind not in DOCUMENTS:
        _fetch_by_plug_in(work)
        return
    with WebClient(
        options.agent,
        options.limits,
        private=source.private,
        rate_limit=options.rate_limit,
        notify=lambda text: work.notify(f"{source.name}: {text};"),
    ) as client:
        if paging := PAGED.get(source.kind):
            _fetch_days(work, client, paging)
        else:
            _fetch_document(work, client)


def _fetch_document(work: _SourceFetch, client: WebClient) -> None:
    """Fetch the single document of a source, if it has changed."""
    source, state = work.source, work.state
    url = work.options.url_of(source)
    if source.kind in SCRAPED:
        robots.check_allowed(client, url)
    validators = Validators(state.etag, state.modified)
    document = client.get(url, validators, lambda data: check_document(source, data))
    digest = hashlib.sha256(document.data).hexdigest() if document.data is not None else state.digest
    if document.data is None or digest == state.digest:
        work.unchanged += 1
    else:
        work.keep(document.data, extension(document.data, document.content_type))
    work.update(
        etag=document.validators.etag,
        modified=document.validators.modified,
        digest=digest,
        done=work.options.today.isoformat(),
    )


def _fetch_days(work: _SourceFetch, client: WebClient, paging: Paging) -> None:
    """Fetch the days since the last fetch, page by page; continue a fetch that was interrupted."""
    state, today, since = work.state, work.options.today, work.options.since
    until = today
    if state.next and state.until_day and since is None:
        url, until = state.next, state.until_day
    else:
        first = since or state.done_day or today - timedelta(days=_FIRST_DAYS)
        url = paging.first_url(work.source, min(first, until), until)
    for _ in range(_MOST_DOCUMENTS):
        following = _fetch_page(work, client, paging, url, until)
        work.update(next=following or "", until=until.isoformat())
        if following is None:
            work.update(done=max(until.isoformat(), state.done))
            return
        url = following
    raise FetchError(f"stopped after {_MOST_DOCUMENTS} documents; the next fetch continues from there")


def _fetch_page(work: _SourceFetch, client: WebClient, paging: Paging, url: str, until: date) -> str | None:
    """Fetch one page. Returns the URL of the next one, None after the last."""

    def check(data: bytes) -> None:
        check_document(work.source, data)
        paging.next_url(url, data, until)

    document = client.get(url, check=check)
    data = document.data or b""
    if is_empty(data):
        work.unchanged += 1
    else:
        work.keep(data, extension(data, document.content_type))
    return paging.next_url(url, data, until)


def _fetch_messages(work: _SourceFetch) -> None:
    """Fetch the messages of a mail folder that arrived since the last fetch."""
    state, options = work.state, work.options
    password = options.password_of(work.source)
    since = options.since or (None if state.uid else options.today - timedelta(days=_FIRST_DAYS))
    after = 0 if options.since else state.uid
    too_large = 0
    for uid, validity, data in imap.messages(
        work.source.box,
        password,
        after=after,
        validity=state.validity,
        since=since,
        max_bytes=options.limits.max_bytes,
    ):
        if data is None:
            too_large += 1
        else:
            work.keep(data, ".eml")
        before = state.uid if validity == state.validity else 0
        work.update(uid=max(uid, before), validity=validity)
    if too_large:
        raise FetchError(f"messages not read because they are larger than max_file_mb: {too_large}")


def _fetch_by_plug_in(work: _SourceFetch) -> None:
    """Keep the documents that a plug-in yields, with its state after each."""
    state, options, kind = work.state, work.options, work.source.kind
    since = options.since or state.done_day or options.today - timedelta(days=_FIRST_DAYS)
    settings = options.settings_of(work.source)
    request = FetchRequest(min(since, options.today), options.today, state.cursor, settings)
    plug_in: SourcePlugIn = plugins.load("source", kind)
    try:
        for fetched in plug_in.fetch(request):
            _keep_fetched(work, fetched)
    except DigestError:
        raise
    except Exception as error:
        raise FetchError(mask_secrets(plugins.failure("source", kind, error))) from error
    work.update(done=options.today.isoformat())


def _keep_fetched(work: _SourceFetch, fetched: object) -> None:
    """Keep a document of a plug-in. Raises FetchError if it is too large, TypeError if it is not a document."""
    if not (isinstance(fetched, Fetched) and isinstance(fetched.data, bytes)):
        raise TypeError(f"it yielded {type(fetched).__name__}, not Fetched with bytes")
    if len(fetched.data) > work.options.limits.max_bytes:
        raise FetchError("a document is larger than max_file_mb")
    if is_empty(fetched.data):
        work.unchanged += 1
    else:
        work.keep(fetched.data, extension(fetched.data, ""))
    work.update(cursor=str(fetched.state))


def agent_of(version: str, contact: str, base_url: str) -> str:
    """Return the User-Agent; it contains an address at which the operator of a site can reach the user."""
    place = f"mailto:{contact}" if contact else f"+{base_url}"
    return f"{robots.NAME}/{version} ({place})"
