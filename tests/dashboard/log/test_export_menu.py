"""Downloads of the log: exactly the events of the list, a manifest that verifies them, and who exported."""

import json
import zipfile
from pathlib import Path

import pytest

from audit_store.engines.duckdb.store import Store
from audit_store.export import verify
from audit_store.export.encoders import FORMATS as ENCODERS
from audit_store.filters import EventFilter
from dashboard.log.export_menu import FORMATS, archive, file_name
from dashboard.log.paging import Pin
from tests.conftest import Fill
from tests.dashboard.page_runs import WEEK, drawn, event, show


def test_the_menu_offers_every_format() -> None:
    assert list(FORMATS) == list(ENCODERS)


@pytest.mark.parametrize("fmt", list(FORMATS))
def test_an_archive_holds_the_pinned_events_and_their_manifest(
    store: Store, fill: Fill, tmp_path: Path, fmt: str
) -> None:
    fill(store, WEEK)
    pinned = Pin(EventFilter(agent=("ada",)), below=len(WEEK))
    fill(store, [event(1), event(1, agent="late")])
    name = file_name(fmt, pinned)
    with archive(pinned.whole, fmt, name, store, "ada@example.com") as file, zipfile.ZipFile(file) as packed:
        assert packed.testzip() is None
        packed.extractall(tmp_path)
    assert sorted(path.name for path in tmp_path.glob("audit-log*")) == [name, f"{name}.manifest.json"]
    assert verify.check(tmp_path / name) == []
    manifest = json.loads((tmp_path / f"{name}.manifest.json").read_text())
    assert (manifest["events"], manifest["exported_by"]) == (2, "ada@example.com")
    assert b"late" not in (tmp_path / name).read_bytes()


def test_the_menu_counts_the_events_of_a_file(week: Store) -> None:
    app = show(week, "log", agent="ada")
    assert "All 2 events of this list" in " ".join(caption.value for caption in app.caption)
    assert [element.label for element in drawn(app, "download_button")] == [
        label for label, _ in FORMATS.values()
    ]
