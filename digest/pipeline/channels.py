"""The channels by which issues are delivered: one entry in CHANNELS each.

A new channel is one entry here, one in `digest.home.channel_settings`, and a module in `digest.deliver`. Every other
name of a channel is that of a plug-in.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from digest.errors import DigestError, StoreError, UsageError
from digest.home.secrets import ca_file_of, read_secret
from digest.model import Delivery, Home, Letter, Settings, Subscription
from digest.model.reports import Finding
from digest.pipeline import rendering
from digest.pipeline.outputs import renderer_for
from digest.pipeline.plugin_work import settings_of
from digest.pipeline.set_aside import Boundary
from digest.ports import Channel, Message
from digest.signing import CONFIRM, reader_code, token
from digest.store.store import Store
from digest.system import plugins
from digest.text.addresses import Mailbox, mailbox, sender_mailbox
from digest.text.format import count
from digest.urls import confirm_page, public_base, reader_page

if TYPE_CHECKING:
    from digest.deliver.dkim import Signer
    from digest.deliver.message import PreparedMail, Sender
    from digest.deliver.smtp_session import Server

_CACHED_MAILS = 64  # of some 100 KB each


@dataclass(frozen=True, slots=True)
class ChannelKind:
    """What a run and `digest doctor` must know about a channel.

    `open` returns the channel, ready for use; it raises UsageError if something in the settings is missing.
    `recipients` returns the recipients of a subscription on this channel, as the outbox stores them.
    `is_configured` tells whether `digest.toml` has settings for it, whether or not it is used. `check` yields
    what `digest doctor` finds; it may raise DigestError, and sends nothing.
    """

    open: Callable[[Home, Store, Boundary], Channel]
    is_configured: Callable[[Settings], bool]
    recipients: Callable[[Subscription], tuple[str, ...]]
    check: Callable[[Home], Iterator[Finding]]


def open_channels(home: Home, store: Store, boundary: Boundary) -> tuple[dict[str, Channel], dict[str, str]]:
    """Return the configured channels, and why others cannot be opened, by name: one does not keep the others waiting.

    Raises StoreError.
    """
    opened: dict[str, Channel] = {}
    refused: dict[str, str] = {}
    for name in home.settings.channels:
        try:
            opened[name] = channel_kind(home, name).open(home, store, boundary)
        except UsageError as error:
            refused[name] = str(error)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever one channel raises, the others deliver
            reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            refused[name] = f"it cannot be opened ({reason}); to examine it: digest doctor"
    return opened, refused


def _open_smtp(home: Home, store: Store, boundary: Boundary) -> Channel:
    from digest.deliver.smtp_channel import SmtpChannel

    sender = sender_of(home, store)
    return SmtpChannel(server_of(home), sender, _prepared_mails(home, store, sender, boundary))


def _check_smtp(home: Home) -> Iterator[Finding]:
    from digest.deliver.smtp_session import open_session

    smtp = home.settings.smtp
    if smtp is None:
        yield Finding("smtp", "skipped", "digest.toml has no [smtp] table")
        return
    server = server_of(home)
    open_session(server).quit()
    tls = {"starttls": "STARTTLS", "implicit": "TLS", "none": "no TLS (this machine only)"}[smtp.tls]
    login = f", login as {smtp.user}" if smtp.user else ", no login"
    yield Finding("smtp", "good", f"{server.name}: connected, {tls}{login}")


def _open_maildir(home: Home, store: Store, boundary: Boundary) -> Channel:
    from digest.deliver.maildir import MaildirChannel

    maildir = home.settings.maildir
    assert maildir is not None, "the settings are checked when they are read"
    sender = sender_of(home, store)
    return MaildirChannel(home.path / maildir.path, sender, _prepared_mails(home, store, sender, boundary))


def _check_maildir(home: Home) -> Iterator[Finding]:
    from digest.deliver.maildir import prepare_maildir

    if home.settings.maildir is not None:
        prepare_maildir(home.path / home.settings.maildir.path)
        yield Finding("maildir", "good", f"{home.settings.maildir.path} can be used")


def _prepared_mails(
    home: Home, store: Store, sender: "Sender", boundary: Boundary
) -> "Callable[[Delivery], PreparedMail]":
    """Return a function that gives the mail of a delivery's issue, prepared once for all its recipients."""
    from digest.deliver.message import PreparedMail

    renderer = renderer_for(home, store)
    # All connections ask for the first mail at once: one of them prepares it, the others wait.
    lock = threading.Lock()

    @lru_cache(_CACHED_MAILS)
    def prepared(issue: int) -> PreparedMail:
        with store.begin(write=False) as tx:
            stored = tx.issues.get(issue)
        return PreparedMail(rendering.issue(boundary, stored.issue, renderer.eml), sender, stored.issue)

    def of(delivery: Delivery) -> PreparedMail:
        if delivery.letter:
            url = letter_url(delivery.letter, home.settings.base_url, sender.secret)
            return PreparedMail(renderer.letter(delivery.letter, url), sender, None)
        with lock:
            return prepared(delivery.issue)

    return of


def letter_url(letter: Letter, base_url: str, secret: bytes) -> str:
    """Return the address of the link of a letter: of a request to confirm, else of the reader's own page."""
    if letter.kind == "confirm":
        return confirm_page(base_url, token(secret, CONFIRM, letter.subject))
    return reader_page(base_url, reader_code(secret, letter.subject, letter.generation))


def _open_chat(home: Home, store: Store, boundary: Boundary) -> Channel:
    from digest.deliver.chat import ChatChannel

    renderer = renderer_for(home, store)

    def compact(delivery: Delivery, fits: Callable[[str, str], bool]) -> tuple[str, str]:
        with store.begin(write=False) as tx:
            stored = tx.issues.get(delivery.issue)
        return rendering.issue(boundary, stored.issue, lambda each: renderer.chat(each, fits))

    return ChatChannel(lambda name: room_url(home, name), compact)


def _check_chat(home: Home) -> Iterator[Finding]:
    """Check that the URL of each room can be read and is valid; connects to nothing."""
    from digest.deliver.chat import open_room

    for room in home.settings.rooms:
        try:
            service = open_room(room.name, room_url(home, room.name)).service_name
            yield Finding("chat", "good", f"{room.name}: {service}")
        except DigestError as error:
            message, _, remedy = str(error).rpartition("; ")
            yield Finding("chat", "bad", message or remedy, remedy if message else "")


def room_url(home: Home, name: str) -> str:
    """Return the URL of a room. Raises UsageError if it cannot be read."""
    room = home.settings.room(name)
    if room is None:
        raise UsageError(f"digest.toml: [chat.{name}] is missing, but a subscription uses it; add it")
    return read_secret(home, f"chat.{name}.url", room.url_env, room.url_file).strip()


CHANNELS: Final[dict[str, ChannelKind]] = {
    "smtp": ChannelKind(
        open=_open_smtp,
        is_configured=lambda settings: settings.smtp is not None,
        recipients=lambda subscription: subscription.email,
        check=_check_smtp,
    ),
    "maildir": ChannelKind(
        open=_open_maildir,
        is_configured=lambda settings: settings.maildir is not None,
        recipients=lambda subscription: subscription.email,
        check=_check_maildir,
    ),
    "chat": ChannelKind(
        open=_open_chat,
        is_configured=lambda settings: bool(settings.rooms),
        recipients=lambda subscription: subscription.chat,
        check=_check_chat,
    ),
}


def channel_kind(home: Home, name: str) -> ChannelKind:
    """Return what is known about a channel of the settings."""
    if name in CHANNELS:
        return CHANNELS[name]
    options = home.settings.plugins.get(name, {})
    listed = cast("Mapping[str, list[str]] | None", options.get("recipients"))

    def recipients(subscription: Subscription) -> tuple[str, ...]:
        return subscription.email if listed is None else tuple(dict.fromkeys(listed.get(subscription.id, ())))

    return ChannelKind(
        open=partial(_open_plug_in, name),
        is_configured=lambda settings: name in settings.channels,
        recipients=recipients,
        check=partial(_check_plug_in, name),
    )


def unreached(home: Home, subscriptions: Iterable[Subscription]) -> str:
    """Return a sentence about recipients of these subscriptions that no channel of the settings reaches, or ""."""
    kinds = [channel_kind(home, name) for name in home.settings.channels]
    missed = {"smtp": set[str](), "chat": set[str]()}
    ids = []
    for each in subscriptions:
        reached = {recipient for kind in kinds for recipient in kind.recipients(each)}
        new = {"smtp": {*each.email} - reached, "chat": {*each.chat} - reached}
        if any(new.values()):
            ids.append(each.id)
            missed = {name: missed[name] | new[name] for name in missed}
    if not ids:
        return ""
    names = [name for name, recipients in missed.items() if recipients]
    wanted = ", ".join(f'"{name}"' for name in (*home.settings.channels, *names))
    of = f"subscription {ids[0]}" if len(ids) == 1 else f"{len(ids)} subscriptions"
    number = sum(map(len, missed.values()))
    return (
        f"{count(number, 'recipient')} of {of} {'get' if number > 1 else 'gets'} no issues, as no channel in digest.toml "
        f"serves {'them' if number > 1 else 'this one'}; set channels = [{wanted}], or remove the recipients"
    )


def _open_plug_in(name: str, home: Home, store: Store, boundary: Boundary) -> Channel:
    from digest.deliver.plugin_channel import PlugInChannel, mime_of

    renderer, lock = renderer_for(home, store), threading.Lock()
    mails = None
    if home.settings.sender:
        mails = _prepared_mails(home, store, sender_of(home, store), boundary)

    @lru_cache(_CACHED_MAILS)
    def content(issue: int) -> Message:
        with store.begin(write=False) as tx:
            stored = tx.issues.get(issue)
        return rendering.issue(boundary, stored.issue, renderer.message)

    def message_of(delivery: Delivery) -> Message:
        with lock:
            message = content(delivery.issue)
        return replace(message, mime=mime_of(mails(delivery), delivery)) if mails else message

    return PlugInChannel(plugins.load("channel", name), settings_of(home, name), message_of)


def _check_plug_in(name: str, _home: Home) -> Iterator[Finding]:
    """Check that the plug-in can be loaded; it sends nothing."""
    plugins.load("channel", name)
    yield Finding(name, "good", "the plug-in is installed; nothing was sent")


def server_of(home: Home) -> "Server":
    """Return the mail server with its password. Raises UsageError if the password cannot be read."""
    from digest.deliver.smtp_session import Server

    smtp = home.settings.smtp
    assert smtp is not None, "the settings are checked when they are read"
    if smtp.ca_file:
        smtp = replace(smtp, ca_file=ca_file_of(home, "smtp", smtp.ca_file))
    if smtp.user is None:
        return Server(smtp)
    return Server(smtp, read_secret(home, "smtp.password", smtp.password_env, smtp.password_file))


def sender_of(home: Home, store: Store) -> "Sender":
    """Return what all emails of a home have in common. Raises UsageError if a DKIM key cannot be read."""
    from digest.deliver.message import Sender

    settings = home.settings
    address = sender_mailbox(settings.sender)
    assert address is not None, "the settings are checked when they are read"
    with store.begin() as tx:
        secret, departures = tx.outbox.secret(), tx.outbox.departure_key()
    return Sender(
        address=address,
        bounces=mailbox(settings.bounces.address) or address,
        secret=secret,
        public_url=public_base(settings.base_url),
        verp=settings.bounces.verp,
        one_click=settings.smtp.one_click if settings.smtp else True,
        signers=signers_of(home, address),
        departures=departures,
    )


def signers_of(home: Home, address: Mailbox) -> "tuple[Signer, ...]":
    """Return the DKIM keys; `address` is that of From. Raises UsageError if a key cannot be read."""
    from digest.deliver.dkim import load_signer

    dkim = home.settings.dkim
    if dkim is None:
        return ()
    domain = dkim.domain or address.domain
    return tuple(
        load_signer(home.path / Path(file), domain=domain, selector=selector) for selector, file in dkim.keys
    )
