"""A scripted mail server: accepts, refuses, hangs up or stalls at exact points."""

import base64
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

ACCEPT = "accept"
# What a plan may return besides ACCEPT and "<stage> <reply>" (stages: greeting, sender, recipient, data, end):
HANG_UP_BEFORE = "hang up before the end"  # in the middle of the content
HANG_UP_AFTER = "hang up after the end"  # the message is accepted, without a reply
HANG_UP_AFTER_LOSING = "hang up after the end, losing it"
REFUSE_EARLY = "refuse before the end"
STALL_BEFORE = "stall before the end"
STALL_AFTER = "stall after the end"

Plan = Callable[[str, int], str]  # by recipient and number of attempts before


@dataclass(frozen=True)
class Taken:
    """A message that the server accepted, as it was sent (dots unstuffed)."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes
    options: str
    replied: bool = True  # the client got the reply


@dataclass
class ScriptedServer:
    """Listens on a free loopback port. `plan` decides on each attempt; `taken` are the messages accepted."""

    plan: Plan = lambda _to, _before: ACCEPT
    tls: ssl.SSLContext | None = None
    implicit: bool = False
    extensions: tuple[str, ...] = ("SIZE 50000000", "8BITMIME", "SMTPUTF8", "PIPELINING")
    password: str | None = None
    greeting: str = "220 test ESMTP"
    taken: list[Taken] = field(default_factory=list)
    tries: dict[str, int] = field(default_factory=dict)
    connections: int = 0
    at_once: int = 0
    most_at_once: int = 0
    commands: list[str] = field(default_factory=list)
    refused_early: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._threads = [threading.Thread(target=self._listen, daemon=True)]
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        with self._lock:
            for each in self._open:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)

    def _listen(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        with self._lock:
            self._open.add(client)
        conversation = _Conversation(self, client)
        try:
            conversation.hold()
        except (OSError, HangUpError, ValueError):
            pass
        finally:
            with self._lock:
                self._open.discard(client)
            conversation.close()

    def data_of(self, recipient: str) -> list[bytes]:
        return [each.data for each in self.taken if recipient in each.recipients]


class HangUpError(Exception):
    pass


class _Conversation:
    def __init__(self, server: ScriptedServer, client: socket.socket) -> None:
        self._server, self._socket = server, client
        self._file = client.makefile("rb")

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._file.close()
            self._socket.close()

    def reply(self, line: str) -> None:
        self._socket.sendall(line.encode() + b"\r\n")

    def _secure(self) -> None:
        assert self._server.tls is not None
        self._file.close()
        self._socket = self._server.tls.wrap_socket(self._socket, server_side=True)
        self._file = self._socket.makefile("rb")

    def hold(self) -> None:
        if self._server.implicit:
            self._secure()
        self.reply(self._server.greeting)
        secured = self._server.implicit
        sender, options, recipients, plan = "", "", [], ACCEPT
        while line := self._file.readline():
            text = line.decode("utf-8", "surrogateescape").rstrip("\r\n")
            self._server.commands.append(text)
            verb = text.split(" ")[0].upper()
            if verb in {"EHLO", "HELO"}:
                extensions = [*self._server.extensions]
                if self._server.tls and not secured:
                    extensions.append("STARTTLS")
                if self._server.password is not None:
                    extensions.append("AUTH PLAIN")
                for each in extensions:
                    self.reply(f"250-{each}")
                self.reply("250 test")
            elif verb == "STARTTLS":
                self.reply("220 go")
                self._secure()
                secured = True
            elif verb == "AUTH":
                given = base64.b64decode(text.split()[2]).split(b"\0")[2].decode()
                good = given == self._server.password
                self.reply("235 2.7.0 in" if good else f"535 5.7.8 no: {text}: {given}")
            elif verb == "MAIL":
                path, _, options = text[len("MAIL FROM:<") :].partition(">")
                sender, recipients = path, []
                self.reply("250 2.1.0 ok")
            elif verb == "RCPT":
                recipient = text[len("RCPT TO:<") :].partition(">")[0]
                with self._server._lock:
                    before = self._server.tries.get(recipient, 0)
                    self._server.tries[recipient] = before + 1
                plan = self._server.plan(recipient, before)
                if self._refuses(plan, "sender") or self._refuses(plan, "recipient"):
                    continue
                recipients.append(recipient)
                self.reply("250 2.1.5 ok")
            elif verb == "DATA":
                if not recipients:  # some servers find out only now (RFC 2920, 3.1)
                    self.reply("354 go on")
                    self._read(ACCEPT)
                    self.reply("554 5.5.1 no valid recipients")
                elif not self._refuses(plan, "data"):
                    self._content(sender, tuple(recipients), options, plan)
            elif verb == "RSET":
                self.reply("250 2.0.0 ok")
            elif verb == "QUIT":
                self.reply("221 2.0.0 bye")
                return
            else:
                self.reply("502 5.5.1 what?")

    def _refuses(self, plan: str, stage: str) -> bool:
        head, _, reply = plan.partition(" ")
        if head != stage:
            return False
        self.reply(reply)
        if reply.startswith("421"):
            raise HangUpError
        return True

    def _content(self, sender: str, recipients: tuple[str, ...], options: str, plan: str) -> None:
        server = self._server
        with server._lock:
            server.at_once += 1
            server.most_at_once = max(server.most_at_once, server.at_once)
        try:
            self.reply("354 go on")
            data = self._read(plan)
        finally:
            with server._lock:
                server.at_once -= 1
        if plan == HANG_UP_AFTER_LOSING or self._refuses(plan, "end"):
            if plan == HANG_UP_AFTER_LOSING:
                raise HangUpError
            return
        replied = plan not in {HANG_UP_AFTER, STALL_AFTER}
        with server._lock:
            server.taken.append(Taken(sender, recipients, data, options, replied))
        if plan == STALL_AFTER:
            server._over.wait(30)
        if not replied:
            raise HangUpError
        self.reply("250 2.0.0 taken as 1A2B3C")

    def _read(self, plan: str) -> bytes:
        lines = []
        while (line := self._file.readline()) != b".\r\n":
            if not line:
                raise HangUpError
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
            if plan == HANG_UP_BEFORE and len(lines) == 5:
                raise HangUpError
            if plan == REFUSE_EARLY:
                self.reply("552 5.3.4 too big")
                self._server.refused_early.set()
                self._server._over.wait(30)
                raise HangUpError
            if plan == STALL_BEFORE:
                self._server._over.wait(30)
                raise HangUpError
        return b"".join(lines)
