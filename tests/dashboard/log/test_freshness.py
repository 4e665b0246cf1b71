"""The age of the newest event."""

from datetime import UTC, datetime, timedelta

import pytest

from audit_store.engines.duckdb.store import Store
from audit_store.event import Event
from tests.conftest import Fill
from tests.dashboard.page_runs import show


@pytest.mark.parametrize(
    ("minutes", "words"), [(3, "3 minutes ago"), (60 * 50, "2 days ago"), (-60 * 3, "3 hours from now")]
)
def test_the_log_says_how_old_its_newest_event_is(
    store: Store, fill: Fill, minutes: float, words: str
) -> None:
    at = datetime.now(UTC) - timedelta(minutes=minutes, seconds=5)
    newest = Event.of({"agent": "ada", "activity": "Login", "occurred_at": at})
    app = show(fill(store, [newest]), "log", range="all", agent="nobody")
    assert f"Newest event of the whole log {words}" in [caption.value for caption in app.caption]
