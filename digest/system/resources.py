"""Templates and samples that ship with the program: in an installed wheel, or at the top of a checkout."""

from pathlib import Path

from digest.errors import DigestError


def folder(name: str) -> Path:
    """Return the shipped folder `name`: templates, subscriptions or inbox. Raises DigestError."""
    package = Path(__file__).parents[1]
    for candidate in (package / "_home" / name, package.parent / name):
        if candidate.is_dir():
            return candidate
    raise DigestError(f"the program's folder {name!r} is missing; reinstall paper-digest")
