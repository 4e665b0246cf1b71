"""Downloads of the log: the events of the list and no other, with a manifest that fits."""

import json
import zipfile
from pathlib import Path

import pytest

from audit_store.engines.duckdb.store import Store
from audit_store.export import verify
from audit_store.filters import EventFilter
from dashboard.log.export_menu import FORMATS, archive, file_name
from dashboard.log.paging import Pin
from tests.conftest import Fill
from tests.dashboard.page_runs import WEEK, drawn, event, show


@pytest.mark.parametrize("fmt", list(FORMATS))
def test_an_archive_holds_the_pinned_events_and_their_manifest(
    store: Store, fill: Fill, tmp_path: Path, fmt: str
) -> None:
    fill(store, WEEK)
    pinned = Pin(EventFilter(agent=("ada",)), below=len(WEEK))
    fill(store, [event(1), event(1, agent="late")])
    name = file_name(fmt, pinned)
    with archive(pinned.whole, fmt, name, store) as made, zipfile.ZipFile(made) as packed:
        assert packed.testzip() is None
        packed.extractall(tmp_path)
    assert sorted(path.name for path in tmp_path.glob("audit-log*")) == [name, f"{name}.manifest.json"]
    assert verify.check(tmp_path / name) == []
    assert json.loads((tmp_path / f"{name}.manifest.json").read_text())["events"] == 2
    assert b"late" not in (tmp_path / name).read_bytes()


def test_the_menu_names_how_many_events_a_file_will_hold(store: Store, fill: Fill) -> None:
    fill(store, WEEK)
    app = show(store, "log", agent="ada")
    assert "All 2 events of this list" in " ".join(one.value for one in app.caption)
    assert [one.label for one in drawn(app, "download_button")] == [label for label, _ in FORMATS.values()]
