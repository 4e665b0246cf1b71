"""A reader's own catalogue lies over the built-in one, and what is wrong with it is said by line."""

from pathlib import Path

import pytest

from audit_store import catalogue
from audit_store.engines.duckdb.store import Store
from audit_store.errors import InvalidFormat
from audit_store.own_catalogue import load_over
from dashboard import active_catalogue
from dashboard.charts import activity
from tests.conftest import Fill
from tests.dashboard.page_runs import WEEK, drawn, show, words

BUILT = catalogue.load()
WIDGETS = '["Save widget popup", "Pause widget popup", "Delete widget popup"]'


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT_STORE", "")
    monkeypatch.delenv("AUDIT_CATALOGUE", raising=False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "catalogue.toml"


def own(file: Path, text: str) -> catalogue.Catalogue:
    file.write_text(text, encoding="utf-8")
    return load_over(file)


def test_an_empty_file_changes_nothing(file: Path) -> None:
    assert own(file, "") == BUILT


def test_a_built_in_category_gets_activities_and_a_colour(file: Path) -> None:
    found = own(
        file,
        '[[category]]\nname = "Settings"\ncolour = "#123abc"\nactivities = ["Door code changed", "Login"]',
    )
    assert found.categories == tuple(name for name in BUILT.categories if name != "Sign-in")
    assert [found.category(name) for name in ("Door code changed", "Login")] == ["Settings"] * 2
    assert found.category("User deleted") == BUILT.category("User deleted")
    assert found.colours == {"Settings": "#123abc"}
    assert found.logins == BUILT.logins


def test_a_new_category_takes_the_place_of_one_it_empties(file: Path) -> None:
    found = own(file, f'other = "Rest"\n[[category]]\nname = "Doors"\nactivities = {WIDGETS}')
    assert found.categories[-2:] == ("Doors", "Rest")
    assert "Widgets" not in found.categories


def test_the_built_in_categories_can_be_left_out(file: Path) -> None:
    found = own(file, 'built_in = false\n[[category]]\nname = "Doors"\nactivities = ["Door shut"]')
    assert found.categories == ("Doors", "Other")
    assert found.category("Login") == "Other"


def test_logins_can_be_others(file: Path) -> None:
    assert own(file, '[login]\nactivities = ["Door opened"]').logins == ("Door opened",)


CATEGORY = '[[category]]\nname = "Settings"\nactivities = ["A"]\n'


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("# note\ncategory = \n", 2, "Invalid value"),
        ("\nbuilt_in = 1\n", 2, "built_in is 1; give true or false"),
        ("\n\nother = 5", 3, "other is 5"),
        (CATEGORY + '\n[[category]]\nname = "B"\nactivity = ["x"]', 7, "the key 'activity' is not known"),
        (CATEGORY + '[[category]]\nname = ""\nactivities = []', 5, "category 2: name is ''"),
        (
            CATEGORY + 'colour = "blue"',
            4,
            "category 1 (Settings): colour is 'blue'; give one such as #0c7848",
        ),
        (CATEGORY + "colour = 7", 4, "category 1 (Settings): colour is 7"),
        (
            CATEGORY + '[[category]]\nname = "Widgets"\nactivities = "A"',
            6,
            "activities is 'A'; give a list of texts",
        ),
        (
            CATEGORY + '[[category]]\nname = "Widgets"\nactivities = [\n"B",\n"A"]',
            8,
            "'A' stands in 'Settings' and in",
        ),
        (CATEGORY + CATEGORY, 5, "the name 'Settings' is taken"),
        (CATEGORY + '[[category]]\nname = "Doors"\nactivities = ["B"]', 5, "'Doors' makes 8 categories"),
        (CATEGORY + '\n[login]\nfailure = ["lost"]', 6, "login: failure has 'lost'"),
        (f'other = "Widgets"\n{CATEGORY}', 1, "other is 'Widgets', the name of a category"),
    ],
)
def test_what_is_wrong_is_said_with_file_line_and_value(file: Path, text: str, line: int, says: str) -> None:
    with pytest.raises(InvalidFormat) as refusal:
        own(file, text)
    assert str(file) in str(refusal.value)
    assert f"line {line}" in str(refusal.value)
    assert says in str(refusal.value)


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
    assert f"catalogue {file}, line 3: category 1 (Settings): colour is 'red'" in words(app)
    assert "Until it is mended, the built-in catalogue is used." in words(app)
    assert active_catalogue.activities() == BUILT
    file.unlink()
    app.run()
    assert (f"{file}: No such file or directory; correct AUDIT_CATALOGUE" in words(app)) == named


def test_only_categories_with_a_colour_of_their_own_lose_the_built_in_one() -> None:
    scale = activity._colour(["Doors", "Keys", "Other"], {"Keys": "#123abc"}).to_dict()["scale"]
    assert scale["range"] == [activity.PALETTE[0], "#123abc", activity.PALETTE[-1]]
