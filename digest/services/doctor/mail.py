"""Whether mail can be sent: what `doctor` checks of a home with an [smtp] table. Sends nothing."""

import re
from collections.abc import Callable, Iterator

from digest.deliver.dkim import Signer
from digest.errors import DigestError
from digest.model import Home
from digest.model.reports import Finding
from digest.pipeline.channels import CHANNELS, signers_of
from digest.text.addresses import sender_mailbox
from digest.urls import public_base

_RSA_BITS = 2048


def examine(home: Home) -> Iterator[Finding]:
    """Do every check; one that cannot go on says so as a finding."""
    for name, check in _CHECKS.items():
        try:
            yield from check(home)
        except DigestError as error:
            message, _, remedy = str(error).rpartition("; ")
            yield Finding(name, "bad", message or remedy, remedy if message else "")


def _links(home: Home) -> Iterator[Finding]:
    if home.settings.channels and not public_base(home.settings.base_url):
        yield Finding(
            "links",
            "warning",
            f"base_url is {home.settings.base_url}, which readers cannot reach",
            "set base_url to where the archive is for everybody; until then mails can only be left by mail",
        )


def _sender(home: Home) -> Iterator[Finding]:
    """DMARC wants the domain of From to be that of the signature or of the return path (RFC 7489, 3.1)."""
    if not home.settings.sender and not home.settings.smtp:
        return
    address = sender_mailbox(home.settings.sender)
    if address is None:
        yield Finding("from", "bad", "from has no address", "write Name <name@example.org>")
        return
    others = {"bounces.address": home.settings.bounces.address.rpartition("@")[2]}
    if home.settings.dkim:
        others["dkim.domain"] = home.settings.dkim.domain
    strange = {key: other for key, other in others.items() if other and not _aligned(address.domain, other)}
    for key, other in strange.items():
        yield Finding(
            "from",
            "bad" if key == "dkim.domain" else "warning",
            f"{key} is {other}, From is at {address.domain}: receivers will not see them as one",
            f"use {address.domain} for both",
        )
    if not strange:
        yield Finding("from", "good", f"{address}")


def _aligned(one: str, other: str) -> bool:
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def _bounces(home: Home) -> Iterator[Finding]:
    """Look whether what comes back can be read, where the settings say."""
    bounces = home.settings.bounces
    if not bounces.read_somewhere:
        yield Finding("bounces", "skipped", "what comes back is read by nobody (see [bounces])")
        return
    if bounces.mailbox:
        from digest.deliver.returned_mail import messages_in

        there = sum(1 for _ in messages_in(home.path / bounces.mailbox, unread=True))
        yield Finding("bounces", "good", f"{bounces.mailbox}: {there} new messages")
    if bounces.imap:
        from digest.fetch import imap
        from digest.fetch.errors import FetchError
        from digest.pipeline.bounces import opened_by

        try:
            there = imap.count_messages(*opened_by(home, bounces.imap))
        except FetchError as error:
            remedy = "check host, port, tls, user, password and folder under [bounces.imap]"
            yield Finding("bounces", "bad", str(error), remedy)
        else:
            yield Finding("bounces", "good", f"{bounces.imap.name}: {there} messages")


def _dkim(home: Home) -> Iterator[Finding]:
    dkim, address = home.settings.dkim, sender_mailbox(home.settings.sender)
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
        yield Finding("dkim", "good", f"{name}; the record given is that of the key")
    elif records:
        yield Finding(
            "dkim", "bad", f"{name}; no record given is that of the key", f"publish: {signer.record}"
        )
    else:
        yield Finding(
            "dkim",
            "good",
            f"{name}; not compared with DNS",
            f"DNS must have at {signer.name} the TXT record {signer.record} "
            "(write what it has as dkim.record to have it compared)",
        )


def _public(record: str) -> str:
    """Return the public key of a TXT record, however it is cut into strings."""
    found = re.search(r"\bp=([A-Za-z0-9+/=]*)", re.sub(r"[\s\"]", "", record))
    return found[1] if found else ""


_CHECKS: dict[str, Callable[[Home], Iterator[Finding]]] = {
    "links": _links,
    **{name: channel.check for name, channel in CHANNELS.items()},
    "from": _sender,
    "dkim": _dkim,
    "bounces": _bounces,
}
