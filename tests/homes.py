"""Homes for tests, with invented pages and subscriptions, and the commands of the program."""

import contextlib
import io
import json
import os
import re
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from digest.cli.main import main
from digest.store.codec import encode
from digest.store.engine import open_store

HEAD = "new\n\nGet trending papers in your email inbox!\n\nSubscribe\n\nDaily Papers\n\nbyAK and the research community\n"


@dataclass(frozen=True)
class Card:
    """A paper on a page."""

    title: str
    abstract: str = ""
    below: str = ""

    def text(self) -> str:
        return "\n\n".join(filter(None, (self.title, self.abstract or prose(self.title), self.below)))


def prose(about: str, result: str = "seven of the nine lamps came back") -> str:
    """Return an abstract about a paper, long enough to be recognised as one."""
    return (
        f"Harbour keepers have asked for years what {about} could tell them about the fog. "
        f"We followed the lamps of three piers through a winter and wrote down what we saw. "
        f"In the end {result}, and the keepers agreed with every line of the log."
    )


def below(authors: int | str = 4, published: str = "Nov 12", comments: int | None = 2) -> str:
    """Return the metadata below a card: a number of authors or an organisation, a date, comments."""
    names = f"{authors} authors" if isinstance(authors, int) else authors
    return f"  • {names}\n·\n{published}" + ("" if comments is None else f" {comments}")


def page(*cards: Card | str, day: str = "Nov 16") -> str:
    """Return the text of a saved page with these papers; a string is a title."""
    listed = (card if isinstance(card, Card) else Card(card) for card in cards)
    return "\n\n".join([HEAD + "\n" + day, *(card.text() for card in listed)]) + "\n"


@dataclass(frozen=True)
class Done:
    """The exit status and the output of a command."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


def call(*arguments: object) -> Done:
    """Run a command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = main([str(each) for each in arguments])
        except SystemExit as stop:
            status = int(stop.code or 0)
    return Done(status, out.getvalue(), err.getvalue())


class TestHome:
    """A home in a temporary folder. With `new_database`, its library is a database that this returns the URL of."""

    __test__ = False
    new_database: ClassVar[Callable[[], str] | None] = None

    def __init__(self, path: Path) -> None:
        self.path = path
        self.database = TestHome.new_database() if TestHome.new_database else "sqlite:///digest.db"
        for name in ("inbox", "subscriptions"):
            (path / name).mkdir(parents=True)
        if TestHome.new_database:
            self.write("digest.toml", "")

    def put(self, name: str, content: str | bytes) -> Path:
        """Write a file to the inbox."""
        return self.write(f"inbox/{name}", content)

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.path / name
        ours = name == "digest.toml" and TestHome.new_database and isinstance(content, str)
        if ours and not re.search("^database =", str(content), re.MULTILINE):
            content = f'database = "{self.database}"\n{content!s}'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def subscribe(self, id_: str, /, *keywords: str, **more: Any) -> Path:
        """Write a subscription file; `more` holds its other keys."""
        values = {"keywords": list(keywords), **more}
        lines = (f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items())
        return self.write(f"subscriptions/{id_}.toml", "".join(lines))

    def call(self, *arguments: object) -> Done:
        return call(*arguments, "--home", self.path)

    def run(self, now: str = "2026-11-20T09:00", *arguments: object, status: int = 0) -> dict[str, Any]:
        """Do a run, check its exit status, and return its report."""
        done = self.call("run", "--json", "--now", now, *arguments)
        assert done.status == status, (done.status, done.err, done.out)
        report: dict[str, Any] = done.json
        return report

    def output(self) -> dict[str, bytes]:
        """Return the content of each output file by its path in the home."""
        root = self.path / "output"
        found = (Path(folder) / name for folder, _, names in os.walk(root) for name in names)
        return {path.relative_to(self.path).as_posix(): path.read_bytes() for path in found}

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows of a query of the library database."""
        if self.database.startswith("postgresql"):
            return [tuple(row) for row in self._on_server(query.replace("?", "%s"), values)]
        with contextlib.closing(sqlite3.connect(self.path / "digest.db")) as database:
            return database.execute(query, values).fetchall()

    def change(self, statement: str) -> None:
        """Change the library database behind the program's back."""
        if self.database.startswith("postgresql"):
            self._on_server(statement)
            return
        with contextlib.closing(sqlite3.connect(self.path / "digest.db")) as database, database:
            database.execute(statement)

    def _on_server(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        import psycopg

        with psycopg.connect(self.database.replace("+psycopg", "")) as database:
            found = database.execute(query, values or None)  # type: ignore[arg-type]
            return found.fetchall() if found.description else []

    def issues(self, subscription: str) -> list[dict[str, Any]]:
        """Return the stored issues of a subscription as JSON, by number."""
        store = open_store(self.database, home=self.path)
        with store.begin(write=False) as tx:
            found = [stored.issue for stored in tx.issues.several(tx.issues.ids_of([subscription])).values()]
        store.close()
        return [json.loads(encode(each)) for each in sorted(found, key=lambda each: each.number)]

    def dump(self) -> list[str]:
        """Return the library database as SQL statements."""
        if not (self.path / "digest.db").exists():
            return []
        with contextlib.closing(sqlite3.connect(self.path / "digest.db")) as database:
            return list(database.iterdump())


def counts(report: dict[str, Any]) -> list[tuple[int, int, int]]:
    """Return the counts of new, updated and seen papers for each file of a report."""
    return [(file["new"], file["updated"], file["seen"]) for file in report["files"]]


def issue_of(report: dict[str, Any], name: str) -> dict[str, Any] | None:
    """Return the issue of a run for a subscription."""
    found: dict[str, Any] | None = verdict_of(report, name)["issue"]
    return found


def verdict_of(report: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the report of a run about a subscription."""
    return next(each for each in report["subscriptions"] if each["id"] == name)
