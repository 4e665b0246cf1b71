"""Identical records are counted, exactly for the last millions of them."""

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.importing.duplicate_counter import ERA, Ordinals
from tests.conftest import examples


def keys_of(numbers: list[int]) -> "pa.ChunkedArray[pa.FixedSizeBinaryScalar]":
    keys = pa.array([bytes(16), *(number.to_bytes(16, "big") for number in numbers)], pa.binary(16))
    return pa.chunked_array([keys.slice(1)])


@settings(max_examples=examples(60))
@given(st.lists(st.lists(st.integers(0, 12), min_size=1, max_size=12), max_size=12))
def test_ordinals_count_what_came_before(chunks: list[list[int]]) -> None:
    ordinals, seen = Ordinals(), dict[int, int]()
    for chunk in chunks:
        for number, ordinal in zip(chunk, ordinals.of(keys_of(chunk)), strict=True):
            assert ordinal == seen.get(number, 0)
            seen[number] = seen.get(number, 0) + 1


def test_forgotten_records_get_ordinals_of_a_new_era() -> None:
    ordinals = Ordinals(remembered=3)
    assert [int(ordinals.of(keys_of([number]))[0]) for number in range(5)] == [0, 0, 0, 0, ERA]
    assert int(ordinals.of(keys_of([0]))[0]) == ERA
    assert int(ordinals.of(keys_of([4]))[0]) == ERA + 1
