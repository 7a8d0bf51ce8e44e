"""The commands `digest library …`: words in, tables or JSON out."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digest.model import Home
from digest.services.workspace import Clock, library

if TYPE_CHECKING:
    from digest.cli.console import Screen
    from digest.services.library import Shown
    from digest.store.identities import Decision
    from digest.store.store import Transaction

_FORMS = ("jsonl", "bibtex", "csv")


def add_commands(commands: Any, common: argparse.ArgumentParser) -> None:
    about = "look up, search and export papers; make one of two, or two of one"
    group = commands.add_parser("library", help=about, description=about, allow_abbrev=False)
    actions = group.add_subparsers(title="actions", metavar="ACTION", required=True)

    def add(name: str, command: Callable[..., int], about: str) -> argparse.ArgumentParser:
        one: argparse.ArgumentParser = actions.add_parser(
            name, parents=[common], help=about, description=about, allow_abbrev=False
        )
        one.set_defaults(command=command)
        return one

    paper = "its library number, arXiv id, DOI or title"
    add("show", _show, "a paper with its history: where it was listed, and why it is one").add_argument(
        "paper", help=paper
    )
    search = add("search", _search, "the papers that a query accepts, best first")
    search.add_argument("query")
    search.add_argument("--limit", type=_count, default=20, metavar="N", help="how many (default 20)")
    export = add("export", _export, "write papers as JSON Lines, BibTeX or CSV")
    export.add_argument("query", nargs="?", help="only the papers that this query accepts")
    export.add_argument("--format", choices=_FORMS, default="jsonl", help="default jsonl")
    export.add_argument("--output", type=Path, metavar="FILE", help="default: the screen")
    merges = add("merges", _merges, "which papers were made one or two, by which rule and evidence")
    merges.add_argument("--limit", type=_count, default=100, metavar="N", help="how many (default 100)")
    doubts = add("doubts", _doubts, "which papers may be one, though nothing decides it")
    doubts.add_argument("--limit", type=_count, default=100, metavar="N", help="how many (default 100)")
    merge = add("merge", _merge, "make one paper of two; the lower number stays")
    merge.add_argument("paper", help=paper)
    merge.add_argument("other", help=paper)
    add("split", _split, "take a paper out of another again; the two stay apart").add_argument(
        "paper", metavar="ID", help="the later number, as merges shows it"
    )


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 10 and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 999999999")
    return int(text)


def _print(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False))


def _show(arguments: argparse.Namespace, home: Home, screen: "Screen") -> int:
    from digest.services import library as librarian

    with library(home) as tx:
        shown = librarian.show(tx, arguments.paper)
    if arguments.json:
        _print(_shown_json(shown))
        return 0
    paper = shown.paper
    screen.say(f"{paper.number}  {paper.title}", style="bold")
    for name, value in (
        ("authors", ", ".join(paper.authors)),
        ("arXiv", paper.arxiv and f"{paper.arxiv}{f'v{paper.version}' if paper.version else ''}"),
        ("DOI", paper.doi),
        ("link", paper.url),
        ("published", paper.published),
        ("first seen", f"{paper.first_seen:%Y-%m-%d %H:%M}"),
        ("also", ", ".join(map(str, shown.parts))),
    ):
        if value:
            screen.say(f"  {name}: {value}")
    if paper.abstract:
        screen.say(f"\n{paper.abstract}\n")
    screen.table(
        ("file", "saved", "rank", "source", "number", "found by", "evidence"),
        (
            (one.path, one.captured, one.rank, one.source, one.part, one.rule or "", one.evidence or "")
            for one in shown.sightings
        ),
        wide=6,
    )
    return 0


def _shown_json(shown: "Shown") -> dict[str, Any]:
    from digest.publish.export import paper_json

    return paper_json(shown.paper) | {
        "parts": list(shown.parts),
        "listings": [
            {
                "file": one.path,
                "source": one.source,
                "captured": one.captured.isoformat(),
                "rank": one.rank,
                "part": one.part,
                "rule": one.rule,
                "evidence": one.evidence,
            }
            for one in shown.sightings
        ],
        "decisions": [_decision_json(one) for one in shown.decisions],
    }


def _search(arguments: argparse.Namespace, home: Home, screen: "Screen") -> int:
    from digest.publish.export import paper_json
    from digest.services import library as librarian

    with library(home) as tx:
        hits = librarian.search(tx, arguments.query, limit=arguments.limit)
    if arguments.json:
        for hit in hits:
            _print(paper_json(hit.paper) | {"score": hit.score})
        return 0
    screen.table(
        ("number", "score", "title", "arXiv", "DOI"),
        (
            (hit.paper.number, f"{hit.score:g}", hit.paper.title, hit.paper.arxiv or "", hit.paper.doi or "")
            for hit in hits
        ),
        wide=2,
    )
    return 0


def _export(arguments: argparse.Namespace, home: Home, screen: "Screen") -> int:
    from digest.publish.export import export
    from digest.services import library as librarian
    from digest.system.files import write_whole

    form = "jsonl" if arguments.json else arguments.format
    with library(home) as tx:
        if arguments.query:
            found = [hit.paper for hit in librarian.search(tx, arguments.query)]
            papers = iter(sorted(found, key=lambda paper: paper.number))
        else:
            papers = tx.library.all_papers()
        pieces = export(papers, form)
        if arguments.output is None:
            sys.stdout.writelines(pieces)
            return 0
        write_whole(arguments.output, "".join(pieces).encode("utf-8", "replace"))
    screen.message(f"{arguments.output} written")
    return 0


def _merges(arguments: argparse.Namespace, home: Home, screen: "Screen") -> int:
    with library(home) as tx:
        found = tx.identities.decisions(limit=arguments.limit)
        _print_decisions(arguments, screen, tx, found, "nothing was made one yet")
    return 0


def _doubts(arguments: argparse.Namespace, home: Home, screen: "Screen") -> int:
    with library(home) as tx:
        found = tx.identities.doubts(limit=arguments.limit)
        _print_decisions(arguments, screen, tx, found, "no paper is in doubt")
    return 0


def _print_decisions(
    arguments: argparse.Namespace,
    screen: "Screen",
    tx: "Transaction",
    found: "Sequence[Decision]",
    nothing: str,
) -> None:
    titles = tx.identities.titles({number for one in found for number in (one.paper, one.part)})
    if arguments.json:
        _print(
            [_decision_json(one) | {"titles": [titles.get(one.paper), titles.get(one.part)]} for one in found]
        )
        return
    screen.table(
        ("paper", "ID", "what", "rule", "evidence", "when", "title of ID"),
        (
            (
                one.paper,
                one.part,
                one.kind,
                one.rule,
                one.evidence,
                f"{one.at:%Y-%m-%d}",
                titles.get(one.part, ""),
            )
            for one in found
        ),
        wide=6,
    )
    if not found:
        screen.message(nothing)


def _decision_json(one: "Decision") -> dict[str, Any]:
    return {
        "id": one.part,
        "paper": one.paper,
        "kind": one.kind,
        "rule": one.rule,
        "evidence": one.evidence,
        "at": one.at.isoformat(),
    }


def _merge(arguments: argparse.Namespace, home: Home, screen: "Screen") -> int:
    from digest.services import library as librarian

    with library(home, write=True, words=arguments.words) as tx:
        survivor, absorbed = librarian.merge(
            tx, arguments.paper, arguments.other, at=Clock.of(home, arguments.now).now
        )
    if arguments.json:
        _print({"paper": survivor, "id": absorbed})
    screen.say(f"{absorbed} is part of {survivor} now. To undo it: digest library split {absorbed}")
    return 0


def _split(arguments: argparse.Namespace, home: Home, screen: "Screen") -> int:
    from digest.services import library as librarian

    with library(home, write=True, words=arguments.words) as tx:
        part, root = librarian.split(tx, arguments.paper, at=Clock.of(home, arguments.now).now)
    if arguments.json:
        _print({"id": part, "paper": root})
    screen.say(f"{part} is a paper of its own now, and stays apart from {root}.")
    return 0
