"""Slow, idle and numerous clients of `digest serve` do not hold up others."""

import socket
import threading
import time
from contextlib import ExitStack, contextmanager, suppress

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from digest.web.connections import LIMITS, GuardedConnection, Limits
from digest.web.listener import Listener
from tests.web.conftest import Log, Site

BEGUN = b"GET /fast HTTP/1.1\r\nHost: x\r\nX-Slow: "


class App:
    """`/fast` answers, `/form` reads the body, `/large` has a body of 40 MB.

    `/slow` sets `arrived` and waits for `release`.
    """

    def __init__(self) -> None:
        self.arrived, self.release = threading.Event(), threading.Event()
        self.starlette = Starlette(
            routes=[
                Route("/fast", lambda _request: PlainTextResponse("fast")),
                Route("/slow", self._slow),
                Route("/form", self._form, methods=["POST"]),
                Route("/large", lambda _request: Response(bytes(40_000_000))),
            ]
        )

    def _slow(self, _request: Request) -> Response:
        self.arrived.set()
        self.release.wait(30)
        return PlainTextResponse("slow")

    async def _form(self, request: Request) -> Response:
        return PlainTextResponse(str(len(await request.body())))


@contextmanager
def serving(limits: Limits = LIMITS, app: App | None = None):
    with Listener((app or App()).starlette, "127.0.0.1", 0, limits) as listener:
        yield Site(listener.port, Log())


def begin(site: Site, data: bytes = BEGUN) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", site.port), timeout=30)
    client.sendall(data)
    return client


def is_closed(client: socket.socket) -> bool:
    """Wait until the server closes the connection; return False if it sends something instead."""
    try:
        return client.recv(1) == b""
    except ConnectionError:
        return True


def test_half_open_connections_do_not_make_the_server_unavailable():
    with serving() as site, ExitStack() as stack:
        for _ in range(350):
            stack.enter_context(begin(site))
        assert site.ask("/fast").status == 200


@pytest.mark.parametrize(
    "data", [b"", b"G", BEGUN, b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab"]
)
def test_a_request_that_is_not_complete_in_time_is_given_up(data):
    with serving(Limits(receive=0.3)) as site, begin(site, data) as client:
        assert is_closed(client)
        assert site.ask("/fast").text == "fast"


def test_the_time_limit_holds_for_dripped_headers():
    with serving(Limits(receive=0.5)) as site, begin(site) as client:
        client.settimeout(0.05)
        closed = False
        while not closed:
            try:
                client.sendall(b"x")
                closed = client.recv(1) == b""
            except TimeoutError:
                continue
            except ConnectionError:
                closed = True


def test_a_second_request_on_a_connection_has_the_same_time_limit():
    with serving(Limits(receive=0.3)) as site, begin(site, BEGUN + b"\r\n\r\n") as client:
        answer = b""
        while not answer.endswith(b"fast"):
            answer += client.recv(1000)
        client.sendall(BEGUN)
        assert is_closed(client)


def test_a_slow_response_is_not_a_slow_request():
    app = App()
    with serving(Limits(receive=0.2), app) as site, begin(site, b"GET /slow HTTP/1.0\r\n\r\n") as client:
        time.sleep(0.6)
        app.release.set()
        answer = b""
        while data := client.recv(1000):
            answer += data
        assert answer.endswith(b"slow")


def test_a_client_that_does_not_read_is_disconnected():
    with serving(Limits(stalled=0.3)) as site:
        with begin(site, b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n") as client:
            time.sleep(1)
            received = 0
            with suppress(ConnectionError):
                while data := client.recv(1_000_000):
                    received += len(data)
            assert received < 40_000_000
        assert len(site.ask("/large").body) == 40_000_000


def test_one_connection_too_many_closes_the_one_that_waits_longest():
    app = App()
    with serving(Limits(connections=3), app) as site, ExitStack() as stack:
        busy = stack.enter_context(begin(site, b"GET /slow HTTP/1.0\r\n\r\n"))
        assert app.arrived.wait(30)  # until then it waits longer than the others
        first, second = (stack.enter_context(begin(site)) for _ in range(2))
        assert site.ask("/fast").text == "fast"
        assert is_closed(first)
        app.release.set()
        assert busy.recv(12) == b"HTTP/1.1 200"
        second.sendall(b"\r\n\r\n")
        assert second.recv(12) == b"HTTP/1.1 200"


def test_one_request_too_many_gets_a_503():
    app = App()
    with serving(Limits(requests=2), app) as site, ExitStack() as stack:
        slow = [stack.enter_context(begin(site, b"GET /slow HTTP/1.0\r\n\r\n")) for _ in range(2)]
        while (busy := site.ask("/fast")).status == 200:  # until both have arrived
            time.sleep(0.01)
        assert (busy.status, busy.headers["retry-after"]) == (503, "2")
        app.release.set()
        assert all(client.recv(12) == b"HTTP/1.1 200" for client in slow)
        while site.ask("/fast").status != 200:
            time.sleep(0.01)


def test_no_response_waits_for_delayed_acknowledgements(monkeypatch):
    options = []
    made = GuardedConnection.connection_made

    def observed(connection, transport):
        sock = transport.get_extra_info("socket")
        options.append(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        made(connection, transport)

    monkeypatch.setattr(GuardedConnection, "connection_made", observed)
    with serving() as site:
        assert site.ask("/fast").text == "fast"
    assert options
    assert all(options)
