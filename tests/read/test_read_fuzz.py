"""Mutated files of every format: each is read completely or rejected with a reason, quickly and without a crash."""

import os
import random
import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import outcome

from digest.model import DigestFile, Rejected

SAMPLES = [path.read_bytes() for path in sorted((Path(__file__).parent / "samples").iterdir())]
# Pieces that have a meaning in some format, and pieces that break most formats.
PIECES = [
    *(b"<", b">", b"&", b'"', b"'", b"{", b"}", b"[", b"]", b"(", b")", b"@", b"\\\\\n", b",", b";", b"\t", b"\n\n", b"\r", b"\0"),
    *(b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\\ud800", b"&#0;", b"&nbsp;", b"<!--", b"]]>", b"<![CDATA[", b"<!DOCTYPE x [", b"%x;"),
    *(b'<!ENTITY a "b">', b"&a;", b"@article{x,", b"TY  - JOUR\n", b"ER  - \n", b"From x\nTo: y\n", b"Content-Type: multipart/mixed; boundary=b\n"),
    *(b"=?utf-8?q?=ff?=", b"--b\n", b"null", b"1e999", b"-1", b"NaN", b"{}" , b"[[[[[[[[", b'{"paper":', b"arXiv:2611.01001", b"title", b"</rss>"),
    *(b"9" * 5000, b"(" * 3000, b"<b>" * 2000, b'{"a":' * 2000, b"<!--" * 500, b"@x{y,z={" * 300, b"a and " * 500, b"," * 5000),
]  # fmt: skip
FEED = re.compile(rb"<(?:rss|feed|rdf:RDF|channel|item)\b")
LIMIT = 1.0  # seconds; far above the time for any file, to detect hangs
PER_MEGABYTE = 1.0  # seconds of processor time for a megabyte of any file
PER_MEGABYTE_OF_FEEDS = (
    10.0  # which feedparser reads: linear, but slow for each tag, and twice if a feed is not well-formed
)
SMALLEST = 250_000  # bytes; a smaller file has the time of one of this size


def check(data: bytes) -> float:
    """Read once, check the result, and return the processor time in seconds."""
    start = time.process_time()
    found = outcome(data)
    spent = time.process_time() - start
    if isinstance(found, Rejected):
        assert found.reason.strip() and found.remedy.strip()
        assert found.line is None or found.line >= 1
    else:
        assert isinstance(found, DigestFile)
        assert [one.rank for one in found.listings] == list(range(1, len(found.listings) + 1))
        assert found.listings or found.note
        for one in found.listings:
            assert one.title and one.title == " ".join(one.title.split())
            assert one.abstract == " ".join(one.abstract.split())
            assert all(name and name == " ".join(name.split()) for name in one.authors)
            assert one.author_count is None or one.author_count >= 1
            for count in (one.comments, one.upvotes):
                assert count is None or count >= 0
            f"{one.title}{one.abstract}{one.authors}".encode()  # can be stored
    return spent


def mutated(chooser: random.Random) -> bytes:
    data = bytearray(chooser.choice(SAMPLES))
    for _ in range(chooser.choice([1, 1, 2, 3, 8])):
        place = chooser.randrange(len(data) + 1)
        end = min(len(data), place + chooser.choice([0, 1, 1, 7, 60, 600]))
        match chooser.randrange(6):
            case 0:
                data[place:end] = b""
            case 1:
                data[place:end] = chooser.choice(PIECES)
            case 2:
                data[place:end] = chooser.randbytes(end - place)
            case 3:
                data[place:place] = data[place:end] * chooser.choice([1, 2, 50])
            case 4:
                other = chooser.choice(SAMPLES)
                start = chooser.randrange(len(other))
                data[place:end] = other[start : start + 400]
            case _:
                del data[place:]
    return bytes(data)


def grown(chooser: random.Random) -> bytes:
    """Return a mutated file in which one of its own pieces, or one of PIECES, is repeated until it has 50 to 400 KB."""
    data = bytearray(mutated(chooser))
    place = chooser.randrange(len(data) + 1)
    own = bytes(data[place : place + chooser.choice([1, 2, 5, 12, 40, 200])])
    piece = chooser.choice([own, own, chooser.choice(PIECES)]) or b" "
    size = chooser.choice([50_000, 100_000, 200_000, 400_000])
    data[place:place] = piece * (size // len(piece))
    return bytes(data)


def seconds_above(data: bytes) -> float:
    """Return by how many seconds of processor time a file exceeds its limit; at most 0 if it does not.

    What exceeds it is measured again, so that a busy machine makes no test fail.
    """
    is_feed = FEED.search(data[:10_000]) is not None
    most = (PER_MEGABYTE_OF_FEEDS if is_feed else PER_MEGABYTE) * max(len(data), SMALLEST) / 1e6 * SLOWER
    spent = check(data)
    for _ in range(2):
        if spent > most:
            spent = min(spent, check(data))
    return spent - most


# With coverage, or on another machine, everything takes longer: only the whole torture measures.
SLOWER = 1 if os.environ.get("TORTURE") == "full" else 5

SAMPLE = 600  # the seeds that ordinary test runs try too, not only `make torture`


def check_seeds(seeds: range) -> None:
    slowest = (0.0, 0)
    for seed in seeds:
        try:
            slowest = max(slowest, (check(mutated(random.Random(seed))), seed))
        except Exception as problem:
            raise AssertionError(f"seed {seed}: {problem!r}") from problem
    assert slowest[0] < LIMIT, f"seed {slowest[1]} took {slowest[0]:.2f} s"


def test_a_sample_of_mutated_files():
    check_seeds(range(SAMPLE))


@pytest.mark.torture
def test_many_mutated_files():
    """One in five grows, so that what takes more than linear time shows."""
    slow = []
    for seed in range(SAMPLE, 50_000 if os.environ.get("TORTURE") == "full" else 3_000):
        chooser = random.Random(seed)
        data = grown(chooser) if seed % 5 == 0 else mutated(chooser)
        try:
            above = seconds_above(data)
        except Exception as problem:
            raise AssertionError(f"seed {seed}: {problem!r}") from problem
        if above > 0:
            slow.append(f"seed {seed}: {above:.2f} s above the limit, {len(data):,} bytes")
    assert not slow, "\n".join(slow)


@settings(max_examples=150)
@given(
    st.sampled_from(SAMPLES), st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from(PIECES)), max_size=4)
)
def test_pieces_inserted_anywhere(sample, pieces):
    data = bytearray(sample)
    for place, piece in pieces:
        at = place % (len(data) + 1)
        data[at:at] = piece
    check(bytes(data))


@pytest.mark.parametrize("sample", range(len(SAMPLES)))
def test_a_file_cut_short_anywhere_never_yields_other_papers(sample):
    """The rest of a file may be valid by itself; its papers are then papers of the whole file."""
    whole = outcome(SAMPLES[sample])
    known = {(one.title, one.abstract) for one in whole.listings}
    step = max(1, len(SAMPLES[sample]) // 40)
    for end in range(0, len(SAMPLES[sample]), step):
        found = outcome(SAMPLES[sample][:end])
        if isinstance(found, DigestFile) and found.source not in UNMARKED:
            assert {(one.title, one.abstract) for one in found.listings} <= known, end


# These formats do not mark the end of a text, so that the last text may be cut short.
UNMARKED = {"daily-papers-page", "csv"}


@pytest.mark.parametrize(
    "bomb",
    [
        b"<rss><channel>" + b"<item><title>x</title>" * 4_000 + b"</channel></rss>",
        b"<feed xmlns='http://www.w3.org/2005/Atom'>" + b"<a>" * 20_000 + b"</feed>",
        b"<!DOCTYPE lolz [<!ENTITY a '" + b"x" * 1000 + b"'>" + b"".join(b"<!ENTITY a%d '%s'>" % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 9)) + b"]><PubmedArticleSet><a>&a8;</a></PubmedArticleSet>",
        b"<!DOCTYPE rss [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><rss><channel><item><title>&x;</title></item></channel></rss>",
        b"<html>" + b"<div>" * 100_000 + b"class='list-title'" + b"</html>",
        b'[{"paper": {"id": "1", "title": "x", "upvotes": 1}, "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]",
        b'["' + b"(" * 50_000 + b'"]',
        b'{"data": ["{' + b"'paper': {" * 3000 + b'"]}',
        b"@article{a, title = " + b"{" * 200_000,
        b"@article{a, title = " + b"x # " * 100_000,
        b"@a{b,c=" * 50_000,
        b"From x y\nFrom: a\nTo: b\n\n" * 5_000,
        b"Content-Type: multipart/mixed; boundary=b\nFrom: a\nTo: b\n\n" + b"--b\nContent-Type: multipart/mixed; boundary=b\n\n" * 2_000,
        b"TY  - JOUR\n" + b"AU  - x\n" * 100_000,
        b"title,doi\n" + b'"' * 100_001,
        b"\\\\\narXiv:2611.01001\n" * 20_000,
        b"\\\\\narXiv:2611.01001\nTitle: " + b"(" * 200_000 + b"\nAuthors: " + b"(a" * 100_000 + b"\n\\\\\nx\n\\\\\n",
        b"\\\\\narXiv:2611.01001\nTitle: x\nAuthors: " + b"a and " * 50_000 + b"\n\\\\\nx\n\\\\\n",
    ],
    ids=lambda bomb: bomb[:20].decode("latin-1"),
)  # fmt: skip
def test_bombs(bomb):
    assert check(bomb) < 5 * LIMIT


# Strings that once took a reader more than linear time, each with the sample and the text after which they stood.
SLOW = [
    ("arxiv-listing.html", "<dl", " a#=1"),
    ("daily-papers-cards.html", "<article", " a#"),
    ("journal.atom", "<entry", " a#='1'"),
    ("biorxiv.rdf", "<description>", "&lt;!--"),
    ("feed.json", '"content_html": "', "<!--"),
    ("feed.json", '"content_html": "', "<a "),
    ("library.ris", "AB  - ", "\na,b"),
    ("pubmed.nbib", "AB  - ", "\n  a"),
    ("library.bib", "author    = {", " "),
    ("library.bib", "author    = {", "a, b; "),
    ("library.bib", "author    = {", "{a}, "),
    ("biorxiv.rdf", "<description>", "&lt;br&gt;"),
    ("savedrecs.txt", "AF ", "\n   A"),
    ("library.bib", "author    = {", "\n"),
    ("table.csv", ",", " "),
    ("paper.abs", "Authors: ", "\n  a"),
    ("arxiv-mail.eml", "From", "\n X"),
    ("pubmed.rss", "<b>ABSTRACT</b>", "<p"),
    ("trending-sample.txt", "\n", "From a\nTo: b\n\n"),
]


@pytest.mark.torture
@pytest.mark.parametrize(("name", "after", "string"), SLOW)
def test_no_string_takes_a_reader_more_than_linear_time(name, after, string):
    before, found, rest = (
        (Path(__file__).parent / "samples" / name).read_bytes().decode("latin-1").partition(after)
    )
    assert found
    size = 1_000_000
    repeated = "".join(string.replace("#", str(number)) for number in range(size // (len(string) + 2)))
    spent = check((before + found + repeated + rest).encode("latin-1"))
    assert spent < 5  # seconds; a quadratic reader takes minutes
