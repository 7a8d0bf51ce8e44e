"""SMTP sessions (RFC 5321) with TLS and login.

A session is one connection. The reply of `send` is exact: an attempt is in doubt only if the whole message
was passed to the system and no reply was received. No message or log contains the password.
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
from digest.urls import hide, is_loopback

_END = b".\r\n"
_SHOWN = 500  # characters of a server's reply that are kept


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server, with its password."""

    smtp: Smtp
    password: str | None = None

    def __repr__(self) -> str:  # without the password, for tracebacks
        return f"Server({self.smtp.host!r}, {self.smtp.port})"

    @property
    def name(self) -> str:
        return f"{self.smtp.host}:{self.smtp.port}"


class Session:
    """An open connection after TLS and login; not `usable` once either side has closed it.

    `sent` counts messages.
    """

    def __init__(self, client: smtplib.SMTP, final_timeout: float) -> None:
        self._client = client
        self._final_timeout = final_timeout
        self._international = client.has_extn("smtputf8")
        self._sized = client.has_extn("size")
        self._pipelines = client.has_extn("pipelining")  # RFC 2920: commands need not wait for replies
        self.usable = True
        self.sent = 0

    def send(
        self, return_path: str, to: Mailbox, head: bytes, wire_body: bytes, begin: Callable[[], bool]
    ) -> Reply | None:
        """Send one message and return the last reply.

        `begin` is called when everything but the end of the content was sent. The server cannot accept the
        message before it returns true, so it must record that the outcome may become unknown. If it returns
        false, the connection is closed without the end of the content, and the result is None.
        """
        options = f" SIZE={len(head) + len(wire_body)}" if self._sized else ""
        if to.international:
            if not self._international:
                return Reply(
                    "recipient", 553, "5.6.7 the server does not support addresses with non-ASCII characters"
                )
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
                elif (
                    refusal and stage == "data"
                ):  # the server waits for content although no recipient was accepted (RFC 2920, 3.1)
                    self._exchange(".")
                if refusal and not self._pipelines:
                    break
            if refusal:
                return self._refused(refusal)
            self._client.send(head + wire_body)
            if not begin():
                self.close()  # the only way to abort DATA
                return None
            if not self._has_early_reply():
                self._client.send(_END)
                stage = "end"
                self._set_timeout(self._final_timeout)
            code, text = _reply(self._client)
            self._set_timeout(self._client.timeout)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return Reply(stage, 0, _failure(stage, error))
        if stage == "data":  # the server replied before the end
            self.close()
            return Reply(stage, code, text)
        self.sent += 1
        return Reply("end", code, text) if code // 100 == 2 else self._refused(Reply("end", code, text))

    def _exchange(self, command: str) -> tuple[int, str]:
        self._client.send(command.encode() + b"\r\n")
        return _reply(self._client)

    def _refused(self, reply: Reply) -> Reply:
        """Reset the connection for the next message after a refusal. Returns the reply."""
        if reply.code == 421:
            self.close()
        elif reply.stage != "end":
            try:
                code, _ = self._exchange("RSET")
            except (OSError, smtplib.SMTPException):
                code = 0
            if code != 250:
                self.close()
        return reply

    def _has_early_reply(self) -> bool:
        """Return whether the server has replied or closed the connection before the end of the content."""
        sock = self._client.sock
        if sock is None:
            return True
        pending = getattr(sock, "pending", None)  # bytes that TLS has read already
        watch = select.poll()
        watch.register(sock, select.POLLIN)
        return bool(pending and pending()) or bool(watch.poll(0))

    def _set_timeout(self, seconds: float) -> None:
        if self._client.sock is not None:
            self._client.sock.settimeout(seconds)

    def quit(self) -> None:
        """End the session; waits for the reply only briefly."""
        with suppress(OSError, smtplib.SMTPException):
            self._set_timeout(5)
            self._client.quit()
        self.close()

    def close(self) -> None:
        self.usable = False
        self._client.close()


def _failure(stage: Stage, error: Exception) -> str:
    kind = "timeout" if _timed_out(error) else "the connection was lost"
    place = {"end": "after the end of the message", "data": "in the middle of the message"}
    return f"{kind} {place.get(stage, f'before the message (stage: {stage})')}"


def _timed_out(error: Exception) -> bool:
    return isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)


def _reply(client: smtplib.SMTP) -> tuple[int, str]:
    code, text = client.getreply()
    if not 200 <= code <= 599:
        raise smtplib.SMTPServerDisconnected("not a valid reply")
    shown = " ".join(text.decode("utf-8", "replace").split())[:_SHOWN]
    if not shown.isprintable():
        shown = "".join(char if char.isprintable() else "?" for char in shown)
    return code, shown


def open_session(server: Server) -> Session:
    """Connect, start TLS and log in.

    Raises ChannelUnavailable; never continues without TLS where it is configured.
    """
    smtp = server.smtp
    try:
        client = _connect(server)
    except ssl.SSLError as error:
        reason = getattr(error, "verify_message", "") or error.reason or str(error)
        raise ChannelUnavailable(f"{server.name}: TLS failed: {reason}; {_tls_remedy(smtp)}") from error
    except smtplib.SMTPResponseException as error:
        raise ChannelUnavailable(f"{server.name}: {_text(error)}") from error
    except (OSError, smtplib.SMTPException) as error:
        reason = "timeout" if _timed_out(error) else getattr(error, "strerror", None) or str(error)
        raise ChannelUnavailable(
            f"{server.name}: cannot be reached: {reason}; check host, port and tls under [smtp], and that the "
            "server is running"
        ) from error
    try:
        _login(client, server)
    except ChannelUnavailable:
        client.close()
        raise
    return Session(client, smtp.final_timeout)


def _tls_remedy(smtp: Smtp) -> str:
    """Return what to do if TLS fails; only a server on this machine may do without."""
    certificate = "set ca_file under [smtp] to the certificate that signs the server's"
    return f'{certificate}, or, on this machine, tls = "none"' if is_loopback(smtp.host) else certificate


def _connect(server: Server) -> smtplib.SMTP:
    """Return a client after EHLO, with TLS unless the settings disable it."""
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
        _send_at_once(client)
        client.ehlo_or_helo_if_needed()
        if smtp.tls == "starttls":
            _start_tls(client, server, context)
    except BaseException:
        client.close()
        raise
    return client


def _send_at_once(client: smtplib.SMTP) -> None:
    """Set TCP_NODELAY.

    Without it the end of a message, which is written apart from its content, waits until the server has
    acknowledged the content, and servers delay that by 40 ms.
    """
    if client.sock is not None:
        client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _start_tls(client: smtplib.SMTP, server: Server, context: ssl.SSLContext) -> None:
    if not client.has_extn("starttls"):
        remedy = 'use tls = "implicit" with its port (often 465), or ask its operator'
        if is_loopback(server.smtp.host):
            remedy = 'as it is on this machine, set tls = "none" under [smtp]'
        raise ChannelUnavailable(
            f"{server.name}: does not support STARTTLS, so mail would travel unencrypted; {remedy}"
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
        reply = hide(_text(error), [f"\0{user}\0{password}", password])
        raise ChannelUnavailable(f"{server.name}: login as {user!r} failed: {reply}") from None
    except smtplib.SMTPNotSupportedError:
        raise ChannelUnavailable(
            f"{server.name}: does not support login; remove user or use another port"
        ) from None
    except (OSError, smtplib.SMTPException, UnicodeError) as error:
        raise ChannelUnavailable(f"{server.name}: login as {user!r} failed: {type(error).__name__}") from None


def _text(error: smtplib.SMTPResponseException) -> str:
    text = error.smtp_error
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{error.smtp_code} {' '.join(shown.split())}"[:_SHOWN]
