"""Digest files to listings: a file is read completely, or rejected with a reason, a remedy and a line.

Nothing here raises an exception because of the content of a file, or because a file cannot be opened. Only
the file itself is read; the current date, the time zone and the limits are arguments.
"""

from dataclasses import replace
from datetime import date, tzinfo

from digest.model import DigestFile, Listing, Rejected
from digest.ports import Document, Fault, Parsed
from digest.read import capture_date, file_types, normalize, registry
from digest.read.decode import Decoded, decode
from digest.read.load import Loaded, files_of, load
from digest.read.version import READER

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
    """Load and parse one file; see `load` and `parse` for the arguments."""
    loaded = load(path, max_bytes=max_bytes)
    if isinstance(loaded, Rejected):
        return loaded
    return parse(loaded, today=today, zone=zone, captured=captured, columns=columns)


def parse(
    loaded: Loaded, *, today: date, zone: tzinfo, captured: date | None = None, columns: Columns = ()
) -> DigestFile | Rejected:
    """Recognise the format by its content, read every listing, and determine the capture date.

    `today` is the current date in `zone`, the home's time zone; the modification time of the file becomes
    a date in the same zone. `captured` is a capture date given by the user and takes precedence. Listings
    without a year get the year of capture; a date that this year does not have (February 29) is dropped.
    `columns` holds pairs of a column name and the field of a listing that the column fills.
    """
    try:
        return _parse(loaded, today, zone, captured, columns)
    except Exception as error:  # noqa: BLE001 - one file must not stop a run, whatever is in it
        return _rejected(loaded, Fault(f"reading it failed ({type(error).__name__})", registry.OWN_REMEDY))


def _parse(
    loaded: Loaded, today: date, zone: tzinfo, captured: date | None, columns: Columns
) -> DigestFile | Rejected:
    decoded = decode(loaded.data)
    document = Document(loaded.path, loaded.data, decoded.text, columns)
    recognised, failures = registry.recognise(document)
    if recognised is None and decoded.damaged:
        return _rejected(loaded, _DAMAGED, decoded.damaged)
    if recognised is None:
        return _rejected(loaded, _unknown(document, failures))
    parsed = registry.parse_with(recognised, document)
    if isinstance(parsed, Fault):
        return _rejected(loaded, parsed)
    listings, cut = normalize.shortened(parsed.listings)
    parsed = replace(parsed, listings=listings, note="; ".join(filter(None, (parsed.note, cut))))
    known = capture_date.KnownDates(
        path=loaded.path,
        modified=loaded.modified,
        given=captured,
        carried=parsed.carried if _is_past(parsed.carried, today) else None,
        header=parsed.header,
        published=tuple(listing.published for listing in parsed.listings if listing.published),
    )
    capture = capture_date.captured_on(known, today=today, zone=zone)
    return DigestFile(
        path=loaded.path,
        digest=loaded.digest,
        source=recognised.name,
        captured=capture.day,
        captured_guessed=capture.guessed,
        modified=loaded.modified,
        listings=tuple(_with_year(listing, parsed, capture.day) for listing in parsed.listings),
        note=parsed.note if registry.reads_bytes(recognised) else _note(decoded, parsed),
        reader=READER,
    )


_DAMAGED = Fault("this line is not valid UTF-8, but the rest of the file is", "save or copy the file again")
_READABLE = "paper-digest reads saved pages, API responses, feeds, alert mails and bibliographies"


def _is_past(day: date | None, today: date) -> bool:
    """Return whether a file can have been saved on that day; in other time zones it may be tomorrow."""
    return day is not None and (day - today).days <= 1


def _with_year(listing: Listing, parsed: Parsed, captured: date) -> Listing:
    """Return a listing whose date is shown without a year with its date in the year of capture."""
    partial = parsed.yearless.get(listing.rank)
    if partial is None:
        return listing
    return replace(listing, published=capture_date.in_year(partial, captured.year))


def _note(decoded: Decoded, parsed: Parsed) -> str:
    encoding = f"not UTF-8, read as {decoded.guessed.replace('_', '-')}" if decoded.guessed else ""
    return "; ".join(note for note in (encoding, parsed.note) if note)


def _unknown(document: Document, failures: tuple[str, ...]) -> Fault:
    if not (document.data if document.text is None else document.text.strip()):
        reason = f"this is {file_types.describe(document)}"
    else:
        looks_like = file_types.describe(document) or "plain text"
        reason = f"this looks like {looks_like}, not a list of papers in a known format"
    remedy = f"{_READABLE}; save the page as HTML or plain text, or remove this file"
    return Fault("; ".join((reason, *failures)), remedy)


def _rejected(loaded: Loaded, fault: Fault, line: int | None = None) -> Rejected:
    return Rejected(loaded.path, fault.reason, fault.remedy, line or fault.line, loaded.digest)
