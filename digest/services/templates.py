"""Templates: a page to preview them, and the home's own templates."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from digest.errors import UsageError
from digest.model import Home
from digest.services.preview import next_issue
from digest.services.workspace import Clock
from digest.text.format import count

if TYPE_CHECKING:
    from digest.render.overrides import Template
    from digest.services.preview import NextIssue


def preview_page(home: Home, subscription_id: str, clock: Clock, site: str = "") -> str:
    """Return the HTML of the issue a subscription would get now; record nothing.

    Its links lead to the archive at `site`, a URL with a slash at its end, or to the files of this home. Raises UsageError if the subscription is unknown or invalid, or nothing matches.
    """
    from digest.pipeline.outputs import renderer_for

    found = next_issue(home, subscription_id, clock)
    if found.issue is None:
        raise UsageError(_nothing_to_show(subscription_id, found))
    # The page is written outside the archive, so its links must be absolute.
    archive = site or f"{(home.path.resolve() / 'output' / 'site').as_uri()}/"
    return renderer_for(home).html(found.issue, archive)


def _nothing_to_show(subscription_id: str, found: "NextIssue") -> str:
    """Return why there is no issue, and what would show one: `start` counts until a run has seen a subscription."""
    papers = f"no match among {count(found.considered, 'new paper')}" if found.considered else "no new papers"
    if not found.begun:
        remedy = 'set an earlier start in the subscription file, such as start = "90 days"'
    elif found.last_issue:
        remedy = f"its last issue, number {found.last_issue}, is in output/site/issues/{subscription_id}/"
    else:
        remedy = "broaden its keywords, or wait for new papers"
    return f"{papers}, so the next issue would be empty; {remedy}"


def templates(home: Home) -> tuple["Template", ...]:
    """Return all templates; each says whether the home overrides it."""
    from digest.render import overrides

    return overrides.templates(home.templates)


def export_templates(home: Home, names: Sequence[str]) -> tuple[Path, ...]:
    """Copy the program's templates into the home and return the paths written. Raises UsageError."""
    from digest.render import overrides

    return overrides.export(home.templates, tuple(dict.fromkeys(names)))


def check_templates(home: Home) -> tuple[str, ...]:
    """Return what is wrong with the home's templates, a message each."""
    from digest.pipeline.outputs import site_context
    from digest.render import overrides

    return overrides.check(home.templates, site_context(home))
