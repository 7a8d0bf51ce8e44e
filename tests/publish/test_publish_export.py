"""Papers as JSON Lines, BibTeX and CSV."""

import csv
import io
import json
import re
from dataclasses import replace

from digest.publish.export import export
from tests.render.render_sample import KETTLE, LID, SPOUT

PAPERS = (KETTLE, replace(KETTLE, number=43, doi="10.1/x", arxiv=None), SPOUT, LID)


def test_citation_keys_differ():
    keys = re.findall(r"^@\w+\{(.*),$", "".join(export(PAPERS, "bibtex")), re.MULTILINE)
    assert keys == ["steep2026kettle", "steep2026kettle-43", "paperspouts", "paperlids"]


def test_entries_are_apart():
    entries = list(export(PAPERS, "bibtex"))
    assert len(entries) == len(PAPERS)
    assert all(re.fullmatch(r"@\w+\{.*\n\}\n\n", entry, re.DOTALL) for entry in entries)


def test_rows_and_lines_hold_the_same_papers():
    lines = [json.loads(line) for line in export(PAPERS, "jsonl")]
    rows = list(csv.DictReader(io.StringIO("".join(export(PAPERS, "csv")), newline="")))
    assert [row["title"] for row in rows] == [line["title"] for line in lines] == [p.title for p in PAPERS]
    assert rows[0]["authors"] == "; ".join(lines[0]["authors"]) == "; ".join(KETTLE.authors)
    assert [row["doi"] for row in rows] == ["", "10.1/x", "", LID.doi]


def test_no_cell_is_a_formula():
    (row,) = csv.DictReader(io.StringIO("".join(export([replace(KETTLE, title="=1+1")], "csv")), newline=""))
    assert row["title"] == "'=1+1"
