"""The exceptions of this program, as a tree.

DigestError               anything that this program raises on purpose
├── UsageError            a command or `digest.toml` is invalid; nothing was changed (exit status 2)
│   ├── ConfigError       `digest.toml` has problems; all of them are listed at once
│   └── MissingError      a variable or a file that `digest.toml` names is missing or unusable (exit status 1)
├── QueryError            a query is invalid: where, why, and how to write it
├── LockedError           another run holds the lock of the home (exit status 1)
├── StoreError            the library database cannot be opened, read or written (exit status 1)
│   ├── RefusedError      the database refuses what one item contains; others can be stored
│   ├── ConflictError     another transaction was in the way; the same succeeds if it is tried again
│   └── ServerLostError   the connection to the database server is lost, or cannot be made
├── ChannelUnavailable    a channel cannot be opened (server, TLS, login); ends the delivery run, nothing was sent
└── TemplateError         a template cannot be rendered: file, line, reason (exit status 1)

Expected failures (a rejected file, an invalid subscription) are values in the report of a run, not
exceptions.
"""

from dataclasses import dataclass

_CONTEXT = 60  # characters of a long query shown on either side of an error


class DigestError(Exception):
    """Anything that this program raises on purpose; its text is written for users."""

    exit_status = 1


class UsageError(DigestError):
    """A command or `digest.toml` is invalid; nothing was changed."""

    exit_status = 2


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a file that a person wrote.

    `where` is the file, with the line where known; `key` the setting, "" for the whole file; `remedy` what to
    do.
    """

    where: str
    key: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        head = f"{self.where}: {self.key}: " if self.key else f"{self.where}: "
        return head + self.message + (f"; {self.remedy}" if self.remedy else "")


class ConfigError(UsageError):
    """`digest.toml` has `problems`; all of them are listed."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class MissingError(UsageError):
    """A variable or a file that `digest.toml` names is missing or unusable.

    The exit status is 1, as only what needs it fails: a run without its SMTP password does everything but send.
    """

    exit_status = 1


class QueryError(DigestError):
    """An invalid query. `position` counts code points of `query` from 0; `remedy` says how to write it."""

    def __init__(self, message: str, *, query: str, position: int, remedy: str) -> None:
        super().__init__(message)
        self.message, self.query, self.position, self.remedy = message, query, position, remedy

    def __str__(self) -> str:
        return f"{self.message} (character {self.position + 1}); {self.remedy}\n{self.excerpt()}"

    def excerpt(self) -> str:
        """Return the query around the error and, on the next line, a caret below the error."""
        first = max(0, self.position - _CONTEXT)
        last = self.position + _CONTEXT
        shown = "".join(char if char.isprintable() else " " for char in self.query[first:last])
        before, after = "…" if first else "", "…" if last < len(self.query) else ""
        return f"  {before}{shown}{after}\n  {' ' * (len(before) + self.position - first)}^"


class LockedError(DigestError):
    """Another run holds the lock of the home."""


class StoreError(DigestError):
    """The library database, or a file of the home, cannot be read or written."""


class RefusedError(StoreError):
    """The database refuses a value, such as a number that is too large: the item that has it is set aside."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = f"the database refuses a value: {reason}"


class ConflictError(StoreError):
    """Another transaction was in the way, and this one was rolled back; the same succeeds if it is tried again."""


class ServerLostError(StoreError):
    """The connection to the database server is lost, or cannot be made."""


class ChannelUnavailable(DigestError):  # noqa: N818 - a state of a server, not a defect of the program
    """A channel cannot be opened: nothing was sent."""


class TemplateError(DigestError):
    """A template cannot be rendered; the text names file, line and reason."""
