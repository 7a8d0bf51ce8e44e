"""Listings × known papers → changes: what is new, updated, learnt or seen, and why."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.diff.changes import Change, KeyHit, Known, diff
from digest.diff.source_records import (
    FACTS,
    Recency,
    SourceRecord,
    from_listing,
    group_by_source,
    merge_same_source,
    resolve,
)
from digest.model import DigestFile, Listing

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
DAY = date(2026, 1, 1)
API, PAGE, MAIL = "arxiv-api", "daily-papers-page", "arxiv-mail"


def listing(rank=1, title="One Step", abstract="All of it.", **more) -> Listing:
    return Listing(rank, title, abstract, **more)


def file(*listings, source=PAGE, day=0, modified=NOON, reader=1) -> DigestFile:
    return DigestFile(
        "f", "0" * 64, source, DAY + timedelta(days=day), False, modified, listings, reader=reader
    )


class Memory:
    """The smallest library that diff needs: it stores what the changes contain."""

    def __init__(self) -> None:
        self.keys: dict[str, dict[int, None]] = {}
        self.parts: dict[int, dict[str, SourceRecord]] = {}
        self.root: dict[int, int] = {}
        self.apart: dict[int, set[int]] = {}
        self.known_near: dict[int, tuple[Known, ...]] = {}

    def read(self, each: DigestFile) -> tuple[Change, ...]:
        known = {
            key: tuple(KeyHit(part, self.papers[self.root[part]]) for part in parts)
            for key, parts in self.keys.items()
        }
        changes = diff(each, known, {one.rank: tuple(self.papers.values()) for one in each.listings})
        numbers: dict[int, int] = {}
        for place, change in sorted(enumerate(changes), key=lambda pair: (pair[1].like, pair[0])):
            numbers[place] = self._keep(change, each.source) if change.source_record else numbers[change.like]
            for key in change.keys:
                self.keys.setdefault(key, {}).setdefault(numbers[place])
        return changes

    def _keep(self, change: Change, source: str) -> int:
        assert change.source_record is not None
        number = change.part or len(self.parts) + 1
        self.parts.setdefault(number, {})[source] = change.source_record
        self.root.setdefault(number, change.known.number if change.known else number)
        for merged in change.merges:
            self.root = {
                part: merged.survivor if root == merged.absorbed else root for part, root in self.root.items()
            }
        return number

    @property
    def papers(self) -> dict[int, Known]:
        found = {}
        for root in sorted(set(self.root.values())):
            parts = {part: self.parts[part] for part, its in self.root.items() if its == root}
            by_source = group_by_source(parts.values())
            apart = frozenset(other for part in parts for other in self.apart.get(part, ()))
            found[root] = Known(root, NOON, resolve(by_source), by_source, parts, apart)
        return found

    @property
    def record(self) -> Listing:
        (paper,) = self.papers.values()
        return paper.record


def second(first: DigestFile, then: DigestFile) -> Change:
    memory = Memory()
    memory.read(first)
    (change,) = memory.read(then)
    return change


# --- new and seen --------------------------------------------------------------------------------


def test_a_paper_never_seen_is_new():
    (change,) = diff(file(listing(rank=7)), {})
    assert (change.status, change.entry, change.what, change.known) == ("new", "new", (), None)
    assert change.record == listing(rank=0)
    assert change.source_record == SourceRecord(listing(rank=0), Recency(0, DAY, NOON, 1))


def test_the_same_again_is_seen():
    change = second(file(listing()), file(listing(rank=9), day=1))
    assert (change.status, change.entry, change.what) == ("seen", None, ())
    assert change.known is not None and change.known.first_seen == NOON


def test_a_paper_twice_in_one_file_counts_once():
    twice = file(listing(1), listing(2, abstract="Other."), listing(3, "Another"))
    changes = diff(twice, {})
    assert [change.status for change in changes] == ["new", "seen", "new"]
    assert (changes[1].entry, changes[1].source_record, changes[1].record, changes[1].known) == (None,) * 4


def test_a_known_paper_twice_in_one_file_under_two_keys():
    memory = Memory()
    memory.read(file(listing(doi="10.1/x", arxiv="2501.1")))
    changes = memory.read(
        file(listing(1, "Renamed", arxiv="2501.1"), listing(2, "Renamed Twice", doi="10.1/x"), day=1)
    )
    assert [change.status for change in changes] == ["updated", "seen"]
    assert changes[1].known is not None and changes[1].known.number == 1
    assert changes[1].source_record is None


def test_two_papers_of_one_title_are_two():
    changes = diff(file(listing(1, arxiv="2501.1"), listing(2, arxiv="2501.2"), listing(3)), {})
    assert [change.status for change in changes] == ["new", "new", "seen"]


def test_a_known_title_does_not_swallow_another_arxiv_id():
    memory = Memory()
    memory.read(file(listing(arxiv="2501.1"), source=API))
    (change,) = memory.read(file(listing(arxiv="2501.2"), source=API, day=1))
    assert (change.status, len(memory.papers)) == ("new", 2)


def test_a_title_without_an_id_goes_to_the_first_that_has_one():
    memory = Memory()
    memory.read(file(listing()))
    changes = memory.read(file(listing(1, arxiv="2501.1"), listing(2, arxiv="2501.2"), source=API, day=1))
    assert [change.status for change in changes] == ["seen", "new"]


# --- updated -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("before", "after", "what"), [
    ({}, {"title": "Two Steps"}, ("title",)), ({}, {"abstract": "None of it."}, ("abstract",)),
    ({}, {"code_url": "https://x"}, ("code",)), ({}, {"withdrawn": True}, ("withdrawn",)),
    ({"version": 1}, {"version": 2}, ("version 2",)),
    ({"version": 1}, {"version": 3, "title": "Two Steps", "abstract": "No.", "withdrawn": True, "code_url": "https://x"},
     ("version 3", "withdrawn", "title", "abstract", "code")),
    ({"version": 1}, {"version": 1}, ()), ({}, {"version": 2}, ()), ({"version": 2}, {"version": 1, "title": "Two Steps"}, ()),
    ({}, {"title": r"{\it One} step"}, ()), ({}, {"abstract": "all of IT"}, ()), ({}, {"abstract": ""}, ()),
    ({}, {"abstract": "Another, but…", "snippet": True}, ()), ({"abstract": "All…", "snippet": True}, {"abstract": "Other…", "snippet": True}, ()),
    ({}, {"withdrawn": True, "status": "retracted"}, ("retracted",)),
    ({"withdrawn": True, "status": "withdrawn"}, {"withdrawn": True, "status": "retracted"}, ("retracted",)),
    ({"withdrawn": True}, {"withdrawn": True, "status": "retracted"}, ()),
    ({"withdrawn": True}, {"withdrawn": False}, ()), ({"withdrawn": True}, {"withdrawn": True}, ()),
    ({"code_url": "https://x"}, {"code_url": "https://y"}, ()), ({"comments": 1}, {"comments": 9, "upvotes": 3}, ()),
])  # fmt: skip
def test_what_updates(before, after, what):
    one, other = (listing(arxiv="2501.00001", **values) for values in (before, after))
    change = second(file(one), file(other, day=1))
    assert change.what == (what if change.entry == "updated" else ())
    assert (change.status, change.entry) == (("updated", "updated") if what else ("seen", None))


def test_counts_are_kept_without_an_entry():
    change = second(file(listing(comments=4, upvotes=9)), file(listing(comments=0), day=1))
    assert change.entry is None
    assert change.record is not None and (change.record.comments, change.record.upvotes) == (0, 9)


@pytest.mark.parametrize("after", [
    {"title": "Two Steps"}, {"abstract": "None of it."}, {"code_url": "https://x"},
])  # fmt: skip
def test_older_captures_update_nothing(after):
    one, other = listing(doi="10.1/x"), listing(doi="10.1/x", **after)
    assert second(file(one), file(other, day=-1)).entry is None
    assert second(file(one), file(other, modified=NOON - timedelta(seconds=1))).entry is None
    assert second(file(one), file(other, modified=NOON + timedelta(seconds=1))).entry == "updated"


@pytest.mark.parametrize("name", ["title", "abstract"])
def test_of_equally_new_values_the_fuller_wins(name):
    change = second(file(listing(doi="10.1/x")), file(listing(doi="10.1/x", **{name: "Quite another"})))
    assert (change.entry, change.what) == ("updated", (name,))
    assert change.record is not None and getattr(change.record, name) == "Quite another"
    change = second(file(listing(doi="10.1/x", **{name: "Quite another"})), file(listing(doi="10.1/x")))
    assert change.entry is None
    assert change.record is not None and getattr(change.record, name) == "Quite another"


def test_a_whole_abstract_after_a_snippet_is_no_revision():
    change = second(
        file(listing(abstract="All…", snippet=True)), file(listing(abstract="Other, whole."), day=1)
    )
    assert (change.entry, change.what) == ("learnt", ("abstract",))


def test_a_withdrawal_is_news_from_any_source_at_any_time():
    assert second(file(listing()), file(listing(withdrawn=True), source=API, day=-5)).what == ("withdrawn",)


def test_two_sources_that_call_a_withdrawal_differently_are_no_news_each_time():
    memory = Memory()
    sources = ((API, "withdrawn"), (MAIL, "retracted")) * 3
    changes = [
        memory.read(file(listing(arxiv="2501.00001", withdrawn=True, status=status), source=source, day=day))[
            0
        ]
        for day, (source, status) in enumerate(sources)
    ]
    assert [change.entry for change in changes] == ["new", *[None] * 5]


def test_a_higher_version_is_news_from_any_source():
    change = second(
        file(listing(arxiv="2501.1", version=1), source=API),
        file(listing(arxiv="2501.1", version=2), source=MAIL),
    )
    assert change.what == ("version 2",)


@pytest.mark.parametrize("after", [
    {"title": "Two Steps"}, {"abstract": "None of it."}, {"title": "Two", "abstract": "No.", "code_url": "https://x"},
])  # fmt: skip
def test_only_the_same_source_revises_a_text(after):
    one, other = listing(arxiv="2501.00001"), listing(arxiv="2501.00001", **after)
    assert second(file(one, source=API), file(other, source=PAGE, day=1)).status == "seen"


def test_catching_up_with_the_record_is_no_update():
    memory = Memory()
    memory.read(file(listing(doi="10.1/x"), source=PAGE))
    memory.read(file(listing(doi="10.1/x", title="Two Steps"), source=API, day=1))
    (change,) = memory.read(file(listing(doi="10.1/x", title="Two steps"), source=PAGE, day=2))
    assert change.entry is None


def test_code_that_another_source_showed_is_no_news():
    memory = Memory()
    memory.read(file(listing(), source=PAGE))
    memory.read(file(listing(code_url="https://x"), source=API))
    (change,) = memory.read(file(listing(code_url="https://x"), source=PAGE, day=1))
    assert change.entry is None


# --- learnt --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "value"), [
    ("abstract", "All."), ("authors", ("A B",)), ("categories", ("cs.CV",)), ("organization", "Acme"),
])  # fmt: skip
def test_an_empty_searchable_field_is_learnt(name, value):
    bare = listing(abstract="")
    change = second(file(bare), file(replace(bare, **{name: value}), source=API, day=-9))
    assert (change.status, change.entry, change.what) == ("seen", "learnt", (name,))
    assert change.record is not None and getattr(change.record, name) == value


@pytest.mark.parametrize(
    "more", [{"url": "https://x"}, {"published": DAY}, {"doi": "10.1/x"}, {"author_count": 3}]
)
def test_other_fields_are_learnt_without_an_entry(more):
    change = second(file(listing()), file(listing(**more), source=API))
    assert change.entry is None
    assert change.record is not None and change.record == replace(listing(rank=0), **more)


def test_the_whole_of_a_snippet_is_learnt():
    change = second(
        file(listing(abstract="All…", snippet=True)), file(listing(abstract="All of it."), source=API)
    )
    assert (change.entry, change.what) == ("learnt", ("abstract",))
    assert change.record is not None and not change.record.snippet


def test_a_first_abstract_is_learnt_once_even_as_a_snippet():
    change = second(file(listing(abstract="")), file(listing(abstract="All…", snippet=True), source=API))
    assert change.what == ("abstract",)
    assert change.record is not None and change.record.snippet


# --- which value wins ----------------------------------------------------------------------------


def source_record(day=0, version=0, **values) -> SourceRecord:
    return SourceRecord(listing(0, **values), Recency(version, DAY + timedelta(days=day), NOON))


@pytest.mark.parametrize(("records", "title"), [
    ({API: source_record(title="a"), PAGE: source_record(title="p")}, "a"), ({PAGE: source_record(title="p"), "x": source_record(title="x")}, "p"),
    ({"y": source_record(title="y"), "x": source_record(title="x")}, "x"), ({API: source_record(title="a"), PAGE: source_record(1, title="p")}, "p"),
    ({API: source_record(version=1, title="a"), PAGE: source_record(9, title="p")}, "a"),
    ({API: source_record(title="a"), PAGE: SourceRecord(listing(0, "p"), Recency(0, DAY + timedelta(9), NOON), {"title": Recency(0, DAY - timedelta(1), NOON)})}, "a"),
])  # fmt: skip
def test_the_best_value_of_a_field(records, title):
    assert resolve(records).title == title
    assert resolve(dict(reversed(records.items()))).title == title


def test_whole_abstracts_come_before_snippets():
    records = {
        API: source_record(9, 9, abstract="Cut…", snippet=True),
        PAGE: source_record(abstract="Whole."),
    }
    resolved = resolve(records)
    assert (resolved.abstract, resolved.snippet) == ("Whole.", False)


def test_fields_remember_when_they_were_filled():
    first = from_listing(listing(organization="Acme", comments=0), Recency(0, DAY, NOON))
    later = merge_same_source(first, from_listing(listing(comments=2), Recency(1, DAY, NOON)))
    assert (later.says.organization, later.stamp_of("organization")) == ("Acme", Recency(0, DAY, NOON))
    assert (later.says.comments, later.stamp_of("comments")) == (2, Recency(1, DAY, NOON))
    assert set(later.older) == {"organization"}


# --- properties ----------------------------------------------------------------------------------

_TITLES = ("One Step", "one-step", "Two Steps", r"{\bf Two} steps", "Three")


@st.composite
def listings(draw) -> Listing:
    snippet = draw(st.booleans())
    abstract = draw(
        st.sampled_from(("Alpha…", "Beta…") if snippet else ("", "Alpha.", "alpha", "Beta.", "Gamma."))
    )
    return Listing(
        rank=1, title=draw(st.sampled_from(_TITLES)), abstract=abstract, snippet=snippet, arxiv="2501.00001",
        authors=draw(st.sampled_from(((), ("A B",), ("A B", "C D")))), comments=draw(st.none() | st.integers(0, 2)),
        published=draw(st.sampled_from((None, DAY))), organization=draw(st.sampled_from((None, "Acme"))),
        version=draw(st.none() | st.integers(1, 3)), code_url=draw(st.sampled_from((None, "https://x"))),
        withdrawn=draw(st.sampled_from((False, False, False, True))),
    )  # fmt: skip


@st.composite
def histories(draw, sources=(API, MAIL, PAGE, "other")) -> list[DigestFile]:
    """Files on one paper; of each source at most one a day."""
    stamps = draw(
        st.lists(st.tuples(st.integers(0, 5), st.sampled_from(sources)), min_size=1, max_size=7, unique=True)
    )
    return [file(draw(listings()), source=source, day=day) for day, source in stamps]


@given(histories(), st.randoms(use_true_random=False))
def test_the_record_does_not_depend_on_the_order_of_reading(files, random):
    shuffled = list(files)
    random.shuffle(shuffled)
    one, other = Memory(), Memory()
    for each in files:
        one.read(each)
    for each in shuffled:
        other.read(each)
    assert one.record == other.record
    assert one.papers[1].by_source == other.papers[1].by_source


@given(histories())
def test_the_record_has_the_newest_values(files):
    """With one source, each field has its newest non-empty value."""
    files = [replace(each, source=PAGE, modified=NOON + timedelta(minutes=n)) for n, each in enumerate(files)]
    memory = Memory()
    for each in files:
        memory.read(each)
    listed = sorted(
        (
            (Recency(each.listings[0].version or 0, each.captured, each.modified), each.listings[0])
            for each in files
        ),
        key=lambda pair: pair[0],
    )
    for name in FACTS:
        values = [getattr(one, name) for _, one in listed if getattr(one, name) not in (None, "", ())]
        if name == "abstract":
            values = [one.abstract for _, one in listed if one.abstract and not one.snippet] or values
        assert getattr(memory.record, name) == (values[-1] if values else getattr(files[0].listings[0], name))
    assert memory.record.withdrawn == any(each.listings[0].withdrawn for each in files)


@given(histories())
def test_reading_again_changes_nothing(files):
    memory = Memory()
    for each in files:
        memory.read(each)
    before = dict(memory.papers)
    for each in files:
        (change,) = memory.read(each)
        assert change.status == "seen" or change.what in {("title",), ("abstract",), ("title", "abstract")}
        assert change.entry != "learnt"
    assert memory.papers == before


@given(histories())
def test_every_entry_has_its_reason(files):
    memory = Memory()
    known: Listing | None = None
    for each in files:
        (change,) = memory.read(each)
        assert (change.entry == "new") == (change.status == "new") == (known is None)
        assert (change.entry == "updated") == (change.status == "updated")
        assert bool(change.what) == (change.entry in {"updated", "learnt"})
        if known is not None and change.entry != "updated":
            filled = {
                name
                for name in ("abstract", "authors", "organization")
                if not getattr(known, name) and getattr(memory.record, name)
            }
            whole = {"abstract"} if known.snippet and not memory.record.snippet else set()
            assert set(change.what) == filled | whole
        known = memory.record


@given(histories())
def test_a_single_source_is_the_record(files):
    (change,) = diff(files[0], {})
    assert change.source_record is not None and change.record == resolve(
        {files[0].source: change.source_record}
    )


def test_every_fact_of_a_listing_is_a_fact():
    assert {f.name for f in fields(Listing)} - set(FACTS) == {
        "rank",
        "snippet",
        "withdrawn",
        "published_text",
    }


# --- which paper: groups, merges, order -----------------------------------------------------------


def test_a_title_that_comes_first_absorbs_no_id():
    """A listing without an id joins one of its namesakes; the others stay papers of their own."""
    changes = diff(file(listing(1), listing(2, arxiv="2501.1"), listing(3, arxiv="2501.2")), {})
    assert [change.status for change in changes] == ["new", "seen", "new"]
    assert changes[0].record is not None and changes[0].record.arxiv == "2501.1"


def test_a_higher_version_kept_is_no_update():
    """A source contradicts itself, but the record follows a higher version of another source."""
    memory = Memory()
    memory.read(file(listing(arxiv="2501.1", version=3), source=API))
    memory.read(file(listing(arxiv="2501.1", abstract="One."), source=PAGE))
    (change,) = memory.read(file(listing(arxiv="2501.1", abstract="Quite another."), source=PAGE, day=1))
    assert (change.status, change.entry) == ("seen", None)
    assert memory.record.abstract == "All of it."


@pytest.mark.parametrize(("before", "after", "what"), [
    ({}, {"announced": "replace"}, ("replaced",)), ({}, {"announced": "replace-cross"}, ("replaced",)), ({}, {"announced": "replace", "version": 2}, ("version 2",)),
    ({"version": 2}, {"announced": "replace", "version": 2}, ()), ({}, {"announced": "new"}, ()), ({}, {"announced": "cross"}, ()),
])  # fmt: skip
def test_a_replacement_is_an_update(before, after, what):
    one, other = listing(arxiv="2501.1", **before), listing(arxiv="2501.1", **after)
    change = second(file(one, source=API), file(other, source=MAIL, day=1))
    assert change.what == (what if change.entry == "updated" else ())
    assert change.entry == ("updated" if what else None)


def test_a_replacement_is_reported_once():
    memory = Memory()
    memory.read(file(listing(arxiv="2501.1"), source=API))
    mail = file(listing(arxiv="2501.1", announced="replace"), source=MAIL, day=1)
    assert [memory.read(mail)[0].entry for _ in range(2)] == ["updated", None]
    assert (
        memory.read(file(listing(arxiv="2501.1", announced="replace"), source=MAIL, day=2))[0].entry
        == "updated"
    )


def test_two_known_papers_that_are_one_are_merged_without_an_entry():
    memory = Memory()
    memory.read(file(listing(title="Two", abstract="", doi="10.1/x"), source=API))
    memory.read(file(listing(title="One", arxiv="2501.00001"), source=PAGE))
    (change,) = memory.read(
        file(listing(title="One", abstract="", arxiv="2501.00001", doi="10.1/x"), source=MAIL)
    )
    assert (change.status, change.entry, change.known and change.known.number) == ("seen", None, 1)
    (merged,) = change.merges
    assert (merged.survivor, merged.absorbed, merged.why.rule) == (1, 2, "doi")
    assert (memory.record.arxiv, memory.record.doi, memory.record.abstract) == (
        "2501.00001",
        "10.1/x",
        "All of it.",
    )


def test_what_was_split_stays_split():
    memory = Memory()
    memory.read(file(listing(title="Two", doi="10.1/x"), source=API))
    memory.read(file(listing(title="One", arxiv="2501.00001"), source=PAGE))
    memory.apart = {1: {2}, 2: {1}}
    (change,) = memory.read(file(listing(title="One", arxiv="2501.00001", doi="10.1/x"), source=MAIL))
    assert (change.merges, change.known and change.known.number) == ((), 2)


def test_a_title_that_brings_an_id_stays_a_part_of_its_own():
    memory = Memory()
    memory.read(file(listing(source := 1)))
    (change,) = memory.read(file(listing(source, arxiv="2501.00001"), source=API))
    assert (change.part, change.known and change.known.number, change.why.rule) == (None, 1, "same title")
    (change,) = memory.read(file(listing(source, arxiv="2501.00001"), source=API, day=1))
    assert (change.part, change.why.rule) == (2, "arxiv id")
    (change,) = memory.read(file(listing(source), day=1))
    assert (change.part, change.why.rule) == (1, "same title")


ABSTRACT = "We follow the lamps of three piers through a winter and write down what the keepers saw in fog, rain and snow."


def test_a_near_title_joins_a_known_paper_only():
    one, other = (
        listing(1, "Careful Lamps for Piers", ABSTRACT),
        listing(2, "Careful Lamsp for Piers", ABSTRACT),
    )
    assert [change.status for change in Memory().read(file(one, other))] == ["new", "new"]
    memory = Memory()
    memory.read(file(one))
    (change,) = memory.read(file(other, source=API))
    assert (change.status, change.why.rule, len(memory.papers)) == ("seen", "near title", 1)
    assert "lamps" in change.why.evidence
    memory = Memory()
    memory.read(file(one))
    changes = memory.read(file(one, other, day=1))  # a source lists each paper once
    assert [change.status for change in changes] == ["seen", "new"]


_NAMES = ("Ada Byron", "Grace Hopper", "Alan Turing")


@st.composite
def file_sets(draw) -> list[DigestFile]:
    """Return files that list a few papers, each under some of its ids and titles, never one of another."""
    papers = [
        {
            "titles": (f"Lamps {name}", f"Lamps {name}: oil and wicks of the piers in fog"),
            "arxiv": f"2501.0000{n}",
            "doi": f"10.1/{n}",
        }
        for n, name in enumerate(("alpha", "beta", "gamma"))
    ]
    files = []
    for n in range(draw(st.integers(1, 6))):
        listed = []
        for paper in draw(st.lists(st.sampled_from(papers), min_size=1, max_size=4)):
            ids = {name: paper[name] for name in ("arxiv", "doi") if draw(st.booleans())}
            listed.append(
                listing(
                    len(listed) + 1,
                    draw(st.sampled_from(paper["titles"])),
                    draw(st.sampled_from(("", "Alpha.", "Beta."))),
                    authors=draw(st.sampled_from(((), _NAMES))),
                    comments=draw(st.none() | st.integers(0, 3)),
                    **ids,
                )
            )
        source = draw(st.sampled_from((API, PAGE, MAIL)))
        files.append(
            file(*listed, source=source, day=draw(st.integers(0, 2)), modified=NOON + timedelta(minutes=n))
        )
    return files


@given(file_sets(), st.randoms(use_true_random=False))
def test_any_order_of_the_same_files_gives_the_same_papers(files, random):
    shuffled = list(files)
    random.shuffle(shuffled)
    one, other = Memory(), Memory()
    for each in files:
        one.read(each)
    for each in shuffled:
        other.read(each)

    def told(memory: Memory) -> list[str]:
        return sorted(f"{known.record} {sorted(known.by_source.items())}" for known in memory.papers.values())

    assert told(one) == told(other)


# --- another version of the readers -----------------------------------------------------------------

TEASER = "Harbour Notes, EarlyView."
WHOLE = "We count the lamps of three piers through a winter."


def test_what_a_newer_reader_reads_differently_is_learnt_and_then_revised_as_usual():
    memory = Memory()
    memory.read(file(listing(abstract=TEASER), reader=0))
    (read_again,) = memory.read(file(listing(abstract=WHOLE), reader=1, modified=NOON + timedelta(hours=1)))
    assert (read_again.status, read_again.entry, read_again.what) == ("seen", "learnt", ("abstract",))
    assert memory.record.abstract == WHOLE
    (revised,) = memory.read(file(listing(abstract="We count them twice."), day=1))
    assert (revised.entry, revised.what) == ("updated", ("abstract",))


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ({"title": "One &amp; Two Steps"}, {"title": "One amp Two Steps or Three"}, ("title",)),
        ({"authors": (r"Ya{\aa} Naz",)}, {"authors": ("Yael Naze", "Bo Li")}, ("authors",)),
        ({}, {"withdrawn": True}, ()),
        ({}, {"code_url": "https://code.test/x"}, ()),
        ({}, {"doi": "10.1/x", "venue": "Harbour Letters"}, ()),
        ({"abstract": "[No abstract available]"}, {"abstract": ""}, ()),
    ],
)
def test_a_newer_reader_announces_nothing(old, new, what):
    memory = Memory()
    memory.read(file(replace(listing(arxiv="2501.00001"), **old), reader=0))
    (change,) = memory.read(file(replace(listing(arxiv="2501.00001"), **new), day=1))
    assert (change.status, change.entry, change.what) == ("seen", "learnt" if what else None, what)
    assert all(getattr(memory.record, name) == value for name, value in new.items() if value)


def test_a_flag_that_an_older_reader_missed_is_no_news_though_another_source_was_read_since():
    memory = Memory()
    memory.read(file(listing(arxiv="2501.00001"), source=API, reader=0))
    memory.read(file(listing(arxiv="2501.00001"), source=MAIL))
    (change,) = memory.read(file(listing(arxiv="2501.00001", withdrawn=True), source=API, day=1))
    assert (change.entry, memory.record.withdrawn) == (None, True)
    memory.read(file(listing(arxiv="2501.00002"), source=API, reader=0))
    (change,) = memory.read(file(listing(arxiv="2501.00002", withdrawn=True), source=MAIL))
    assert change.entry is None


def test_a_higher_version_is_an_update_whoever_reads_it():
    memory = Memory()
    memory.read(file(listing(arxiv="2501.00001", version=1), reader=0))
    (change,) = memory.read(file(listing(arxiv="2501.00001", version=2, abstract=WHOLE), day=1))
    assert (change.entry, change.what) == ("updated", ("version 2",))


def test_a_field_that_the_newer_reader_first_meets_later_is_learnt_then():
    memory = Memory()
    memory.read(file(listing(abstract=TEASER), reader=0))
    memory.read(file(listing(abstract=""), day=1))
    (change,) = memory.read(file(listing(abstract=WHOLE), day=2))
    assert (change.entry, change.what) == ("learnt", ("abstract",))


def test_of_two_readings_of_one_file_the_newer_readers_counts_even_if_shorter():
    memory = Memory()
    memory.read(file(listing(abstract=f"<p>{WHOLE}</p><p>EarlyView</p>"), reader=0))
    (change,) = memory.read(file(listing(abstract=WHOLE)))
    assert (change.entry, memory.record.abstract) == ("learnt", WHOLE)


def test_the_same_mail_saved_twice_announces_a_replacement_once():
    memory = Memory()
    mail = listing(arxiv="2501.00001", announced="replace")
    memory.read(file(mail, source=MAIL))
    (again,) = memory.read(file(mail, source=MAIL, modified=NOON + timedelta(days=3)))
    assert again.entry is None
