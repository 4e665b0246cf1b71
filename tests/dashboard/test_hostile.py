"""Hostile texts in every field, on every page and in every download; tests/browser/test_hostile.py looks closer."""

import csv
import io
import json
import re
import zipfile
from typing import Any

import pyarrow.parquet as pq
import pytest
from streamlit.testing.v1 import AppTest

from audit_store.engines.duckdb.store import Store
from audit_store.export.archive import archive
from audit_store.export.export import plan
from audit_store.export.formulas import FORMULA
from audit_store.filters import EventFilter
from dashboard.log.pin import Pin
from tests.conftest import Fill, in_campaign
from tests.dashboard.page_runs import MARKDOWN, PAGES, component, drawn, show
from tests.hostile import APART, HIDDEN, MARK, STRINGS, events

TEXTS = ("agent", "activity", "description", "source_ip", "target", "source", "metadata")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, fill: Fill) -> Store:
    """A store with nothing but hostile events."""
    return fill(Store(tmp_path_factory.mktemp("hostile") / "audit.duckdb"), events())


def protos(app: AppTest) -> list[Any]:
    """What is sent to the browser for each element."""
    return [one.proto for one in app if hasattr(one, "proto") and hasattr(one.proto, "DESCRIPTOR")]


def check(app: AppTest) -> None:
    """No text of an event is where Streamlit looks for Markdown, and none of it is hidden."""
    assert not app.exception
    labels = [getattr(proto, name, "") for proto in protos(app) for name in ("label", "help", "placeholder")]
    labels += [
        option.content
        for proto in protos(app)
        if proto.DESCRIPTOR.name == "ButtonGroup"
        for option in proto.options
    ]
    marked = [str(one.value) for one in drawn(app, *MARKDOWN)]
    assert [text for text in (*labels, *marked) if MARK in str(text)] == []
    plain = "".join(str(one.value) for one in drawn(app, "text", "code"))
    assert set(plain) & HIDDEN == set()
    for sent in app.get("bidi_component"):
        assert set(json.dumps(json.loads(sent.proto.json), ensure_ascii=False)) & HIDDEN == set()
    for table in app.dataframe:
        assert set("".join(table.value.astype(str).to_numpy().ravel())) & HIDDEN == set()


def test_there_are_enough_and_they_differ() -> None:
    assert len(set(STRINGS)) == len(STRINGS) >= 200


@pytest.mark.parametrize("page", PAGES)
def test_pages_show_hostile_events_as_plain_text(hostile: Store, page: str) -> None:
    check(show(hostile, page))


def test_details_show_every_hostile_event_as_plain_text(hostile: Store, campaign: bool) -> None:
    app = show(hostile, "log")
    app.toggle(key="log_live").set_value(False).run()
    for place in range(0, len(STRINGS), APART if campaign else 6 * APART):
        app.query_params["event"] = f"00000000-0000-4000-8000-{place:012}"
        app.run()
        check(app)
        tree = component(app, "event_tree")
        assert sum(MARK in line["value"] for line in tree["fields"]) >= 6
        assert any(MARK in line["value"] for line in tree["metadata"])
        assert MARK in tree["source"]


@pytest.mark.parametrize(
    "parameter",
    ["q", "agent", "event", "tz", *in_campaign("activity", "not_agent", "outcome", "from", "range")],
)
def test_hostile_addresses_are_plain_text(hostile: Store, parameter: str) -> None:
    for place in range(20, len(STRINGS), 160):
        check(show(hostile, "log", **{parameter: STRINGS[place][:128]}))


def download(store: Store, fmt: str) -> bytes:
    name = f"events.{fmt}"
    whole = Pin(EventFilter(), below=len(STRINGS)).whole
    content = b"".join(piece.data for piece in archive(plan(whole, store), fmt, name, STRINGS[0]))
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return packed.read(name)


def test_no_cell_of_a_csv_file_is_a_formula(hostile: Store) -> None:
    rows = list(csv.DictReader(io.StringIO(download(hostile, "csv").decode(), newline="")))
    assert len(rows) == len(STRINGS)
    assert [
        cell for row in rows for cell in row.values() if re.match(FORMULA, cell) and not cell.startswith("'")
    ] == []


def written(name: str) -> list[str]:
    """What each event of the store has in this field."""
    return [getattr(event, name) for event in events()]


def test_parquet_holds_hostile_texts_unchanged(hostile: Store) -> None:
    found = pq.read_table(io.BytesIO(download(hostile, "parquet")))
    for name in TEXTS:
        assert found[name].to_pylist() == written(name)


def test_ocsf_holds_hostile_texts_unchanged(hostile: Store) -> None:
    lines = re.split(rb"\n", download(hostile, "ocsf"))[:-1]
    found = [json.loads(line) for line in lines]
    assert [one["message"] for one in found] == written("description")
    assert [one["actor"]["user"]["name"] for one in found] == written("agent")
    assert [one["src_endpoint"]["ip"] for one in found] == written("source_ip")
    for name in ("activity", "target", "source", "metadata"):
        assert [one["unmapped"][name] for one in found] == written(name)


def test_json_lines_hold_hostile_texts_unchanged(hostile: Store) -> None:
    lines = re.split(rb"\n", download(hostile, "jsonl"))[:-1]
    assert [json.loads(line)["agent"] for line in lines] == [text[:256] for text in STRINGS]
