"""Small servers on this machine that say what a test wants them to say: HTTP from a script, and IMAP."""

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
    """An answer: `cut` sends less than is promised, `drip` waits so many seconds before each byte."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int = 0
    drip: float = 0.0


@dataclass
class Asked:
    path: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class HttpServer:
    """`script` maps a request to its reply; `asked` are the requests so far."""

    url: str
    script: Callable[[Asked], HttpReply]
    asked: list[Asked] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        return [one.path for one in self.asked]


@contextmanager
def http_server(script: Callable[[Asked], HttpReply] | list[HttpReply]) -> Iterator[HttpServer]:
    """Serve until the block ends. A list is answered in its order, its last entry again and again."""
    if isinstance(script, list):
        replies = list(script)
        server = HttpServer("", lambda _asked: replies.pop(0) if len(replies) > 1 else replies[0])
    else:
        server = HttpServer("", script)
    closing = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            said = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked = Asked(self.path, {key.lower(): value for key, value in self.headers.items()}, said)
            server.asked.append(asked)
            reply = server.script(asked)
            self.send_response(reply.status)
            for key, value in reply.headers.items():
                self.send_header(key, value)
            if reply.status != 304 and "Content-Length" not in reply.headers:
                self.send_header("Content-Length", str(len(reply.body)))
            self.send_header("Connection", "close")
            self.end_headers()
            body = reply.body[: len(reply.body) - reply.cut]
            try:
                for place in range(0, len(body), 1 if reply.drip else 2**16):
                    if reply.drip and closing.wait(reply.drip):
                        break
                    self.wfile.write(body[place : place + (1 if reply.drip else 2**16)])
                    self.wfile.flush()
            except OSError:  # the other side has had enough
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
    """A folder with mails by uid; `said` are the commands so far."""

    mails: dict[int, bytes]
    validity: int = 1
    port: int = 0
    said: list[str] = field(default_factory=list)
    broken: str = ""  # a command that is refused

    def answer(self, tag: str, line: str) -> bytes:
        self.said.append(line)
        word = line.split(maxsplit=1)[0].upper()
        if self.broken and self.broken in line:
            return f"{tag} NO not today\r\n".encode()
        if word == "CAPABILITY":
            return f"* CAPABILITY IMAP4rev1\r\n{tag} OK done\r\n".encode()
        if word == "EXAMINE":
            return f"* {len(self.mails)} EXISTS\r\n* OK [UIDVALIDITY {self.validity}] x\r\n{tag} OK [READ-ONLY]\r\n".encode()
        if word == "LOGOUT":
            return f"* BYE\r\n{tag} OK done\r\n".encode()
        if word == "UID" and "SEARCH" in line:
            first = int(re.search(r"UID (\d+):\*", line)[1])
            found = [uid for uid in sorted(self.mails) if uid >= first] or sorted(self.mails)[-1:]
            return f"* SEARCH {' '.join(map(str, found))}\r\n{tag} OK done\r\n".encode()
        if word == "UID":
            uid = int(line.split()[2])
            data = self.mails[uid]
            if "SIZE" in line:
                return f"* 1 FETCH (UID {uid} RFC822.SIZE {len(data)})\r\n{tag} OK done\r\n".encode()
            head = f"* 1 FETCH (UID {uid} BODY[] {{{len(data)}}}\r\n".encode()
            return head + data + f")\r\n{tag} OK done\r\n".encode()
        return f"{tag} OK done\r\n".encode()


@contextmanager
def imap_server(box: Mailbox, tls: ssl.SSLContext | None = None) -> Iterator[Mailbox]:
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
            with suppress(OSError):  # nobody came for a while, or somebody left in the middle
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
