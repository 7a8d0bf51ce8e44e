"""Frozen values ↔ JSON bytes, checked by their annotations."""

from collections.abc import Hashable
from functools import cache
from typing import Any, TypeVar, cast

import msgspec

T = TypeVar("T")


@cache
def _decoder(kind: Hashable) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


_ENCODER = msgspec.json.Encoder(order="deterministic")


def encode(value: object) -> bytes:
    return _ENCODER.encode(value)


def decode(kind: type[T], data: bytes) -> T:
    """Read what `encode` wrote. Raises msgspec.ValidationError if it is no `kind`."""
    value: T = _decoder(cast("Hashable", kind)).decode(data)
    return value
