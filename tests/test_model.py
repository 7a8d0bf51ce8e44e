"""Papers made from records of the library."""

from dataclasses import MISSING, fields
from datetime import UTC, date, datetime
from typing import Any, get_type_hints

from digest.model import Listing, Paper

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
_SAMPLES: dict[Any, Any] = {
    str: lambda name: f"the {name}",
    str | None: lambda name: f"the {name}",
    int: len,
    int | None: len,
    bool: lambda _name: True,
    date | None: lambda name: date(2026, 1, len(name)),
    tuple[str, ...]: lambda name: (f"a {name}", f"another {name}"),
}


def record() -> Listing:
    """Return a record in which no field has its default."""
    hints = get_type_hints(Listing)
    found = Listing(**{each.name: _SAMPLES[hints[each.name]](each.name) for each in fields(Listing)})
    for each in fields(Listing):
        assert each.default is MISSING or getattr(found, each.name) != each.default
    return found


def test_a_paper_has_all_fields_of_its_record():
    listing = record()
    paper = Paper.from_record(listing, number=7, uid="urn:uuid:7", first_seen=NOON, sources=("a", "b"))
    assert (paper.number, paper.uid, paper.first_seen, paper.sources) == (7, "urn:uuid:7", NOON, ("a", "b"))
    for each in fields(Listing):
        if each.name != "rank":
            assert getattr(paper, each.name) == getattr(listing, each.name), each.name


def test_a_paper_has_no_other_fields():
    own = {"number", "uid", "first_seen", "sources"}
    assert {each.name for each in fields(Paper)} - own == {each.name for each in fields(Listing)} - {"rank"}
