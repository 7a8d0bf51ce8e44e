"""Plug-ins: what other packages add, by entry points of the groups in GROUPS. A plug-in is loaded when it is used.

`digest.ports` has the interface of each kind.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, Literal

from digest.errors import MissingError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

Kind = Literal["format", "source", "channel", "ranker", "form"]

GROUPS: Final[dict[Kind, str]] = {
    "format": "paper_digest.formats",
    "source": "paper_digest.sources",
    "channel": "paper_digest.channels",
    "ranker": "paper_digest.rankers",
    "form": "paper_digest.forms",
}
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
# The kinds whose settings are a table [plugins.NAME].
CONFIGURED: Final[tuple[Kind, ...]] = ("channel", "ranker", "form")
# What an object must have to be a plug-in of a kind.
_MEMBERS: Final[dict[Kind, tuple[str, ...]]] = {
    "format": ("name", "sniff", "parse"),
    "source": ("fetch",),
    "channel": ("send",),
    "ranker": ("worth",),
    "form": ("render",),
}


def installed(kind: Kind) -> tuple[str, ...]:
    """Return the names of the installed plug-ins of a kind, sorted, those with a valid name only."""
    return tuple(dict.fromkeys(point.name for point in points(kind) if _NAME.fullmatch(point.name)))


def load(kind: Kind, name: str) -> Any:
    """Return a plug-in. Raises MissingError if it is not installed, or cannot be loaded."""
    for point in points(kind):
        if point.name == name:
            return loaded(kind, point)
    raise MissingError(f"the {kind} plug-in {name} is not installed; install the package that has it")


def loaded(kind: Kind, point: "EntryPoint") -> Any:
    """Return the plug-in of an entry point. Raises MissingError."""
    remedy = "reinstall its package, or report this to its author"
    try:
        found = point.load()
    except Exception as error:  # third-party code may raise anything
        raise MissingError(f"{failure(kind, point.name, error)}; {remedy}") from error
    missing = [member for member in _MEMBERS[kind] if not hasattr(found, member)]
    if missing:
        raise MissingError(f"the {kind} plug-in {point.name} has no {', no '.join(missing)}; {remedy}")
    return found


def failure(kind: Kind, name: str, error: Exception) -> str:
    """Return the sentence that says that a plug-in raised an error."""
    return f"the {kind} plug-in {name} failed: {type(error).__name__}: {error}".removesuffix(": ")


def problems() -> Iterator[MissingError]:
    """Yield an error for each installed plug-in that cannot be used."""
    for kind in GROUPS:
        for point in points(kind):
            if kind != "format" and not _NAME.fullmatch(point.name):
                yield MissingError(
                    f"the {kind} plug-in {point.name!r} is ignored: its name has other characters than a-z, 0-9 and -; "
                    "report this to its author"
                )
            try:
                loaded(kind, point)
            except MissingError as error:
                yield error


def points(kind: Kind) -> "list[EntryPoint]":
    """Return the entry points of a kind, by name."""
    from importlib.metadata import entry_points

    return sorted(entry_points(group=GROUPS[kind]), key=lambda point: (point.name, point.value))
