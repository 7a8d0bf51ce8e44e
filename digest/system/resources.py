"""Templates and samples that come with the program: in a wheel, or at the top of a checkout."""

from pathlib import Path

from digest.errors import DigestError


def folder(name: str) -> Path:
    """Return the folder `name` (templates, subscriptions, inbox) that comes with the program."""
    package = Path(__file__).parents[1]
    for candidate in (package / "_home" / name, package.parent / name):
        if candidate.is_dir():
            return candidate
    raise DigestError(f"the folder {name!r} of the program is missing; install paper-digest again")
