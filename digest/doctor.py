"""Whether a home has what it needs: every check says what it found and, if something is wrong, what to do.

A check is a function that yields findings; `CHECKS` lists them in the order in which they are shown.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from digest.deliver.address import sender_mailbox
from digest.deliver.dkim import Signer
from digest.deliver.smtp import open_session
from digest.dispatch import server_of, signers_of
from digest.errors import DigestError
from digest.links import public_base
from digest.model import Home, Issue
from digest.store import open_store
from digest.write import renderer_for

_RSA_BITS = 2048
_BORN = datetime(2026, 1, 1, tzinfo=UTC)  # this program is younger


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found. Only `wrong` needs to be mended."""

    check: str
    status: Literal["ok", "warning", "wrong", "skipped"]
    message: str
    remedy: str = ""

    def as_json(self) -> dict[str, str | None]:
        return {
            "check": self.check,
            "status": self.status,
            "message": self.message,
            "remedy": self.remedy or None,
        }


Check = Callable[[Home, datetime], Iterator[Finding]]


def examine(home: Home, *, now: datetime) -> tuple[Finding, ...]:
    """Run every check; one that cannot go on says so as a finding."""
    return tuple(finding for name, check in CHECKS.items() for finding in _guarded(name, check, home, now))


def _guarded(name: str, check: Check, home: Home, now: datetime) -> Iterator[Finding]:
    try:
        yield from check(home, now)
    except DigestError as error:
        message, _, remedy = str(error).rpartition("; ")
        yield Finding(name, "wrong", message or remedy, remedy if message else "")


def _settings(home: Home, _now: datetime) -> Iterator[Finding]:
    """What `digest.toml` says was checked when it was read; here is what it means."""
    channels = ", ".join(home.settings.channels)
    yield Finding("settings", "ok", f"channels: {channels}" if channels else "no channel: files are written")
    if home.settings.channels and not public_base(home.settings.base_url):
        yield Finding(
            "settings",
            "warning",
            f"base_url is {home.settings.base_url}, which readers cannot reach",
            "set base_url to where the archive is for everybody; until then mails can only be left by mail",
        )


def _database(home: Home, _now: datetime) -> Iterator[Finding]:
    store = open_store(home.settings.database, home=home.path, create=False)
    try:
        with store.begin(write=False) as tx:
            waiting = len(tx.outbox.unfinished())
            papers = tx.library.end()
    finally:
        store.close()
    yield Finding("database", "ok", f"opened: {papers} entries; {waiting} messages not plainly sent")


def _templates(home: Home, now: datetime) -> Iterator[Finding]:
    issue = Issue("doctor", "Doctor", 1, now.date(), now, "UTC", None, None, 0, (), ())
    renderer = renderer_for(home)
    for render in (renderer.html, renderer.text, renderer.markdown, renderer.archive, renderer.eml):
        render(issue)
    yield Finding("templates", "ok", "all can be rendered")


def _clock(_home: Home, now: datetime) -> Iterator[Finding]:
    if now < _BORN:
        yield Finding("clock", "wrong", f"it is {now:%Y-%m-%d}?", "set the machine's clock")
    else:
        yield Finding("clock", "ok", f"{now.astimezone(UTC):%Y-%m-%d %H:%M} UTC")


def _smtp(home: Home, _now: datetime) -> Iterator[Finding]:
    smtp = home.settings.smtp
    if smtp is None:
        yield Finding("smtp", "skipped", "there is no [smtp] table in digest.toml")
        return
    server = server_of(home)
    open_session(server).quit()
    tls = {"starttls": "STARTTLS", "implicit": "TLS", "none": "no TLS, on this machine"}[smtp.tls]
    login = f", login as {smtp.user}" if smtp.user else ", no login"
    yield Finding("smtp", "ok", f"{server.name}: connected, {tls}{login}")


def _sender(home: Home, _now: datetime) -> Iterator[Finding]:
    """DMARC wants the domain of From to be that of the signature or of the return path (RFC 7489, 3.1)."""
    if home.settings.smtp is None:
        return
    address = sender_mailbox(home.settings.smtp.sender)
    if address is None:
        yield Finding("from", "wrong", "smtp.from has no address", "write Name <name@example.org>")
        return
    others = {"bounces.address": home.settings.bounces.address.rpartition("@")[2]}
    if home.settings.dkim:
        others["dkim.domain"] = home.settings.dkim.domain
    strange = {key: other for key, other in others.items() if other and not _aligned(address.domain, other)}
    for key, other in strange.items():
        yield Finding(
            "from",
            "wrong" if key == "dkim.domain" else "warning",
            f"{key} is {other}, From is at {address.domain}: receivers will not see them as one",
            f"use {address.domain} for both",
        )
    if not strange:
        yield Finding("from", "ok", f"{address}")


def _aligned(one: str, other: str) -> bool:
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def _dkim(home: Home, _now: datetime) -> Iterator[Finding]:
    dkim, smtp = home.settings.dkim, home.settings.smtp
    address = sender_mailbox(smtp.sender) if smtp else None
    if dkim is None or address is None:
        yield Finding("dkim", "skipped", "mails are not signed here; the mail server may do it")
        return
    for signer in signers_of(home, address):
        yield from _key(signer, dkim.records)


def _key(signer: Signer, records: tuple[str, ...]) -> Iterator[Finding]:
    name = f"{signer.name}: {signer.algorithm}, {signer.bits} bits"
    if signer.algorithm == "rsa" and signer.bits < _RSA_BITS:
        yield Finding("dkim", "warning", f"{name}: receivers want {_RSA_BITS}", "make a longer key")
    wanted = _public(signer.record)
    if any(_public(record) == wanted for record in records):
        yield Finding("dkim", "ok", f"{name}; the record given is that of the key")
    elif records:
        yield Finding(
            "dkim", "wrong", f"{name}; no record given is that of the key", f"publish: {signer.record}"
        )
    else:
        yield Finding(
            "dkim",
            "ok",
            f"{name}; not compared with DNS",
            f"DNS must have at {signer.name} the TXT record {signer.record} "
            "(write what it has as dkim.record to have it compared)",
        )


def _public(record: str) -> str:
    """Return the public key of a TXT record, however it is cut into strings."""
    found = re.search(r"\bp=([A-Za-z0-9+/=]*)", re.sub(r"[\s\"]", "", record))
    return found[1] if found else ""


CHECKS: dict[str, Check] = {
    "settings": _settings,
    "database": _database,
    "templates": _templates,
    "clock": _clock,
    "smtp": _smtp,
    "from": _sender,
    "dkim": _dkim,
}
