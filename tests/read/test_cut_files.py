"""Files that end early, as after a download that was interrupted: noted or rejected, and never taken for revised.

`head -c 30000` of a saved page was once read as whole, with an abstract that ended in the middle of a sentence.
"""

import random
from pathlib import Path

import pytest
from reading import PAGES, outcome, page, real_page, rejected

from digest.model import DigestFile
from tests.homes import TestHome

NOTE = "the page is cut short in the abstract of its last paper"
CUTS = 20


def places(data: bytes) -> list[int]:
    """Return places at which a page may be cut, none of them within a character."""
    chooser = random.Random(len(data))
    found = (chooser.randrange(1500, len(data)) for _ in range(CUTS))
    return [at - next(back for back in range(4) if data[at - back] & 0xC0 != 0x80) for at in found]


@pytest.mark.parametrize("number", ["000", "002", "003"])
def test_a_cut_page_is_rejected_or_has_only_whole_papers_before_its_last(number: str) -> None:
    data = real_page(number).read_bytes()
    whole = [(one.title, one.abstract) for one in page(data).listings]
    for at in places(data):
        found = outcome(data[:at])
        if not isinstance(found, DigestFile):
            assert "has no abstract" in found.reason or "looks like part of an abstract" in found.reason, at
            continue
        read = [(one.title, one.abstract) for one in found.listings]
        assert read[:-1] == whole[: len(read) - 1], at
        if read[-1] != whole[len(read) - 1]:
            assert found.listings[-1].snippet and NOTE in found.note, at
            assert whole[len(read) - 1][1].startswith(read[-1][1]), at


@pytest.mark.shared
@pytest.mark.skipif(not PAGES.is_dir(), reason="no real pages")
@pytest.mark.parametrize("size", [30_000, 17_959, 45_000])
def test_the_next_whole_page_completes_it_silently(size: int, tmp_path: Path) -> None:
    data = real_page("003").read_bytes()
    home = TestHome(tmp_path)
    (cut,) = home.run("2025-11-25T09:00", home.write("cut-2025-11-24.txt", data[:size]))["files"]
    (whole,) = home.run("2025-11-26T09:00", home.write("whole-2025-11-24.txt", data))["files"]
    assert NOTE in cut["note"]
    assert (cut["new"] + whole["new"], whole["updated"]) == (whole["listed"], 0)


@pytest.mark.parametrize(
    ("end", "noted"),
    [
        ("We also show that", True), ("a rate of 19.", True), ("in our setting (as in", True), ("the snails,", True),
        ("compared to e.g.", True), ("snails vs.", True), ("the tide.", False), ("is it so?", False),
        ("at https://shore.example/code", True), ("at https://shore.example/code.", False), ("on nine beaches (and two piers).", False),
        ("by $O(n)$.", False), ("snails (Littorina)", True), ("他们数了蜗牛。", False), ('of "snails".', False),
    ],
)  # fmt: skip
def test_what_an_abstract_ends_with(end: str, noted: bool) -> None:
    start = "new\n\nGet trending papers in your email inbox!\n\nSubscribe\n\nNov 18\n\n"
    others = "".join(
        f"Snails {number}\n\n{'We count snails on nine beaches. ' * 5}\n\n".replace(". \n", ".\n")
        for number in range(5)
    )
    found = page(f"{start}{others}A last paper\n\n{'We count them again. ' * 5}{end}\n")
    assert (NOTE in found.note, found.listings[-1].snippet) == (noted, noted)


TABLE = 'title,authors,year,doi\nSnails,"Brook, A.",2024,10.1/a\nTides,"Kelp, F.",2023,10.1/b\n'


@pytest.mark.parametrize("size", range(TABLE.index("Tides") + 1, len(TABLE) - 8))
def test_a_table_whose_last_row_ends_early_is_rejected(size: int) -> None:
    assert rejected(TABLE[:size]).line == 3


def test_a_table_without_the_last_line_end_is_whole() -> None:
    assert page(TABLE.rstrip("\n")).listings == page(TABLE).listings
    assert len(page("title,doi,year\nSnails,10.1/a\nTides,10.1/b").listings) == 2
