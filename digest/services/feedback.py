"""Feedback on papers: likes and dislikes, seeds, and keywords suggested from liked papers."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from digest.errors import UsageError
from digest.model import DigestFile, Home, Paper, Rejected
from digest.pipeline.set_aside import Boundary
from digest.services.runs import read_paths
from digest.services.subscriptions import subscription_of
from digest.services.tuning import Interest, Week, index_of, per_week, tune
from digest.services.workspace import Clock, open_library
from digest.text.format import iso

if TYPE_CHECKING:
    from digest.rank.suggest import SuggestedKeyword
    from digest.store.store import Transaction

_TERMS_SHOWN = 10
_SPELLINGS = 500  # newest papers of the library that are searched for the unstemmed form of a term

_SUGGESTED_FROM = 20_000  # newest papers of the library, whose words take about 20 seconds


@dataclass(frozen=True, slots=True)
class Feedback:
    """The feedback of a subscription, and the terms learnt from it, those with the most weight first.

    `votes` are (paper, verdict, time), the verdict `like`, `dislike` or `clicked`. `seeds` are papers of
    files given as liked.
    """

    votes: tuple[tuple[Paper, str, datetime], ...]
    seeds: tuple[Paper, ...]
    liked_terms: tuple[str, ...]
    disliked_terms: tuple[str, ...]


def feedback(home: Home, subscription_id: str) -> Feedback:
    """Return the feedback of a subscription. Raises UsageError if it is unknown or invalid."""
    from digest.pipeline.ranking import NOBODY, TasteModels, readers
    from digest.text.keyphrases import surface_forms

    subscription = subscription_of(home, subscription_id)
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        votes = tx.feedback.votes(subscription_id)
        papers = tx.library.papers(vote.paper for vote in votes)
        seeds = tx.feedback.seeds(subscription_id).get(subscription_id, ())
        known, tastes = readers(tx, [subscription]), TasteModels()
        tastes.prepare(tx, [subscription], known)
        taste = tastes.taste(subscription, known.get(subscription_id, NOBODY))
        given = tuple((papers[vote.paper], vote.verdict, vote.at) for vote in votes)
        if subscription.ranking.clicks:
            given += _clicked(tx, subscription_id, {vote.paper for vote in votes})
        if taste is None:
            return Feedback(given, seeds, (), ())
        wanted = [term for term, weight in taste.space.terms(taste.profile, _TERMS_SHOWN) if weight > 0]
        # The keywords have no spelling of their own: terms are stems.
        newest = (paper for paper, _ in tx.library.newest(_SPELLINGS))
        liked = surface_forms(wanted, (*taste.liked, *taste.clicked, *newest))
    return Feedback(given, seeds, liked, surface_forms(taste.unwanted(_TERMS_SHOWN), taste.disliked))


def _clicked(
    tx: "Transaction", subscription: str, voted: Collection[int]
) -> tuple[tuple[Paper, str, datetime], ...]:
    """Return the papers without a vote whose clicks count, newest first."""
    from digest.rank.clicks import counted

    clicks = [click for click in counted(tx.clicks.of(subscription)) if click.paper not in voted]
    papers = tx.library.papers(click.paper for click in clicks)
    return tuple((papers[click.paper], "clicked", click.at) for click in clicks)


def give_feedback(home: Home, subscription_id: str, verdict: str, papers: Sequence[str], clock: Clock) -> int:
    """Record `like` or `dislike` of papers, or `undo` their feedback and clicks; return how many changed.

    Papers are named as in `library.find`. Raises UsageError if one of them, or the subscription, is
    unknown; nothing is recorded then.
    """
    from digest.services.library import find

    subscription_of(home, subscription_id)
    with open_library(home, create=False) as store, store.begin() as tx:
        numbers = [find(tx, name) for name in papers]
        if verdict == "undo":
            given = {vote.paper for vote in tx.feedback.votes(subscription_id)}
            given |= {click.paper for click in tx.clicks.of(subscription_id)}
            tx.clicks.withdraw(subscription_id, numbers)
            tx.feedback.withdraw(subscription_id, numbers)
            return len(given & set(tx.identities.roots(numbers).values()))
        return tx.feedback.vote(subscription_id, numbers, verdict, at=clock.now)


def forget_clicks(home: Home, subscription_id: str) -> int:
    """Delete all clicks of a subscription; return how many papers had some."""
    subscription_of(home, subscription_id)
    with open_library(home, create=False) as store, store.begin() as tx:
        return tx.clicks.withdraw(subscription_id)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Suggested keywords and excludes; they match `found` of the `liked` papers. `weeks` counts past matches."""

    keywords: tuple["SuggestedKeyword", ...]
    exclude: tuple["SuggestedKeyword", ...]
    liked: int
    found: int
    weeks: tuple[Week, ...]

    @property
    def per_week(self) -> tuple[float, int]:
        return per_week(self.weeks)


def suggest(home: Home, names: Sequence[str], subscription_id: str | None, clock: Clock) -> Suggestion:
    """Suggest keywords from papers named as in `library.find`, and from those that a subscription likes.

    Raises UsageError if a paper or the subscription is unknown, or if no paper is liked.
    """
    from digest.match.query.parser import query_of
    from digest.match.reference import analyse
    from digest.match.reference import match as match_paper
    from digest.rank.suggest import suggest as keywords_for
    from digest.services.library import find

    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        numbers = [find(tx, name) for name in names]
        seeds: tuple[Paper, ...] = ()
        if subscription_id:
            subscription_of(home, subscription_id)
            votes = tx.feedback.votes(subscription_id)
            numbers += [vote.paper for vote in votes if vote.verdict == "like"]
            seeds = tx.feedback.seeds(subscription_id).get(subscription_id, ())
        known = tx.library.papers(tx.identities.roots(numbers).values())
        liked = (*known.values(), *seeds)
        older = max(0, tx.library.count() - _SUGGESTED_FROM)
        index = index_of(islice(tx.library.all_papers(), older, None), Boundary(), load=tx.library.papers)
        suggested = keywords_for(liked, index)
        if not suggested.keywords:
            raise UsageError(
                "no papers are liked yet, so nothing can be suggested; name some: digest suggest PAPER… "
                "or: digest feedback SUBSCRIPTION like PAPER…"
            )
        interest = Interest(
            tuple(each.text for each in suggested.keywords), tuple(each.text for each in suggested.exclude)
        )
        query = query_of(interest.keywords, interest.exclude)
        found = sum(match_paper(query, analyse(paper)) is not None for paper in liked)
        tuning = tune(index, [interest], clock.now, zone=home.settings.timezone)
    return Suggestion(suggested.keywords, suggested.exclude, len(liked), found, tuning.weeks)


def seed(
    home: Home, subscription_id: str, paths: Sequence[str], clock: Clock
) -> tuple[int, tuple[Rejected, ...]]:
    """Store the papers of files as liked, outside the library; return how many are new, and the rejected files."""
    subscription_of(home, subscription_id)
    found = list(read_paths(home, paths, clock, None))
    rejected = tuple(each for each in found if isinstance(each, Rejected))
    listings = [one for each in found if isinstance(each, DigestFile) for one in each.listings]
    with open_library(home, create=True) as store, store.begin() as tx:
        return tx.feedback.add_seeds(subscription_id, listings, at=clock.now), rejected


def feedback_json(subscription_id: str, found: Feedback) -> dict[str, object]:
    """Return the feedback of a subscription as `digest feedback ID list --json` prints it."""
    return {
        "subscription": subscription_id,
        "votes": [
            {"paper": paper.number, "title": paper.title, "verdict": verdict, "at": iso(at)}
            for paper, verdict, at in found.votes
        ],
        "seeds": [paper.title for paper in found.seeds],
        "terms": {"for": list(found.liked_terms), "against": list(found.disliked_terms)},
    }
