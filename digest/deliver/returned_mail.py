"""Messages in a Maildir, an mbox file, or a file with a single message."""

import mailbox
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from digest.errors import UsageError
from digest.system.files import read_regular


def maildir_files(path: Path, *, since: float = 0) -> list[Path]:
    """Return the files in `new` of a Maildir, and those in `cur` that were changed after `since` (a Unix time).

    An IMAP server that serves the Maildir moves messages to `cur` as soon as anybody looks. Raises UsageError.
    """
    if not (path / "new").is_dir():
        raise UsageError(f"{path}: is a folder but not a Maildir (it contains no folder new)")
    read = [each for each in (path / "cur").glob("[!.]*") if _changed(each) >= since]
    return sorted((path / "new").glob("[!.]*")) + sorted(read)


def _changed(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:  # another program has moved it
        return 0


def message_name(file: Path) -> str:
    """Return the name of a message of a Maildir, which stays the same when it is moved or marked."""
    return file.name.partition(":2,")[0]


def messages_in(path: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield the file and the bytes of each message. Raises UsageError if `path` cannot be read."""
    try:
        if path.is_dir():
            yield from existing(maildir_files(path))
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


def existing(files: Iterable[Path]) -> Iterator[tuple[Path, bytes]]:
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
        file.rename(target / f"{message_name(file)}:2,S")
