"""Messages in a Maildir, an mbox file, or a file with a single message."""

import mailbox
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from digest.errors import UsageError
from digest.system.files import read_regular


def messages_in(path: Path, *, unread: bool = False) -> Iterator[tuple[Path, bytes]]:
    """Yield the file and the bytes of each message; with `unread`, only the new messages of a Maildir.

    Raises UsageError if `path` cannot be read.
    """
    try:
        if path.is_dir():
            folders = ("new",) if unread else ("new", "cur")
            if not (path / "new").is_dir():
                raise UsageError(f"{path}: is a folder but not a Maildir (it contains no folder new)")
            files = sorted(each for folder in folders for each in (path / folder).glob("[!.]*"))
            yield from _existing(files)
            return
        data = read_regular(path)
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


def _existing(files: Iterable[Path]) -> Iterator[tuple[Path, bytes]]:
    """Yield the files that still exist: other programs may read the Maildir, too, and move files."""
    for file in files:
        try:
            if file.is_file():
                yield file, file.read_bytes()
        except FileNotFoundError:
            continue


def mark_read(file: Path) -> None:
    """Move a message of a Maildir from `new` to `cur` as read, unless it was moved already."""
    if file.parent.name != "new":
        return
    target = file.parent.parent / "cur"
    target.mkdir(exist_ok=True)
    with suppress(FileNotFoundError):
        file.rename(target / f"{file.name.partition(':2,')[0]}:2,S")
