"""Creating a new home."""

import shutil
from pathlib import Path

from digest.errors import UsageError


def init(target: Path) -> Path:
    """Create a new home with samples and return it. Raises UsageError if `target` already is a home."""
    from digest.system.files import write_whole
    from digest.system.resources import folder

    if target.exists() and not target.is_dir():
        raise UsageError(f"{target}: is a file; name a folder")
    if any((target / name).exists() for name in ("digest.toml", "digest.db", "subscriptions")):
        raise UsageError(f"{target}: is already a home; run it with: digest run --home {target}")
    try:
        for name in ("inbox", "subscriptions"):
            (target / name).mkdir(parents=True, exist_ok=True)
            for sample in sorted(folder(name).iterdir()):
                if sample.is_file():
                    shutil.copyfile(sample, target / name / sample.name)
        (target / "output").mkdir(exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{target}: a home cannot be created there ({error.strerror}); choose another folder"
        ) from error
    write_whole(target / "templates" / "README.md", _TEMPLATES_NOTE.encode())
    write_whole(target / "digest.toml", _SETTINGS.encode())
    return target


_TEMPLATES_NOTE = """\
Put a template here to override the one of the same name in paper-digest; the others remain in use.
"""

_SETTINGS = """\
# Every setting has a default; remove the # to change one.

# title = "Paper Digest"
# base_url = "https://digest.example.org"   # the public URL of the archive and the feeds
# timezone = "UTC"                          # such as "Europe/Paris"
# language = "en"                           # of headings and other fixed text; or "de"
# database = "sqlite:///digest.db"          # relative to this folder
# max_file_mb = 100
# feed_items = 100
"""
