"""The records of RIS: from `TY` to `ER`, and what exporters make of that. Pure, and linear in the number of lines.

Exporters write tags before `TY` or after `ER`, put `ER` first, repeat `TY` in a record, or leave `ER` out. A title tells
which lines belong together, because each record has one.
"""

import re
from dataclasses import dataclass, field

from digest.read.parsing import tagged_lines

TITLES = ("TI", "T1", "CT", "BT", "TT", "OP")
_TAG = re.compile(
    r"\ufeff?[ \t]{0,9}([A-Z][A-Z0-9])(?:(?: {1,4}|\t)-[ \t]*(.*)|(?<=ER)-?)", re.ASCII
)  # a bare `ER` ends a record, too

Record = dict[str, list[str]]


@dataclass(slots=True)
class _Block:
    """Consecutive tags: those after a `TY`, or those outside of a record. `ended` if an `ER` follows."""

    line: int
    typed: bool
    ended: bool = False
    fields: Record = field(default_factory=dict)

    @property
    def titled(self) -> bool:
        return any(value.strip() for tag in TITLES for value in self.fields.get(tag, ()))

    def add(self, other: "_Block", *, only_missing: bool = False) -> None:
        for tag, values in other.fields.items():
            if not (only_missing and tag in self.fields):
                self.fields.setdefault(tag, []).extend(values)


def records(text: str) -> tuple[list[Record], int | None]:
    """Return the records, and the line (from 1) of the first one that is cut short: without `ER`, where others have it."""
    blocks = _blocks(text)
    found: list[_Block] = []
    before: _Block | None = None  # tags that belong to the next `TY`
    tags_come_first = bool(blocks) and not blocks[0].typed
    for number, block in enumerate(blocks):
        last = found[-1] if found else None
        following = blocks[number + 1] if number + 1 < len(blocks) else None
        if block.typed:
            if before is not None:
                before.add(block)
                before.ended, before = block.ended, None
            elif last is not None and not last.ended and not (last.titled and block.titled):
                last.add(block)  # a second `TY` in one record
                last.ended = block.ended
            else:
                found.append(block)
        elif last is not None and not last.titled:
            last.add(block)  # `ER` came first
        elif tags_come_first or (following is not None and block.titled and not following.titled):
            before = block
            found.append(block)
        elif block.titled and block.ended:
            found.append(block)  # a record without `TY`
        elif last is not None:
            last.add(block, only_missing=True)
    has_ends = any(block.ended for block in blocks)
    cut = next((block.line for block in found if not block.ended), None)
    return [block.fields for block in found], cut if has_ends or len(found) == 1 else None


def _blocks(text: str) -> list[_Block]:
    blocks: list[_Block] = []
    for line, tag, value in tagged_lines.fields(text, _TAG):
        last = blocks[-1] if blocks else None
        if tag == "TY":
            blocks.append(_Block(line, typed=True))
        elif tag == "ER":
            if last is not None:
                last.ended = True
        elif last is None or last.ended:
            blocks.append(_Block(line, typed=False, fields={tag: [value]}))
        else:
            last.fields.setdefault(tag, []).append(value)
    return blocks
