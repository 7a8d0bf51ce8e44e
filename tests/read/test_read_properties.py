"""Properties of all files: nothing raises, no file is read partly, and a page is read as it was written."""

import textwrap
from dataclasses import dataclass, replace
from datetime import UTC, date

from hypothesis import example, given, settings
from hypothesis import strategies as st
from reading import HEAD, LOREM, outcome

from digest.model import DigestFile, Listing, Rejected

# --- pages in every layout -----------------------------------------------------------------------

WORDS = st.sampled_from(
    [
        "snail",
        "tide",
        "pool",
        "model",
        "one-step",
        "6.3times",
        "sim0.6",
        "GPT-4",
        "naïve",
        "Schrödinger",
        "R^{n",
        "Distillation:",
        "2024",
        "of",
        "and",
        "(CNN),",
        "Part",
        "II",
        "“quoted”",
        "15\\%",
        "author",
        "拡散",
        "agents",
        "étude",
        "e.g.",
        "new",
        "daily",
        "Daily",
        "upvote",
        "by",
    ]
)
# A text that begins with an ordinary word. Wrapped anywhere, no line of it looks like anything but text.
PHRASES = st.lists(WORDS, min_size=2, max_size=12).map(lambda words: "On " + " ".join(words) + " snails")
ODD_TITLES = st.sampled_from(
    ["Daily", "Monthly", "1984", "-", "Upvote", "Subscribe", "arXiv Page", "Part 7", "Community"]
)
SENTENCES = st.lists(PHRASES, min_size=3, max_size=7).map(". ".join)
SHORT = PHRASES.map(lambda text: text + ".")
NAMES = st.sampled_from(
    ["Microsoft", "OCC", "Princeton University", "Ann B", "AI2 & friends", "Université de Nulle Part"]
)
COUNTS = st.one_of(st.none(), st.integers(0, 999), st.sampled_from([1500, 11300, 2_000_000]))
YEAR = 2026


@st.composite
def papers(draw) -> Listing:
    odd = draw(st.integers(0, 9)) == 0
    long = odd or draw(st.integers(0, 9)) > 0
    dated = draw(st.integers(0, 4)) > 0
    named = draw(st.booleans())
    return Listing(
        rank=0,
        title=draw(ODD_TITLES if odd else PHRASES),
        abstract=draw(SENTENCES) + f" tail. {LOREM}" if long else draw(SHORT),
        author_count=draw(st.integers(1, 1200)) if dated and not named else None,
        organization=draw(NAMES) if dated and named else None,
        published=draw(st.dates(date(1999, 1, 1), date(YEAR, 12, 31))) if dated else None,
        comments=draw(st.one_of(st.none(), st.integers(1, 2000))) if dated else None,
        upvotes=draw(COUNTS),
    )


@dataclass(frozen=True)
class Layout:
    """How a page shows its papers."""

    upvotes: str = "none"
    submitted: str = "none"
    dot: str = "\n·\n"
    bullet: str = "  • "
    published: str = ""
    month: str = "%b"
    comments: str = " "
    wrap: int = 0
    extras: bool = False
    twice: bool = False
    end: str = "\n"
    blank: str = ""
    encoding: str = "utf-8"


LAYOUTS = st.builds(
    Layout,
    upvotes=st.sampled_from(["none", "block", "line", "Upvote line", "Upvote block", "Upvote after"]),
    submitted=st.sampled_from(["none", "inline", "line", "block"]),
    dot=st.sampled_from(["\n·\n", " · ", "\n·  ", "\n\n·\n\n"]),
    bullet=st.sampled_from(["  • ", "• ", ""]),
    published=st.sampled_from(["", "Published on "]),
    month=st.sampled_from(["%b", "%B"]),
    comments=st.sampled_from([" ", "\n", "", "  "]),
    wrap=st.sampled_from([0, 40, 80]),
    extras=st.booleans(),
    twice=st.booleans(),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    blank=st.sampled_from(["", "  ", "\xa0\t", "\n\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
MENU = (
    "new", "Get trending papers in your email inbox once a day!", "Subscribe", "Daily Papers",
    "byAK and the research community", "Daily", "Weekly", "Monthly", "Nov 18",
)  # fmt: skip


def written(listing: Listing, layout: Layout) -> list[str]:
    """Return the blocks of one card."""
    shown = "-" if not listing.upvotes else f"{listing.upvotes}"
    if listing.upvotes and listing.upvotes % 100 == 0 and listing.upvotes > 1000:
        shown = f"{listing.upvotes / 1000:g}k"
    submitted = {
        "none": [],
        "inline": ["Submitted by ann"],
        "line": ["Submitted by\nann"],
        "block": ["Submitted by", "ann"],
    }
    up = {
        "none": [], "line": [], "block": [shown], "Upvote line": [f"Upvote\n{shown}"],
        "Upvote block": ["Upvote", shown], "Upvote after": [],
    }[layout.upvotes]  # fmt: skip
    title = wrapped(listing.title, layout)
    if layout.upvotes == "line":
        title = f"{shown}\n{title}"
    after = ["Upvote", shown] if layout.upvotes == "Upvote after" else []
    extras = ["GitHub 11.3k", "arXiv Page"] if layout.extras else []
    return [
        *submitted[layout.submitted],
        *up,
        title,
        wrapped(listing.abstract, layout),
        *metadata(listing, layout),
        *after,
        *extras,
    ]


def wrapped(text: str, layout: Layout) -> str:
    if not layout.wrap:
        return text
    return textwrap.fill(text, layout.wrap, break_on_hyphens=False, break_long_words=False)


def metadata(listing: Listing, layout: Layout) -> list[str]:
    day = listing.published
    if day is None:
        return []
    year = "" if day.year == YEAR else f", {day.year}"
    who = f"{listing.author_count} authors" if listing.author_count else str(listing.organization)
    when = f"{layout.published}{day.strftime(layout.month)} {day.day}{year}"
    # After a day of one digit without a space, some counts are ambiguous: they make another day.
    between = layout.comments
    if between == "" and (not year and day.day < 10):
        between = " "
    count = "" if listing.comments is None else f"{between}{listing.comments}"
    return f"{layout.bullet}{who}{layout.dot}{when}{count}".split("\n\n")


def expected(listings: list[Listing], layout: Layout) -> list[Listing]:
    """Return the expected listings: without repeats, and with upvotes only if the layout shows them."""
    found: dict[tuple[str, str], Listing] = {}
    for one in listings:
        upvotes = None if layout.upvotes == "none" else one.upvotes or 0
        found.setdefault((one.title, one.abstract), replace(one, upvotes=upvotes))
    return [replace(one, rank=rank) for rank, one in enumerate(found.values(), start=1)]


@settings(max_examples=300)
@given(
    st.lists(papers(), min_size=1, max_size=8, unique_by=lambda one: (one.title, one.abstract)),
    LAYOUTS, st.permutations(MENU), st.sampled_from(["\n", "\n\n"]),
)  # fmt: skip
def test_a_page_is_read_back_exactly(listings, layout, menu, between):
    # An abstract that only repeats its title looks like a title shown twice; a title may be part of the menu.
    listings = [one for one in listings if one.abstract.rstrip(".") != one.title and one.title not in MENU]
    listings = listings or [Listing(0, "On Snails", LOREM)]
    if layout.upvotes == "line":  # after a number, a title that looks like boilerplate is ambiguous
        listings = [one for one in listings if " " in one.title] or [Listing(0, "On Snails", LOREM)]
    cards = [written(one, layout) for one in listings]
    blocks = [block for card in cards for block in (card * 2 if layout.twice else card)]
    text = between.join(menu) + "\n\n" + "\n\n".join(blocks) + "\n"
    text = text.replace("\n\n", f"\n{layout.blank}\n").replace("\n", layout.end)
    found = outcome(text.encode(layout.encoding), captured=date(YEAR, 12, 31))
    assert isinstance(found, DigestFile), str(found)
    # Whether the last abstract is cut short is a guess from its end, and from the ends of the others.
    assert [replace(one, snippet=False) for one in found.listings] == expected(listings, layout)
    assert found.note == "" or "the day without a space" in found.note or "cut short" in found.note


# --- any content ---------------------------------------------------------------------------------

LINES = st.lists(
    st.one_of(
        st.sampled_from([*MENU, "", "", "", "·", "5 authors", "• 5 authors", "May 296", "Feb 29", "Upvote", "117", "-",
                         "Submitted by", "GitHub", "arXiv Page", "OCC · May 3", "Nov 18, 2025", LOREM, "Snails", "<p>", "{"]),
        st.text(max_size=30),
    ),
    max_size=40,
)  # fmt: skip


def check(content: bytes) -> None:
    found = outcome(content)
    if isinstance(found, Rejected):
        assert found.reason.strip() and found.remedy.strip()
        assert found.line is None or found.line >= 1
        return
    assert [one.rank for one in found.listings] == list(range(1, len(found.listings) + 1))
    assert found.listings or found.note  # a response without papers is valid too
    for one in found.listings:
        assert one.title and one.abstract
        assert (one.title, one.abstract) == (" ".join(one.title.split()), " ".join(one.abstract.split()))
    assert len({(one.title, one.abstract) for one in found.listings}) == len(found.listings)


@settings(max_examples=400)
@given(LINES, st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
def test_any_lines_are_read_or_rejected(lines, end, headed):
    check(((HEAD if headed else "") + end.join(lines)).encode("utf-8", "surrogatepass"))


@settings(max_examples=200)
@given(st.binary(max_size=300), st.booleans())
@example(b"\xff\xfe", False)
@example(b"\xff\xfe\x00", False)
@example(b"\xff\xfe\x00\xd8", False)
def test_any_bytes_are_read_or_rejected(data, headed):
    check(HEAD.encode() + data if headed else data)


@given(st.text(max_size=200))
def test_no_text_of_a_page_is_lost(text):
    """A strange text as an abstract is read as it is, or the page is rejected."""
    found = outcome(f"{HEAD}On Snails\n\n{LOREM} {text} end\n".encode("utf-8", "replace"))
    if isinstance(found, DigestFile) and len(found.listings) == 1:
        assert found.listings[0].abstract == " ".join(
            f"{LOREM} {text} end".encode("utf-8", "replace").decode().split()
        )


def test_a_large_page_is_read_in_linear_time():
    pairs = "\n\n".join(f"Snail {number}\n\n{LOREM} {number}" for number in range(20_000))
    found = outcome(f"{HEAD}{pairs}", today=date(2026, 11, 20), zone=UTC)
    assert isinstance(found, DigestFile)
    assert len(found.listings) == 20_000
    assert isinstance(outcome("new\n" * 300_000), Rejected)
