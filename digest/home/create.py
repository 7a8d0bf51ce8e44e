"""Creating a new home, and the samples that one may contain."""

import shutil
from pathlib import Path

from digest.errors import UsageError
from digest.model import SAMPLE_LINE, Home
from digest.system.resources import folder

EXAMPLE = "example.toml.txt"  # in subscriptions/; it is not read


def init(target: Path, *, samples: bool = False) -> Path:
    """Create a new home and return it, empty but for an example of a subscription, which is not read.

    `samples` adds sample pages and subscriptions. Raises UsageError if `target` already is a home.
    """
    from digest.system.files import write_whole

    if target.exists() and not target.is_dir():
        raise UsageError(f"{target}: is a file; name a folder")
    if any((target / name).exists() for name in ("digest.toml", "digest.db", "subscriptions")):
        raise UsageError(f"{target}: is already a home; run it with: digest run --home {target}")
    try:
        for name in ("inbox", "subscriptions", "templates", "output"):
            (target / name).mkdir(parents=True, exist_ok=True)
        for shipped in _shipped() if samples else (folder("subscriptions") / EXAMPLE,):
            shutil.copyfile(shipped, target / shipped.parent.name / shipped.name)
    except OSError as error:
        raise UsageError(
            f"{target}: a home cannot be created there ({error.strerror}); choose another folder"
        ) from error
    write_whole(target / "digest.toml", _SETTINGS.encode())
    return target


def samples_in(home: Home) -> tuple[Path, ...]:
    """Return the sample pages and the unchanged sample subscriptions in the folders of a home."""
    known = {path.name: path.read_bytes() for path in _shipped() if path.suffix == ".toml"}
    found = [path for path in _files(home.inbox) if _begins(path, SAMPLE_LINE.encode())]
    found += [
        path
        for path in _files(home.subscriptions)
        if path.name in known and path.read_bytes() == known[path.name]
    ]
    return tuple(found)


def _shipped() -> list[Path]:
    """Return the files of a home with samples. In a checkout the folders may also have files of the user's."""
    pages = [path for path in _files(folder("inbox")) if _begins(path, SAMPLE_LINE.encode())]
    readme = [path for path in _files(folder("inbox")) if path.name == "README.md"]
    subscriptions = [path for path in _files(folder("subscriptions")) if _begins(path, b"# A sample: ")]
    return [*pages, *readme, *subscriptions, folder("subscriptions") / EXAMPLE]


def _files(place: Path) -> list[Path]:
    return sorted(path for path in place.iterdir() if path.is_file()) if place.is_dir() else []


def _begins(path: Path, start: bytes) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(start)) == start
    except OSError:
        return False


_SETTINGS = """\
# Every setting has a default; remove the # to change one.

# title = "Paper Digest"
# base_url = "https://digest.example.org"   # the public URL of the archive and the feeds
# timezone = "UTC"                          # such as "Europe/Paris"
# language = "en"                           # of headings and other fixed text; or "de"
# alphaxiv = false                          # whether papers of arXiv link to alphaXiv, too
# database = "sqlite:///digest.db"          # relative to this folder
# files = "auto"                            # or "all", "none": who gets issues, feeds and pages on disk
# keep_files = "forever"                    # or "1 year": removes the files of older issues
# max_file_mb = 100
# feed_items = 100

# contact = "you@example.org"               # how a site that is fetched can reach you

# A source to fetch new papers from; more kinds are in docs/sources.md.
# [[sources]]
# name = "daily-papers"
# kind = "daily-papers"
"""
