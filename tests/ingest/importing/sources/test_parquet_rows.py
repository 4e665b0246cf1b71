"""The values of Parquet columns reach the metadata as they are."""

import io
import json
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.ingest.importing.records import take

NAN, INFINITY = float("nan"), float("inf")
PRICE = pa.decimal128(38, 10)
LONG = Decimal("12345678901234567890.1234567890")
USER = pa.struct([("name", pa.string()), ("tags", pa.list_(pa.string())), ("price", PRICE)])


def parquet(**columns: "pa.Array[Any]") -> bytes:
    rows = len(next(iter(columns.values())))
    file = io.BytesIO()
    pq.write_table(pa.table({"agent": ["a"] * rows, "activity": ["b"] * rows} | columns), file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([LONG, None], PRICE, [str(LONG), None]),
        ([Decimal(7), Decimal(-7)], pa.decimal128(18, 0), [7, -7]),
        ([Decimal(10**30)], pa.decimal128(38, 0), [str(10**30)]),
        ([Decimal("0.10")], pa.decimal256(50, 2), ["0.10"]),
        ([NAN, INFINITY, -INFINITY, 1.5, None], pa.float64(), ["NaN", "Infinity", "-Infinity", 1.5, None]),
        ([NAN, 1.5], pa.float32(), ["NaN", 1.5]),
        ([2**63 - 1], pa.int64(), [2**63 - 1]),
        ([[1.5, NAN], [], None], pa.list_(pa.float64()), [[1.5, "NaN"], [], None]),
        ([[("k", -INFINITY)], []], pa.map_(pa.string(), pa.float64()), [{"k": "-Infinity"}, {}]),
        ([[("k", LONG)]], pa.map_(pa.string(), PRICE), [{"k": str(LONG)}]),
        (
            [{"name": "ada", "tags": ["r", ":NaN,"], "price": LONG}, None],
            USER,
            [{"name": "ada", "tags": ["r", ":NaN,"], "price": str(LONG)}, None],
        ),
    ],
)
def test_a_value_is_kept_exactly(values: list[Any], kind: pa.DataType, expected: list[Any]) -> None:
    rows, rejects = take(parquet(value=pa.array(values, kind)), "parquet")
    assert rejects == []
    assert [json.loads(row["metadata"]).get("value") for row in rows] == expected


def test_a_path_leads_into_structs_lists_and_maps() -> None:
    user = pa.array([{"name": "ada", "tags": ["red", "blue"], "price": LONG}], USER)
    keys = pa.array([[("host", "web-1")]], pa.map_(pa.string(), pa.string()))
    mapping = {"agent": "$.user.name", "target": "$.keys.host", "source_ip": "$.user.tags[1]"}
    [row], rejects = take(parquet(user=user, keys=keys), "parquet", map=mapping)
    assert rejects == []
    assert [row[name] for name in mapping] == ["ada", "web-1", "blue"]


def test_a_field_of_nan_is_not_given() -> None:
    [row], _ = take(parquet(value=pa.array([NAN])), "parquet", map={"target": "value"})
    assert row["target"] is None
