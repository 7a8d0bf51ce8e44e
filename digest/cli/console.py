"""What a person at a terminal sees: results on stdout, messages and progress on stderr."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from digest.text.format import count
from digest.text.terminal import printable, printable_in_line, printable_json

if TYPE_CHECKING:
    from rich.console import Console

    from digest.model import SetAside

_PIPED_WIDTH = 160
_LEAST_WIDTH = 20  # columns for a text after its label
_INDENT = 2  # columns, of the further lines of a text: what comes from outside can begin no line


class Screen:
    """Where results and messages go; `machine` keeps stdout for JSON, `quiet` shows errors only."""

    def __init__(self, *, quiet: bool, machine: bool) -> None:
        self._quiet, self._machine = quiet, machine

    def error(self, text: str, label: str = "digest: ") -> None:
        """Show an error on stderr, always."""
        _write(sys.stderr, text, label=label, label_style="bold red")

    def message(self, text: str, label: str = "") -> None:
        """Show a message on stderr, perhaps after a label such as `note: `."""
        if not self._quiet:
            _write(sys.stderr, text, label=label, label_style="yellow")

    def line(
        self, text: str = "", style: str = "", label: str = "", label_style: str = "", *, needed: bool = False
    ) -> None:
        """Print a line of a result, which may start with a label in a style of its own.

        `needed` if it is an error, too: `quiet` does not hide it.
        """
        if not self._machine and (needed or not self._quiet):
            _write(
                sys.stderr if self._quiet else sys.stdout, text, style, label=label, label_style=label_style
            )

    def hint(self, purpose: str, command: str) -> None:
        """Print what to do next: a purpose, and the command for it."""
        self.line(command, style="bold", label=f"{purpose}: ")

    def fields(self, rows: Sequence[tuple[str, object]]) -> None:
        """Print names and their values, aligned; rows without a value are left out."""
        shown = [(name, cell) for name, value in rows if (cell := _cell(value))]
        width = max((len(name) for name, _ in shown), default=0)
        for name, cell in shown:
            self.line(cell, label=f"{name:{width}}  ", label_style="dim")

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[object]], *, wraps: str = "") -> None:
        """Print aligned columns: texts to the left, numbers to the right; columns without values are left out.

        Where the terminal is too narrow, the column `wraps` wraps, else the first.
        """
        if self._quiet or self._machine:
            return
        from rich.table import Table
        from rich.text import Text

        cells = [[_cell(value) for value in row] for row in rows]
        filled = [place for place in range(len(heads)) if any(row[place] for row in cells)]
        if not filled:
            return
        wrapping = next((place for place in filled if heads[place] == wraps), filled[0])
        table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
        for place in filled:
            numeric = all(row[place].isdigit() or not row[place] for row in cells)
            table.add_column(
                heads[place],
                justify="right" if numeric else "left",
                no_wrap=place != wrapping,
                overflow="fold",
            )
        for row in cells:
            table.add_row(*(Text(row[place]) for place in filled))
        console = _console(sys.stdout)
        with console.capture() as capture:
            console.print(table)
        sys.stdout.writelines(f"{line.rstrip()}\n" for line in capture.get().rstrip("\n").split("\n"))

    @contextmanager
    def progress(self) -> Iterator[Callable[[str, int, int], None]]:
        """Show progress on stderr while the block works, if a person is watching."""
        if self._quiet or self._machine or not sys.stderr.isatty():
            yield lambda _stage, _done, _total: None
            return
        from rich.text import Text

        with _console(sys.stderr).status("starting") as status:
            yield lambda stage, done, total: status.update(
                Text(printable_in_line(f"{stage} {done + 1} of {total}"))
            )


def show_set_aside(screen: Screen, papers: "Iterable[SetAside]") -> None:
    """Show the papers that a search left out, each with its reason."""
    for paper in papers:
        screen.error(f"{paper}; the other papers were searched")


def show_spellings(
    screen: Screen, spellings: "Iterable[tuple[str, str]]", where: str = "the library"
) -> None:
    """Show for words that papers hardly have which words they have."""
    verb = "have" if where.endswith("s") else "has"
    for typed, meant in spellings:
        screen.message(f"{where} {verb} {meant!r} rather than {typed!r}", label="note: ")


def print_json(value: object) -> None:
    """Print one line of JSON on stdout."""
    import json

    # What a terminal would obey is escaped: the value is the same. A lone surrogate in a text cannot be printed as itself; as an escape it can.
    text = printable_json(json.dumps(value, ensure_ascii=False))
    try:
        text.encode()
    except UnicodeEncodeError:
        text = json.dumps(value)
    print(text)


def print_pieces(pieces: Iterable[str]) -> None:
    """Print an export on stdout: as it is for a program, and only what can be shown on a terminal."""
    is_watched = sys.stdout.isatty()
    for piece in pieces:
        sys.stdout.write(printable(piece) if is_watched else piece)


def rate(papers: float, weeks: int) -> str:
    """Return how many papers a week there are, and over how many weeks that was counted."""
    return f"{papers:.1f} papers a week over {count(weeks, 'week')}"


@lru_cache(maxsize=2)  # stdout and stderr: making one costs more than printing a line
def _console(stream: Any) -> "Console":
    from rich.console import Console

    width = None if stream.isatty() else _PIPED_WIDTH
    return Console(file=stream, width=width, highlight=False, emoji=False)


def _write(stream: Any, text: str, style: str = "", *, label: str = "", label_style: str = "") -> None:
    """Write text after a label. On a terminal, lines are broken at words and all but the first are indented
    below the text; lines that are indented already are a query and the caret under it, and stay whole.
    """
    from rich.text import Text

    console = _console(stream)
    wraps = console.is_terminal
    margin = Text(printable_in_line(label), label_style)
    first, *further = printable(text).expandtabs(1).split("\n")
    indented = (line if wraps or line[:1] in ("", " ") else " " * _INDENT + line for line in further)
    for line in (first, *indented):
        whole = Text(line, style)
        width = max(console.width - margin.cell_len, _LEAST_WIDTH)
        for piece in whole.wrap(console, width) if wraps and not line.startswith(" ") else (whole,):
            if wraps:
                piece.rstrip()
            console.print(Text.assemble(margin, piece), soft_wrap=True)
            margin = Text(" " * max(margin.cell_len, _INDENT) if wraps else "")


def _cell(value: object) -> str:
    return "" if value is None else printable_in_line(str(value))
