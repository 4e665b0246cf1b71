"""A store without events offers a form that appends one, lines to paste, and the demo."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from audit_store.engines.duckdb.store import Store
from audit_store.filters import EventFilter
from dashboard.frame import first_use
from ingest.fold import fold
from tests import ROOT
from tests.dashboard.page_runs import button, show, words


def test_the_form_appends_an_event(tmp_path: Path) -> None:
    store = Store(tmp_path / "audit.duckdb")
    app = show(store)
    app.text_input(key="first_agent").set_value("ada")
    button(app, "Append").click()
    app.run()
    assert not app.exception
    fold(store.path)
    events = store.run(store.queries.page(EventFilter(), below=9, rows=9))
    assert events[["agent", "activity", "outcome", "source"]].to_numpy().tolist() == [
        ["ada", "Login", "success", first_use.SOURCE]
    ]


def test_an_invalid_event_is_refused_with_its_reason(tmp_path: Path) -> None:
    store = Store(tmp_path / "audit.duckdb")
    app = show(store)
    app.text_input(key="first_agent").set_value("")
    button(app, "Append").click()
    app.run()
    assert "agent" in "\n".join(text.value for text in app.text)
    assert not store.exists()


def test_a_read_only_dashboard_has_no_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT_READ_ONLY", "1")
    app = show(Store(tmp_path / "audit.duckdb"))
    assert not [widget for widget in app.text_input if widget.key == "first_agent"]
    text = words(app)
    for line in ("from ingest import append", "python -m ingest append", "curl ", "make demo"):
        assert line in text


@pytest.mark.processes
@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
def test_the_lines_with_curl_store_an_event(tmp_path: Path) -> None:
    (tmp_path / "a folder").mkdir()
    store = Store(tmp_path / "a folder" / "audit.duckdb")
    [lines] = [code.value for code in show(store).code if "curl --retry" in code.value]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = lines.replace(" serve ", f" serve --port {port} ").replace(":8502/", f":{port}/")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-ec", f"{script}\nkill %1; wait"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.startswith('{"accepted":1,'), done.stderr
    fold(store.path)
    events = store.run(store.queries.page(EventFilter(), below=9, rows=9))
    assert events[["agent", "activity", "source"]].to_numpy().tolist() == [["support-7", "Login", "shop"]]
