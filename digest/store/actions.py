"""What operators did in the console, in order."""

from datetime import datetime

from sqlalchemy import Connection, insert, select

from digest.model.actions import Action
from digest.store.web_schema import actions

_LONGEST = 1_000  # characters of a detail


class Actions:
    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, at: datetime, client: str, action: str, subject: str, detail: str) -> None:
        """Record an action."""
        self._db.execute(
            insert(actions).values(
                at=at, client=client, action=action, subject=subject, detail=detail[:_LONGEST]
            )
        )

    def newest(self, *, limit: int, before: int | None = None, text: str = "") -> tuple[Action, ...]:
        """Return actions, newest first: at most `limit`, with ids below `before`, with `text` in any of their words."""
        chosen = select(actions).order_by(actions.c.id.desc()).limit(limit)
        if before is not None:
            chosen = chosen.where(actions.c.id < before)
        if text:
            columns = (actions.c.action, actions.c.subject, actions.c.detail)
            found = [column.icontains(text, autoescape=True) for column in columns]
            chosen = chosen.where(found[0] | found[1] | found[2])
        return tuple(
            Action(row.id, row.at, row.client, row.action, row.subject, row.detail)
            for row in self._db.execute(chosen)
        )
