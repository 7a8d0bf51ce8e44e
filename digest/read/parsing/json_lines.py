"""Objects in a JSON Lines file or in a JSON list."""

import json
from typing import Any

from digest.ports import Document, Fault
from digest.read.parsing import json_text

_REMEDY = "correct this line, or save the complete file again"


def first(document: Document) -> Any:
    """Return the first value of a JSON Lines file or of a list, or None."""
    value = json_text.value_of(document)
    if isinstance(value, list):
        return value[0] if value else None
    if value is not None:
        return value
    line = next((line for line in (document.text or "").split("\n", 20)[:20] if line.strip()), "")
    if not line.lstrip().startswith("{"):
        return None
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def objects(document: Document) -> list[tuple[int | None, dict[str, Any]]] | Fault:
    """Return each object with its line (None in a list), or a fault at the first value of another type."""
    value = json_text.value_of(document)
    if value is not None:
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(one, dict) for one in values):
            return Fault("the list has an item that is not an object", _REMEDY)
        return [(None, one) for one in values]
    found: list[tuple[int | None, dict[str, Any]]] = []
    for number, line in enumerate((document.text or "").split("\n"), start=1):
        if not line.strip():
            continue
        one = _object(line)
        if one is None:
            return Fault("this line is not a JSON object", _REMEDY, number)
        found.append((number, one))
    return found


def _object(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
