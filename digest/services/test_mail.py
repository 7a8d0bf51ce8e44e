"""A test mail: one message by hand, whose way through the mail server shows at once."""

from email.utils import format_datetime
from typing import TYPE_CHECKING

from digest.errors import ChannelUnavailable, UsageError
from digest.model import Home, Reply
from digest.services.workspace import Clock, open_library

if TYPE_CHECKING:
    from digest.deliver.dkim import Header
    from digest.deliver.message import Sender


def send_test_mail(home: Home, to: str, clock: Clock) -> str:
    """Send a test mail, signed as issues are, and return the server's reply.

    Raises UsageError if the address is not valid, no mail server is set, or the mail is refused.
    """
    from digest.deliver.message import dot_stuffed
    from digest.deliver.smtp_session import open_session
    from digest.pipeline.channels import sender_of, server_of
    from digest.text.addresses import address_error, mailbox

    address = mailbox(to.strip())
    if address is None:
        raise UsageError(f"{to!r} {address_error(to.strip())}; use an address such as name@example.org")
    if home.settings.smtp is None or "smtp" not in home.settings.channels:
        raise UsageError('mail is not set up; set channels = ["smtp"] and [smtp] in digest.toml')
    with open_library(home, create=True) as store:
        sender = sender_of(home, store)
    body = b"This is a test mail of your digest. If you can read it, mail arrives.\r\n"
    head = _head(home, sender, str(address), body, clock)
    try:
        session = open_session(server_of(home))
    except ChannelUnavailable as error:
        raise UsageError(f"the test mail was not sent: {error}") from error
    reply = session.send(str(sender.bounces), address, head, dot_stuffed(body), lambda: True)
    session.quit()
    assert reply is not None, "it was allowed to end the message"
    if not _accepted(reply):
        raise UsageError(f"the test mail was not accepted: {reply}")
    return str(reply)


def _accepted(reply: Reply) -> bool:
    return 200 <= reply.code < 300


def _head(home: Home, sender: "Sender", to: str, body: bytes, clock: Clock) -> bytes:
    """Return the headers of a test mail, signatures first, and the blank line after them."""
    from digest.deliver.dkim import Signing, body_hash
    from digest.text.addresses import name_and_address
    from digest.text.headers import address, unstructured

    stamp = f"{clock.started:%Y%m%d%H%M%S%f}"
    headers: tuple[Header, ...] = (
        ("From", address(name_and_address(home.settings.sender)[0], str(sender.address))),
        ("To", to),
        ("Subject", unstructured(f"Test mail of {home.settings.title}")),
        ("Date", format_datetime(clock.started)),
        ("Message-ID", f"<test.{stamp}@{sender.address.domain}>"),
        ("MIME-Version", "1.0"),
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Auto-Submitted", "auto-generated"),
    )
    hashed = body_hash(body)
    signatures = b"".join(Signing(each, hashed, headers, ()).header(b"") for each in sender.signers)
    return signatures + "".join(f"{name}: {value}\r\n" for name, value in headers).encode() + b"\r\n"
