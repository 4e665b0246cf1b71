"""The server itself: what it sends with every response, and how it folds."""

import importlib.util
import json
import re
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

from audit_store.engines.duckdb import queries
from audit_store.engines.duckdb.store import Store
from audit_store.errors import AuditStoreError
from audit_store.store_files import waiting_events
from dashboard.server import background_service
from dashboard.server.security_headers import inline_hashes, policy
from ingest import append
from tests import ROOT
from tests.dashboard.server.serving import served, within


def test_no_module_of_the_dashboard_has_the_name_of_another_package() -> None:
    # While a page runs, Streamlit puts the folder of the main script first on the module search path.
    names = {path.stem for path in (ROOT / "dashboard").glob("[a-z]*") if path.suffix in ("", ".py")}
    assert {name for name in names if importlib.util.find_spec(name) is not None} == set()


def test_inline_scripts_are_allowed_by_their_hash() -> None:
    # The digest is that of `printf 'alert(1)' | openssl dgst -sha256 -binary | base64`.
    html = '<script src="a.js"></script><script>alert(1)</script>'
    assert inline_hashes(html) == ["'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"]


def test_the_policy_names_no_host_and_allows_no_eval() -> None:
    words = policy("<script>x</script>").replace(";", " ").split()
    assert not [word for word in words if "." in word or "//" in word or "*" in word]
    assert "'unsafe-eval'" not in words
    assert re.search(r"script-src 'self' 'sha256-\S+'(;|$)", policy("<script>x</script>"))


@pytest.mark.parametrize(("value", "allowed"), [("", True), ("0", True), ("1", False), ("yes", False)])
def test_a_dashboard_may_be_told_only_to_read(
    value: str, allowed: bool, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIT_READ_ONLY", value)
    assert background_service.may_write(store.path) is allowed


def test_nobody_folds_where_there_is_no_folder(tmp_path: Path) -> None:
    assert not background_service.may_write(tmp_path / "missing" / "audit.duckdb")


def stored(store: Store) -> int:
    try:
        return int(store.run(queries.extent())["events"].iloc[0])
    except AuditStoreError:
        return 0


@pytest.mark.processes
def test_the_server_folds_what_is_appended_and_guards_its_pages(store: Store) -> None:
    with served(store) as (address, log):
        for path in ("/", "/log?range=30d&activity=Login", "/store"):
            headers = urlopen(address + path).headers
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["X-Frame-Options"] == "DENY"
            assert headers["Referrer-Policy"] == "no-referrer"
        append(agent="ada", activity="Login", store=store.path, fold=False)
        within(lambda: stored(store) == 1)
    assert "Traceback" not in log.read_text()


@pytest.mark.processes
def test_a_server_that_only_reads_leaves_the_spool(store: Store) -> None:
    append(agent="ada", activity="Login", store=store.path, fold=False)
    with served(store, AUDIT_READ_ONLY="1") as (address, log):
        assert json.loads(urlopen(address + "/_stcore/host-config").read())["allowedOrigins"] == []
        time.sleep(1.0)
    assert waiting_events(store.path) == 1
    assert not store.exists()
    assert "Traceback" not in log.read_text()
