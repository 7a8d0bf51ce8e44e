"""The query of a subscription that may have several interests: it accepts a paper if any interest does."""

from digest.match.query.ast import And, Node, Not, Query
from digest.match.query.parser import query_of
from digest.model import Interest, Subscription


def query_for(subscription: Subscription) -> Query:
    """Return the query of a subscription. Raises QueryError."""
    if not subscription.interests:
        return query_of(subscription.keywords, subscription.exclude)
    nodes = (node for each in subscription.interests for node in _nodes(each))
    return Query(tuple(dict.fromkeys(nodes)), query_of((), subscription.exclude).exclude)


def queries_by_interest(subscription: Subscription) -> tuple[Query, ...]:
    """Return the query of each interest of a subscription, in their order."""
    return tuple(
        query_of(each.keywords, (*each.exclude, *subscription.exclude)) for each in subscription.interests
    )


def _nodes(interest: Interest) -> tuple[Node, ...]:
    """Return the keywords of an interest, each without what the interest excludes."""
    query = query_of(interest.keywords, interest.exclude)
    excluded = tuple(Not(node) for node in query.exclude)
    return tuple(And((node, *excluded)) for node in query.keywords) if excluded else query.keywords
