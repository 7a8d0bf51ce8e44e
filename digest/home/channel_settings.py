"""The settings of each channel: which table of `digest.toml` holds them, how it is read, and what it needs.

A new channel is one entry in CHANNELS here, one in `digest.pipeline.channels`, and a module in
`digest.deliver`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from digest.home.toml import TableReader, at_least, one_of
from digest.home.values import (
    check_encryption,
    check_password,
    host_name,
    is_id,
    one_line,
    port,
    sender_text,
    variable_name,
)
from digest.model import Maildir, Room, Settings, Smtp


@dataclass(frozen=True, slots=True)
class ChannelTable:
    """The table of a channel in `digest.toml`; it has the name of the channel.

    `read` returns the settings with those of the table. `needs` is what the table must contain. `check`
    reports what sending needs besides; it is called only if the channel is among `channels`.
    """

    read: Callable[[TableReader, Settings], Settings]
    needs: str
    check: Callable[[TableReader, Settings], None] = lambda _table, _settings: None


def _read_smtp(table: TableReader, settings: Settings) -> Settings:
    default = Smtp("")
    smtp = Smtp(
        host=table.get("host", str, "", host_name),
        port=table.get("port", int, default.port, port),
        tls=table.get("tls", str, default.tls, one_of("starttls", "implicit", "none")),
        user=table.get("user", str, "") or None,
        password_env=table.get("password_env", str, "", variable_name) or None,
        sender=table.get("from", str, "", sender_text),
        password_file=table.get("password_file", str, "") or None,
        ca_file=table.get("ca_file", str, "") or None,
        timeout=table.get("timeout", int, default.timeout, at_least(1)),
        final_timeout=table.get("final_timeout", int, default.final_timeout, at_least(1)),
        connections=table.get("connections", int, default.connections, at_least(1)),
        messages_per_connection=table.get(
            "messages_per_connection", int, default.messages_per_connection, at_least(1)
        ),
        domain_connections=table.get("domain_connections", int, 0, at_least(0)),
        domain_per_minute=table.get("domain_per_minute", int, 0, at_least(0)),
        one_click=table.get("one_click", bool, default.one_click),
    )
    table.reject_unknown()
    table.require("host", "from")
    check_encryption(table, smtp.tls, smtp.host)
    return replace(settings, smtp=smtp)


def _check_smtp(table: TableReader, settings: Settings) -> None:
    _check_sender(table, settings)
    smtp = settings.smtp
    if smtp is not None and smtp.user:
        check_password(table)


def _read_maildir(table: TableReader, settings: Settings) -> Settings:
    maildir = Maildir(
        path=table.get("path", str, "", one_line), sender=table.get("from", str, "", sender_text)
    )
    table.reject_unknown()
    table.require("path")
    return replace(settings, maildir=maildir)


def _check_sender(table: TableReader, settings: Settings) -> None:
    if "from" not in table and not settings.smtp:
        table.problem("from", "is missing", "add it: Name <name@example.org>")


def _read_chat(table: TableReader, settings: Settings) -> Settings:
    rooms = []
    for name in table.names():
        inner = table.table(name)
        if not is_id(name):
            table.problem(
                name, "is not a valid room name", "use a-z, 0-9 and -, as subscriptions name the room"
            )
        if inner is None:
            continue
        room = Room(
            name,
            url_env=inner.get("url_env", str, "", variable_name),
            url_file=inner.get("url_file", str, "", one_line),
        )
        inner.reject_unknown()
        if not ("url_env" in inner or "url_file" in inner):
            inner.problem("url_env", "is missing", "add it: the name of the variable that holds the URL")
        rooms.append(room)
    return replace(settings, rooms=tuple(rooms))


CHANNELS: Final[dict[str, ChannelTable]] = {
    "smtp": ChannelTable(_read_smtp, needs="host and from", check=_check_smtp),
    "maildir": ChannelTable(_read_maildir, needs="path", check=_check_sender),
    "chat": ChannelTable(_read_chat, needs="a table [chat.NAME] for each room"),
}


def read_channels(table: TableReader, settings: Settings) -> Settings:
    """Return the settings with those of all channels. `table` is the whole file."""
    for name, channel in CHANNELS.items():
        inner = table.table(name)
        if inner is not None:
            settings = channel.read(inner, settings)
    return settings


def check_channels(table: TableReader, settings: Settings) -> None:
    """Report what the chosen channels lack. `table` is the whole file, `settings` are complete."""
    for name in dict.fromkeys(settings.channels):
        if name not in CHANNELS:
            _check_recipients(table, name, settings.plugins.get(name, {}).get("recipients", {}))
            continue
        inner = table.table(name)
        if name not in table:
            remedy = f"add [{name}] with {CHANNELS[name].needs}"
            table.problem("channels", f"{name} has no [{name}] table", remedy)
        elif inner is not None:
            CHANNELS[name].check(inner, settings)


def _check_recipients(table: TableReader, name: str, recipients: object) -> None:
    """Report it if the recipients of a channel of a plug-in are not lists of texts, each under a subscription's id."""
    lists = recipients.values() if isinstance(recipients, dict) else [None]
    if not all(isinstance(each, list) and all(isinstance(one, str) for one in each) for each in lists):
        remedy = (
            'write a table with lists of text: [plugins.NAME.recipients], then SUBSCRIPTION = ["RECIPIENT"]'
        )
        table.problem("plugins", f"{name}.recipients is not valid", remedy)
