"""Random faults at random stages and items: what fails is left out, and everything else is delivered.

Every function of the packages that work on texts and papers may fail on one of ten papers, with any exception, or
never return; the disk may be full at any file or commit; the mail server refuses, hangs up or stalls for one of the
readers. A new function is covered by itself, as they are found in the packages.
"""

import errno
import os
import pkgutil
import random
import re
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import FunctionType
from typing import Any
from unittest.mock import patch

import pytest

import digest
from digest.system import files
from tests.deliver import smtp_server
from tests.deliver.smtp_server import ACCEPT, ScriptedServer
from tests.homes import Done, TestHome, page

pytestmark = pytest.mark.torture

FAULTS = {"sample": 60, "full": 1000}.get(os.environ.get("TORTURE", ""), 6)
SEED = int(os.environ["TORTURE_SEED"])

PAPERS = 10
FIRST, LATER = "2026-11-20T09:00", "2026-11-23T09:00"
PACKAGES = ("text", "identity", "diff", "match", "rank", "compose", "render", "publish", "read")
# These print for the command line or the test itself, see no single paper, or are the boundary.
NO_STAGE = {
    "digest.read",
    "digest.text.format",
    "digest.text.addresses",
    "digest.text.terminal",
    "digest.read.load",
    "digest.read.inbox_watcher",
}
# Work in these packages is ended if it takes too long; in the others it may be part of a transaction.
LIMITED = ("render", "publish", "match")
ERRORS = (
    *(
        RecursionError,
        MemoryError,
        ValueError,
        KeyError,
        IndexError,
        TypeError,
        AssertionError,
        StopIteration,
    ),
    *(UnicodeError, ZeroDivisionError, OverflowError, AttributeError, RuntimeError, NotImplementedError),
)
SERVER = (
    *("recipient 450 4.2.0 greylisted", "end 451 4.3.0 not now", "recipient 550 5.1.1 no such user"),
    *(smtp_server.HANG_UP_BEFORE, smtp_server.HANG_UP_AFTER, smtp_server.STALL_BEFORE),
)


def title(number: int) -> str:
    return f"Kelp {chr(ord('a') + number) * 3}qx"  # in one word, so that no piece of the text lacks it


def mark(number: int) -> str:
    return title(number).split()[1]


@dataclass
class Function:
    """A function of the program, and where it can be reached."""

    whole: Callable[..., Any]
    package: str
    places: list[tuple[Any, str]] = field(default_factory=list)


def functions() -> list[Function]:
    """Return the functions of the packages, each with all modules that have it."""
    for module in pkgutil.walk_packages(digest.__path__, "digest."):
        if not module.name.endswith(("__main__", "kernels_numba")):
            import_module(module.name)
    found: dict[int, Function] = {}
    modules = [module for name, module in sys.modules.items() if name.startswith("digest.")]
    for module in modules:
        for name, value in vars(module).items():
            home = getattr(value, "__module__", "") or ""
            package = home.split(".")[1] if home.startswith("digest.") else ""
            is_function = isinstance(value, FunctionType) or hasattr(value, "cache_clear")
            if is_function and package in PACKAGES and home not in NO_STAGE:
                found.setdefault(id(value), Function(value, package)).places.append((module, name))
    return sorted(found.values(), key=lambda each: (each.whole.__module__, each.whole.__qualname__))


def reached(known: list[Function], path: Path) -> list[Function]:
    """Return those functions that see a paper in a run without faults."""
    seen: set[int] = set()

    def watched(place: int, whole: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any, **more: Any) -> Any:
            if place not in seen and mark(0) in repr((arguments, more)):
                seen.add(place)
            return whole(*arguments, **more)

        return called

    with ScriptedServer() as server, ExitStack() as stack:
        home = new_home(path, server.port, apart=False)
        for place, function in enumerate(known):
            stand_in = watched(place, function.whole)
            for module, name in function.places:
                stack.enter_context(patch.object(module, name, stand_in))
        run(home, FIRST, [])
        check(home, server, [*range(PAPERS)], "")
    return [function for place, function in enumerate(known) if place in seen]


@dataclass
class Fault:
    """A fault, and how often it has struck."""

    what: str
    struck: int = 0


@contextmanager
def failing(function: Function, number: int, rng: random.Random) -> Iterator[Fault]:
    """Let a function fail on whatever has to do with a paper."""
    slow = function.package in LIMITED and rng.random() < 0.03
    error = rng.choice(ERRORS)
    name = f"{function.whole.__module__}.{function.whole.__qualname__}"
    fault = Fault(f"{name} {'never returns' if slow else error.__name__} on paper {number}")

    def broken(*arguments: Any, **more: Any) -> Any:
        if mark(number) in repr((arguments, more)):
            fault.struck += 1
            while slow:
                pass
            raise error("injected")
        return function.whole(*arguments, **more)

    with ExitStack() as stack:
        for module, place in function.places:
            stack.enter_context(patch.object(module, place, broken))
        yield fault


@contextmanager
def full_disk(rng: random.Random) -> Iterator[Fault]:
    """Let the disk be full at one file, or at one commit of the database."""
    from sqlalchemy.engine.default import DefaultDialect

    at, of_files = rng.randint(1, 20), rng.random() < 0.6
    fault, calls = Fault(f"the disk is full at the {at}th {'file' if of_files else 'commit'}"), Counter[str]()
    draft, commit = files._write_draft, DefaultDialect.do_commit

    def write(path: Path, data: bytes, **more: Any) -> Path:
        calls["file"] += 1
        if of_files and calls["file"] == at:
            fault.struck += 1
            raise OSError(errno.ENOSPC, "No space left on device")
        return draft(path, data, **more)

    def do_commit(self: Any, connection: Any) -> None:
        calls["commit"] += 1
        if not of_files and calls["commit"] == at:
            fault.struck += 1
            raise sqlite3.OperationalError("database or disk is full")
        commit(self, connection)

    with patch.object(files, "_write_draft", write), patch.object(DefaultDialect, "do_commit", do_commit):
        yield fault


def new_home(path: Path, port: int, *, apart: bool) -> TestHome:
    home = TestHome(path)
    home.write(
        "digest.toml",
        f'channels = ["smtp"]\n[smtp]\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\n'
        'from = "d@example.org"\ntimeout = 1\nfinal_timeout = 1\n',
    )
    for name in ("one", "two"):
        readers = [f"{name}{number}@example.org" for number in range(3)]
        home.subscribe(
            name, "kelp", email=readers, max_papers=50, formats=["html", "markdown", "text", "eml"]
        )
    titles = [title(number) for number in range(PAPERS)]
    for number, group in enumerate([[each] for each in titles] if apart else [titles]):
        home.put(f"2026-11-{10 + number}.txt", page(*group))
    return home


def run(home: TestHome, now: str, faults: list[Fault]) -> Done:
    done = home.call("run", "--json", "--now", now)
    assert done.status in {0, 1}, (done.status, done.err, faults)
    assert "Traceback" not in done.err, (done.err, faults)
    return done


def check(home: TestHome, server: ScriptedServer, good: list[int], unreached: str) -> None:
    """Check that the good papers are in the library, and in every issue, feed, page and mail."""
    shown = {path: content.replace(b"=\r\n", b"").decode() for path, content in home.output().items()}
    pages = "".join(text for path, text in shown.items() if path.startswith("output/site/papers/"))
    for number in good:
        assert mark(number) in pages, (number, "its page")
        for name in ("one", "two"):
            for form in ("html", "md", "txt", "eml"):
                issues = [
                    text
                    for path, text in shown.items()
                    if re.match(rf"output/issues/{name}/.*\.{form}$", path)
                ]
                assert sum(mark(number) in text for text in issues) == 1, (number, name, form)
            archive = [text for path, text in shown.items() if path.startswith(f"output/site/issues/{name}/")]
            assert sum(mark(number) in text for text in archive) == 1, (number, name, "archive")
            for form in ("rss", "atom", "json"):
                assert mark(number) in shown[f"output/feeds/{name}.{form}"], (number, name, form)
    readers = {f"{name}{number}@example.org" for name in ("one", "two") for number in range(3)} - {unreached}
    for reader in readers:
        mails = [
            each.data.replace(b"=\r\n", b"").decode() for each in server.taken if reader in each.recipients
        ]
        assert all(sum(mark(number) in mail for mail in mails) == 1 for number in good), (reader, len(mails))
    assert home.rows("select count(*) from unwritten") == [(0,)]


def trial(path: Path, seed: int, known: list[Function]) -> list[Fault]:
    """Inject a few faults into two runs, then do one without the full disk; return those that struck."""
    rng = random.Random(seed)
    apart = rng.random() < 0.5
    chosen = [each for each in known if apart or each.package != "read"]
    bad = rng.sample(range(PAPERS), rng.randint(1, 3))
    unreached = f"{rng.choice(('one', 'two'))}{rng.randint(0, 2)}@example.org" if rng.random() < 0.3 else ""
    plan = rng.choice(SERVER)
    with (
        ScriptedServer(lambda to, _before: plan if to == unreached else ACCEPT) as server,
        ExitStack() as stack,
    ):
        home = new_home(path, server.port, apart=apart)
        for name, seconds in (("SECONDS", 0.4), ("_FURTHER", 0.05)):
            stack.enter_context(patch(f"digest.pipeline.set_aside.{name}", seconds))
        faults = [stack.enter_context(failing(rng.choice(chosen), number, rng)) for number in bad]
        if unreached:
            faults.append(Fault(f"the server: {plan} for {unreached}", 1))
        try:
            if rng.random() < 0.3:
                with full_disk(rng) as disk:
                    faults.append(disk)
                    run(home, FIRST, faults)
            run(home, FIRST, faults)
            again = run(home, FIRST, faults)
            assert "left out" not in "".join(again.json["problems"]), again.json["problems"]
            check(home, server, [number for number in range(PAPERS) if number not in bad], unreached)
        except BaseException:
            print(
                f"\nTORTURE_SEED={seed} in {path}:",
                *(f"{each.what} ({each.struck})" for each in faults),
                sep="\n  ",
            )
            raise
    return [each for each in faults if each.struck]


def test_faults_anywhere_leave_everything_else_delivered(tmp_path: Path) -> None:
    known = reached(functions(), tmp_path / "reached")
    assert len(known) > 100
    struck: Counter[str] = Counter()
    number = 0
    while struck.total() < FAULTS:
        struck.update(each.what.split()[0] for each in trial(tmp_path / str(number), SEED + number, known))
        number += 1
        assert number < 5 * FAULTS, "too few faults have struck"
    print(f"{struck.total()} faults in {number} trials, at {len(struck)} places")
