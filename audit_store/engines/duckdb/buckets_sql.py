"""Expressions for the bucket of time in which an event lies."""

import math
from datetime import timedelta

from audit_store.ranges import Buckets

# Not below zero, for which // would round up: events are from 1970 on, and `shift` is at least 0.
NUMBER = "(epoch_us(occurred_at) + $shift) // $width"
"""The number of the bucket of an event, of type BIGINT."""


def start(number: str) -> str:
    """The start (UTC) of the bucket with a number."""
    return f"make_timestamp(({number}) * $width - $offset)"


def params(buckets: Buckets, by: timedelta = timedelta()) -> dict[str, int]:
    """The parameters of these expressions, for events of which each counts `by` later."""
    shift = _microseconds(buckets.offset + by)
    return {"width": _microseconds(buckets.width), "offset": _microseconds(buckets.offset), "shift": shift}


def width_of_cells(buckets: Buckets, by: timedelta = timedelta()) -> timedelta:
    """The widest cells of which each lies in one bucket, for events of which each counts `by` later."""
    return timedelta(microseconds=math.gcd(_microseconds(buckets.width), _microseconds(buckets.offset + by)))


def _microseconds(span: timedelta) -> int:
    return span // timedelta(microseconds=1)
