"""What the archive's search looks through: titles and names, in files of a thousand papers each.

A page that was opened from a folder may load scripts and nothing else, so each file is a call of a function
that the page has. Only the files of papers that came or changed are written anew.
"""

import json
from collections.abc import Iterable

from digest.model import Paper
from digest.text.clean import clean, shorten
from digest.text.math import shown

SHARD = 1000


def shard_of(number: int) -> int:
    """Return which file a paper is in."""
    return number // SHARD


def shard_file(shard: int) -> str:
    """Return the place of a file in the archive's folder."""
    return f"titles/{shard}.js"


def shard(papers: Iterable[Paper]) -> bytes:
    """Return the file of these papers, newest first: `titles([[number, title, authors, year], …])`."""
    rows = [
        [
            paper.number,
            shorten(clean(shown(paper.title)).strip(), 300),
            shorten(", ".join(map(clean, paper.authors[:8])), 200),
            paper.published.year if paper.published else paper.first_seen.year,
        ]
        for paper in sorted(papers, key=lambda paper: -paper.number)
    ]
    return f"titles({json.dumps(rows, separators=(',', ':'))});\n".encode("ascii")
