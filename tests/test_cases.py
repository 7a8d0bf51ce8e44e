"""The cases of `../shared/data/cases`: small files like those in public bug reports, with the right values.

`cases.json` gives for each case what `digest read --json` or a `digest run` of several files must return.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.homes import TestHome, call

pytestmark = pytest.mark.shared

CASES = Path(__file__).parents[2] / "shared" / "data" / "cases"
Case = dict[str, Any]

# Cases that are not right yet, by file, and by `run` and file for those of several files. Remove a line once it
# is right: an entry whose case passes fails the test.
NOT_YET: frozenset[str] = frozenset()


def _name(case: Case) -> str:
    return str(case.get("read") or f"run-{'-'.join(case['run'])}")


def _cases() -> list[Any]:
    path = CASES / "cases.json"
    if not path.is_file():
        return [pytest.param({}, id="no cases")]
    mark = pytest.mark.xfail(strict=True, reason="not right yet")
    return [
        pytest.param(case, id=_name(case), marks=[mark] if _name(case) in NOT_YET else [])
        for case in json.loads(path.read_text("utf-8"))
    ]


@pytest.mark.parametrize("case", _cases())
def test_each_case_gives_the_right_values(case: Case, tmp_path: Path) -> None:
    if "read" in case:
        done = call("read", "--json", "--now", "2026-11-20T09:00", CASES / case["read"])
        assert len(done.lines) == case["count"], (case["why"], done.err)
        for place, fields in case.get("listings", {}).items():
            found = {path: _at(done.lines[int(place)], path) for path in fields}
            loose = case.get("loose", [])
            assert _compared(found, loose) == _compared(fields, loose), case["why"]
    else:
        report = TestHome(tmp_path).run("2026-11-20T09:00", *(CASES / name for name in case["run"]))
        assert [file["new"] for file in report["files"]] == case["new"], case["why"]


def _at(listing: dict[str, Any], path: str) -> Any:
    value: Any = listing
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _compared(fields: dict[str, Any], loose: list[str]) -> dict[str, Any]:
    """Return the fields as they are compared: DOIs in lower case, loose fields by letters and digits only."""
    return {
        path: re.sub(r"[\W_]", "", value)
        if path in loose and isinstance(value, str)
        else value.lower()
        if path == "ids.doi" and isinstance(value, str)
        else value
        for path, value in fields.items()
    }
