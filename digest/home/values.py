"""Checks of values in settings: each returns the value or raises ValueError with "message; remedy"."""

import re
from collections.abc import Callable
from datetime import timedelta
from unicodedata import category
from urllib.parse import urlsplit

from digest.home.durations import parse_span
from digest.home.toml import TableReader
from digest.model.subscriptions import ID
from digest.text.addresses import address_error, mailbox, sender_mailbox
from digest.text.hosts import ascii_host, host_of_url, is_ip, with_ascii_host
from digest.urls import is_loopback, web_url

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")  # POSIX.1-2024, 8.1
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")  # of the name of a machine


def one_line(value: str) -> str:
    """Accept a line of text that is not empty; returns it without white space around it."""
    if not value.strip() or any(category(character) in {"Cc", "Zl", "Zp"} for character in value):
        raise ValueError("is empty or contains a line break; use one line of text")
    return value.strip()


def variable_name(value: str) -> str:
    """Accept the name of an environment variable. The error does not repeat it: it may be the secret itself."""
    if not _VARIABLE.fullmatch(value):
        raise ValueError(
            "is not the name of a variable; put the secret into an environment variable, and its name here, such as "
            "DIGEST_SMTP_PASSWORD"
        )
    return value


def is_id(value: str) -> bool:
    """Return whether a text can be an id: of a subscription, a source or a room."""
    return ID.fullmatch(value) is not None


def source_name(value: str) -> str:
    if not is_id(value):
        raise ValueError(
            f"{value!r} is not a valid name; use a-z, 0-9 and -, because files are named after it"
        )
    return value


def base_url(value: str) -> str:
    """Accept an http or https URL without query and fragment; returns it in ASCII, with a slash at its end."""
    if not _is_base_url(value):
        raise ValueError(f"{value!r} is not a valid URL; use a URL such as https://digest.example.org")
    return (web_url(value) or value).rstrip("/") + "/"


def public_base_url(value: str) -> str:
    """Accept a base URL without user and password: it is in every mail, feed and page."""
    if "@" in value.partition("://")[2].partition("/")[0]:
        # The value may contain a password, so it is not repeated.
        raise ValueError(
            "contains a user name or password, which every reader would see; use a URL such as https://digest.example.org"
        )
    return base_url(value)


def database_url(value: str) -> str:
    """Accept what has the form of a database URL; whether there is such a database shows when it is opened."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(?:\+[a-z0-9_]+)?://.*", value.strip()):
        # The value may contain a password, so it is not repeated.
        raise ValueError(
            "is not a database URL; use a URL such as sqlite:///digest.db or postgresql+psycopg://…"
        )
    return value


def _is_base_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        plain = parts.port != 0 and not set(value) & set("?# \t\r\n")
    except ValueError:  # brackets without an IPv6 address, or an invalid port
        return False
    return plain and parts.scheme in {"http", "https"} and bool(host_of_url(parts.netloc))


def document_url(value: str) -> str:
    """Accept an http or https URL without user and password; returns it with its host in ASCII."""
    try:
        parts = urlsplit(value)
        host = host_of_url(parts.netloc)
        plain = parts.scheme in {"http", "https"} and bool(host) and "@" not in parts.netloc
    except ValueError:
        plain = False
    if not plain or set(value) & set(" \t\r\n"):
        raise ValueError(
            f"{value!r} is not a valid URL; use a URL such as https://papers.example.org/feed.xml"
        )
    return with_ascii_host(value)


def host_name(value: str) -> str:
    """Accept the name or IP address of a machine; returns a name in ASCII, as it is looked up."""
    host = ascii_host(one_line(value))
    if host is None or not (is_ip(host.removeprefix("[").removesuffix("]")) or _is_name(host)):
        shown = f"…@{value.rpartition('@')[2]}" if "@" in value else value  # the rest may be a password
        raise ValueError(f"{shown!r} is not a valid host name; use a name such as mail.example.org")
    return host


def _is_name(host: str) -> bool:
    """Return whether a host in ASCII can be a name: labels (RFC 1123, 2.1; underscores occur), the last not a number."""
    labels = host.removesuffix(".").split(".")
    return len(host) <= 253 and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdigit()


def sender_text(value: str) -> str:
    """Accept the sender of emails: an address, with or without a name."""
    text = one_line(value)
    sender = sender_mailbox(text)
    if sender is None or sender.international or sender.quoted:
        raise ValueError(f"{text!r} does not contain a valid address; use Name <name@example.org>")
    return text


def email_address(value: str, example: str = "name@example.org") -> str:
    """Accept an email address."""
    reason = address_error(value)
    if reason:
        raise ValueError(
            f"{value!r} is not a valid email address (it {reason}); use an address such as {example}"
        )
    return value


def contact_address(value: str) -> str:
    """Accept an email address in ASCII, as headers of HTTP need it."""
    if not value.isascii():
        raise ValueError(f"{value!r} contains non-ASCII characters; use an address such as you@example.org")
    return email_address(value, "you@example.org")


def return_address(value: str) -> str:
    """Accept an address that bounces can go to; returns it with its domain in ASCII and lower case."""
    example = "bounces@example.org"
    found = mailbox(email_address(value, example))
    if found is None or found.international:
        raise ValueError(
            f"{value!r} contains non-ASCII characters before the @; use an address such as {example}"
        )
    if found.quoted:  # a code is appended to it
        raise ValueError(f"{value!r} has quotation marks before the @; use an address such as {example}")
    return str(found)


def domain(value: str) -> str:
    found = mailbox(f"postmaster@{value}")
    if found is None:
        raise ValueError(f"{value!r} is not a valid domain; use a domain such as example.org")
    return found.domain


def port(value: int) -> int:
    if not 1 <= value <= 65535:
        raise ValueError(f"{value} is not a valid port; use a number from 1 to 65535")
    return value


def host_and_port(value: str) -> tuple[str, int]:
    """Read `host:port`; without a host, that of this machine only."""
    host, _, number = value.rpartition(":")
    if not (number.isascii() and number.isdigit() and 1 <= int(number[:9]) <= 65535):
        raise ValueError(f'{value!r} is not a valid address; use an address such as "127.0.0.1:9464"')
    return host.strip("[]") or "127.0.0.1", int(number)


def mail_folder(value: str) -> str:
    if not value.isascii() or not value.isprintable() or set(value) & set('"\\') or not value:
        raise ValueError(
            f"{value!r} is not a valid folder name; use the name on the server, in ASCII without quotes"
        )
    return value


def span_or(word: str) -> Callable[[str], timedelta | None]:
    """Return a parser of time spans that reads `word` as None."""
    return lambda value: None if value == word else parse_span(value)


def check_encryption(table: TableReader, tls: str, host: str) -> None:
    """Report a connection without TLS to another machine."""
    if tls == "none" and not is_loopback(host):
        table.problem(
            "tls",
            f'"none" is not allowed for {host!r} because mail would travel unencrypted',
            'use "starttls" or "implicit"',
        )


def check_password(table: TableReader) -> None:
    """Report a user without a password."""
    if not ("password_env" in table or "password_file" in table):
        table.problem(
            "user",
            "has no password",
            "add password_env, the name of the variable that holds it, or password_file",
        )
