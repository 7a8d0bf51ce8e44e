"""Handing a message over by SMTP (RFC 5321), with TLS, and telling how far it came.

A session is one connection. `send` tells exactly what is known: nothing is in doubt unless the whole
message was given to the system and no answer came. Text that names the password is never made.
"""

import select
import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from digest.errors import ChannelUnavailable
from digest.model import Reply, Smtp, Stage
from digest.text.addresses import Mailbox

_END = b".\r\n"
_SHOWN = 500  # characters of a server's answer that are kept


@dataclass(frozen=True, slots=True)
class Server:
    """Where to hand over, with the secret that the settings only name."""

    smtp: Smtp
    password: str | None = None

    def __repr__(self) -> str:  # the password stays out of every trace
        return f"Server({self.smtp.host!r}, {self.smtp.port})"

    @property
    def name(self) -> str:
        return f"{self.smtp.host}:{self.smtp.port}"


class Session:
    """An open connection, after TLS and login; not `usable` once the server or we have ended it."""

    def __init__(self, client: smtplib.SMTP, final_timeout: float) -> None:
        self._client = client
        self._final_timeout = final_timeout
        self._international = client.has_extn("smtputf8")
        self._sized = client.has_extn("size")
        self._pipelines = client.has_extn("pipelining")  # RFC 2920: commands need not wait for answers
        self.usable = True
        self.sent = 0

    def send(
        self, return_path: str, to: Mailbox, head: bytes, wire_body: bytes, begin: Callable[[], bool]
    ) -> Reply | None:
        """Hand one message over.

        `begin` is called when all but the end of the content is sent: only after it returned true can
        the message be taken, so it is the place to note down that its fate may become unknown. None
        means that it returned false and the server was left without the end.
        """
        options = f" SIZE={len(head) + len(wire_body)}" if self._sized else ""
        if to.international:
            if not self._international:
                return Reply("recipient", 553, "5.6.7 the server takes no addresses in other scripts")
            options += " SMTPUTF8"
        steps: tuple[tuple[Stage, str, int], ...] = (
            ("sender", f"MAIL FROM:<{return_path}>{options}", 250),
            ("recipient", f"RCPT TO:<{to}>", 250),
            ("data", "DATA", 354),
        )
        stage: Stage = "sender"
        try:
            if self._pipelines:
                self._client.send("".join(f"{command}\r\n" for _, command, _ in steps).encode())
            refusal: Reply | None = None
            for stage, command, wanted in steps:
                code, text = _reply(self._client) if self._pipelines else self._exchange(command)
                if code // 10 != wanted // 10:
                    refusal = refusal or Reply(stage, code, text)
                elif refusal and stage == "data":  # it wants content for nobody (RFC 2920, 3.1)
                    self._exchange(".")
                if refusal and not self._pipelines:
                    break
            if refusal:
                return self._refused(refusal)
            self._client.send(head + wire_body)
            if not begin():
                self.close()  # there is no other way out of DATA
                return None
            if not self._speaks():
                self._client.send(_END)
                stage = "end"
                self._settimeout(self._final_timeout)
            code, text = _reply(self._client)
            self._settimeout(self._client.timeout)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return Reply(stage, 0, _lost(stage, error))
        if stage == "data":  # it did not wait for the end
            self.close()
            return Reply(stage, code, text)
        self.sent += 1
        return Reply("end", code, text) if code // 100 == 2 else self._refused(Reply("end", code, text))

    def _exchange(self, command: str) -> tuple[int, str]:
        self._client.send(command.encode() + b"\r\n")
        return _reply(self._client)

    def _refused(self, answer: Reply) -> Reply:
        """Make the connection ready for the next message after a refusal."""
        if answer.code == 421:
            self.close()
        elif answer.stage != "end":
            try:
                code, _ = self._exchange("RSET")
            except (OSError, smtplib.SMTPException):
                code = 0
            if code != 250:
                self.close()
        return answer

    def _speaks(self) -> bool:
        """Say whether the server has something to say, or has hung up, before the end of the content."""
        sock = self._client.sock
        if sock is None:
            return True
        pending = getattr(sock, "pending", None)  # what TLS has read already
        watch = select.poll()
        watch.register(sock, select.POLLIN)
        return bool(pending and pending()) or bool(watch.poll(0))

    def _settimeout(self, seconds: float) -> None:
        if self._client.sock is not None:
            self._client.sock.settimeout(seconds)

    def quit(self) -> None:
        """Say goodbye, not waiting long for an answer."""
        with suppress(OSError, smtplib.SMTPException):
            self._settimeout(5)
            self._client.quit()
        self.close()

    def close(self) -> None:
        self.usable = False
        self._client.close()


def _lost(stage: Stage, error: Exception) -> str:
    kind = "no answer in time" if _late(error) else "the connection was lost"
    place = {"end": "after the end of the message", "data": "in the middle of the message"}
    return f"{kind} {place.get(stage, f'before the message (at its {stage})')}"


def _late(error: Exception) -> bool:
    return isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)


def _reply(client: smtplib.SMTP) -> tuple[int, str]:
    code, text = client.getreply()
    if not 200 <= code <= 599:
        raise smtplib.SMTPServerDisconnected("an answer that is none")
    shown = " ".join(text.decode("utf-8", "replace").split())[:_SHOWN]
    if not shown.isprintable():
        shown = "".join(char if char.isprintable() else "?" for char in shown)
    return code, shown


def open_session(server: Server) -> Session:
    """Connect, switch to TLS, log in. Raises Unopened; never goes on without TLS where it was asked for."""
    smtp = server.smtp
    try:
        client = _connect(server)
    except ssl.SSLError as error:
        reason = getattr(error, "verify_message", "") or error.reason or str(error)
        raise ChannelUnavailable(f"{server.name}: TLS failed: {reason}") from error
    except smtplib.SMTPResponseException as error:
        raise ChannelUnavailable(f"{server.name}: {_text(error)}") from error
    except (OSError, smtplib.SMTPException) as error:
        reason = "no answer in time" if _late(error) else str(error)
        raise ChannelUnavailable(f"{server.name}: cannot be reached: {reason}") from error
    try:
        _login(client, server)
    except ChannelUnavailable:
        client.close()
        raise
    return Session(client, smtp.final_timeout)


def _connect(server: Server) -> smtplib.SMTP:
    """Return a client that has said EHLO, under TLS unless the settings say none."""
    smtp = server.smtp
    name = socket.gethostname()
    name = name if "." in name and name.isascii() else "[127.0.0.1]"
    context = ssl.create_default_context(cafile=smtp.ca_file)
    if smtp.tls == "implicit":
        client: smtplib.SMTP = smtplib.SMTP_SSL(
            smtp.host, smtp.port, local_hostname=name, timeout=smtp.timeout, context=context
        )
    else:
        client = smtplib.SMTP(smtp.host, smtp.port, local_hostname=name, timeout=smtp.timeout)
    try:
        client.ehlo_or_helo_if_needed()
        if smtp.tls == "starttls":
            _start_tls(client, server, context)
    except BaseException:
        client.close()
        raise
    return client


def _start_tls(client: smtplib.SMTP, server: Server, context: ssl.SSLContext) -> None:
    if not client.has_extn("starttls"):
        raise ChannelUnavailable(
            f"{server.name}: offers no STARTTLS and mail would travel readable; "
            'write tls = "implicit" with its port (often 465), or ask its operator'
        )
    code, text = client.starttls(context=context)
    if code != 220:
        raise smtplib.SMTPResponseException(code, text)
    client.ehlo_or_helo_if_needed()


def _login(client: smtplib.SMTP, server: Server) -> None:
    user, password = server.smtp.user, server.password
    if user is None or password is None:
        return
    try:
        client.login(user, password)
    except smtplib.SMTPResponseException as error:
        raise ChannelUnavailable(f"{server.name}: login as {user!r} failed: {_text(error)}") from None
    except smtplib.SMTPNotSupportedError:
        raise ChannelUnavailable(
            f"{server.name}: offers no login; leave user out or use another port"
        ) from None
    except (OSError, smtplib.SMTPException, UnicodeError) as error:
        raise ChannelUnavailable(f"{server.name}: login as {user!r} failed: {type(error).__name__}") from None


def _text(error: smtplib.SMTPResponseException) -> str:
    text = error.smtp_error
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{error.smtp_code} {' '.join(shown.split())}"[:_SHOWN]
