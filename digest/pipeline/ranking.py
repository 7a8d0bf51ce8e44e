"""Ranking for a whole run: the readers' feedback and the background of their tastes, each loaded once.

A run without feedback loads nothing heavy.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from digest.compose.issue import Findings, recent_enough
from digest.i18n.catalogue import language
from digest.match.query.parser import query_of
from digest.match.reference import analyse, match
from digest.model import Component, Item, Paper, Subscription
from digest.rank.clicks import counted
from digest.rank.formula import components, ordered
from digest.store.store import Transaction
from digest.text.keyphrases import surface_forms

if TYPE_CHECKING:
    from digest.rank.taste import Profile, Space

SURE = 0.3  # as close as the liked papers are: few papers are half as close (docs/ranking.md)
_TERMS = 3  # of a paper, named as reasons
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Taste:
    """A reader's taste; `liked` (with seeds), `disliked` and `clicked` are what it was learnt from."""

    space: "Space"
    profile: "Profile"
    liked: tuple[Paper, ...]
    disliked: tuple[Paper, ...]
    clicked: tuple[Paper, ...] = ()

    def closeness(self, papers: Sequence[Paper]) -> list[float]:
        """Return how close papers are, from -1 to 1."""
        from digest.rank.taste import closeness

        return closeness(self.profile, self.space.matrix(papers))

    def terms(self, paper: Paper) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the words of a paper that speak most for it, and those against it."""
        weighed = self.space.reasons(self.profile, self.space.matrix([paper]), 2 * _TERMS)
        for_it = (term for term, weight in weighed if weight > 0)
        against = (term for term, weight in weighed if weight < 0)
        return surface_forms(for_it, [paper])[:_TERMS], surface_forms(against, [paper])[:_TERMS]


class TasteModels:
    """The tastes of all readers, each learnt when it is asked for."""

    def __init__(self) -> None:
        self._votes: dict[str, dict[int, str]] | None = None
        self._clicks: dict[str, list[int]] = {}
        self._seeded: frozenset[str] = frozenset()
        self._space: Space | None = None

    def ranked(
        self, tx: Transaction, subscription: Subscription, findings: Findings, now: datetime
    ) -> Findings:
        """Return the findings with New in the order that the reader's weights and feedback ask for."""
        weights, items = subscription.ranking, findings.new
        taste = self.taste(tx, subscription) if weights.taste and items else None
        today = now.astimezone(ZoneInfo(subscription.timezone)).date()
        papers = [item.paper for item in items]
        parts = components(items, weights, taste.closeness(papers) if taste else None, today)
        alike = self._alike(tx, papers) if weights.diversity and items else ()
        new = ordered(items, parts, diversity=weights.diversity, alike=alike, top=subscription.max_papers)
        if taste:
            new = tuple(_with_terms(item, taste) for item in new)
        return replace(findings, new=new, order=_order(subscription, taste))

    def discovered(
        self,
        tx: Transaction,
        subscription: Subscription,
        findings: Findings,
        papers: Iterable[Paper],
        now: datetime,
    ) -> Findings:
        """Return the findings with what no keyword asked for but the taste is sure of, at most so many a week.

        `papers` are those of the interval.
        """
        asked = {item.paper.number for item in (*findings.new, *findings.updated)}
        room = subscription.ranking.discover - sum(
            len(issue.discover) for issue in tx.issues.made_since(subscription.id, now - _WEEK)
        )
        taste = self.taste(tx, subscription) if room > 0 else None
        if taste is None:
            return findings
        without = query_of(subscription.exclude)
        numbers = {paper.number for paper in (*taste.liked, *taste.disliked, *taste.clicked)} | asked
        others = [
            paper
            for paper in papers
            if paper.number not in numbers
            and not paper.withdrawn
            and recent_enough(subscription, paper, now)
            and match(without, analyse(paper)) is None
        ]
        served = tx.issues.served(subscription.id, (paper.number for paper in others))
        close = zip(taste.closeness(others), others, strict=True)
        sure = [(value, paper) for value, paper in close if value >= SURE and paper.number not in served]
        sure.sort(key=lambda pair: (-pair[0], pair[1].number))
        items = (
            Item(paper, parts=(Component("taste", value, subscription.ranking.taste),))
            for value, paper in sure[:room]
        )
        return replace(findings, discover=tuple(_with_terms(item, taste) for item in items))

    def taste(self, tx: Transaction, subscription: Subscription) -> Taste | None:
        """Return what a reader likes; None if nothing was ever said."""
        liked, disliked = self._said(tx, subscription.id)
        clicked = self._clicked(tx, subscription) if subscription.ranking.clicks else ()
        if not (liked or disliked or clicked):
            return None
        space = self.space(tx)
        keywords = space.keywords(query_of(subscription.keywords))
        rows = space.matrix(liked), space.matrix(disliked), space.matrix(clicked)
        return Taste(space, space.profile(keywords, *rows), liked, disliked, clicked)

    def _said(self, tx: Transaction, subscription: str) -> tuple[tuple[Paper, ...], tuple[Paper, ...]]:
        if self._votes is None:
            self._votes = {}
            for vote in tx.feedback.votes():
                self._votes.setdefault(vote.subscription, {})[vote.paper] = vote.verdict
            self._seeded = tx.feedback.seeded()
            for click in counted(tx.clicks.of()):
                self._clicks.setdefault(click.subscription, []).append(click.paper)
        votes = self._votes.get(subscription, {})
        papers = tx.library.papers(votes) if votes else {}
        seeds = tx.feedback.seeds(subscription) if subscription in self._seeded else ()
        liked = tuple(papers[number] for number, verdict in votes.items() if verdict == "like")
        disliked = tuple(papers[number] for number, verdict in votes.items() if verdict == "dislike")
        return (*liked, *seeds), disliked

    def _clicked(self, tx: Transaction, subscription: Subscription) -> tuple[Paper, ...]:
        """Return what was opened and not voted on, by number; a word weighs more than a click."""
        assert self._votes is not None, "_said() comes first"
        votes = self._votes.get(subscription.id, {})
        numbers = sorted(number for number in self._clicks.get(subscription.id, ()) if number not in votes)
        return tuple(tx.library.papers(numbers).values()) if numbers else ()

    def space(self, tx: Transaction) -> "Space":
        """Return the terms of the newest papers of the library, the same for every reader of a run."""
        from digest.rank.taste import BACKGROUND_PAPERS, Space

        if self._space is None:
            self._space = Space(paper for paper, _ in tx.library.newest(BACKGROUND_PAPERS))
        return self._space

    def _alike(self, tx: Transaction, papers: Sequence[Paper]) -> list[list[float]]:
        from digest.rank.taste import similarities

        return similarities(self.space(tx).matrix(papers))


def _with_terms(item: Item, taste: Taste) -> Item:
    liked, against = taste.terms(item.paper)
    disliked = against if taste.disliked else ()  # nobody disliked what is merely common in the library
    name = _LEARNT_FROM[bool(taste.liked), bool(taste.clicked)]
    parts = tuple(replace(part, name=name) if part.name == "taste" else part for part in item.parts)
    return replace(item, parts=parts, liked=liked, disliked=disliked)


# The name of taste among the parts of a paper's worth, by whether there were likes, and clicks.
_LEARNT_FROM = {
    (False, False): "taste",
    (True, False): "taste",
    (False, True): "clicks",
    (True, True): "likes and clicks",
}


def _order(subscription: Subscription, taste: Taste | None) -> str:
    """Return by what New is ordered, for people; empty if by keywords alone."""
    weights = subscription.ranking
    say = language(subscription.language)
    told = []
    if taste:
        liked, disliked = len(taste.liked), len(taste.disliked)
        said = [say.ngettext("%(number)s liked", "%(number)s liked", liked)] if liked else []
        if disliked:
            said.append(say.ngettext("%(number)s disliked", "%(number)s disliked", disliked))
        if taste.clicked:
            said.append(say.ngettext("%(number)s opened", "%(number)s opened", len(taste.clicked)))
        told.append(say.gettext("taste (%(votes)s)", votes=", ".join(said)))
    if weights.popularity:
        told.append(say.gettext("popularity"))
    if weights.freshness:
        told.append(say.gettext("freshness"))
    if weights.diversity:
        told.append(say.gettext("variety"))
    if told and weights.keyword:
        told.insert(0, say.gettext("keywords"))
    return say.listed(told)
