"""What can go wrong, as a tree.

DigestError               anything this program raises on purpose
├── UsageError            the command or `digest.toml` is wrong; nothing was changed (exit status 2)
│   └── ConfigError       `digest.toml` has problems, all of them listed at once
├── QueryError            a query that cannot be read: where, why, and how to write it
├── LockedError           another run holds the home (exit status 1)
├── StoreError            the library database cannot be opened, read or written (exit status 1)
├── Unopened              a channel cannot be opened (server, TLS, login): nothing was sent; ends the delivery
└── TemplateProblem       a template cannot be rendered: file, line, reason (exit status 1)

Expected failures (a file that is set aside, a subscription with a mistake) are values in the run's
report, not exceptions.
"""

from dataclasses import dataclass

_AROUND = 60  # characters of a long query shown on either side of a fault


class DigestError(Exception):
    """Anything this program raises on purpose; its text is fit for a user."""

    exit_status = 1


class UsageError(DigestError):
    exit_status = 2


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a file that a person wrote.

    `where` names the file (and line, where known); `key` the setting; `remedy` what to do.
    """

    where: str
    key: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        head = f"{self.where}: {self.key}: " if self.key else f"{self.where}: "
        return head + self.message + (f"; {self.remedy}" if self.remedy else "")


class ConfigError(UsageError):
    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class QueryError(DigestError):
    """A query that cannot be read.

    `position` counts code points of `query` from 0; `remedy` says how to write it.
    """

    def __init__(self, message: str, *, query: str, position: int, remedy: str) -> None:
        super().__init__(message)
        self.message, self.query, self.position, self.remedy = message, query, position, remedy

    def __str__(self) -> str:
        return f"{self.message} (character {self.position + 1}); {self.remedy}\n{self.pointed()}"

    def pointed(self) -> str:
        """Return the query around the place and, below it, a caret under the place."""
        first = max(0, self.position - _AROUND)
        last = self.position + _AROUND
        shown = "".join(char if char.isprintable() else " " for char in self.query[first:last])
        before, after = "…" if first else "", "…" if last < len(self.query) else ""
        return f"  {before}{shown}{after}\n  {' ' * (len(before) + self.position - first)}^"


class LockedError(DigestError):
    pass


class StoreError(DigestError):
    pass


class ChannelUnavailable(DigestError):  # noqa: N818 - the run goes on to say so; it is no defect
    pass


class TemplateError(DigestError):
    pass
