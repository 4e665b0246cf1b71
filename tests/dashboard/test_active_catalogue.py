"""The catalogue of the viewer's own file on the pages."""

from pathlib import Path

import pytest

from audit_store import catalogue
from audit_store.engines.duckdb.store import Store
from dashboard import active_catalogue
from dashboard.charts import activity
from tests.conftest import Fill
from tests.dashboard.page_runs import WEEK, drawn, show, words

BUILT = catalogue.load()


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT_STORE", "")
    monkeypatch.delenv("AUDIT_CATALOGUE", raising=False)


@pytest.mark.parametrize("named", [True, False])
def test_the_page_takes_a_changed_file_at_once(
    store: Store, fill: Fill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    file = tmp_path / ("mine.toml" if named else "catalogue.toml")
    if named:
        monkeypatch.setenv("AUDIT_CATALOGUE", str(file))
    file.write_text('[[category]]\nname = "Settings"\ncolour = "#123abc"\nactivities = ["Coffee made"]')
    fill(store, WEEK)
    app = show(store)
    assert active_catalogue.activities().category("Coffee made") == "Settings"
    assert "#123abc" in str(drawn(app, "vega_lite_chart")[0].proto.spec)
    file.write_text('[[category]]\nname = "Settings"\ncolour = "red"\nactivities = ["Coffee made"]')
    app.run()
    assert not app.exception
    assert f"catalogue {file}, line 3: category 1 colour: 'red' is not allowed" in words(app)
    assert "Using the built-in catalogue until the file is fixed." in words(app)
    assert active_catalogue.activities() == BUILT
    file.unlink()
    app.run()
    assert (f"{file}: No such file or directory; correct AUDIT_CATALOGUE" in words(app)) == named


def test_only_categories_with_a_colour_of_their_own_lose_the_built_in_one() -> None:
    scale = activity._colour(["Doors", "Keys", "Other"], {"Keys": "#123abc"}).to_dict()["scale"]
    assert scale["range"] == [activity.PALETTE[0], "#123abc", activity.PALETTE[-1]]
