"""The data of the archive's search: titles and authors, in files of a thousand papers each.

A page that was opened from a folder can load scripts but no other files, so each file calls a function of the
page. Only the files of papers that are new or changed are written again.
"""

import json
from collections.abc import Iterable

from digest.model import Paper
from digest.text.clean import clean, shorten
from digest.text.math import shown

SHARD = 1000


def shard_of(number: int) -> int:
    """Return the number of the file that a paper is in."""
    return number // SHARD


def shard_file(shard: int) -> str:
    """Return the path of a file in the archive's folder."""
    return f"titles/{shard}.js"


def shard(papers: Iterable[Paper]) -> bytes:
    """Return the content of the file of these papers: `titles([[number, title, authors, year], …])`, newest first.

    The year is that of publication, null where it is not known.
    """
    rows = [
        [
            paper.number,
            shorten(clean(shown(paper.marked_title)).strip(), 300),
            shorten(", ".join(map(clean, paper.authors[:8])), 200),
            paper.published.year if paper.published else None,
        ]
        for paper in sorted(papers, key=lambda paper: -paper.number)
    ]
    return f"titles({json.dumps(rows, separators=(',', ':'))});\n".encode("ascii")
