"""The check of subscriptions: mistakes, what may not mean what was intended, and what each keyword brings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from digest.model import Home, InvalidSubscription, Subscription
from digest.services.subscriptions import EVERY, Page
from digest.services.tuning import TOO_MUCH, WEEKS, KeywordCount, Tuning, index_for, interests_of, tune
from digest.services.workspace import Clock, open_library
from digest.text.addresses import address_key, one_of_each

if TYPE_CHECKING:
    from digest.match.query.parser import Query
    from digest.store.store import Transaction

_COUNTED = 500  # subscriptions; of more, keywords are counted only on request
_TELLING = 10  # matches; of fewer, shares say little


@dataclass(frozen=True, slots=True)
class Checked:
    """A subscription with its warnings. `tuning` is what its keywords bring; None if they were not counted."""

    subscription: Subscription | InvalidSubscription
    warnings: tuple[str, ...] = ()
    tuning: Tuning | None = None


def check_subscriptions(
    home: Home, clock: Clock, page: Page = EVERY, *, explain: bool = False
) -> tuple[Checked, ...]:
    """Return the subscriptions, valid or not, each with its warnings.

    Warnings concern fields that no source has filled so far, words that look like operators, rooms that
    `digest.toml` does not define, addresses given twice, and keywords that bring nearly everything, nothing, or the
    same as another. With `explain`, the keywords are counted however many subscriptions there are.
    """
    from digest.pipeline.cursors import current

    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        found = page.of(current(home, tx, page.after))
        filled = tx.library.filled_fields()
        valid = [each for each in found if isinstance(each, Subscription)]
        counted = _counted(tx, valid, clock) if explain or len(valid) <= _COUNTED else {}
    return tuple(
        Checked(each, tuple(_warnings(home, each, filled, counted.get(each.id))), counted.get(each.id))
        if isinstance(each, Subscription)
        else Checked(each)
        for each in found
    )


def _counted(tx: "Transaction", subscriptions: Sequence[Subscription], clock: Clock) -> dict[str, Tuning]:
    """Return what the keywords of subscriptions bring, by id; without papers nothing can be said."""
    from digest.match.spelling import Vocabulary
    from digest.pipeline.set_aside import Boundary

    if not subscriptions or not tx.library.count():
        return {}
    interests = {each.id: interests_of(each) for each in subscriptions}
    papers, words = tx.library.all_papers(), Vocabulary(tx.library.all_papers())
    index = index_for(
        [each for some in interests.values() for each in some], papers, Boundary(), load=tx.library.papers
    )
    return {
        each.id: tune(index, interests[each.id], clock.now, zone=each.timezone, words=words)
        for each in subscriptions
    }


def _warnings(
    home: Home, subscription: Subscription, filled: frozenset[str], tuning: Tuning | None
) -> Iterator[str]:
    from digest.match.query.interests import query_for
    from digest.match.query.lint import hints

    for name in sorted(_fields(query_for(subscription)) - filled if filled else ()):
        yield f"{subscription.id}: no file read so far fills the field {name!r}; terms on it cannot match yet"
    excluded = (text for each in subscription.interests for text in each.exclude)
    for keyword in (*subscription.keywords, *subscription.exclude, *excluded):
        for hint in hints(keyword):
            yield f"{subscription.id}: {hint}"
    for name in subscription.chat:
        if home.settings.room(name) is None:
            yield (
                f"{subscription.id}: chat: digest.toml has no table [chat.{name}]; add it, or correct the name"
            )
    yield from _repeated_addresses(subscription)
    if tuning is not None:
        for warning in _of_keywords(tuning, filled):
            yield f"{subscription.id}: {warning}"


def _repeated_addresses(subscription: Subscription) -> Iterator[str]:
    first = {address_key(address): address for address in reversed(subscription.email)}
    for address in subscription.email:
        if address not in one_of_each(subscription.email):
            yield (
                f"{subscription.id}: email: {address} is another spelling of {first[address_key(address)]}, which "
                "gets one mail of each issue; remove one of them"
            )


def _of_keywords(tuning: Tuning, filled: frozenset[str]) -> Iterator[str]:
    """Yield warnings about keywords that bring nearly everything, nothing, or the same as another."""
    from digest.match.query.parser import query_of

    papers = sum(week.papers for week in tuning.weeks)
    for each in tuning.keywords:
        shown = f"the keyword {each.keyword!r}"
        if not each.ever:
            if not _fields(query_of([each.keyword])) - filled:
                yield f"{shown} has never matched a paper of the library{_instead(each)}"
        elif tuning.matched >= _TELLING and len(tuning.keywords) > 1 and each.brings_nearly_all:
            yield (
                f"{shown} brings {each.share:.0%} of the papers of the last {WEEKS} weeks; narrow it, or remove "
                "keywords that add nothing"
            )
        elif papers >= _TELLING and each.papers > TOO_MUCH * papers:
            yield f"{shown} matches {each.papers} of {papers} papers of the last {WEEKS} weeks; narrow it"
        if each.ever and (instead := _instead(each)):
            yield f"{shown} is spelt rarely so{instead}"
    for one, other in tuning.together:
        names = f"{tuning.keywords[one].keyword!r} and {tuning.keywords[other].keyword!r}"
        yield f"the keywords {names} have always matched the same papers; one of them is enough"


def _instead(each: KeywordCount) -> str:
    if not each.spellings:
        return ""
    words = ", ".join(f"{meant!r} instead of {typed!r}" for typed, meant in each.spellings)
    return f"; papers have {words}"


def _fields(query: "Query") -> frozenset[str]:
    """Return the fields that a query names, without those that are searched anyway."""
    from digest.match.query.parser import DEFAULT_SCOPE, positive_atoms

    atoms = positive_atoms(query)
    return frozenset(name for atom in atoms if atom.fields != DEFAULT_SCOPE for name in atom.fields)
