"""Small local servers for tests: HTTP with scripted replies, and IMAP."""

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class HttpReply:
    """A reply. `cut` omits bytes from the end of the body; `drip` is a delay in seconds before each byte."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int = 0
    drip: float = 0.0
    phrase: str | None = None


@dataclass
class HttpRequest:
    path: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class HttpServer:
    """An HTTP server. `script` returns the reply to a request; `requests` lists the requests so far."""

    url: str
    script: Callable[[HttpRequest], HttpReply]
    requests: list[HttpRequest] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        return [one.path for one in self.requests]


@contextmanager
def http_server(script: Callable[[HttpRequest], HttpReply] | list[HttpReply]) -> Iterator[HttpServer]:
    """Run a server until the block ends. A list of replies is used in order; the last one repeats."""
    if isinstance(script, list):
        replies = list(script)
        server = HttpServer("", lambda _request: replies.pop(0) if len(replies) > 1 else replies[0])
    else:
        server = HttpServer("", script)
    closing = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {key.lower(): value for key, value in self.headers.items()}
            request = HttpRequest(self.path, headers, content)
            server.requests.append(request)
            reply = server.script(request)
            self.send_response(reply.status, reply.phrase)
            for key, value in reply.headers.items():
                self.send_header(key, value)
            if reply.status != 304 and "Content-Length" not in reply.headers:
                self.send_header("Content-Length", str(len(reply.body)))
            self.send_header("Connection", "close")
            self.end_headers()
            body = reply.body[: len(reply.body) - reply.cut]
            try:
                for offset in range(0, len(body), 1 if reply.drip else 2**16):
                    if reply.drip and closing.wait(reply.drip):
                        break
                    self.wfile.write(body[offset : offset + (1 if reply.drip else 2**16)])
                    self.wfile.flush()
            except OSError:  # the client closed the connection
                pass
            self.close_connection = True

        do_POST = do_GET  # noqa: N815 - the name that http.server calls

        def log_message(self, *_args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        httpd.daemon_threads = True
        server.url = f"http://127.0.0.1:{httpd.server_address[1]}"
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            closing.set()
            httpd.shutdown()
            thread.join()


@dataclass
class Mailbox:
    """A mail folder with its mails by uid; `commands` lists the commands so far."""

    mails: dict[int, bytes]
    validity: int = 1
    port: int = 0
    commands: list[str] = field(default_factory=list)
    refused: str = ""  # commands that contain this are refused

    def answer(self, tag: str, line: str) -> bytes:
        self.commands.append(line)
        command = line.split(maxsplit=1)[0].upper()
        if self.refused and self.refused in line:
            return f"{tag} NO not today: {line}\r\n".encode()
        if command == "CAPABILITY":
            return f"* CAPABILITY IMAP4rev1\r\n{tag} OK done\r\n".encode()
        if command == "EXAMINE":
            return f"* {len(self.mails)} EXISTS\r\n* OK [UIDVALIDITY {self.validity}] x\r\n{tag} OK [READ-ONLY]\r\n".encode()
        if command == "LOGOUT":
            return f"* BYE\r\n{tag} OK done\r\n".encode()
        if command == "UID" and "SEARCH" in line:
            first = int(re.search(r"UID (\d+):\*", line)[1])
            found = [uid for uid in sorted(self.mails) if uid >= first] or sorted(self.mails)[-1:]
            return f"* SEARCH {' '.join(map(str, found))}\r\n{tag} OK done\r\n".encode()
        if command == "UID":
            uid = int(line.split()[2])
            data = self.mails[uid]
            if "SIZE" in line:
                return f"* 1 FETCH (UID {uid} RFC822.SIZE {len(data)})\r\n{tag} OK done\r\n".encode()
            head = f"* 1 FETCH (UID {uid} BODY[] {{{len(data)}}}\r\n".encode()
            return head + data + f")\r\n{tag} OK done\r\n".encode()
        return f"{tag} OK done\r\n".encode()


@contextmanager
def imap_server(box: Mailbox, tls: ssl.SSLContext | None = None) -> Iterator[Mailbox]:
    """Serve a mailbox until the block ends."""
    closing = threading.Event()

    def talk(plain: socket.socket) -> None:
        connection = tls.wrap_socket(plain, server_side=True) if tls else plain
        with connection, connection.makefile("rb") as lines:
            connection.sendall(b"* OK ready\r\n")
            for raw in lines:
                tag, _, line = raw.decode().strip().partition(" ")
                connection.sendall(box.answer(tag, line))
                if line.upper().startswith("LOGOUT"):
                    break

    def serve(listener: socket.socket) -> None:
        while not closing.is_set():
            with suppress(OSError):  # no connection within the timeout, or a client that closed it early
                talk(listener.accept()[0])

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        box.port = listener.getsockname()[1]
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            yield box
        finally:
            closing.set()
            thread.join()
