"""Bytes in, listings out: a file is read whole, or it is set aside with a reason, a remedy and a line.

Nothing here raises for what a file holds or for a file that cannot be had. The only thing read is the
file; the clock, the zone and the limits are arguments.
"""

from dataclasses import replace
from datetime import date, tzinfo

from digest.model import DigestFile, Listing, Rejected
from digest.ports import Document, Fault, Parsed
from digest.read import capture_date, file_types, registry
from digest.read.decode import Decoded, decode
from digest.read.load import Loaded, files_of, load

__all__ = ["Columns", "Loaded", "files_of", "load", "parse", "read"]

Columns = tuple[tuple[str, str], ...]


def read(
    path: str,
    *,
    today: date,
    zone: tzinfo,
    max_bytes: int,
    captured: date | None = None,
    columns: Columns = (),
) -> DigestFile | Rejected:
    """Load and parse one file: see `load` and `parse`."""
    loaded = load(path, max_bytes=max_bytes)
    if isinstance(loaded, Rejected):
        return loaded
    return parse(loaded, today=today, zone=zone, captured=captured, columns=columns)


def parse(
    loaded: Loaded, *, today: date, zone: tzinfo, captured: date | None = None, columns: Columns = ()
) -> DigestFile | Rejected:
    """Recognise the format by content, read every listing, and say when the file was saved.

    `today` is the clock's date in `zone`, the home's zone, in which the file's modification time is
    taken for a date. `captured` is the user's word for the date of capture and comes before all else.
    Listings without a year get the year of capture; a date that it does not have (February 29) is
    left out. `columns` are names of columns of tables, each with the field it stands for.
    """
    decoded = decode(loaded.data)
    document = Document(loaded.path, loaded.data, decoded.text, columns)
    chosen, broken = registry.recognise(document)
    if chosen is None and decoded.damaged:
        return _rejected(loaded, _DAMAGED, decoded.damaged)
    if chosen is None:
        return _rejected(loaded, _unknown(document, broken))
    found = registry.parse_with(chosen, document)
    if isinstance(found, Fault):
        return _rejected(loaded, found)
    saved = capture_date.captured_on(
        given=captured,
        path=loaded.path,
        carried=found.carried if _has_come(found.carried, today) else None,
        header=found.header,
        published=[listing.published for listing in found.listings if listing.published],
        modified=loaded.modified,
        today=today,
        zone=zone,
    )
    return DigestFile(
        path=loaded.path,
        digest=loaded.digest,
        source=chosen.name,
        captured=saved.day,
        captured_guessed=saved.guessed,
        modified=loaded.modified,
        listings=tuple(_dated(listing, found, saved.day) for listing in found.listings),
        note=found.note if registry.reads_bytes(chosen) else _note(decoded, found),
    )


def _has_come(day: date | None, today: date) -> bool:
    """Say whether a file can have been saved on that day; it may be tomorrow already elsewhere."""
    return day is not None and (day - today).days <= 1


_DAMAGED = Fault("the text is damaged: this line is not UTF-8, but others are", "save or copy the file again")
_CAN_BE_READ = "digest reads saved pages, API answers, feeds, alert mails and bibliographies"


def _dated(listing: Listing, found: Parsed, captured: date) -> Listing:
    partial = found.yearless.get(listing.rank)
    return (
        listing
        if partial is None
        else replace(listing, published=capture_date.in_year(partial, captured.year))
    )


def _note(decoded: Decoded, found: Parsed) -> str:
    encoding = f"not UTF-8, read as {decoded.guessed.replace('_', '-')}" if decoded.guessed else ""
    return "; ".join(note for note in (encoding, found.note) if note)


def _unknown(document: Document, broken: tuple[str, ...]) -> Fault:
    kind = file_types.kind(document) or "plain text without anything that only a list of papers has"
    reason = "; ".join((f"no known kind of digest file: it seems to be {kind}", *broken))
    return Fault(reason, f"{_CAN_BE_READ}; save a page as HTML or as plain text, or take this file away")


def _rejected(loaded: Loaded, fault: Fault, line: int | None = None) -> Rejected:
    return Rejected(loaded.path, fault.reason, fault.remedy, line or fault.line, loaded.digest)
