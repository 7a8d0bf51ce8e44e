"""The channels that deliver a home's issues, made from its settings: their servers, sender and secrets."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from digest.deliver.chat import ChatChannel
from digest.deliver.dkim import Signer, load_signer
from digest.deliver.maildir import MaildirChannel
from digest.deliver.message import Mailing, Sender
from digest.deliver.smtp_channel import SmtpChannel
from digest.deliver.smtp_session import Server
from digest.errors import UsageError
from digest.home.secrets import ca_file_of, secret_of
from digest.model import Delivery, Home
from digest.pipeline.outputs import renderer_for
from digest.ports import Channel
from digest.store.store import Store
from digest.text.addresses import Mailbox, mailbox, sender_mailbox
from digest.urls import public_base

_CACHED_MAILINGS = 64  # of about 100 KB each


def channels_of(home: Home, store: Store) -> dict[str, Channel]:
    """Return the configured channels by name. Raises UsageError if something that they need is missing."""
    return {name: _MAKERS[name](home, store) for name in home.settings.channels}


def _smtp_channel(home: Home, store: Store) -> Channel:
    sender = sender_of(home, store)
    return SmtpChannel(server_of(home), sender, _mailings(home, store, sender))


def _maildir_channel(home: Home, store: Store) -> Channel:
    maildir = home.settings.maildir
    assert maildir is not None, "the settings are checked when they are read"
    sender = sender_of(home, store)
    return MaildirChannel(home.path / maildir.path, sender, _mailings(home, store, sender))


def _mailings(home: Home, store: Store, sender: Sender) -> Callable[[Delivery], Mailing]:
    """Return a function that returns the mail of a delivery's issue, rendered once for all its recipients."""
    renderer = renderer_for(home)

    @lru_cache(_CACHED_MAILINGS)
    def mailing(issue: int) -> Mailing:
        with store.begin(write=False) as tx:
            stored = tx.issues.get(issue)
        return Mailing(renderer.eml(stored.issue), sender, stored.issue)

    return lambda delivery: mailing(delivery.issue)


def _chat_channel(home: Home, store: Store) -> Channel:
    renderer = renderer_for(home)

    def compact(delivery: Delivery, fits: Callable[[str, str], bool]) -> tuple[str, str]:
        with store.begin(write=False) as tx:
            stored = tx.issues.get(delivery.issue)
        return renderer.chat(stored.issue, fits)

    return ChatChannel(lambda name: address_of(home, name), compact)


def address_of(home: Home, name: str) -> str:
    """Return the address of a chat. Raises UsageError if it is not configured or cannot be read."""
    room = home.settings.room(name)
    if room is None:
        raise UsageError(f"digest.toml: [chat.{name}] is missing, but a subscription uses it; add it")
    return secret_of(home, f"chat.{name}.url", room.url_env, room.url_file).strip()


_MAKERS: dict[str, Callable[[Home, Store], Channel]] = {
    "smtp": _smtp_channel,
    "maildir": _maildir_channel,
    "chat": _chat_channel,
}


def server_of(home: Home) -> Server:
    """Return the mail server with its password. Raises UsageError if the password cannot be read."""
    smtp = home.settings.smtp
    assert smtp is not None, "the settings are checked when they are read"
    if smtp.ca_file:
        smtp = replace(smtp, ca_file=ca_file_of(home, "smtp", smtp.ca_file))
    if smtp.user is None:
        return Server(smtp)
    return Server(smtp, secret_of(home, "smtp.password", smtp.password_env, smtp.password_file))


def sender_of(home: Home, store: Store) -> Sender:
    """Return the sender of mails. Raises UsageError if a DKIM key cannot be read."""
    settings = home.settings
    address = sender_mailbox(settings.sender)
    assert address is not None, "the settings are checked when they are read"
    with store.begin() as tx:
        secret = tx.outbox.secret()
    return Sender(
        address=address,
        bounces=mailbox(settings.bounces.address) or address,
        secret=secret,
        public_url=public_base(settings.base_url),
        verp=settings.bounces.verp,
        one_click=settings.smtp.one_click if settings.smtp else True,
        signers=signers_of(home, address),
    )


def signers_of(home: Home, address: Mailbox) -> tuple[Signer, ...]:
    """Return the signers with the configured DKIM keys. Raises UsageError if a key cannot be read."""
    dkim = home.settings.dkim
    if dkim is None:
        return ()
    domain = dkim.domain or address.domain
    return tuple(
        load_signer(home.path / Path(file), domain=domain, selector=selector) for selector, file in dkim.keys
    )
