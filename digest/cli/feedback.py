"""The commands that learn from readers: feedback and suggest."""

from argparse import Namespace
from typing import TYPE_CHECKING

from digest.cli.arguments import PAPER, Commands, Context
from digest.cli.console import Screen, print_json, rate
from digest.text.format import count

if TYPE_CHECKING:
    from digest.model import Rejected
    from digest.services.feedback import Feedback, Suggestion


_DONE = {
    "like": "Recorded a like of",
    "dislike": "Recorded a dislike of",
    "undo": "Removed the feedback on",
    "seed": "Added as liked:",
}


def add_commands(commands: Commands) -> None:
    feedback = commands.add(
        "feedback",
        _feedback,
        "record liked and disliked papers to rank later issues",
        examples=(
            "digest feedback agents like 2501.01234 17",
            "digest feedback agents seed my-papers.bib",
            "digest feedback agents list",
        ),
    )
    feedback.add_argument("subscription", metavar="SUBSCRIPTION", help="id of a subscription")
    feedback.add_argument(
        "verdict",
        choices=("like", "dislike", "undo", "seed", "list"),
        help="verdict to record; seed records all papers in your own files, such as a bibliography, as liked; "
        "list shows the verdicts and the terms learnt from them",
    )
    feedback.add_argument("papers", nargs="*", metavar="PAPER", help=f"{PAPER}; for seed, a file")
    feedback.add_argument("--clicks", action="store_true", help="with undo, forget all clicks on papers")
    suggest = commands.add(
        "suggest",
        _suggest,
        "suggest keywords from liked papers",
        examples=("digest suggest 2501.01234 17", "digest suggest --for agents"),
    )
    suggest.add_argument("papers", nargs="*", metavar="PAPER", help=PAPER)
    suggest.add_argument(
        "--for", dest="liked_by", metavar="ID", help="id of a subscription; also use its liked papers"
    )


def _feedback(arguments: Namespace, context: Context) -> int:
    from digest.services import feedback

    _check_feedback(arguments)
    name, verdict, papers = arguments.subscription, arguments.verdict, arguments.papers
    if verdict == "list":
        found = feedback.feedback(context.home, name)
        if arguments.json:
            print_json(feedback.feedback_json(name, found))
        else:
            _show_feedback(context.screen, found)
        return 0
    rejected: tuple[Rejected, ...] = ()
    if arguments.clicks:
        number = feedback.forget_clicks(context.home, name)
    elif verdict == "seed":
        number, rejected = feedback.seed(context.home, name, papers, context.clock)
    else:
        number = feedback.give_feedback(context.home, name, verdict, papers, context.clock)
    for each in rejected:
        context.screen.error(str(each))
    if arguments.json:
        print_json({"subscription": name, "verdict": verdict, "papers": number})
    else:
        done = "Forgot the clicks on" if arguments.clicks else _DONE[verdict]
        context.screen.line(f"{done} {count(number, 'paper')}.")
        context.screen.hint("To see what was learnt", f"digest feedback {name} list")
    return 1 if rejected else 0


def _check_feedback(arguments: Namespace) -> None:
    """Raise UsageError for arguments that do not go together."""
    from digest.errors import UsageError

    name, verdict, papers = arguments.subscription, arguments.verdict, arguments.papers
    if arguments.clicks and (verdict != "undo" or papers):
        raise UsageError(
            f"--clicks can only be used with undo and without papers: digest feedback {name} undo --clicks"
        )
    if verdict == "list" and papers:
        raise UsageError(f"list takes no papers: digest feedback {name} list")
    if not papers and verdict != "list" and not arguments.clicks:
        what = "file" if verdict == "seed" else "paper"
        raise UsageError(f"give at least one {what}: digest feedback {name} {verdict} {what.upper()}")


def _show_feedback(screen: Screen, found: "Feedback") -> None:
    screen.table(
        ("verdict", "paper", "title"),
        ((verdict, paper.number, paper.marked_title) for paper, verdict, _ in found.votes),
        wraps="title",
    )
    clicked = sum(verdict == "clicked" for _, verdict, _ in found.votes)
    parts = [count(len(found.votes) - clicked, "vote"), count(len(found.seeds), "seed")]
    parts += [f"{count(clicked, 'paper')} clicked"] if clicked else []
    screen.line(f"{', '.join(parts)}.", style="bold")
    screen.fields(
        (
            ("terms for", ", ".join(found.liked_terms)),
            ("terms against", ", ".join(found.disliked_terms)),
        )
    )


def _suggest(arguments: Namespace, context: Context) -> int:
    from digest.errors import UsageError
    from digest.services.feedback import suggest

    if not arguments.papers and not arguments.liked_by:
        raise UsageError(
            "give a liked paper (digest suggest PAPER) or a subscription (digest suggest --for ID)"
        )
    suggestion = suggest(context.home, arguments.papers, arguments.liked_by, context.clock)
    if arguments.json:
        print_json(
            {
                "keywords": [each.text for each in suggestion.keywords],
                "exclude": [each.text for each in suggestion.exclude],
                "counts": [
                    {"keyword": each.text, "papers": each.papers, "adds": each.adds}
                    for each in suggestion.keywords
                ],
                "liked": suggestion.liked,
                "found": suggestion.found,
                "papers_a_week": suggestion.per_week[0],
            }
        )
    else:
        _show_suggestion(context.screen, suggestion)
    return 0


def _show_suggestion(screen: Screen, suggestion: "Suggestion") -> None:
    """Show the keywords as lines for a subscription file, and what each adds to those before it."""
    for key, found in (("keywords", suggestion.keywords), ("exclude", suggestion.exclude)):
        if found:
            texts = ", ".join(_toml_string(each.text) for each in found)
            screen.line(f"{key} = [{texts}]", style="bold")
    screen.line()
    screen.table(
        ("keyword", "papers", "adds"),
        (
            *((each.text, each.papers, each.adds) for each in suggestion.keywords),
            *((f"not {each.text}", each.papers, -each.adds) for each in suggestion.exclude),
        ),
    )
    screen.line(
        f"They match {suggestion.found} of {count(suggestion.liked, 'liked paper')}, "
        f"and {rate(*suggestion.per_week)}."
    )


def _toml_string(text: str) -> str:
    return f"'{text}'" if '"' in text else f'"{text}"'
