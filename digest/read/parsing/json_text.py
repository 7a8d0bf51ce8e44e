"""JSON documents. The last one is cached, so that several formats can look at it."""

import json
from functools import lru_cache
from typing import Any

from digest.ports import Document, Fault

# No JSON document begins with more white space than this.
_HEAD = 1000


@lru_cache(maxsize=1)
def load(text: str) -> tuple[Any, Fault | None]:
    """Return the JSON value of a text, or what is wrong with it. Callers must not modify the value."""
    try:
        return json.loads(text), None
    except RecursionError:
        return None, _fault("the brackets are nested too deeply", None)
    except json.JSONDecodeError as error:
        return None, _fault(error.msg, error.lineno)
    except ValueError as error:  # a number with thousands of digits
        return None, _fault(str(error), None)


def _fault(reason: str, line: int | None) -> Fault:
    return Fault(f"the JSON is not valid: {reason}", "save or download the complete file again", line)


def value_of(document: Document) -> Any:
    """Return the JSON value of a document, or None. Callers must not modify the value."""
    text = document.text
    return load(text)[0] if text and _begins_as_json(text) else None


def fault_of(document: Document) -> Fault | None:
    """Return what is wrong with a document that looks like JSON, or None."""
    text = document.text
    return load(text)[1] if text and _begins_as_json(text) else None


def _begins_as_json(text: str) -> bool:
    return text[:_HEAD].lstrip()[:1] in {"{", "["}
