"""The commands `digest feedback` and `digest suggest`: words in, tables or JSON out."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from digest.cli.console import print_json
from digest.errors import UsageError
from digest.model import Home, Rejected
from digest.services import feedback as app_taste
from digest.services.workspace import Clock

if TYPE_CHECKING:
    from digest.cli.console import Screen


def add_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    _add_learning(add)
    _add_suggest(add)


def _add_learning(add: Callable[..., argparse.ArgumentParser]) -> None:
    feedback = add("feedback", _feedback, "say which papers were liked; later issues are ordered by it")
    feedback.add_argument("subscription")
    feedback.add_argument(
        "verdict",
        choices=("like", "dislike", "undo", "seed", "list"),
        help="seed: papers of files (your own library) count as liked; list: what was said and learnt",
    )
    feedback.add_argument(
        "papers", nargs="*", metavar="PAPER", help="number, arXiv id, DOI or whole title; for seed a file"
    )
    feedback.add_argument("--clicks", action="store_true", help="undo: forget every paper that was opened")


def _add_suggest(add: Callable[..., argparse.ArgumentParser]) -> None:
    suggest = add("suggest", _suggest, "propose keywords from a few liked papers")
    suggest.add_argument(
        "papers", nargs="*", metavar="PAPER", help="number, arXiv id, DOI or whole title of a liked paper"
    )
    suggest.add_argument("--for", dest="liked_by", metavar="ID", help="what this subscription liked, too")


def _feedback(arguments: argparse.Namespace, home: Home, screen: "Screen") -> int:
    name, verdict, papers = arguments.subscription, arguments.verdict, arguments.papers
    if arguments.clicks and (verdict != "undo" or papers):
        raise UsageError(
            f"--clicks is of undo, and goes without papers: digest feedback {name} undo --clicks"
        )
    if (verdict == "list" or arguments.clicks) == bool(papers):
        raise UsageError("name at least one paper" if not papers else "feedback list takes no papers")
    if verdict == "list":
        found = app_taste.feedback(home, name)
        if arguments.json:
            print_json(app_taste.feedback_json(name, found))
        else:
            screen.feedback(found)
        return 0
    rejected: tuple[Rejected, ...] = ()
    if arguments.clicks:
        count = app_taste.forget_clicks(home, name)
    elif verdict == "seed":
        count, rejected = app_taste.seed(home, name, papers, Clock.of(home, arguments.now))
    else:
        count = app_taste.give_feedback(home, name, verdict, papers, Clock.of(home, arguments.now))
    for each in rejected:
        screen.error(str(each))
    if arguments.json:
        print_json({"subscription": name, "verdict": verdict, "papers": count})
    else:
        screen.say(f"{verdict}: {count} noted. What was learnt: digest feedback {name} list")
    return 1 if rejected else 0


def _suggest(arguments: argparse.Namespace, home: Home, screen: "Screen") -> int:
    if not arguments.papers and not arguments.liked_by:
        raise UsageError("name a liked paper, or a subscription: digest suggest --for ID")
    found = app_taste.suggest(home, arguments.papers, arguments.liked_by, Clock.of(home, arguments.now))
    if arguments.json:
        print_json(
            {
                "keywords": list(found.keywords),
                "liked": found.liked,
                "found": found.found,
                "papers_a_week": found.per_week[0],
            }
        )
    else:
        screen.suggestion(found)
    return 0
