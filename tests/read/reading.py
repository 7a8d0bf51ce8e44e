"""Helpers of these tests: they read text given in a test, and find the real files."""

import hashlib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from digest.model import DigestFile, Rejected
from digest.read import Loaded, parse

ROOT = Path(__file__).parents[2]
PAGES = ROOT.parent / "shared" / "data" / "daily-papers-pages"
TODAY = date(2026, 11, 20)
MODIFIED = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
HEAD = "new\n\nGet trending papers in your email inbox!\n\nSubscribe\n\nbyAK and the research community\n\nNov 18\n\n"

# Longer than a sentence, like an abstract, so that it is not taken as a title.
LOREM = (
    "Tide pools are small and full of structure. We count their snails with a camera and a model of the tide. "
    "The counts agree with those of four patient children on nine beaches, except after storms."
)


def real_page(number: str) -> Path:
    """Return a real page, or skip the test if there is none."""
    found = sorted(PAGES.glob(f"{number}_*.txt")) if PAGES.is_dir() else []
    if not found:
        pytest.skip(f"{PAGES} does not exist")
    return found[0]


def loaded(content: str | bytes, path: str = "page.txt", modified: datetime = MODIFIED) -> Loaded:
    data = content.encode() if isinstance(content, str) else content
    return Loaded(path, data, hashlib.sha256(data).hexdigest(), modified)


def outcome(content: str | bytes, path: str = "page.txt", **options) -> DigestFile | Rejected:
    return parse(loaded(content, path), **{"today": TODAY, "zone": UTC, **options})


def page(content: str | bytes, path: str = "page.txt", **options) -> DigestFile:
    found = outcome(content, path, **options)
    assert isinstance(found, DigestFile), str(found)
    return found


def rejected(content: str | bytes, path: str = "page.txt", **options) -> Rejected:
    found = outcome(content, path, **options)
    assert isinstance(found, Rejected), found
    assert found.reason and found.remedy
    return found


def pairs(found: DigestFile) -> list[tuple[str, str]]:
    return [(listing.title, listing.abstract) for listing in found.listings]
