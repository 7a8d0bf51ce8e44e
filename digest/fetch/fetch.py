"""Each source in its turn: ask, keep what is new, remember where it stands.

Each document is a file of its own, whole or not there. What a source said and where it stands is remembered
after each document, so that a fetch that is broken off goes on where it was.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from digest.fetch import endpoints as places
from digest.fetch import imap, robots
from digest.fetch.errors import FetchError
from digest.fetch.rate_limit import Pace
from digest.fetch.state import Memories
from digest.fetch.web import Known, Limits, Web
from digest.model import Source
from digest.system.files import write_whole

# Without a day to begin from, a source is asked for so many days back.
_FIRST_DAYS = 7
# A query that is too wide is not followed for ever; the next fetch goes on.
_MOST_DOCUMENTS = 200


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of one source: the files written, how many documents were nothing new, or why it failed.

    `changed` is when something new was last kept, None if never.
    """

    source: Source
    files: tuple[str, ...]
    unchanged: int
    error: str | None
    changed: datetime | None


@dataclass(slots=True)
class _Work:
    """One fetch of one source, while it is going on."""

    source: Source
    memories: Memories
    now: datetime
    today: date
    since: date | None
    max_bytes: int
    files: list[str] = field(default_factory=list)
    unchanged: int = 0

    def keep(self, data: bytes, ending: str) -> None:
        """Write a document into the inbox, under a name that its content decides."""
        digest = hashlib.sha256(data).hexdigest()
        path = self.memories.inbox / f"{self.source.name}-{self.today.isoformat()}-{digest[:10]}{ending}"
        if write_whole(path, data):
            self.files.append(path.name)
            self.note(changed=self.now.isoformat(timespec="seconds"))
        else:
            self.unchanged += 1

    def note(self, **changes: object) -> None:
        self.memories.note(self.source.name, **changes)


def fetch(
    sources: Sequence[Source],
    memories: Memories,
    *,
    agent: str,
    now: datetime,
    today: date,
    since: date | None,
    limits: Limits,
    pace: Pace | None = None,
    progress: Callable[[str, int, int], None] = lambda _stage, _done, _total: None,
) -> Iterator[Fetched]:
    """Fetch each source, one after the other, and report on each. Raises StoreError if nothing can be kept."""
    paces = pace or Pace()
    for number, source in enumerate(sources):
        progress(f"fetching {source.name},", number, len(sources))
        work = _Work(source, memories, now, today, since, limits.max_bytes)
        error: str | None = None
        try:
            _fetch(work, agent, limits, paces)
        except FetchError as problem:
            error = str(problem)
            if problem.after is not None:
                until = now + timedelta(seconds=problem.after)
                work.note(not_before=until.isoformat(timespec="seconds"))
        asked = now.isoformat(timespec="seconds")
        failing = (memories.of(source.name).failing or asked) if error else ""
        work.note(asked=asked, error=error or "", failing=failing)
        changed = memories.of(source.name).moment("changed")
        yield Fetched(source, tuple(work.files), work.unchanged, error, changed)


def _fetch(work: _Work, agent: str, limits: Limits, pace: Pace) -> None:
    until = work.memories.of(work.source.name).moment("not_before")
    if until is not None and until > work.now:
        raise FetchError(f"asked to be left alone until {until:%Y-%m-%d %H:%M %Z}; try again then")
    if work.source.kind == "imap":
        _fetch_mails(work)
        return
    with ExitStack() as stack:
        web = stack.enter_context(Web(agent, limits, private=work.source.private, pace=pace))
        if paging := places.PAGED.get(work.source.kind):
            _fetch_days(work, web, paging)
        else:
            _fetch_document(work, web)


def _fetch_document(work: _Work, web: Web) -> None:
    """Ask for the one document of a source, if it has changed."""
    source, memory = work.source, work.memories.of(work.source.name)
    if source.kind in places.SCRAPED:
        robots.check(web, source.url)
    known = Known(memory.etag, memory.modified)
    answer = web.get(source.url, known, lambda data: places.check(source, data))
    digest = hashlib.sha256(answer.data).hexdigest() if answer.data is not None else memory.digest
    if answer.data is None or digest == memory.digest:
        work.unchanged += 1
    else:
        work.keep(answer.data, places.extension(answer.data, answer.kind))
    work.note(
        etag=answer.known.etag, modified=answer.known.modified, digest=digest, done=work.today.isoformat()
    )


def _fetch_days(work: _Work, web: Web, paging: places.Paging) -> None:
    """Ask for the days since the last fetch, page by page; go on with one that was broken off."""
    source, memory = work.source, work.memories.of(work.source.name)
    until = work.today
    if memory.next and memory.until_day and work.since is None:
        url, until = memory.next, memory.until_day
    else:
        first = work.since or memory.done_day or work.today - timedelta(days=_FIRST_DAYS)
        url = paging.first(source, min(first, until), until)
    for _ in range(_MOST_DOCUMENTS):
        following = _fetch_page(work, web, paging, url, until)
        work.note(next=following or "", until=until.isoformat())
        if following is None:
            work.note(done=max(until.isoformat(), memory.done))
            return
        url = following
    raise FetchError(f"stopped after {_MOST_DOCUMENTS} documents; the next fetch goes on from there")


def _fetch_page(work: _Work, web: Web, paging: places.Paging, url: str, until: date) -> str | None:
    def check(data: bytes) -> None:
        places.check(work.source, data)
        paging.after(url, data, until)

    answer = web.get(url, check=check)
    data = answer.data or b""
    if places.is_empty(data):
        work.unchanged += 1
    else:
        work.keep(data, places.extension(data, answer.kind))
    return paging.after(url, data, until)


def _fetch_mails(work: _Work) -> None:
    source, memory = work.source, work.memories.of(work.source.name)
    password = os.environ.get(source.password_env, "")
    if not password:
        raise FetchError(
            f"the variable {source.password_env} is not set; put the password of the mailbox there"
        )
    since = work.since or (None if memory.uid else work.today - timedelta(days=_FIRST_DAYS))
    after = 0 if work.since else memory.uid
    large = 0
    for uid, validity, data in imap.mails(
        source.box, password, after=after, validity=memory.validity, since=since, max_bytes=work.max_bytes
    ):
        if data is None:
            large += 1
        else:
            work.keep(data, ".eml")
        before = memory.uid if validity == memory.validity else 0
        work.note(uid=max(uid, before), validity=validity)
    if large:
        raise FetchError(f"{large} mails are larger than max_file_mb and were left in the folder")


def agent_of(version: str, contact: str, base_url: str) -> str:
    """Return what we call ourselves: with an address at which a site can reach whoever runs this."""
    place = f"mailto:{contact}" if contact else f"+{base_url}"
    return f"{robots.NAME}/{version} ({place})"
