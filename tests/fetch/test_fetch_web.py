"""One request and what a server can do to it. Everything is on this machine."""

import gzip
import ipaddress
import socket
import threading
import time
import zlib
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from digest.fetch import network_guard as guard
from digest.fetch.errors import FetchError
from digest.fetch.network_guard import is_public
from digest.fetch.rate_limit import RateLimit, seconds_between
from digest.fetch.web import Limits, Validators, WebClient, retry_after
from tests.servers import HttpReply, http_server

BODY = b"<rss></rss>"
FEW = Limits(
    max_bytes=10_000,
    seconds=5,
    attempts=3,
    longest_retry_after=1,
    first_wait=0.01,
    longest_wait=0.02,
    jitter=0.01,
)


def web(limits: Limits = FEW, *, private: bool = True) -> WebClient:
    return WebClient(
        "paper-digest/test (mailto:a@b.example)", limits, private=private, rate_limit=RateLimit(factor=0)
    )


def refused(url: str, limits: Limits = FEW, **options) -> FetchError:
    with web(limits, **options) as client, pytest.raises(FetchError) as caught:
        client.get(url)
    return caught.value


def test_a_document_and_the_headers_of_its_request():
    headers = {"Content-Type": "Application/RSS+xml; charset=utf-8", "ETag": '"1"', "Last-Modified": "Mon"}
    with http_server([HttpReply(body=BODY, headers=headers)]) as server, web() as client:
        answer = client.get(f"{server.url}/feed?a=b%20c")
    assert (answer.data, answer.content_type, answer.validators) == (
        BODY,
        "application/rss+xml",
        Validators('"1"', "Mon"),
    )
    asked = server.requests[0]
    assert (asked.path, asked.headers["user-agent"]) == (
        "/feed?a=b%20c",
        "paper-digest/test (mailto:a@b.example)",
    )
    assert "if-none-match" not in asked.headers and asked.headers["accept-encoding"] == "gzip"


def test_an_unchanged_document_is_not_sent_again():
    with http_server([HttpReply(304)]) as server, web() as client:
        answer = client.get(server.url, Validators('"1"', "Mon"))
    assert (answer.data, answer.validators) == (None, Validators('"1"', "Mon"))
    assert server.requests[0].headers["if-none-match"] == '"1"'
    assert server.requests[0].headers["if-modified-since"] == "Mon"


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_temporary_errors_are_retried(status):
    with http_server([HttpReply(status), HttpReply(status), HttpReply(body=BODY)]) as server, web() as client:
        assert client.get(server.url).data == BODY
    assert len(server.requests) == 3
    with http_server([HttpReply(status)]) as server:
        assert refused(server.url).status == status
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 204])
def test_other_errors_are_not_retried(status):
    with http_server([HttpReply(status)]) as server:
        assert str(status) in str(refused(server.url))
    assert len(server.requests) == 1


def test_retry_after_is_respected():
    waits = []
    client = web()
    replies = [HttpReply(429, headers={"Retry-After": "1"}), HttpReply(body=BODY)]
    with http_server(replies) as server, client:
        start = client.rate_limit.clock()
        client.get(server.url)
        waits.append(client.rate_limit.clock() - start)
    assert waits[0] >= 1
    with http_server([HttpReply(503, headers={"Retry-After": "3600"})]) as server:
        problem = refused(server.url)
    assert (len(server.requests), problem.retry_after) == (1, 3600)
    assert "retry after 3600 s" in str(problem)


@pytest.mark.parametrize(("value", "seconds"), [
    ("120", 120), ("", None), ("soon", None), ("-1", None), ("9" * 400, 86_400), ("Wed, 18 Nov 2026 08:00:30 GMT", 30),
    ("Wed, 18 Nov 2026 07:00:00 GMT", 0), ("Wed, 18 Nov 2126 07:00:00 GMT", 86_400), ("Wed, 18 Nov 2026 08:00:30 -0000", 30),
    ("Wed, 99 Nov 2026 08:00:30 GMT", None),
])  # fmt: skip
def test_how_retry_after_is_read(value, seconds):
    assert retry_after(value, datetime(2026, 11, 18, 8, tzinfo=UTC)) == seconds


# --- bytes -----------------------------------------------------------------------------------------


def test_gzip_is_unpacked_and_bombs_are_not():
    with (
        http_server([HttpReply(body=gzip.compress(BODY), headers={"Content-Encoding": "gzip"})]) as server,
        web() as client,
    ):
        assert client.get(server.url).data == BODY
    bomb = gzip.compress(bytes(200_000_000))
    with http_server([HttpReply(body=bomb, headers={"Content-Encoding": "gzip"})]) as server:
        assert "max_file_mb" in str(refused(server.url))
    assert len(server.requests) == 1


@pytest.mark.parametrize(("reply", "words"), [
    (HttpReply(body=bytes(10_001)), "max_file_mb"),
    (HttpReply(body=BODY * 100, cut=50), "connection failed"),
    (HttpReply(body=gzip.compress(BODY)[:-9], headers={"Content-Encoding": "gzip"}), "is incomplete"),
    (HttpReply(body=BODY, headers={"Content-Encoding": "gzip"}), "not valid gzip"),
    (HttpReply(body=zlib.compress(BODY), headers={"Content-Encoding": "deflate"}), "not requested"),
    (HttpReply(body=BODY, headers={"Content-Length": "4", "Transfer-Encoding": "chunked"}), "connection failed"),
])  # fmt: skip
def test_bodies_that_are_not_kept(reply, words):
    with http_server([reply]) as server:
        assert words in str(refused(server.url))


def test_a_slow_body_is_abandoned():
    limits = Limits(max_bytes=10_000, seconds=0.2, attempts=1)
    with http_server([HttpReply(body=BODY * 100, drip=0.05)]) as server:
        assert "took longer" in str(refused(server.url, limits))


def test_a_document_that_a_check_rejects_is_retried():
    def check(data: bytes) -> None:
        if data != BODY:
            raise FetchError("empty", temporary=True)

    with http_server([HttpReply(), HttpReply(body=BODY)]) as server, web() as client:
        assert client.get(server.url, check=check).data == BODY


# --- redirects -------------------------------------------------------------------------------------


def test_redirects_are_followed_up_to_a_limit():
    replies = [
        HttpReply(302, headers={"Location": "/b?c"}),
        HttpReply(301, headers={"Location": "d"}),
        HttpReply(body=BODY),
    ]
    with http_server(replies) as server, web() as client:
        assert client.get(f"{server.url}/a").data == BODY
    assert server.paths == ["/a", "/b?c", "/d"]
    with http_server([HttpReply(307, headers={"Location": "/loop"})]) as server:
        assert "redirects" in str(refused(server.url))
    assert len(server.requests) == 6


def test_a_host_of_another_script_is_asked_and_redirected_to_as_a_browser_would(monkeypatch):
    """Python's own codec makes `strasse.example` of it, which may belong to somebody else."""
    asked: list[str] = []

    def look_up(host, port, *_rest, **_named):
        if host != "127.0.0.1":  # the connection to the address that was found
            asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port))]

    moved = HttpReply(302)
    with http_server([moved, HttpReply(body=BODY)]) as server, web() as client:
        port = server.url.rpartition(":")[2]
        moved.headers["Location"] = f"http://straße.example:{port}/b".encode().decode("latin-1")
        monkeypatch.setattr(guard.socket, "getaddrinfo", look_up)
        assert client.get(f"http://faß.example:{port}/a").data == BODY
    assert asked == ["xn--fa-hia.example", "xn--strae-oqa.example"]


@pytest.mark.parametrize(
    "place", ["file:///etc/passwd", "ftp://a.example/", "gopher://x", "http://[::1", "data:,x"]
)
def test_redirects_to_invalid_urls(place):
    with http_server([HttpReply(302, headers={"Location": place})]) as server:
        assert str(refused(server.url))
    assert len(server.requests) <= FEW.attempts


# --- private addresses ----------------------------------------------------------------------------------


@pytest.mark.parametrize("address", [
    "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
    "2002:7f00:1::", "2001:db8::1", "198.18.0.1", "192.0.2.1",
    # the other entries of IANA's special-purpose registries that are not globally reachable
    "172.31.255.255", "192.0.0.1", "192.0.0.8", "192.0.0.170", "192.88.99.2", "198.19.255.255", "198.51.100.1", "203.0.113.9",
    "240.0.0.1", "239.255.255.250", "64:ff9b:1::1", "64:ff9b:1:7f00:1::", "100::1", "100:0:0:1::1", "2001::1", "2001:2::1",
    "2001:10::1", "3fff::1", "5f00::1", "fdff::1", "fec0::1", "feff::1", "ff0e::1",
    # IPv4 inside: compatible, mapped, translated, NAT64, 6to4, Teredo (of the server, of the client), ISATAP
    "::127.0.0.1", "::8.8.8.8", "::ffff:192.168.0.1", "::ffff:0:10.0.0.1", "::ffff:0:8.8.8.8", "64:ff9b::10.0.0.1", "2002:a00:1::1",
    "2002:c0a8:101::", "2001:0:a00:1::f7f7:f7f7", "2001:0:808:808:0:0:f5ff:fffe", "2600::5efe:10.0.0.1", "2600::200:5efe:127.0.0.1",
    "4000::1", "8000::1", "e000::1",
])  # fmt: skip
def test_private_addresses(address):
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", [
    "8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "192.0.0.9", "192.0.0.10", "172.32.0.1", "100.128.0.1",
    "192.31.196.1", "192.52.193.1", "192.175.48.1", "2001:1::1", "2001:3::1", "2001:4:112::1", "2001:20::1", "2001:200::1",
    "2002:808:808::1", "2001:0:808:808:0:0:f7f7:f7f7", "2620:4f:8000::1", "2a00:1450::1", "3ffe::1", "2600::5efe:8.8.8.8",
])  # fmt: skip
def test_public_addresses(address):
    assert is_public(ipaddress.ip_address(address))


def test_private_addresses_are_refused_unless_allowed():
    with http_server([HttpReply(body=BODY)]) as server:
        for url in (
            server.url,
            server.url.replace("127.0.0.1", "localhost"),
            server.url.replace("127.0.0.1", "[::ffff:127.0.0.1]"),
        ):
            problem = refused(url, private=False)
            assert "not on the public internet" in str(problem)
    assert server.requests == []


def test_a_redirect_to_a_private_address_is_not_followed(monkeypatch):
    """The first host is allowed (as a public one would be), the second is not."""
    with http_server([HttpReply(body=b"secret")]) as inside:
        place = inside.url.replace("127.0.0.1", "127.0.0.2")
        with http_server([HttpReply(302, headers={"Location": place})]) as outside:
            monkeypatch.setattr(guard, "is_public", lambda address: str(address) == "127.0.0.1")
            assert "127.0.0.2 is not on the public internet (127.0.0.2)" in str(
                refused(outside.url, private=False)
            )
    assert inside.requests == []


def test_dns_rebinding_gains_nothing(monkeypatch):
    """The address that was judged is the one that is connected to: the name is looked up once."""
    looked = []
    real = socket.getaddrinfo

    def look_up(host, port, *args, **options):
        if host == "rebind.example":
            looked.append(host)
            address = "127.0.0.1" if len(looked) == 1 else "127.0.0.2"
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]
        return real(host, port, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(guard, "is_public", lambda address: str(address) == "127.0.0.1")
    with http_server([HttpReply(body=BODY)]) as server, web(private=False) as client:
        assert client.get(server.url.replace("127.0.0.1", "rebind.example")).data == BODY
    assert looked == ["rebind.example"]
    assert server.requests[0].headers["host"].startswith("rebind.example")


def test_one_private_address_among_public_ones_is_refused(monkeypatch):
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in ("8.8.8.8", "10.0.0.1")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: found)
    assert "10.0.0.1" in str(refused("http://two.example/", private=False))


def test_unreachable_hosts():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert "connection failed" in str(refused(f"http://127.0.0.1:{port}/"))
    for url in ("http://no-such-host.invalid/", "http://" + "a" * 70 + ".example/"):
        assert str(refused(url))


# --- rate limit ------------------------------------------------------------------------------------------


def test_each_site_has_its_rate_limit():
    time, slept = [100.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        time[0] += seconds

    limit = RateLimit(clock=lambda: time[0], sleep=sleep)
    for host in ("export.arxiv.org", "rss.arxiv.org", "a.example", "b.example", "a.example"):
        limit.wait(host)
        time[0] += 0.25
    assert slept == [2.75, 0.5]  # arXiv is one site; between the two requests to a.example lay half a second
    assert seconds_between("arxiv.org") == 3 and seconds_between("notarxiv.org") == 1


# --- a server that takes its time ------------------------------------------------------------------------


@contextmanager
def slow_server(*chunks: bytes, pause: float = 0.2):
    """Answer every connection with these bytes, one by one with a pause, and then with nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ended = threading.Event()

        def serve(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                connection.recv(65536)
                for byte in b"".join(chunks):
                    connection.sendall(bytes([byte]))
                    if ended.wait(pause):
                        return
                ended.wait(30)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        ended.set()
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nX: " + b"x" * 500,
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + b"x" * 499,
        b"HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 100\r\n\r\n",
    ],
)
def test_one_deadline_covers_the_whole_request(head):
    """The server sends a byte now and then, so that no single step takes long; a request is not repeated."""
    with slow_server(head, pause=0.02 if head else 0.2) as url:
        began = time.monotonic()
        problem = refused(url, replace(FEW, seconds=0.6))
        took = time.monotonic() - began
    assert "took longer than 1 s" in str(problem)
    assert not problem.temporary
    assert took < 5  # without the deadline of the whole: 10 s and more for each attempt


def test_a_name_that_is_not_resolved_in_time(monkeypatch):
    ended = threading.Event()
    monkeypatch.setattr(guard.socket, "getaddrinfo", lambda *_args, **_more: ended.wait(20))
    problem = refused("http://slow.example/", replace(FEW, seconds=0.3))
    ended.set()
    assert "took longer" in str(problem)


def test_waiting_for_a_turn_is_not_part_of_the_request():
    limit = RateLimit(factor=0.4)
    replies = [HttpReply(302, headers={"Location": "/b"}), HttpReply(body=BODY)]
    client = WebClient("a", replace(FEW, seconds=0.35), private=True, rate_limit=limit)
    with http_server(replies) as server, client:
        assert client.get(server.url).data == BODY


def test_another_attempt_is_announced(capfd):
    said: list[str] = []
    with http_server([HttpReply(503), HttpReply(body=BODY)]) as server, web() as client:
        client.notify = said.append
        assert client.get(server.url).data == BODY
    client = web(replace(FEW, attempts=2))
    client.notify = said.append
    with client, pytest.raises(FetchError):
        client.get("http://127.0.0.1:9/")
    assert said == ["status 503; trying again in 0 s", "no connection; trying again in 0 s"]
    assert capfd.readouterr() == ("", "")


def test_errors_hide_the_secrets_of_urls():
    with http_server([HttpReply(404)]) as server:
        url = server.url.replace("http://", "http://ada:lovelace@")
        texts = [str(refused(f"{each}?key=SECRET&q=two#x")) for each in (server.url, url, "https://[SECRET")]
    assert all("SECRET" not in text and "lovelace" not in text for text in texts[:2]), texts
    assert "?key=…&q=…#x: status 404" in texts[0]


def test_threads_take_turns():
    times: list[float] = []
    limit, lock = RateLimit(factor=0.05), threading.Lock()

    def ask() -> None:
        limit.wait("a.example")
        with lock:
            times.append(time.monotonic())

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(times) - min(times) >= 0.05 * 5 - 0.02
