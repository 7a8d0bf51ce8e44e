"""Frozen values as JSON bytes; decoding checks them by their annotations."""

import json
import re
from collections.abc import Hashable
from functools import cache
from typing import Any, TypeVar, cast

import msgspec

T = TypeVar("T")


@cache
def _decoder(kind: Hashable) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


_SURROGATE = re.compile("[\ud800-\udfff]")
_ENCODER = msgspec.json.Encoder(order="deterministic")


def encode(value: object) -> bytes:
    """Return a value as JSON with sorted keys; a lone surrogate becomes U+FFFD."""
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError:
        text = _SURROGATE.sub("\ufffd", json.dumps(msgspec.to_builtins(value), ensure_ascii=False))
        return _ENCODER.encode(json.loads(text))


def decode(kind: type[T], data: bytes) -> T:
    """Return the value of a JSON text. Raises msgspec.ValidationError if it is not a `kind`."""
    value: T = _decoder(cast("Hashable", kind)).decode(data)
    return value
