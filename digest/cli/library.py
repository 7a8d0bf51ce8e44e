"""The commands about the library: show, search, export, merges, doubts, merge and split."""

from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from digest.cli.arguments import PAPER, Commands, Context, number, path
from digest.cli.console import Screen, print_json, print_pieces, show_set_aside, show_spellings
from digest.text.format import local_day, named_time

if TYPE_CHECKING:
    from digest.model import Match, SetAside
    from digest.services.library import PaperHistory
    from digest.store.identities import Decision

_FORMATS = ("jsonl", "bibtex", "csv")


def add_commands(commands: Commands) -> None:
    actions = commands.group("library", "look up, search, export, merge and split papers")
    show = actions.add("show", _show, "show a paper, where it was listed, and how its listings were joined")
    show.add_argument("paper", metavar="PAPER", help=PAPER)
    search = actions.add(
        "search",
        _search,
        "list the papers that match a query, best first",
        examples=("digest library search 'title:diffusion' --limit 5",),
        takes_queries=True,
    )
    search.add_argument("query", metavar="QUERY", help="query, as in the keywords of a subscription")
    _add_limit(search, 20)
    export = actions.add(
        "export",
        _export,
        "write papers as JSON Lines, BibTeX or CSV",
        examples=("digest library export 'agent*' --format bibtex --output agents.bib",),
        takes_queries=True,
    )
    export.add_argument("query", nargs="?", metavar="QUERY", help="query for papers to export (default: all)")
    export.add_argument("--format", choices=_FORMATS, default="jsonl", help="format (default: jsonl)")
    export.add_argument("--output", type=path, metavar="FILE", help="file to write (default: stdout)")
    _add_limit(
        actions.add("merges", _merges, "list papers that were merged or split, by which rule and evidence"),
        100,
    )
    _add_limit(actions.add("doubts", _doubts, "list pairs of papers that may be the same"), 100)
    merge = actions.add(
        "merge",
        _merge,
        "merge two papers into one, which keeps the lower number",
        examples=("digest library merge 12 57",),
    )
    merge.add_argument("paper", metavar="PAPER", help=PAPER)
    merge.add_argument("other", metavar="OTHER", help="the other paper, given in the same way")
    split = actions.add(
        "split",
        _split,
        "undo a merge and keep the two papers apart",
        examples=("digest library split 57",),
    )
    split.add_argument(
        "paper", metavar="ID", help="id of the merged paper, as shown by digest library merges"
    )


def _add_limit(parser: Any, default: int) -> None:
    parser.add_argument(
        "--limit",
        type=number(1, 999_999_999),
        default=default,
        metavar="N",
        help=f"number of lines to list (default: {default})",
    )


def _show(arguments: Namespace, context: Context) -> int:
    from digest.services.library import show
    from digest.services.workspace import library

    with library(context.home) as tx:
        shown = show(tx, arguments.paper)
    if arguments.json:
        print_json(_shown_json(shown))
    else:
        _show_paper(context.screen, shown, context.home.settings.timezone)
    return 0


def _show_paper(screen: Screen, shown: "PaperHistory", zone: str) -> None:
    from digest.model import status_of

    paper = shown.paper
    version = f"v{paper.version}" if paper.version else ""
    screen.line(paper.marked_title, style="bold", label=f"{paper.number}  ", label_style="bold")
    screen.fields(
        (
            ("authors", ", ".join(paper.authors)),
            ("arXiv", paper.arxiv and f"{paper.arxiv}{version}"),
            ("DOI", paper.doi),
            ("link", paper.url),
            ("published", paper.published_text or paper.published),
            ("first seen", named_time(paper.first_seen, zone)),
            ("status", status_of(paper)),
            ("merged with", ", ".join(map(str, shown.parts))),
        )
    )
    if paper.abstract:
        screen.line()
        screen.line(paper.abstract)
    screen.line()
    screen.table(
        ("file", "captured", "rank", "source", "merged id", "identified by"),
        (
            (
                each.path,
                each.captured,
                each.rank,
                each.source,
                "" if each.part == paper.number else each.part,
                ": ".join(filter(None, (each.rule, each.evidence))),
            )
            for each in shown.sightings
        ),
        wraps="identified by",
    )


def _shown_json(shown: "PaperHistory") -> dict[str, Any]:
    from digest.publish.export import paper_json

    return paper_json(shown.paper) | {
        "parts": list(shown.parts),
        "listings": [
            {
                "file": each.path,
                "source": each.source,
                "captured": each.captured.isoformat(),
                "rank": each.rank,
                "part": each.part,
                "rule": each.rule,
                "evidence": each.evidence,
            }
            for each in shown.sightings
        ],
        "decisions": [_decision_json(each) for each in shown.decisions],
    }


def _search(arguments: Namespace, context: Context) -> int:
    from digest.publish.export import paper_json
    from digest.services.library import search
    from digest.services.workspace import library

    with library(context.home) as tx:
        found = search(tx, arguments.query, limit=arguments.limit)
    show_set_aside(context.screen, found.set_aside)
    show_spellings(context.screen, found.spellings)
    if arguments.json:
        for match in found.matches:
            print_json(paper_json(match.paper) | {"score": match.score})
    else:
        _show_matches(context.screen, found.matches, arguments.query)
    return 1 if found.set_aside else 0


def _show_matches(screen: Screen, matches: "Sequence[Match]", query: str) -> None:
    if not matches:
        screen.line(f"No paper in the library matches {query}", style="bold")
    screen.table(
        ("number", "score", "title", "arXiv", "DOI"),
        (
            (
                match.paper.number,
                f"{match.score:g}",
                match.paper.marked_title,
                match.paper.arxiv,
                match.paper.doi,
            )
            for match in matches
        ),
        wraps="title",
    )


def _export(arguments: Namespace, context: Context) -> int:
    from digest.publish.export import export
    from digest.services.library import search
    from digest.services.workspace import library
    from digest.system.files import write_whole

    aside: tuple[SetAside, ...] = ()
    form = "jsonl" if arguments.json else arguments.format
    with library(context.home) as tx:
        if arguments.query:
            found = search(tx, arguments.query)
            aside = found.set_aside
            papers = iter(sorted((match.paper for match in found.matches), key=lambda paper: paper.number))
        else:
            papers = tx.library.all_papers()
        pieces = export(papers, form)
        if arguments.output is None:
            print_pieces(pieces)
        else:
            write_whole(arguments.output, "".join(pieces).encode("utf-8", "replace"))
            context.screen.message(f"Wrote {arguments.output}")
    show_set_aside(context.screen, aside)
    return 1 if aside else 0


def _merges(arguments: Namespace, context: Context) -> int:
    return _list_decisions(arguments, context, doubts=False)


def _doubts(arguments: Namespace, context: Context) -> int:
    return _list_decisions(arguments, context, doubts=True)


def _list_decisions(arguments: Namespace, context: Context, *, doubts: bool) -> int:
    from digest.services.workspace import library

    with library(context.home) as tx:
        read = tx.identities.doubts if doubts else tx.identities.decisions
        decisions = read(limit=arguments.limit)
        titles = tx.identities.titles({number for each in decisions for number in (each.paper, each.part)})
    if arguments.json:
        print_json(
            [
                _decision_json(each) | {"titles": [titles.get(each.paper), titles.get(each.part)]}
                for each in decisions
            ]
        )
    elif decisions:
        _show_decisions(context, decisions, titles)
        if doubts:
            context.screen.line()
            context.screen.hint("To merge a pair", "digest library merge PAPER ID")
    else:
        context.screen.line("No papers are in doubt." if doubts else "No papers were merged or split.")
    return 0


def _show_decisions(context: Context, decisions: "Sequence[Decision]", titles: dict[int, str]) -> None:
    zone = context.home.settings.timezone
    context.screen.table(
        ("paper", "id", "decision", "rule", "evidence", "date", "title of id"),
        (
            (
                each.paper,
                each.part,
                each.kind,
                each.rule,
                each.evidence,
                local_day(each.at, zone),
                titles.get(each.part),
            )
            for each in decisions
        ),
        wraps="title of id",
    )


def _decision_json(decision: "Decision") -> dict[str, Any]:
    return {
        "id": decision.part,
        "paper": decision.paper,
        "kind": decision.kind,
        "rule": decision.rule,
        "evidence": decision.evidence,
        "at": decision.at.isoformat(),
    }


def _merge(arguments: Namespace, context: Context) -> int:
    from digest.services.library import merge
    from digest.services.workspace import library

    with library(context.home, write=True, arguments=context.argv) as tx:
        survivor, merged = merge(tx, arguments.paper, arguments.other, at=context.clock.now)
    if arguments.json:
        print_json({"paper": survivor, "id": merged})
    context.screen.line(f"Merged paper {merged} into {survivor}.")
    context.screen.hint("To undo", f"digest library split {merged}")
    return 0


def _split(arguments: Namespace, context: Context) -> int:
    from digest.services.library import split
    from digest.services.workspace import library

    with library(context.home, write=True, arguments=context.argv) as tx:
        part, root = split(tx, arguments.paper, at=context.clock.now)
    if arguments.json:
        print_json({"id": part, "paper": root})
    context.screen.line(f"Split paper {part} from {root}. They will not be merged automatically again.")
    return 0
