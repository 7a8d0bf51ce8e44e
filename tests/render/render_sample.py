"""A sample issue with a bit of everything, and the comparison with golden files."""

import os
import re
from datetime import UTC, date, datetime
from pathlib import Path

from digest.model import Evidence, Issue, Item, Paper, Trend
from digest.render import SiteContext

GOLDEN = Path(__file__).parent.parent / "golden"
FRAME = SiteContext("Paper Digest", "https://digest.example.org/", "Paper Digest <digest@example.org>")
SEEN = datetime(2026, 3, 12, 6, 0, tzinfo=UTC)


def evidence(paper: Paper, term: str, word: str) -> tuple[Evidence, ...]:
    """Return the evidence of a word for all its occurrences in title and abstract."""
    return tuple(
        Evidence(term, field, hit[0], hit.start(), hit.end())
        for field in ("title", "abstract")
        for hit in re.finditer(rf"\b{word}\b", getattr(paper, field), re.IGNORECASE)
    )


KETTLE = Paper(
    number=41,
    uid="urn:uuid:5f0c1e6a-7d1b-5a36-9a55-0b7d6d1f9c01",
    title="Kettle: One-Step Tea Synthesis from Sparse Leaves",
    abstract=(
        "Brewing models need between 20 and 50 steps, e.g. when leaves are scarce. Reducing them costs flavour. "
        "We propose Kettle, a one-step sampler that keeps 98.5\\% of the flavour of its 50-step teacher. "
        "It distills a teacher's whole trajectory into a single pour, and needs neither leaves nor labels. "
        "On TeaNet-256 it reaches a flavour distance of 2.1, 14 times faster than the best one-step baseline. "
        "Ablations show that the pour matters more than the pot. "
        "Code, leaves and a samovar are at https://kettle.example.org/code."
    ),
    first_seen=SEEN,
    authors=("Ada Steep", "Ben Darjeeling", "Clara Oolong", "Dmitri Samovar"),
    author_count=4,
    published=date(2026, 3, 10),
    comments=5,
    upvotes=32,
    categories=("cs.LG", "cs.CV"),
    arxiv="2603.01234",
    version=2,
    code_url="https://kettle.example.org/code",
    sources=("arxiv-api", "daily-papers-page"),
)
SPOUT = Paper(
    number=42,
    uid="urn:uuid:5f0c1e6a-7d1b-5a36-9a55-0b7d6d1f9c02",
    title="# 1. *Spouts* <b>of</b> _unknown_ [origin](javascript:alert(1)) & `x` $y$ a|b",
    abstract="<script>alert('tea')</script> Is a spout, for k<n and a&amp;b, one-step? {{ 7 * 7 }} costs $5 or $6.",
    first_seen=SEEN,
    author_count=1,
    url="javascript:alert(1)",
    sources=("daily-papers-page",),
)
LID = Paper(
    number=17,
    uid="urn:uuid:5f0c1e6a-7d1b-5a36-9a55-0b7d6d1f9c03",
    title="茶壶盖: Lids at the Boundary of Schrödinger's Pot",
    abstract="我们提出一种一步方法。This lid is both on and off.",
    first_seen=SEEN,
    authors=("李 茗",),
    doi="10.1000/pot(2026)<7>",
    organization="Institute of Lids",
    withdrawn=True,
    sources=("medline",),
)
POTS = tuple(
    Paper(
        number=100 + place,
        uid=f"urn:uuid:5f0c1e6a-7d1b-5a36-9a55-0b7d6d1f9{place:03}",
        title=f"Pot number {place}",
        abstract=f"Pot {place} is a one-step pot.",
        first_seen=SEEN,
        url=f"https://pots.example.org/{place}?a=1&b=2",
    )
    for place in range(3)
)


def item(paper: Paper, *changes: str) -> Item:
    return Item(
        paper, 3.0, evidence(paper, "one-step", "one-step") + evidence(paper, '"tea"~2', "tea"), changes
    )


TRENDS = (
    Trend("one-step brewing", (0, 1, 3, 4, 9, 15), date(2026, 3, 12)),
    Trend("<b>pots</b>, C#", (2, 2, 5, 6, 1_024, 1_500), date(2026, 3, 12)),
)
ISSUE = Issue(
    subscription="tea",
    name="Tea & one-step brewing",
    number=7,
    day=date(2026, 3, 12),
    made=datetime(2026, 3, 12, 7, 0, tzinfo=UTC),
    timezone="Europe/Paris",
    since=datetime(2026, 3, 9, 7, 0, tzinfo=UTC),
    slot="2026-03-12T08:00:00+01:00",
    considered=66,
    new=(item(KETTLE), item(SPOUT), item(POTS[0])),
    updated=(item(LID, "version 3", "abstract", "withdrawn"),),
    more_new=(item(POTS[1]), item(POTS[2])),
    keywords=("one-step", '"tea"~2'),
    exclude=("coffee",),
    schedule="weekdays 08:00",
    trends=TRENDS,
)


def check_golden(name: str, content: str | bytes) -> None:
    """Compare with a golden file byte for byte; UPDATE_GOLDEN=1 writes it instead."""
    data = content if isinstance(content, bytes) else content.encode()
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.write_bytes(data)
    assert data == path.read_bytes(), f"{name} has changed; if it should, run the tests with UPDATE_GOLDEN=1"
