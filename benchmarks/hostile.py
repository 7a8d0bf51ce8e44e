"""CPU seconds of every reader as a hostile string in its file doubles, for strings of every special character.

    python benchmarks/hostile.py [DATA_FOLDER] [--start KB] [--doublings N] [--places N] [--sample N] [--only NAME] [--all] [--json]

A hostile file is a sample of a format into which one string is inserted at one place, repeated until the file has
the wanted size. The samples are those of the tests, and the first file of each format in the data folder. Printed
are the slowest strings of each format (all with `--all`), with the CPU seconds at each size, the factor of the last
doubling (2 is linear, 4 is quadratic) and the seconds per MB at the last size. A measurement ends early above 5 s. All
strings at all places take hours; `--sample` measures so many of them, chosen by chance and always the same.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path

from digest.model import DigestFile
from digest.read import Loaded, parse

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "tests" / "read" / "samples"
DATA = ROOT.parent / "shared" / "data"
FOLDERS = ("alerts", "arxiv-abs", "arxiv-api", "arxiv-mail", "bibliography", "cases", "daily-papers-api", "daily-papers-pages")  # fmt: skip
WHEN = datetime(2026, 11, 20, tzinfo=UTC)
LONGEST = 5.0  # seconds of one reading, after which no larger file is tried
NOISE = 0.02  # seconds below which a factor says nothing

# Every special character, and the pieces of syntax of all formats. `#` becomes the number of the repetition.
STRINGS = (
    *"$\\`*_[](){}<>|~^&@#%+=-.,;:!?\"'/ \t\n\r",
    *("\u00e9", "\u4e2d", "\u200b", "\u202e", "a", "9", "a ", "A. ", "a, ", "a; ", "a and ", "\n\n", "\n ", "\n  a"),
    *("<b>", "<p>", "</p>", "<div>", "<br/>", "<a href='x'>", "<!--", "-->", "<![CDATA[", "]]>", "<?", "<!DOCTYPE x [", "<x a#='1'>"),
    *(" a#='1'", " a#=1", " xmlns:a#='u'", "<a:b xmlns:a='u'>", "<item>", "<entry>", "<title>a</title>", "<author>", "&amp;", "&#38;", "&a#;"),
    *("&lt;", "&lt;b&gt;", "<!ENTITY a# 'b'>", "<!ATTLIST a b# CDATA 'c'>", "<h3>", "<article>", "<dt>", "<dd>", "<li>", "<td>", "<table>", "<svg>"),
    *("{\\'e}", "{{", "}}", "{\\it ", "\\emph{", "$x$ ", "\\\\\n", "\\\\ ( https://a.b\n", "\\&", "\\\"", "\\u0041"),
    *('{"a":', "[[", '"a",', '{"title":"a"},', '{"paper":{"id":"2611.00001"}},', "'a': ", "null,", "1,"),
    *("@x{y#,", "@string{a = ", "title = {a},", "author = {A, B and C}", " # a", "@comment{", "crossref={a#},"),
    *("TY  - JOUR\n", "AU  - A, B\n", "ER  - \n", "AB  - a\n", "KW  - a\n", "      a\n", "PMID- 1\n", "AB  - \n"),
    *("a,b\n", '"a"', '""', "a\tb\n", "\\\"", "sep=;\n"),
    *("From a\nTo: b\n\n", "Subject: a\n", "X: y\n", "a: b\n\n", ";", ";a*0=x", ";a*#=x", ';a="', "=?utf-8?b?", "=?utf-8?q?a?= ", "=?utf-8?b?YQ==?="),
    *("--b\n", "--b#\n", "Content-Type: multipart/mixed; boundary=b#\n\n--b#\n", "Content-Type: message/rfc822\n\n", "=\n", "=41", "> ", ">>"),
    *("https://a.b/", "http://a.b/?url=http%3A%2F%2F", "10.1000/a", "arXiv:2611.01001 ", "%25", "doi:", "(arXiv:", "..."),
    *("Upvote\n\n1\n\n", "\u2022 3 authors\n\u00b7\nNov 12\n\n", "a b c d e f g h.\n\n", "- Nov 12, ", "et al.", "Date: 1 Jan 2024\n", "Title: a\n", "Jan 1"),
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """The CPU seconds for one string in one sample, by the size of the file in bytes."""

    source: str
    sample: str
    place: int
    string: str
    seconds: dict[int, float]
    outcome: str

    @property
    def factor(self) -> float:
        last = list(self.seconds.values())[-2:]
        return last[-1] / last[0] if len(last) == 2 and last[-1] > NOISE else 1.0

    @property
    def per_megabyte(self) -> float:
        size, seconds = list(self.seconds.items())[-1]
        return seconds / size * 1e6


def samples(folder: Path) -> dict[str, bytes]:
    """Return the samples by name: those of the tests, and a small real file of each format and folder."""
    found = {path.name: path.read_bytes() for path in sorted(SAMPLES.iterdir())}
    seen: set[tuple[str, str]] = set()
    for name in FOLDERS:
        for path in sorted((folder / name).glob("*")) if (folder / name).is_dir() else []:
            data = path.read_bytes()
            file = read(data) if len(data) < 200_000 else None
            if isinstance(file, DigestFile) and (name, file.source) not in seen:
                seen.add((name, file.source))
                found[f"{name}/{path.name}"] = data
    return found


def read(data: bytes) -> object:
    return parse(Loaded("x", data, "", WHEN), today=date(2026, 11, 20), zone=UTC)


def hostile(data: bytes, place: int, string: str, size: int) -> bytes:
    """Return the sample with the string repeated at a place until it has about `size` bytes."""
    if "#" in string and string != "#":
        times = max(1, size // (len(string.encode()) + 5))
        inserted = "".join(string.replace("#", str(number)) for number in range(times)).encode()
    else:
        inserted = string.encode() * max(1, size // len(string.encode()))
    return data[:place] + inserted[:size] + data[place:]


def places(data: bytes, number: int) -> list[int]:
    """Return places in a sample: at even distances, and from each the next end of a tag, quotation mark and line end."""
    found = {0, len(data)}
    for step in range(number):
        start = len(data) * step // number + 7
        found.update({start, *(data.find(mark, start) for mark in (b">", b'"', b"\n"))})
    return sorted(place for place in found if 0 <= place <= len(data))


def measured(name: str, data: bytes, place: int, string: str, sizes: list[int]) -> Row:
    seconds: dict[int, float] = {}
    outcome, source = "", ""
    for size in sizes:
        content = hostile(data, place, string, size)
        start = time.process_time()
        found = read(content)
        spent = time.process_time() - start
        seconds[len(content)] = round(spent, 4)
        outcome = getattr(found, "reason", "") or f"{len(getattr(found, 'listings', ()))} listings"
        source = getattr(found, "source", "rejected")
        # What takes next to no time cannot become slow at the next size, unless it is far worse than quadratic.
        if spent > LONGEST or (spent < NOISE / 4 and size >= 200_000):
            break
    return Row(source, name, place, string, seconds, outcome)


def rows(found: dict[str, bytes], sizes: list[int], number: int, sample: int) -> Iterator[Row]:
    """Yield the measurements, those of one sample together; `sample` limits them to a random choice of so many."""
    chosen = [
        (name, place, string) for name in found for string in STRINGS for place in places(found[name], number)
    ]
    if sample:
        kept = sorted(random.Random(1).sample(range(len(chosen)), min(sample, len(chosen))))
        chosen = [chosen[each] for each in kept]
    for done, (name, place, string) in enumerate(chosen, 1):
        yield measured(name, found[name], place, string, sizes)
        if done % 100 == 0:
            print(f"{done} of {len(chosen)}", file=sys.stderr, flush=True)


def show(found: Iterable[Row], *, every: bool) -> int:
    """Print the slowest strings of each sample as soon as it is measured; return the number of measurements."""
    number = 0
    for sample, group in groupby(found, key=lambda row: row.sample):
        ordered = sorted(group, key=lambda row: -row.per_megabyte)
        number += len(ordered)
        for row in ordered if every else ordered[:2]:
            times = " ".join(f"{spent:8.3f}" for spent in row.seconds.values())
            print(
                f"{sample[:34]:34} {row.string[:24]!r:28} {times}  ×{row.factor:4.1f} {row.per_megabyte:7.2f} s/MB",
                flush=True,
            )
    return number


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="?", type=Path, default=DATA)
    parser.add_argument("--start", type=int, default=50, help="size of the smallest file in KB")
    parser.add_argument("--doublings", type=int, default=3)
    parser.add_argument(
        "--places", type=int, default=3, help="places of each sample at which the string is inserted"
    )
    parser.add_argument("--sample", type=int, default=0, help="number of measurements; 0: all")
    parser.add_argument("--only", default="", help="only samples with this in their name")
    parser.add_argument("--all", action="store_true", help="print every string, not only the slowest")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    sizes = [options.start * 1000 * 2**step for step in range(options.doublings + 1)]
    chosen = {name: data for name, data in samples(options.data).items() if options.only in name}
    measured_rows = rows(chosen, sizes, options.places, options.sample)
    if options.json:
        found = [{**row.__dict__, "factor": row.factor, "per_mb": row.per_megabyte} for row in measured_rows]
        print(json.dumps({"rows": found}))
        return
    print(f"files of {', '.join(f'{size // 1000}' for size in sizes)} KB", flush=True)
    print(f"{show(measured_rows, every=options.all)} strings in samples")


if __name__ == "__main__":
    main()
