"""What the commands about templates do: a page to look at, and templates of one's own."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from digest.errors import UsageError
from digest.model import Home
from digest.services.preview import preview
from digest.services.workspace import Clock

if TYPE_CHECKING:
    from digest.render.overrides import Template


def preview_page(home: Home, subscription_id: str, clock: Clock) -> str:
    """Return the HTML of the issue a subscription would get now, recording nothing.

    Raises UsageError if nothing matches, else as `preview`.
    """
    from digest.pipeline.outputs import renderer_for

    found = preview(home, subscription_id, clock, weeks=1)
    if found.issue is None:
        papers = "new paper" if found.considered == 1 else "new papers"
        raise UsageError(
            f"no match among {found.considered} {papers}, so there is no issue to show; "
            'set an earlier start in its file, such as start = "90 days"'
        )
    # The page lies in a folder of its own, far from the archive.
    site = (home.path.resolve() / "output" / "site").as_uri()
    return renderer_for(home).html(found.issue, f"{site}/")


def templates(home: Home) -> tuple["Template", ...]:
    """Return all templates, and which of them the home has of its own."""
    from digest.render import overrides as own

    return own.templates(home.templates)


def export_templates(home: Home, names: Sequence[str]) -> tuple[Path, ...]:
    """Copy templates of the program into the home. Raises UsageError."""
    from digest.render import overrides as own

    return own.export(home.templates, tuple(dict.fromkeys(names)))


def check_templates(home: Home) -> tuple[str, ...]:
    """Return what is wrong with the home's templates."""
    from digest.pipeline.outputs import site_context
    from digest.render import overrides as own

    return own.check(home.templates, site_context(home))
