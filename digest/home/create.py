"""A new home."""

import shutil
from pathlib import Path

from digest.errors import UsageError


def init(target: Path) -> Path:
    """Make a new home with samples in it. Raises UsageError if there is one already."""
    from digest.system.files import write_whole
    from digest.system.resources import folder

    if target.exists() and not target.is_dir():
        raise UsageError(f"{target}: is a file; name a folder")
    if any((target / name).exists() for name in ("digest.toml", "digest.db", "subscriptions")):
        raise UsageError(f"{target}: there is a home already; run it with: digest run --home {target}")
    try:
        for name in ("inbox", "subscriptions"):
            (target / name).mkdir(parents=True, exist_ok=True)
            for sample in sorted(folder(name).iterdir()):
                if sample.is_file():
                    shutil.copyfile(sample, target / name / sample.name)
        (target / "output").mkdir(exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{target}: cannot be made a home ({error.strerror}); choose another place"
        ) from error
    write_whole(target / "templates" / "README.md", _TEMPLATES_NOTE.encode())
    write_whole(target / "digest.toml", _SETTINGS.encode())
    return target


_TEMPLATES_NOTE = """\
Put a template here to replace the one of the same name that comes with paper-digest; the others stay.
"""

_SETTINGS = """\
# Every setting has a default; remove the # to change one.

# title = "Paper Digest"
# base_url = "https://digest.example.org"   # where the archive and the feeds can be reached
# timezone = "UTC"                          # such as "Europe/Paris"
# language = "en"                           # of what is said around the papers; or "de"
# database = "sqlite:///digest.db"          # relative to this folder
# max_file_mb = 100
# feed_items = 100
"""
