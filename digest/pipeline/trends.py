"""The trends of a library: what its titles say, held against the weeks before."""

from digest.compose.slots import is_weekly, parse_schedule
from digest.model import Subscription, Trend
from digest.rank.trends import period, rising, trends
from digest.store.store import Transaction


def trends_of(tx: Transaction) -> tuple[Trend, ...]:
    """Return what rises in the library, the strongest first; nothing where too few weeks can be compared."""
    when = period(tx.title_terms.days())
    if when is None:
        return ()
    rises = rising(tx.title_terms.of(when), when)
    papers = tx.library.papers(number for each in rises for number in each.papers)
    return trends(rises, {number: paper.title for number, paper in papers.items()})


def tells_trends(subscription: Subscription) -> bool:
    """Tell whether a subscription's issues say what rises: those that come once a week."""
    return is_weekly(parse_schedule(subscription.schedule))
