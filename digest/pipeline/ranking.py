"""Ranking for a whole run: readers' tastes, with feedback and background loaded once, and the library's trends.

Without feedback nothing heavy is imported.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache, partial
from itertools import islice
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from digest.compose.issue import Findings, recent_enough
from digest.compose.slots import is_weekly, parse_schedule
from digest.i18n.catalogue import language
from digest.match.query.parser import query_of
from digest.match.reference import analyse, match
from digest.model import Component, Item, Paper, Subscription, Trend
from digest.pipeline.set_aside import Boundary
from digest.rank.centrality import by_centrality
from digest.rank.clicks import counted
from digest.rank.formula import components, ordered
from digest.rank.trends import period, rising, trends
from digest.store.store import Transaction
from digest.text.keyphrases import shared_forms

if TYPE_CHECKING:
    from digest.rank.taste import Profile, Space

# The least closeness at which a paper that no keyword matches is shown; 1 is the mean of the liked papers. A higher
# threshold shows fewer papers, but more of them are wanted (docs/ranking.md has the numbers).
SURE = 0.3
# The least closeness at which a paper is said to resemble others: papers of MEDLINE with 0.1 to 0.15 have the heading of
# the liked ones 4 to 31 times as often as papers in general, those with 0 to 0.05 0.2 to 1.2 times (docs/ranking.md).
ALIKE = 0.1
_TERMS = 3  # of a paper, shown as reasons
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Taste:
    """A reader's taste, with the `liked` (and seed), `disliked` and `clicked` papers that it was learnt from."""

    space: "Space"
    profile: "Profile"
    liked: tuple[Paper, ...]
    disliked: tuple[Paper, ...]
    clicked: tuple[Paper, ...] = ()
    _profiles: dict[tuple[Paper, ...], "Profile"] = field(default_factory=dict)

    def closeness(self, papers: Sequence[Paper]) -> list[float]:
        """Return the closeness of each paper, from -1 to 1."""
        from digest.rank.taste import closeness

        return closeness(self.profile, self.space.matrix(papers))

    def likenesses(self, paper: Paper) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the words that a paper shares with liked and opened papers, and with disliked ones.

        At most three each, the most important first; none if the paper does not clearly resemble these papers.
        """
        return self._shared((*self.liked, *self.clicked), paper), self._shared(self.disliked, paper)

    def unwanted(self, count: int) -> tuple[str, ...]:
        """Return the `count` terms of disliked papers that count most against a paper."""
        if not self.disliked:
            return ()
        weights = self.space.terms(self._like(self.disliked), count)
        against = {term for term, weight in self.space.terms(self.profile) if weight < 0}
        return tuple(term for term, weight in weights if weight > 0 and term in against)

    def _like(self, others: tuple[Paper, ...]) -> "Profile":
        if others not in self._profiles:
            self._profiles[others] = self.space.likeness(self.space.matrix(others))
        return self._profiles[others]

    def _shared(self, others: tuple[Paper, ...], paper: Paper) -> tuple[str, ...]:
        from digest.rank.taste import closeness

        if not others:
            return ()
        profile, row = self._like(others), self.space.matrix([paper])
        if closeness(profile, row)[0] < ALIKE:
            return ()
        return tuple(islice(shared_forms(self.space.reasons(profile, row), paper, others), _TERMS))


@dataclass(frozen=True, slots=True)
class Reader:
    """What a library knows of the taste of a subscription's reader.

    `liked` includes seeds; `clicked` are papers that were opened and not voted on.
    """

    liked: tuple[Paper, ...] = ()
    disliked: tuple[Paper, ...] = ()
    clicked: tuple[Paper, ...] = ()

    @property
    def speaks(self) -> bool:
        """Whether there is any feedback to learn from."""
        return bool(self.liked or self.disliked or self.clicked)


NOBODY = Reader()


def readers(tx: Transaction, subscriptions: Sequence[Subscription]) -> dict[str, Reader]:
    """Return what the library knows of the readers of these subscriptions, where it knows anything."""
    ids = [each.id for each in subscriptions]
    votes = tx.feedback.votes(*ids)
    counting = {each.id for each in subscriptions if each.ranking.clicks}
    clicks = counted(tx.clicks.of(*counting)) if counting else ()
    seeds = tx.feedback.seeds(*ids)
    papers = tx.library.papers({vote.paper for vote in votes} | {click.paper for click in clicks})
    voted: dict[str, dict[int, str]] = {}
    for vote in votes:
        voted.setdefault(vote.subscription, {})[vote.paper] = vote.verdict
    clicked: dict[str, set[int]] = {}
    for click in clicks:
        if click.paper not in voted.get(click.subscription, {}):  # a vote says more than a click
            clicked.setdefault(click.subscription, set()).add(click.paper)
    found = {}
    for name in voted.keys() | clicked.keys() | seeds.keys():
        verdicts = voted.get(name, {})
        found[name] = Reader(
            liked=(*(papers[n] for n, each in verdicts.items() if each == "like"), *seeds.get(name, ())),
            disliked=tuple(papers[n] for n, each in verdicts.items() if each == "dislike"),
            clicked=tuple(papers[number] for number in sorted(clicked.get(name, ()))),
        )
    return found


def rooms(tx: Transaction, subscriptions: Iterable[Subscription], now: datetime) -> dict[str, int]:
    """Return how many papers to discover an issue made now may show, for the subscriptions that want any."""
    wanted = {each.id: each.ranking.discover for each in subscriptions if each.ranking.discover}
    shown = tx.issues.discovered_since(wanted, now - _WEEK)
    return {name: most - shown.get(name, 0) for name, most in wanted.items()}


class TasteModels:
    """The tastes of readers. The space of terms is loaded when it is first needed and is the same for all.

    A paper whose words cannot be counted is as one without words.
    """

    def __init__(
        self,
        boundary: Boundary | None = None,
        ranker: Callable[[str], Callable[[Paper], float]] | None = None,
    ) -> None:
        """`ranker` returns the ranker of a plug-in by its name; without it, plug-ins do not rank."""
        self._boundary = boundary or Boundary()
        self._ranker = cache(ranker) if ranker else None
        self._space: Space | None = None

    def prepare(
        self, tx: Transaction, subscriptions: Iterable[Subscription], known: Mapping[str, Reader]
    ) -> None:
        """Load the space of terms if the ranking of one of these subscriptions needs it."""
        if self._space is None and any(
            each.ranking.diversity or known.get(each.id, NOBODY).speaks for each in subscriptions
        ):
            from digest.rank.taste import BACKGROUND_PAPERS, Space, terms_of

            def terms(paper: Paper) -> Counter[str]:
                return self._boundary.one("rank", paper, terms_of, otherwise=Counter())

            self._space = Space((paper for paper, _ in tx.library.newest(BACKGROUND_PAPERS)), terms)

    def ranked(
        self, subscription: Subscription, reader: Reader, findings: Findings, now: datetime
    ) -> Findings:
        """Return the findings with New ordered by the reader's weights and feedback."""
        today = now.astimezone(ZoneInfo(subscription.timezone)).date()
        weights, items = subscription.ranking, by_centrality(findings.new, today)
        taste = self.taste(subscription, reader) if weights.taste and items else None
        papers = [item.paper for item in items]
        tastes = taste.closeness(papers) if taste else None
        parts = components(items, weights, tastes, today, self._others(weights.others, papers))
        alike = self._alike(papers) if weights.diversity and items else ()
        new = ordered(items, parts, diversity=weights.diversity, alike=alike, top=subscription.max_papers)
        if taste:
            new = tuple(self._with_terms(item, taste) for item in new)
        return replace(findings, new=new, order=_order(subscription, taste))

    def _others(
        self, weights: Iterable[tuple[str, float]], papers: Sequence[Paper]
    ) -> dict[str, list[float]]:
        """Return what the rankers of plug-ins think of each paper, by name; one that fails as such is left out."""
        found = {}
        for name, _ in weights if self._ranker else ():
            work = partial(self._ranked_by, name, papers)
            if (values := self._boundary.whole("rank", name, work, otherwise=None)) is not None:
                found[name] = values
        return found

    def _ranked_by(self, name: str, papers: Sequence[Paper]) -> list[float] | None:
        assert self._ranker is not None
        worth = self._ranker(name)
        return [self._boundary.one("rank", paper, worth, subject=name, otherwise=0.0) for paper in papers]

    def discovered(
        self,
        subscription: Subscription,
        reader: Reader,
        findings: Findings,
        papers: Iterable[Paper],
        now: datetime,
    ) -> Findings:
        """Return the findings with papers to discover, best first: those among `papers`, of the interval and not
        served yet, that no keyword matched but that are close to the reader's taste.
        """
        matched = {item.paper.number for item in (*findings.new, *findings.updated)}
        taste = self.taste(subscription, reader)
        if taste is None:
            return findings
        excluded = query_of(subscription.exclude)
        numbers = {paper.number for paper in (*taste.liked, *taste.disliked, *taste.clicked)} | matched
        others = [
            paper
            for paper in papers
            if paper.number not in numbers
            and not paper.withdrawn
            and recent_enough(subscription, paper, now)
            and not self._boundary.one(
                "match", paper, lambda each: match(excluded, analyse(each)) is not None, otherwise=True
            )
        ]
        close = zip(taste.closeness(others), others, strict=True)
        sure = [(value, paper) for value, paper in close if value >= SURE]
        sure.sort(key=lambda pair: (-pair[0], pair[1].number))
        items = (
            Item(paper, parts=(Component("taste", value, subscription.ranking.taste),))
            for value, paper in sure
        )
        return replace(findings, discover=tuple(self._with_terms(item, taste) for item in items))

    def _with_terms(self, item: Item, taste: Taste) -> Item:
        """Return an item with the words that resemble the reader's taste."""
        paper = item.paper
        work = lambda each: _with_terms(item if each is paper else Item(each), taste)  # noqa: E731
        return self._boundary.one("rank", paper, work, otherwise=item)

    def taste(self, subscription: Subscription, reader: Reader) -> Taste | None:
        """Return a reader's taste; None without any feedback."""
        if not reader.speaks:
            return None
        space = self.space
        keywords = space.keywords(query_of(subscription.keywords))
        rows = space.matrix(reader.liked), space.matrix(reader.disliked), space.matrix(reader.clicked)
        return Taste(space, space.profile(keywords, *rows), reader.liked, reader.disliked, reader.clicked)

    @property
    def space(self) -> "Space":
        """The space of terms of the newest papers in the library."""
        assert self._space is not None, "prepare() loads it"
        return self._space

    def _alike(self, papers: Sequence[Paper]) -> list[list[float]]:
        from digest.rank.taste import similarities

        return similarities(self.space.matrix(papers))


def _with_terms(item: Item, taste: Taste) -> Item:
    liked, disliked = taste.likenesses(item.paper)
    name = _LEARNT_FROM[bool(taste.liked), bool(taste.clicked)]
    parts = tuple(replace(part, name=name) if part.name == "taste" else part for part in item.parts)
    return replace(item, parts=parts, liked=liked, disliked=disliked)


# The name of the taste among the parts of a paper's worth, by whether there are likes and clicks. With dislikes alone,
# what is close to it is close to the keywords.
_LEARNT_FROM = {
    (False, False): "dislikes",
    (True, False): "taste",
    (False, True): "clicks",
    (True, True): "likes and clicks",
}


def _order(subscription: Subscription, taste: Taste | None) -> str:
    """Return what New is ordered by, as text for readers; "" for keywords alone."""
    weights = subscription.ranking
    lang = language(subscription.language)
    parts = []
    if taste:
        liked, disliked = len(taste.liked), len(taste.disliked)
        votes = [lang.ngettext("%(number)s liked", "%(number)s liked", liked)] if liked else []
        if disliked:
            votes.append(lang.ngettext("%(number)s disliked", "%(number)s disliked", disliked))
        if taste.clicked:
            votes.append(lang.ngettext("%(number)s opened", "%(number)s opened", len(taste.clicked)))
        parts.append(lang.gettext("taste (%(votes)s)", votes=", ".join(votes)))
    if weights.popularity:
        parts.append(lang.gettext("popularity"))
    if weights.freshness:
        parts.append(lang.gettext("freshness"))
    if weights.diversity:
        parts.append(lang.gettext("variety"))
    parts += [name for name, weight in weights.others if weight]
    if parts and weights.keyword:
        parts.insert(0, lang.gettext("keywords"))
    return lang.listed(parts)


def trends_of(tx: Transaction) -> tuple[Trend, ...]:
    """Return the trends of the library, the strongest first; none if there are too few weeks to compare."""
    when = period(tx.title_terms.days())
    if when is None:
        return ()
    rises = rising(tx.title_terms.of(when), when)
    papers = tx.library.papers(number for each in rises for number in each.papers)
    return trends(rises, {number: paper.title for number, paper in papers.items()})


def shows_trends(subscription: Subscription) -> bool:
    """Return whether a subscription's issues show the trends: those of weekly schedules."""
    return is_weekly(parse_schedule(subscription.schedule))
