"""Where mail that came back lies: a Maildir, an mbox file, or a single message in a file."""

import mailbox
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from digest.errors import UsageError


def messages_in(path: Path, *, fresh: bool = False) -> Iterator[tuple[Path, bytes]]:
    """Yield every message with the file it stands in; of a Maildir only new ones if `fresh`.

    Raises UsageError if there is nothing that can be read.
    """
    try:
        if path.is_dir():
            folders = ("new",) if fresh else ("new", "cur")
            if not (path / "new").is_dir():
                raise UsageError(f"{path}: is a folder but no Maildir (it has no folder new)")
            files = sorted(each for folder in folders for each in (path / folder).glob("[!.]*"))
            yield from _there(files)
            return
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read ({error.strerror}); check the path and its permissions"
        ) from error
    if not data.startswith(b"From "):
        yield path, data
        return
    box = mailbox.mbox(path, create=False)
    try:
        yield from ((path, box.get_bytes(key)) for key in box.iterkeys())
    finally:
        box.close()


def _there(files: Iterable[Path]) -> Iterator[tuple[Path, bytes]]:
    """Yield the files that are there still: others read the Maildir, too, and move what they read."""
    for file in files:
        try:
            if file.is_file():
                yield file, file.read_bytes()
        except FileNotFoundError:
            continue


def mark_read(file: Path) -> None:
    """Move a message of a Maildir from new to cur, as read, if nobody did so before."""
    if file.parent.name != "new":
        return
    target = file.parent.parent / "cur"
    target.mkdir(exist_ok=True)
    with suppress(FileNotFoundError):
        file.rename(target / f"{file.name.partition(':2,')[0]}:2,S")
