"""JSON read once, whichever format asks for it."""

import json
from functools import lru_cache
from typing import Any

from digest.ports import Document, Fault

_DEEP = "too many brackets in brackets"
# More white space than this stands before no JSON.
_HEAD = 1000


@lru_cache(maxsize=1)
def loaded(text: str) -> tuple[Any, Fault | None]:
    """Return the JSON value of a text, which nobody may change, or what is wrong with it."""
    try:
        return json.loads(text), None
    except RecursionError:
        return None, _fault(_DEEP, None)
    except json.JSONDecodeError as problem:
        return None, _fault(problem.msg, problem.lineno)
    except ValueError as problem:  # a number of thousands of digits
        return None, _fault(str(problem), None)


def _fault(reason: str, line: int | None) -> Fault:
    remedy = "save or download the file again, to its end"
    return Fault(f"this is no valid JSON: {reason}", remedy, line)


def value_of(document: Document) -> Any:
    """Return the JSON value of a document, which nobody may change; None if it is no JSON."""
    text = document.text
    return loaded(text)[0] if text and _begins_as_json(text) else None


def fault_of(document: Document) -> Fault | None:
    """Return what is wrong with a document that looks like JSON, None if nothing is."""
    text = document.text
    return loaded(text)[1] if text and _begins_as_json(text) else None


def _begins_as_json(text: str) -> bool:
    return text[:_HEAD].lstrip()[:1] in {"{", "["}
