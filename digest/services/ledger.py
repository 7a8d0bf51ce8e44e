"""What the runs did, as the ledger tells it."""

from dataclasses import replace
from typing import TYPE_CHECKING

from digest.errors import UsageError
from digest.model import Home
from digest.model.reports import DeliveryReport
from digest.services.workspace import iso, open_library

if TYPE_CHECKING:
    from digest.model import RunRecord


def runs(home: Home, *, limit: int) -> tuple["RunRecord", ...]:
    """Return the latest runs, newest first."""
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        found = tx.ledger.runs(limit=limit)
        mail = tx.outbox.counted_by_run([record.id for record in found])
    return tuple(replace(record, mail=mail.get(record.id, {})) for record in found)


def run(home: Home, number: int) -> "RunRecord":
    """Return one run of the ledger, with what has become of its mail. Raises UsageError for no such run."""
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        found = tx.ledger.run(number)
        mail = tx.outbox.counted_by_run([number]).get(number)
        lines = tx.outbox.of_run(number)
    if found is None:
        raise UsageError(f"no run {number}; digest ledger lists them")
    if not mail:
        return found
    report = found.report and {**found.report, "delivery": DeliveryReport(mail, lines).as_json()}
    return replace(found, report=report, mail=mail)


def run_json(record: "RunRecord") -> dict[str, object]:
    return {
        "run": record.id,
        "started": iso(record.started),
        "clock": iso(record.clock),
        "ended": iso(record.ended),
        "status": record.status,
        "report": record.report,
        "mail": dict(record.mail) or None,
    }
