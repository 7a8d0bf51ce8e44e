"""What surrounds an issue: the settings that show, and what the archive knows of other issues."""

from dataclasses import dataclass
from datetime import date

from digest.model import Issue


@dataclass(frozen=True, slots=True)
class Frame:
    """What settings contribute. `base_url` ends with a slash; `sender` is a name and an address for From;
    `language` is that of the archive's own pages.
    """

    title: str = "Paper Digest"
    base_url: str = "http://localhost:8350/"
    sender: str = ""
    timezone: str = "UTC"
    language: str = "en"


@dataclass(frozen=True, slots=True)
class IssueLine:
    """An issue as lists of issues show it; `new` and `updated` count all its papers."""

    subscription: str
    name: str
    number: int
    day: date
    new: int
    updated: int = 0

    @classmethod
    def of(cls, issue: Issue) -> "IssueLine":
        """Return the line of an issue."""
        return cls(
            subscription=issue.subscription,
            name=issue.name,
            number=issue.number,
            day=issue.day,
            new=len(issue.new) + len(issue.more_new),
            updated=len(issue.updated) + len(issue.more_updated),
        )

    @property
    def stem(self) -> str:
        """Return the stem of the issue's files, as `Issue.stem`."""
        return f"{self.day.isoformat()}-{self.number}"
