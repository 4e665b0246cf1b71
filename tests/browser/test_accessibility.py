"""axe-core finds nothing on any page, in both themes, with and without events, with an alarm or an event opened."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from ingest import append
from tests.browser.conftest import Serve, Server, Visit, Watched, crowd, leave, serving_well
from tests.dashboard.alarm_page.recorded import small, takeover, write

THEMES = ("light", "dark")
CHANGED = "11111111-1111-4111-8111-111111111111"
PAGES = ("/", "/log", "/spikes", "/agent", "/store")
# The states of the pages of a full store: the card of the worst alarm is open, as it always is.
FULL = ("/", "/log?rows=50", f"/log?rows=50&event={CHANGED}", "/spikes", "/agent?agent=busy", "/store")


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard of 8,000 events, one of which changed a role, and two alarms."""
    folder = tmp_path_factory.mktemp("full")
    store = crowd(folder / "audit.duckdb", 8000)
    append(
        agent="busy",
        activity="Staff role updated",
        event_id=CHANGED,
        metadata={"before": {"role": "agent"}, "after": {"role": "admin"}},
        store=store.path,
    )
    write(store, takeover("busy", 1), small("agent-7", 2, total=40))
    with serving_well(store.path, folder / "server.log") as server:
        yield server


def violations(seen: Watched, path: str) -> list[str]:
    """What axe finds on a page, a text for each element."""
    seen.go(path)
    results = Axe().run(seen.page).response
    return [
        f"{path}: {rule['id']}: {node['target'][-1]}: {node['html']}: {node['failureSummary']}"
        for rule in results["violations"]
        for node in rule["nodes"]
        if not _is_of_marks(rule["id"], node["html"])
    ]


def _is_of_marks(rule: str, html: str) -> bool:
    """Whether a group of marks has no name: Vega gives it a role all the same, and the chart itself has a name."""
    return rule == "svg-img-alt" and html.startswith('<g class="mark-')


@pytest.mark.parametrize("theme", THEMES)
def test_pages_with_events(full: Server, visit: Visit, theme: str) -> None:
    seen = visit(full.url, scheme=theme)
    assert "\n".join(line for path in FULL for line in violations(seen, path)) == ""


@pytest.mark.parametrize("theme", THEMES)
def test_pages_without_events(tmp_path: Path, serve: Serve, visit: Visit, theme: str) -> None:
    seen = visit(serve(tmp_path / "audit.duckdb").url, scheme=theme)
    found = "\n".join(line for path in PAGES for line in violations(seen, path))
    leave(seen.page)
    assert found == ""
