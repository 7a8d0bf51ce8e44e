"""Doctor checks of delivery: links, channels, sender, signatures and bounces. They send nothing."""

import math
import re
from collections.abc import Callable, Iterator

from digest.deliver.dkim import Signer
from digest.deliver.message import LONGEST_RETURN_LOCAL
from digest.errors import DigestError
from digest.model import Home
from digest.model.reports import Finding
from digest.pipeline.channels import CHANNELS, channel_kind, signers_of
from digest.services.doctor.checks import failure
from digest.text.addresses import mailbox, sender_mailbox
from digest.text.format import count
from digest.urls import public_base

_RSA_BITS = 2048


def examine(home: Home) -> Iterator[Finding]:
    """Run every check; one that fails with an error yields it as a finding."""
    plug_ins = {
        name: channel_kind(home, name).check for name in home.settings.channels if name not in CHANNELS
    }
    for name, check in {**_CHECKS, **plug_ins}.items():
        try:
            yield from check(home)
        except DigestError as error:
            yield failure(name, error)


def _links(home: Home) -> Iterator[Finding]:
    if home.settings.channels and not public_base(home.settings.base_url):
        yield Finding(
            "links",
            "warning",
            f"base_url is {home.settings.base_url}, which readers cannot reach",
            "set base_url to the public address of the archive; until then readers can unsubscribe only by email",
        )


def _sender(home: Home) -> Iterator[Finding]:
    """DMARC requires the domain of From to align with the signature or the return path (RFC 7489, 3.1)."""
    if not home.settings.sender and not home.settings.smtp:
        return
    address = sender_mailbox(home.settings.sender)
    if address is None:
        yield Finding("from", "bad", "from contains no address", "use Name <name@example.org>")
        return
    others = {"bounces.address": home.settings.bounces.address.rpartition("@")[2]}
    if home.settings.dkim:
        others["dkim.domain"] = home.settings.dkim.domain
    unaligned = {key: other for key, other in others.items() if other and not _aligned(address.domain, other)}
    for key, other in unaligned.items():
        yield Finding(
            "from",
            "bad" if key == "dkim.domain" else "warning",
            f"{key} is {other}, but From is at {address.domain}: receivers that use DMARC may reject such mail",
            f"use {address.domain} for both",
        )
    if not unaligned:
        yield Finding("from", "good", f"{address}")


def _aligned(one: str, other: str) -> bool:
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def _bounces(home: Home) -> Iterator[Finding]:
    """Check that return addresses fit, and that the mailboxes for bounces can be read."""
    bounces = home.settings.bounces
    address = mailbox(bounces.address) or sender_mailbox(home.settings.sender)
    if bounces.verp and address and len(address.local.encode()) > LONGEST_RETURN_LOCAL:
        yield Finding(
            "bounces",
            "warning",
            f"{address} has more than {LONGEST_RETURN_LOCAL} characters before the @, so not every message can have its "
            "own return address; bounces that quote no headers of the message cannot be assigned",
            "set bounces.address to a shorter address",
        )
    if not bounces.read_somewhere:
        yield Finding(
            "bounces",
            "skipped",
            "bounces are not processed; to process them, set mailbox or imap under [bounces]",
        )
        return
    if bounces.mailbox:
        from digest.deliver.returned_mail import maildir_files, messages_in

        path = home.path / bounces.mailbox
        found = maildir_files(path, since=math.inf) if path.is_dir() else list(messages_in(path))
        waiting = len(found)
        yield Finding("bounces", "good", f"{bounces.mailbox}: {count(waiting, 'new message')}")
    if bounces.imap:
        from digest.fetch import imap
        from digest.fetch.errors import FetchError
        from digest.pipeline.bounces import opened_by

        try:
            waiting = imap.count_messages(*opened_by(home, bounces.imap))
        except FetchError as error:
            remedy = "check host, port, tls, user, password and folder under [bounces.imap]"
            yield Finding("bounces", "bad", str(error), remedy)
        else:
            yield Finding("bounces", "good", f"{bounces.imap.name}: {count(waiting, 'message')}")


def _dkim(home: Home) -> Iterator[Finding]:
    dkim, address = home.settings.dkim, sender_mailbox(home.settings.sender)
    if dkim is None or address is None:
        yield Finding("dkim", "skipped", "emails are not signed here; your mail server may sign them")
        return
    for signer in signers_of(home, address):
        yield from _key(signer, dkim.records)


def _key(signer: Signer, records: tuple[str, ...]) -> Iterator[Finding]:
    name = f"{signer.name}: {signer.algorithm}, {signer.bits} bits"
    if signer.algorithm == "rsa" and signer.bits < _RSA_BITS:
        yield Finding(
            "dkim", "warning", f"{name}: receivers expect {_RSA_BITS} or more", "create a longer key"
        )
    wanted = _public(signer.record)
    if any(_public(record) == wanted for record in records):
        yield Finding("dkim", "good", f"{name}; dkim.record matches this key")
    elif records:
        yield Finding(
            "dkim", "bad", f"{name}; dkim.record does not match this key", f"publish: {signer.record}"
        )
    else:
        yield Finding(
            "dkim",
            "good",
            f"{name}; DNS was not checked",
            f"publish the TXT record {signer.record} at {signer.name}; "
            "to have it checked, copy the DNS record to dkim.record",
        )


def _public(record: str) -> str:
    """Return the public key in a TXT record, which may be split into strings."""
    found = re.search(r"\bp=([A-Za-z0-9+/=]*)", re.sub(r"[\s\"]", "", record))
    return found[1] if found else ""


_CHECKS: dict[str, Callable[[Home], Iterator[Finding]]] = {
    "links": _links,
    **{name: channel.check for name, channel in CHANNELS.items()},
    "from": _sender,
    "dkim": _dkim,
    "bounces": _bounces,
}
