"""Hostile texts: how the time of every stage after reading grows with the length of one text.

    python benchmarks/hostile_stages.py [--size 20000] [--limit 2] [--stage NAME] [--pattern TEXT] [--json]

Each stage gets texts of every special character, and of pairs of them that open something and never close it, at
a quarter, a half, and the whole of a size. The table shows for each stage the slowest text in CPU seconds. A stage
is linear if its time doubles with the text; `x` is the growth from the half to the whole. A case that exceeds
`--limit` seconds is ended (`>`), and longer texts of it are not tried. The default size is the length at which
abstracts end (20,000 characters).
"""

import argparse
import json
import signal
import string
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from types import FrameType

from digest.diff.changes import diff
from digest.identity import compare, keys_of, may_be_one, traces
from digest.match.index.index import Index
from digest.match.near_misses import NearMissFinder
from digest.match.prefilter import scanner
from digest.match.query.parser import query_of
from digest.match.reference import analyse, match
from digest.model import DigestFile, Evidence, FeedItem, Issue, Item, Listing, Paper
from digest.publish import FORMS as FEEDS
from digest.publish import Channel, opml
from digest.publish.export import EXPORTS, export
from digest.rank.suggest import suggest
from digest.rank.taste import Space, similarities
from digest.rank.themes import themes_of
from digest.render import Renderer, SiteContext
from digest.render.excerpts import shorten_abstract
from digest.render.markdown import escape, to_html
from digest.render.plain_text import wrap
from digest.render.search import shard
from digest.text.clean import clean, shown_term
from digest.text.gist import gist
from digest.text.keyphrases import full_phrase, keyphrases
from digest.text.math import edits_of
from digest.text.sentences import sentences
from digest.text.words import words

SEEN = datetime(2026, 3, 12, 6, tzinfo=UTC)
SITE = SiteContext("Paper Digest", "https://digest.example.org/", "Paper Digest <digest@example.org>")
KEYWORDS = ("one-step", '"a b"~3', "ab*", '"a a a"', "title:a AND abstract:a", '"a a a a"~9', "x_1 OR a-a")
PAIRS = (
    *(
        "a$",
        "$ ",
        "$a",
        "$$ ",
        "$1 ",
        "\\a",
        "\\a ",
        "\\{",
        "{\\a ",
        "\\textbf{",
        "\\href{",
        "\\footnote{",
        "\\$",
    ),
    *(
        '\\"',
        '\\"a',
        '{\\"',
        "\\cite[",
        "\\cite{",
        "\\frac{",
        "^{",
        "_{",
        "a_",
        "a^",
        "a*",
        "a**",
        "*a",
        "_a",
    ),
    *(
        "![",
        "[a](",
        "[a]",
        "](",
        "[[",
        "(a",
        "a(",
        "<a ",
        "<!--",
        "</",
        "<a>",
        "<![CDATA[",
        "&#",
        "&a",
        "&amp;",
    ),
    *(
        "`a",
        "`` ",
        "a.",
        "a. ",
        "A. ",
        "a.b",
        ". A",
        "a-",
        "a-b-",
        "-a",
        "a'",
        "a's ",
        "''",
        "``a",
        "`a'",
        "a+",
    ),
    *(
        "http://",
        "https://a.b/",
        "a@b ",
        "@a",
        "a:b",
        "::a:",
        "== ",
        "~a",
        "1.",
        "1 ",
        "12",
        "1times",
        "simsim",
    ),
    *(
        "alpha",
        "R^n ",
        "times ",
        "mathbb",
        "we ",
        "this paper ",
        "we propose",
        "a b ",
        "a, b; ",
        "A B ",
        "\u00e9",
        "e\u0301",
    ),
    *(
        "\u0301",
        "\u4e00",
        "\u4e00a",
        "\u3042",
        "\uac00",
        "\u05d0",
        "\u0627",
        "\u200b",
        "\u00ad",
        "\u202e",
        "\ufb01",
        "\ufdfa",
    ),
    *(
        "\U0001f600",
        "\U0001d538",
        "\u2028",
        "\x00",
        "\x1b[",
        "\ud800",
        "a\n",
        "\n",
        "\t",
        "|a",
        "# ",
        "> ",
        "- ",
        "1) ",
    ),
    *(
        "\u2019",
        "\u201c",
        "\u2013",
        "a \u2014 ",
        "; a ",
        "(2) ",
        "part 1 ",
        "proc. ",
        "\u03b1",
        "\u222b",
        "a\\",
        "}{",
        "{}",
        "()",
    ),
)


NESTED = "\u2026"
NESTS = tuple(
    each.replace("~~", NESTED)
    for each in (
        *(
            "{~~}",
            "^{~~}",
            "a^{~~}",
            "_{a~~}",
            "\\frac{~~}{a}",
            "\\textbf{~~}",
            "\\text{~~}$",
            "\\sqrt[~~]",
            "\\(~~\\)",
        ),
        *(
            "\\[~~\\]",
            "(~~)",
            "[~~](a)",
            "[~~]",
            "**a ~~**",
            "*~~*",
            "_a~~_",
            "`~~`",
            "``~~''",
            "<a>~~</a>",
            "$a~~$",
            "\\a{~~}",
        ),
        *(
            '"(~~)"',
            "NOT (~~)",
            "(a OR ~~)",
            "(a AND ~~)",
            "title:(~~)",
            "sqrt{~~}",
            "frac{~~}{a}",
            "mathbb{~~}",
            "\\href{a}{~~}",
        ),
        *(
            "\\footnote{~~}",
            "\\textcolor{a}{~~}",
            "{\\it ~~}",
            "`a ~~'",
            "http://a{~~}",
            "\\cite[~~]{a}",
            "\\url{~~}",
        ),
    )
)


def paper(number: int = 1, **fields: object) -> Paper:
    """Return a paper with these fields and otherwise harmless ones."""
    values: dict[str, object] = {
        "title": "A kettle",
        "abstract": "We propose a kettle. It is a one-step kettle.",
    }
    values |= {"authors": ("Ada Steep",), "published": date(2026, 3, 10), "sources": ("arxiv-api",)}
    return Paper(number=number, uid=f"urn:uuid:{number}", first_seen=SEEN, **(values | fields))  # type: ignore[arg-type]


def issue(one: Paper) -> Issue:
    """Return an issue of one paper, in which some characters are marked."""
    marks = tuple(
        Evidence("a", field, text[at : at + 1], at, at + 1)
        for field, text in (("title", one.title), ("abstract", one.abstract))
        for at in range(0, min(len(text), 3000), 3)
    )
    return Issue(
        subscription="tea",
        name="Tea",
        number=7,
        day=date(2026, 3, 12),
        made=SEEN,
        timezone="UTC",
        since=SEEN,
        slot=None,
        considered=3,
        new=(Item(one, 2.0, marks),),
        updated=(),
        keywords=("one-step",),
        schedule="daily 08:00",
    )


def hostile_paper(text: str, field: str) -> Paper:
    """Return a paper with the text in a field."""
    return paper(**{field: (text, text[: len(text) // 2]) if field in {"authors", "categories"} else text})


Stage = Callable[[str], object]
_GROWN = 12  # patterns of each stage whose growth is measured
_RENDERER = Renderer(None, SITE)
_CHANNEL = Channel("tea", "Tea", "Tea", SITE.base_url, "urn:uuid:0", SEEN)


def _rendered(form: Callable[[Issue], object], field: str) -> Stage:
    return lambda text: form(issue(hostile_paper(text, field)))


def _published(write: Callable[[Channel, list[FeedItem]], object], field: str) -> Stage:
    return lambda text: write(_CHANNEL, [FeedItem(hostile_paper(text, field), SEEN, SEEN, (text[:300],))])


def _texts() -> Iterator[tuple[str, Stage]]:
    yield "clean", clean
    yield "words", words
    yield "keyphrases", keyphrases
    yield "full phrase", lambda text: full_phrase("a", [text])
    yield "formulas", edits_of
    yield "shown term", shown_term
    yield "markdown escape", lambda text: escape(text, start=True)
    yield "markdown to HTML", lambda text: to_html(f"# {escape(text)}\n\n{escape(text, start=True)}\n")
    yield "wrap", wrap
    yield "sentences and gist", lambda text: gist(text, sentences(text))
    yield "shortened abstract", shorten_abstract


def _matchers() -> Iterator[tuple[str, Stage]]:
    query = query_of(KEYWORDS)
    index, find = Index([query, query_of(["kettle"])]), scanner(query)
    for field in ("title", "abstract", "authors"):
        yield f"match {field}", lambda text, field=field: match(query, analyse(hostile_paper(text, field)))
        yield f"index {field}", lambda text, field=field: index.match([hostile_paper(text, field)])
        yield f"scan {field}", lambda text, field=field: find(hostile_paper(text, field))
        yield (
            f"near misses {field}",
            lambda text, field=field: NearMissFinder([analyse(hostile_paper(text, field))]).misses(query),
        )
    yield "query", lambda text: _tried(lambda: query_of([text]))
    yield "phrase query", lambda text: _tried(lambda: query_of([f'"{text}"']))


def _tried(work: Callable[[], object]) -> None:
    """Call; a query may be an error, which takes time too."""
    try:
        work()
    except ValueError:
        return
    except Exception as error:
        if type(error).__name__ != "QueryError":
            raise


def _rankers() -> Iterator[tuple[str, Stage]]:
    def group(text: str) -> list[Paper]:
        part = text[: len(text) // 9]
        return [
            *(paper(n, abstract=part[n:]) for n in range(4)),
            *(paper(n, title=part[n:]) for n in range(4, 9)),
        ]

    yield "themes", lambda text: themes_of(group(text))
    yield "suggestions", lambda text: suggest(group(text)[:2], group(text))
    yield "taste", lambda text: similarities(Space(group(text)).matrix(group(text)))


def _identity() -> Iterator[tuple[str, Stage]]:
    def listings(text: str) -> tuple[Listing, Listing]:
        return Listing(1, text, text, (text,)), Listing(2, text[2:] + "b", text[2:], (text[1:],))

    def compared(text: str) -> object:
        one, other = listings(text)
        return may_be_one(one, other, compare(one, other))

    def recorded(text: str) -> object:
        file = DigestFile("x", "0", "arxiv-api", date(2026, 3, 12), False, SEEN, listings(text))
        return diff(file, {})

    yield "identity keys", lambda text: [keys_of(each) for each in listings(text)]
    yield "identity traces", lambda text: traces(text, text)
    yield "identity compare", compared
    yield "diff", recorded


def _outputs() -> Iterator[tuple[str, Stage]]:
    forms: dict[str, Callable[[Issue], object]] = {
        **{
            form: lambda each, form=form: _RENDERER.file(each, form)
            for form in ("html", "markdown", "text", "eml")
        },
        "archive": _RENDERER.archive,
        "chat": lambda each: _RENDERER.chat(each, lambda title, text: len(title + text) < 3000),
    }
    for field in ("abstract", "title", "authors", "organization", "categories", "url"):
        for form, render in forms.items():
            yield f"{form} {field}", _rendered(render, field)
        yield f"page {field}", lambda text, field=field: _RENDERER.paper(hostile_paper(text, field))
        for form, write in FEEDS.items():
            yield f"{form} {field}", _published(write, field)
        for form in EXPORTS:
            yield (
                f"{form} {field}",
                lambda text, field=field, form=form: list(export([hostile_paper(text, field)], form)),
            )
    yield "search", lambda text: shard([hostile_paper(text, "title"), hostile_paper(text, "authors")])
    yield "OPML", lambda text: opml(text, SITE.base_url, [("tea", text)])


def stages() -> dict[str, Stage]:
    """Return every stage by name."""
    return dict(each for part in (_texts, _matchers, _rankers, _identity, _outputs) for each in part())


class Overtime(BaseException):
    """A case took longer than the limit; no stage may catch it."""


def _overtime(_number: int, _frame: FrameType | None) -> None:
    raise Overtime


def seconds(stage: Stage, text: str, limit: float) -> float:
    """Return the CPU seconds of a stage on a text; infinity if it takes longer than the limit."""
    signal.setitimer(signal.ITIMER_VIRTUAL, limit)
    began = time.process_time()
    try:
        stage(text)
    except Overtime:
        return float("inf")
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return time.process_time() - began


def patterns() -> list[str]:
    """Return what the hostile texts repeat: each ASCII character that is no letter or digit, a letter, and pairs."""
    return [
        *(char for char in string.printable if not char.isalnum()),
        "a",
        "1",
        *dict.fromkeys(PAIRS),
        *NESTS,
    ]


def worst(stage: Stage, size: int, limit: float, only: str | None) -> tuple[str, list[float]]:
    """Return the pattern that is slowest at the whole size (or at the last one tried), and its times.

    All patterns are tried at a quarter of the size, and the slowest of them at the half and the whole.
    """
    first: list[tuple[float, str]] = []
    for pattern in [only] if only else patterns():
        began = time.perf_counter()
        seconds(stage, text_of(pattern, size // 4), limit)
        first.append((time.perf_counter() - began, pattern))
    found: list[tuple[str, list[float]]] = []
    for _, pattern in sorted(first, reverse=True)[:_GROWN]:
        times: list[float] = []
        for length in (size // 4, size // 2, size):
            times.append(seconds(stage, text_of(pattern, length), limit))
            if times[-1] == float("inf"):
                break
        found.append((pattern, times))
    return max(found, key=lambda each: (each[1][-1], -len(each[1])))


def text_of(pattern: str, length: int) -> str:
    """Return a text of this length that repeats a pattern; `(…)` is as many `(` as `)`."""
    if len(pattern) > 1 and NESTED in pattern:
        opening, closing = pattern.split(NESTED)
        times = length // (len(opening) + len(closing))
        return opening * times + closing * times
    return (pattern * (length // len(pattern) + 1))[:length]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--size", type=int, default=20_000)
    options.add_argument("--limit", type=float, default=2.0)
    options.add_argument("--stage")
    options.add_argument("--pattern")
    options.add_argument("--slow", type=float, default=0.0, help="print only stages slower than this")
    options.add_argument("--json", action="store_true")
    options.add_argument("data", nargs="*", help="not used: the texts are made here")
    arguments = options.parse_args()
    signal.signal(signal.SIGVTALRM, _overtime)
    rows = []
    if not arguments.json:
        print(f"{'stage':24} {'pattern':14} {'quarter':>9} {'half':>9} {'whole':>9} {'x':>5}")
    for name, stage in stages().items():
        if arguments.stage and arguments.stage != name:
            continue
        stage("warm up")
        pattern, times = worst(stage, arguments.size, arguments.limit, arguments.pattern)
        rows.append({"stage": name, "pattern": pattern, "seconds": times})
        if not arguments.json and times[-1] >= arguments.slow:
            shown = [
                f"{each:9.3f}" if each < float("inf") else f"{'>':>8}{arguments.limit:g}" for each in times
            ]
            shown += [" " * 9] * (3 - len(times))
            growth = (
                f"{times[2] / max(times[1], 1e-4):5.1f}"
                if len(times) == 3 and times[2] < float("inf")
                else ""
            )
            print(f"{name:24} {pattern!a:14} {' '.join(shown)} {growth}", flush=True)
    if arguments.json:
        json.dump({"size": arguments.size, "stages": rows}, sys.stdout)


if __name__ == "__main__":
    main()
