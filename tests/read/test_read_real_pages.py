"""The real pages, compared with an independent reader."""

import random
import re
from datetime import UTC, date, datetime

import pytest
from reading import TODAY, loaded, outcome, page, pairs, real_page

from digest.model import Rejected
from digest.read import parse, read

pytestmark = pytest.mark.shared

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def by_hand(text: str, year: int) -> list[tuple]:
    """Split at blank lines: after the date, single lines alternate and blocks of three lines are metadata."""
    blocks = [block.split("\n") for block in re.split(r"\n(?:[ \t]*\n)+", text.strip("\n"))]
    start = (
        next(place for place, lines in enumerate(blocks) if re.fullmatch(r"[A-Z][a-z]{2} \d+", lines[0])) + 1
    )
    listings: list[list] = []
    half = None
    for lines in blocks[start:]:
        if len(lines) == 3:
            listings[-1][2:] = metadata_by_hand(lines, year)
        elif half is None:
            half = lines[0]
        else:
            listings.append([half, lines[0], None, None, None])
            half = None
    assert half is None
    return [tuple(listing) for listing in listings]


def metadata_by_hand(lines: list[str], year: int) -> list:
    assert lines[1] == "·"
    authors = int(lines[0].split()[1])
    words = lines[2].replace(",", "").split()
    dated = len(words) > 2 and len(words[2]) == 4
    published = date(int(words[2]) if dated else year, MONTHS.index(words[0]) + 1, int(words[1]))
    rest = words[3:] if dated else words[2:]
    return [authors, published, int(rest[0]) if rest else None]


@pytest.mark.parametrize(("number", "listed", "captured"), [
    ("000", 33, date(2025, 3, 11)), ("002", 164, date(2025, 3, 11)), ("003", 77, date(2025, 11, 24)),
])  # fmt: skip
def test_every_field_of_every_listing(number, listed, captured):
    path = real_page(number)
    text = path.read_text("utf-8")
    found = read(str(path), today=TODAY, zone=UTC, max_bytes=10**7, captured=captured)
    expected = by_hand(text, captured.year)
    assert len(expected) == listed
    assert [
        (one.title, one.abstract, one.author_count, one.published, one.comments) for one in found.listings
    ] == expected
    assert [one.rank for one in found.listings] == list(range(1, listed + 1))
    assert all(one.upvotes is None and one.organization is None for one in found.listings)
    assert (found.source, found.note, found.captured, found.captured_guessed) == (
        "daily-papers-page", "", captured, False,
    )  # fmt: skip


def test_the_capture_date_follows_from_header_and_current_date():
    clock = {"today": date(2025, 11, 30), "zone": UTC}
    for number, captured in (("000", date(2025, 3, 11)), ("003", date(2025, 11, 24))):
        found = page(real_page(number).read_bytes(), **clock)
        assert (found.captured, found.captured_guessed) == (captured, True)


def test_the_year_is_not_before_a_full_date_of_a_listing():
    """If today is before the newest full date, today is taken."""
    found = page(real_page("003").read_bytes(), today=date(2024, 1, 5))
    assert found.captured == date(2024, 1, 5)


def test_a_listing_without_metadata_does_not_swallow_the_next():
    found = page(real_page("003").read_bytes())
    bare = [one for one in found.listings if one.author_count is None]
    assert len(bare) == 1
    after = found.listings[bare[0].rank]
    assert bare[0].published is None and bare[0].comments is None
    assert after.author_count is not None
    assert len(bare[0].abstract) < 2500


@pytest.mark.parametrize("number", ["000", "002", "003"])
def test_a_split_abstract_is_detected(number):
    """Pages with abstracts that are split anywhere are rejected with a line."""
    text = real_page(number).read_text("utf-8")
    whole = set(pairs(page(text)))
    chooser = random.Random(7)
    blocks = text.strip("\n").split("\n\n")
    long = [place for place, block in enumerate(blocks) if len(block) > 900]
    for cuts in (1, 2, 2, 3, 4) * 12:
        changed = list(blocks)
        for place in sorted(chooser.sample(long, cuts), reverse=True):
            parts = re.split(r"(?<=[.]) (?=[A-Z])", changed[place], maxsplit=chooser.choice([1, 2, 3]))
            changed[place : place + 1] = [" ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts
        found = outcome("\n\n".join(changed))
        assert changed == blocks or isinstance(found, Rejected)
        if isinstance(found, Rejected):
            assert found.line is not None
    assert whole


def test_a_missing_abstract_is_reported_with_the_line_of_its_title():
    lines = real_page("002").read_text("utf-8").strip("\n").split("\n")
    found = outcome("\n".join(lines[:-2]))
    assert isinstance(found, Rejected)
    assert (found.line, "has no abstract" in found.reason) == (len(lines) - 2, True)


def test_modification_time_limits_the_year():
    data = real_page("000").read_bytes()
    saved = datetime(2024, 7, 1, tzinfo=UTC)
    assert parse(loaded(data, modified=saved), today=TODAY, zone=UTC).captured == date(2024, 3, 11)
