"""The data of the archive's search."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime

from digest.model import Paper
from digest.render.search import shard

SEEN = Paper(
    1, "urn:uuid:1", "Reading the fog", "", datetime(2026, 11, 17, tzinfo=UTC), authors=("A. Keeper",)
)


def test_the_year_is_that_of_publication_or_nothing():
    dated = replace(SEEN, number=2, published=date(2019, 3, 1))
    rows = json.loads(shard([SEEN, dated]).decode()[len("titles(") : -len(");\n")])
    assert [(row[0], row[3]) for row in rows] == [(2, 2019), (1, None)]
