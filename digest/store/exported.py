"""What an export holds: a file of JSON Lines for each table, and the tables that are not exported.

A line is a row; its keys are the columns. A time is ISO 8601 with an offset, bytes are Base64, and a column that holds
JSON is part of the line.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any

import msgspec
from sqlalchemy import Boolean, Column, Integer, LargeBinary, Table

from digest.diff.source_records import SourceRecord
from digest.errors import Problem
from digest.model import Letter, Listing, Paper, Subscription
from digest.store import columns, schema, web_schema
from digest.store.issue_content import Content

_Whole = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_Time = Annotated[datetime, msgspec.Meta(tz=True)]
NULL = msgspec.Raw(b"null")


@dataclass(frozen=True)
class Exported:
    """A table and the name of its file, without suffix; `json` has the types of the columns that hold JSON."""

    name: str
    table: Table
    json: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def line(self) -> type[msgspec.Struct]:
        """The type of a line."""
        columns = sorted(self.table.columns, key=lambda column: bool(column.nullable))
        return msgspec.defstruct(
            str(self.table.name), [self._field(column) for column in columns], forbid_unknown_fields=True
        )

    def _field(self, column: Column[Any]) -> tuple[str, Any] | tuple[str, Any, Any]:
        name, kind = str(column.name), self._type(column)
        if not column.nullable:
            return name, kind
        return (name, kind, NULL) if kind is msgspec.Raw else (name, kind | None, None)

    def is_binary(self, column: str) -> bool:
        """Return whether a column holds bytes."""
        return isinstance(self.table.columns[column].type, LargeBinary)

    def _type(self, column: Column[Any]) -> Any:
        if column.name in self.json:
            return msgspec.Raw
        if isinstance(column.type, columns.Moment):
            return _Time
        kinds = ((Boolean, bool), (Integer, _Whole), (LargeBinary, bytes))
        return next((kind for stored, kind in kinds if isinstance(column.type, stored)), str)


# In the order in which they are imported: rows refer to earlier tables only.
EXPORTED = (
    Exported("runs", schema.runs, {"report": dict[str, Any]}),
    Exported("files", schema.files),
    Exported("rejected_files", schema.rejects),
    Exported("papers", schema.papers, {"record": Listing}),
    Exported("merged_papers", schema.absorbed),
    Exported("separate_papers", schema.apart),
    Exported("merge_decisions", schema.decisions),
    Exported("aliases", schema.aliases),
    Exported("title_hashes", schema.traces),
    Exported("source_records", schema.witnesses, {"word": SourceRecord}),
    Exported("listings", schema.listings),
    Exported("entries", schema.entries),
    Exported(
        "subscriptions", schema.subscriptions, {"settings": Subscription, "problems": tuple[Problem, ...]}
    ),
    Exported("subscription_reader", schema.subscriptions_read),
    Exported("cursors", schema.cursors),
    Exported("revisions", schema.revisions, {"body": Paper}),
    Exported("issues", schema.issues, {"content": Content}),
    Exported("served", schema.served),
    Exported("feed_items", schema.feed_items, {"terms": list[str], "about": list[str]}),
    Exported("verdicts", schema.verdicts, {"nearest": list[str]}),
    Exported("outbox", schema.outbox, {"letter": Letter}),
    Exported("requests", web_schema.requests, {"wish": Subscription}),
    Exported("readers", web_schema.readers),
    Exported("owned", web_schema.owned),
    Exported("deliveries", schema.deliveries),
    Exported("suppressions", schema.suppressions),
    Exported("secrets", schema.secrets),
    Exported("bounces", schema.returned),
    Exported("mailboxes", schema.mailboxes),
    Exported("feedback", schema.feedback),
    Exported("seeds", schema.seeds, {"record": Listing}),
    Exported("clicks", schema.clicks),
    Exported("actions", web_schema.actions),
    Exported("spared", schema.spared),
    Exported("summaries", schema.summaries),
    Exported("set_aside", schema.set_aside),
    Exported("title_phrases", schema.titles, {"body": list[tuple[int, tuple[str, ...]]]}),
    Exported("title_position", schema.read_titles),
)

# Tables that are not exported, and where their content comes from in the home of an import.
DERIVED = {
    "schema_version": "the manifest of the export has it",
    "background": "counts of terms for themes: the next run that needs them counts them again",
    "program": "compiled queries: the next run compiles them again",
    "unwritten": "files to write: the next run finds out which are missing",
    "written_for": "settings of the written files: the next run stores them",
    "tenant": "the home that uses the database: it is another one after an import",
    "lease": "the host that leads the schedule",
    "home": "the homes that use a library on a server: they are others after an import",
}
