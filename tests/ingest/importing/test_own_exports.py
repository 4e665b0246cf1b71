"""What a store exports can be imported: into the same store nothing new, into another one the same events."""

import json
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_store.__main__ import main as audit_store
from audit_store.engines.duckdb.store import Store
from audit_store.engines.protocol import Query
from audit_store.event import BODY
from ingest import append_many, fold
from ingest.importer import import_files
from tests.conftest import examples, in_campaign

AWKWARD = [
    "=1",
    "'=1",
    "''",
    "'",
    "\xa0+x",
    " ",
    "a\r\nb",
    "\rx",
    '"',
    ",;\t",
    "NULL",
    "nan",
    "1e5",
    "true",
    "{}",
    "ä\u2028",
    "\0",
]
TEXTS = st.sampled_from(AWKWARD) | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
MAY_BE_EMPTY = st.just("") | TEXTS
MISSING = st.none()
METADATA = st.dictionaries(
    TEXTS,
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
        st.lists,
        max_leaves=5,
    ),
    max_size=3,
)
EVENTS = st.fixed_dictionaries(
    {
        "agent": TEXTS,
        "activity": TEXTS,
        "description": MAY_BE_EMPTY,
        "outcome": MISSING | st.sampled_from(["success", "failure"]),
        "occurred_at": st.datetimes(
            datetime(1970, 1, 1),  # noqa: DTZ001  # `timezones` gives the zone
            datetime(2199, 12, 31),  # noqa: DTZ001
            timezones=st.just(UTC),
        ),
        "source_ip": MISSING | MAY_BE_EMPTY,
        "target": MISSING | MAY_BE_EMPTY,
        "source": MAY_BE_EMPTY,
        "event_id": MISSING | TEXTS,
        "metadata": METADATA | METADATA.map(lambda value: json.dumps(value, indent=1)),
    }
)


def rows(store: Path) -> list[Any]:
    return (
        Store(store)
        .run(Query(f"SELECT event_id, occurred_at, {', '.join(BODY)} FROM events ORDER BY event_id"))
        .to_numpy()
        .tolist()
    )


@pytest.mark.parametrize("fmt", ["csv", *in_campaign("jsonl", "parquet")])
@settings(max_examples=examples(10, least=2))
@given(
    events=st.lists(
        EVENTS,
        min_size=20,
        max_size=40,
        unique_by=lambda event: (event["source"], event["event_id"] or id(event)),
    )
)
def test_an_export_comes_in_again(fmt: str, events: list[dict[str, Any]]) -> None:
    with TemporaryDirectory() as folder:
        store, other, file = (Path(folder, name) for name in ("a.duckdb", "b.duckdb", f"events.{fmt}"))
        append_many(events, store=store, fold=False)
        fold.fold(store)
        assert (
            audit_store(
                ["export", "--range", "all", "--format", fmt, "--output", str(file), "--store", str(store)]
            )
            == 0
        )
        again = import_files(store, [str(file)])
        assert (again.read, again.duplicates, again.notes) == (len(events), len(events), ())
        elsewhere = import_files(other, [str(file)])
        assert (elsewhere.stored, elsewhere.notes) == (len(events), ())
        assert rows(store) == rows(other)
