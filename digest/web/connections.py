"""HTTP connections that cannot hold up others: slow and idle clients lose theirs, and requests have a limit."""

import asyncio
from dataclasses import dataclass
from typing import ClassVar

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

_READING = 0.05  # seconds in which requests that have arrived are read, so that their connections do not wait


@dataclass(frozen=True, slots=True)
class Limits:
    """What clients of one server may use.

    `connections` may be open; one more closes that which has waited longest for a request. `requests` may be
    in progress; one more gets a 503. A request must be complete `receive` seconds after its connection or its
    first byte. A client that takes no bytes of a response for `stalled` seconds is disconnected.
    """

    connections: int = 400  # well below the usual 1,024 open files of a process
    requests: int = 200
    receive: float = 10
    stalled: float = 30


LIMITS = Limits()


class GuardedConnection(H11Protocol):
    """A connection within its limits; uvicorn itself has no timeout until a request is complete."""

    limits: ClassVar[Limits]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        now = self.loop.time()
        self._receiving: float | None = now  # when the request began that is not complete yet
        self._idle_since = now  # the end of the last response
        self._unsent, self._progress = 0, now  # bytes in the write buffer, and when they last became fewer
        self._check()
        if len(self.connections) > self.limits.connections:
            waiting = (
                each for each in self.connections if isinstance(each, GuardedConnection) and each.waits
            )
            min(waiting, key=lambda each: each.waits_since, default=self).transport.abort()

    @property
    def waits(self) -> bool:
        """Whether no response is in progress."""
        return self.cycle is None or (self.cycle.response_complete and not self._buffered())

    @property
    def waits_since(self) -> float:
        return self._idle_since if self._receiving is None else self._receiving

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        complete = self.cycle is not None and not self.cycle.more_body and not self.cycle.response_complete
        if complete:
            self._receiving = None
        elif self._receiving is None:
            self._receiving = self.loop.time()

    def on_response_complete(self) -> None:
        self._idle_since = self.loop.time()
        super().on_response_complete()

    def resume_writing(self) -> None:
        self._progress = self.loop.time()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._watch.cancel()
        super().connection_lost(exc)

    def _check(self) -> None:
        """Disconnect a client that is too slow, now and every few seconds."""
        now, unsent = self.loop.time(), self._buffered()
        if not unsent or unsent < self._unsent:
            self._progress = now
        self._unsent = unsent
        late = self._receiving is not None and now - self._receiving > self.limits.receive
        if late or now - self._progress > self.limits.stalled:
            self.transport.abort()
            return
        interval = min(self.limits.receive, self.limits.stalled) / 5
        self._watch = self.loop.call_later(interval, self._check)

    def _buffered(self) -> int:
        return self.transport.get_write_buffer_size()


def guarded(limits: Limits) -> type[GuardedConnection]:
    """Return the class of connections with these limits, as uvicorn's setting `http`."""
    return type("GuardedConnection", (GuardedConnection,), {"limits": limits})


class RequestLimit:
    """An application that answers 503 while too many requests are in progress."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app, self._most, self._active = app, most, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._active >= self._most:
            busy = PlainTextResponse("Too many requests; try again.\n", 503, {"retry-after": "2"})
            await busy(scope, receive, send)
            return
        self._active += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._active -= 1
