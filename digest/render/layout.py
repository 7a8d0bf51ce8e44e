"""How the papers of an issue are laid out: leads, sections by interest or theme, the rest. Pure.

Every form of an issue has these sections, with the same ids, so that a link in a mail leads to the section of the archive
page that has the other papers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from digest.i18n.language import Language
from digest.model import Issue, Item
from digest.text.clean import clean, shorten
from digest.text.direction import isolated

FEWEST = 12  # New papers in a mail; with fewer they are in one section, in their order
_LEADS = ((40, 5), (25, 4), (0, 3))  # from so many New papers in a mail on, so many leads
_FEWEST_IN_GROUP = 2  # papers besides leads; the heading of a single one says little


@dataclass(frozen=True, slots=True)
class Section:
    """A section of an issue.

    `style` is "lead" (the papers to read first), "full", or "compact". `items` are shown; `total` counts the hidden
    ones, too.
    """

    id: str
    heading: str
    style: str
    items: tuple[Item, ...]
    total: int


@dataclass(frozen=True, slots=True)
class _Group:
    """Papers by their places among all New papers."""

    id: str
    heading: str
    style: str
    places: tuple[int, ...]


def is_laid_out(issue: Issue) -> bool:
    """Return whether an issue has leads and compact sections."""
    return len(issue.new) >= FEWEST


def sections(
    issue: Issue, lang: Language, *, room: int | None = None, everything: bool = False
) -> tuple[Section, ...]:
    """Return the sections that have papers; `everything` shows those behind "and N more", too.

    At most `room` papers are shown (None: all), first New, then Updated, then Discover; the others are hidden.
    """
    new = (*issue.new, *issue.more_new)
    shown = len(new) if everything else _fitting(len(issue.new), room)
    found = [
        Section(
            group.id,
            group.heading,
            group.style,
            tuple(new[place] for place in group.places if place < shown),
            len(group.places),
        )
        for group in _groups(issue, new, lang)
    ]
    room = None if room is None else room - len(issue.new)
    style = "compact" if is_laid_out(issue) else "full"
    for section_id, heading, items, hidden in (
        ("updated", lang.gettext("Updated"), issue.updated, issue.more_updated),
        ("discover", lang.gettext("Discover"), issue.discover, ()),
    ):
        visible = (*items, *hidden) if everything else items[: _fitting(len(items), room)]
        found.append(Section(section_id, heading, style, visible, len(items) + len(hidden)))
        room = None if room is None else room - len(items)
    return tuple(section for section in found if section.total)


def _fitting(count: int, room: int | None) -> int:
    return count if room is None else min(count, max(0, room))


def _groups(issue: Issue, new: Sequence[Item], lang: Language) -> Iterator[_Group]:
    """Yield the sections of New papers, each paper in one of them."""
    left = dict.fromkeys(range(len(new)))
    style = "full"
    if is_laid_out(issue):
        style = "compact"
        leads = next(count for fewest, count in _LEADS if len(issue.new) >= fewest)
        yield _Group("leads", _leads(lang)[leads], "lead", tuple(range(leads)))
        for place in range(leads):
            del left[place]
    by = _by_interest(issue, new, left, style) if issue.interests else _by_theme(issue, new, left, style)
    grouped = [group for group in by if group.places]
    for group in sorted(grouped, key=lambda group: group.places):
        yield group
        for place in group.places:
            del left[place]
    plain = not grouped and style == "full"
    heading = lang.gettext("New") if plain else lang.gettext("More")
    yield _Group("new" if plain else "more", heading, style, tuple(left))


def _leads(lang: Language) -> dict[int, str]:
    return {
        3: lang.gettext("If you read only three"),
        4: lang.gettext("If you read only four"),
        5: lang.gettext("If you read only five"),
    }


def _by_interest(issue: Issue, new: Sequence[Item], left: dict[int, None], style: str) -> Iterator[_Group]:
    """Yield the papers among those that are `left` which meet each interest best, best first."""
    for number, name in enumerate(issue.interests):
        places = tuple(place for place in left if new[place].interests[:1] == (number,))
        yield _Group(f"interest-{number + 1}", _heading(name), style, places)


def _by_theme(issue: Issue, new: Sequence[Item], left: dict[int, None], style: str) -> Iterator[_Group]:
    """Yield the papers of each theme among those that are `left`, best first."""
    if style == "full":
        return
    theme_of = {number: place for place, theme in enumerate(issue.themes) for number in theme.papers}
    for number, theme in enumerate(issue.themes):
        places = tuple(place for place in left if theme_of.get(new[place].paper.number) == number)
        if len(places) >= _FEWEST_IN_GROUP:
            yield _Group(f"theme-{number + 1}", _heading(theme.name), style, places)


def _heading(name: str) -> str:
    """Return a name as a heading, with a capital letter at its beginning."""
    text = shorten(" ".join(clean(name).split()), 120)
    return isolated(text[:1].upper() + text[1:])
