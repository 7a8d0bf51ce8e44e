"""What the commands about taste do: feedback, seeds, and keywords proposed from liked papers."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from digest.errors import UsageError
from digest.model import DigestFile, Home, Paper, Rejected, Subscription
from digest.services.preview import Week, per_week, weeks_of
from digest.services.runs import read_paths
from digest.services.subscriptions import subscription_of
from digest.services.workspace import Clock, iso, open_library

if TYPE_CHECKING:
    from digest.store.store import Transaction


@dataclass(frozen=True, slots=True)
class Feedback:
    """What was said of papers for a subscription, `clicked` among it, its seeds, and the terms that were learnt."""

    votes: tuple[tuple[Paper, str, datetime], ...]
    seeds: tuple[Paper, ...]
    liked_terms: tuple[str, ...]
    disliked_terms: tuple[str, ...]


def feedback(home: Home, subscription_id: str) -> Feedback:
    """Return what was said of papers, and what was learnt. Raises UsageError as `preview`."""
    from digest.pipeline.ranking import TasteModels
    from digest.text.keyphrases import surface_forms

    subscription = subscription_of(home, subscription_id)
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        votes = tx.feedback.votes(subscription_id)
        papers = tx.library.papers(vote.paper for vote in votes)
        seeds = tx.feedback.seeds(subscription_id)
        taste = TasteModels().taste(tx, subscription)
        said = tuple((papers[vote.paper], vote.verdict, vote.at) for vote in votes)
        if subscription.ranking.clicks:
            said += _clicked(tx, subscription_id, {vote.paper for vote in votes})
        if taste is None:
            return Feedback(said, seeds, (), ())
        weighed = taste.space.terms(taste.profile, _TERMS_SHOWN)
        # A term against is often one of the library's, which no paper that was voted on has.
        known = [
            *taste.liked,
            *taste.disliked,
            *taste.clicked,
            *(paper for paper, _ in tx.library.newest(_SPELLINGS)),
        ]
    return Feedback(
        said,
        seeds,
        surface_forms((term for term, weight in weighed if weight > 0), known)[:_TERMS_SHOWN],
        surface_forms((term for term, weight in reversed(weighed) if weight < 0), known)[:_TERMS_SHOWN],
    )


def _clicked(
    tx: "Transaction", subscription: str, voted: Collection[int]
) -> tuple[tuple[Paper, str, datetime], ...]:
    """Return the papers whose clicks count, the newest first."""
    from digest.rank.clicks import counted

    clicks = [click for click in counted(tx.clicks.of(subscription)) if click.paper not in voted]
    papers = tx.library.papers(click.paper for click in clicks)
    return tuple((papers[click.paper], "clicked", click.at) for click in clicks)


_TERMS_SHOWN = 10
_SPELLINGS = 500  # papers of the library that are asked how a stem is written


def give_feedback(home: Home, subscription_id: str, verdict: str, papers: Sequence[str], clock: Clock) -> int:
    """Note `like` or `dislike` of papers of the library, or `undo` what was said; return of how many.

    Raises UsageError, nothing noted, if one of them is unknown.
    """
    from digest.services.library import find

    subscription_of(home, subscription_id)
    with open_library(home, create=False) as store, store.begin() as tx:
        numbers = [find(tx, name) for name in papers]
        if verdict == "undo":
            said = {vote.paper for vote in tx.feedback.votes(subscription_id)}
            said |= {click.paper for click in tx.clicks.of(subscription_id)}
            tx.clicks.withdraw(subscription_id, numbers)
            tx.feedback.withdraw(subscription_id, numbers)
            return len(said & set(tx.identities.roots(numbers).values()))
        return tx.feedback.vote(subscription_id, numbers, verdict, at=clock.now)


def forget_clicks(home: Home, subscription_id: str) -> int:
    """Forget what was opened from a subscription's pages; return how many papers that were."""
    subscription_of(home, subscription_id)
    with open_library(home, create=False) as store, store.begin() as tx:
        return tx.clicks.withdraw(subscription_id)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Keywords that find liked papers (`found` of `liked`), and what they would have brought each week."""

    keywords: tuple[str, ...]
    liked: int
    found: int
    weeks: tuple[Week, ...]

    @property
    def per_week(self) -> tuple[float, int]:
        return per_week(self.weeks)


def suggest(home: Home, names: Sequence[str], subscription_id: str | None, clock: Clock) -> Suggestion:
    """Propose keywords from papers of the library, and from what a subscription liked.

    Raises UsageError if a paper or the subscription is unknown, or nothing is liked.
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
            seeds = tx.feedback.seeds(subscription_id)
        known = tx.library.papers(tx.identities.roots(numbers).values())
        liked = (*known.values(), *seeds)
        keywords = keywords_for(liked, tx.library.all_papers())
        if not keywords:
            raise UsageError(
                "no liked papers with words to go by; name some: digest suggest PAPER… "
                "or: digest feedback SUBSCRIPTION like PAPER…"
            )
        query = query_of(keywords)
        found = sum(match_paper(query, analyse(paper)) is not None for paper in liked)
        asked = Subscription("suggested", "", keywords, timezone=home.settings.timezone)
        counted = weeks_of(tx.library, asked, clock.now, _SUGGEST_WEEKS)
    return Suggestion(keywords, len(liked), found, counted)


_SUGGEST_WEEKS = 8


def seed(
    home: Home, subscription_id: str, paths: Sequence[str], clock: Clock
) -> tuple[int, tuple[Rejected, ...]]:
    """Keep the papers of files as liked, without listing them; return how many are new, and what failed."""
    subscription_of(home, subscription_id)
    found = list(read_paths(home, paths, clock, None))
    rejected = tuple(each for each in found if isinstance(each, Rejected))
    listings = [one for each in found if isinstance(each, DigestFile) for one in each.listings]
    with open_library(home, create=True) as store, store.begin() as tx:
        return tx.feedback.add_seeds(subscription_id, listings, at=clock.now), rejected


def feedback_json(subscription_id: str, found: Feedback) -> dict[str, object]:
    return {
        "subscription": subscription_id,
        "votes": [
            {"paper": paper.number, "title": paper.title, "verdict": verdict, "at": iso(at)}
            for paper, verdict, at in found.votes
        ],
        "seeds": [paper.title for paper in found.seeds],
        "terms": {"for": list(found.liked_terms), "against": list(found.disliked_terms)},
    }
