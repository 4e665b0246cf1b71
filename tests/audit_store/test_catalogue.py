"""The known activities have categories, and an error in a catalogue file names its line."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_store import catalogue
from audit_store.errors import InvalidFormat

LISTED = """
    Assignment settings | Staff availability | Campaign created | Segment deleted |
    Template created or updated | Journey deleted | Journey saved | Journey moved to test mode |
    Delete widget popup | Save widget popup | Attribution window changed | API key generated |
    API key copied | User deleted | Login | Staff role updated | Pause widget popup |
    Customer list request for segment | Price please automation | Journeys status | Journeys triggers |
    Load balancer settings
"""
ACTIVITIES = [" ".join(name.split()) for name in LISTED.split("|")]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "catalogue.toml"


def test_the_22_kinds_have_a_category_each() -> None:
    known = catalogue.load()
    assert len(ACTIVITIES) == 22
    assert set(known.category_by_activity) == set(ACTIVITIES)
    assert known.other not in {known.category(activity) for activity in ACTIVITIES}


def test_every_built_in_category_has_a_colour_of_its_own() -> None:
    known = catalogue.load()
    assert len(known.categories) <= 8
    assert len(set(known.categories)) == len(known.categories)
    assert {*known.category_by_activity.values(), known.other} == set(known.categories)


def test_any_other_activity_belongs_to_other() -> None:
    assert catalogue.load().category("login") == catalogue.load().other == "Other"


def test_activities_are_listed_by_category_then_name() -> None:
    listed = catalogue.load().grouped(["zebra", "Load balancer settings", "User deleted", "Ape", "Login"])
    assert listed == ["Login", "User deleted", "Load balancer settings", "Ape", "zebra"]


def test_a_file_of_ones_own(file: Path) -> None:
    file.write_text(
        'other = "Rest"\n[[category]]\nname = "Doors"\nactivities = ["Door opened", "Door shut"]\n'
    )
    own = catalogue.load(file)
    assert own.categories == ("Doors", "Rest")
    assert own.category("Door shut") == "Doors"
    assert own.category("Login") == "Rest"


def entries(*names: str) -> str:
    return "".join(f'[[category]]\nname = "{name}"\nactivities = ["do {name}"]\n' for name in names)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("category = ", "Invalid value"),
        ("x = " + "[" * 5000, "it must be nested less deeply"),
        ("other = 5", "other: 5 is not allowed"),
        ('other = ""', "other: '' is not allowed"),
        (
            "categories = []",
            "categories: unknown key; give one of other, built_in, sensitive, changes, request, session, category",
        ),
        ('changes = [["was"]]', "changes 1: ['was'] is not allowed; give a list of pairs of keys"),
        ('request = "id"', "request: 'id' is not allowed; give a list of paths in the metadata"),
        ('session = ["id", ""]', "session 2: '' is not allowed; give a list of paths in the metadata"),
        ('category = "Doors"', "category: 'Doors' is not allowed; give one [[category]] table"),
        ("category = [1]", "category 1: 1 is not allowed; give one [[category]] table"),
        ('[category]\nname = "Doors"\nactivities = []', "give one [[category]] table"),
        ('[[category]]\nactivities = ["A"]', "category 1: name is missing"),
        (
            entries("A") + '[[category]]\nname = ["B"]\nactivities = []',
            "category 2 name: ['B'] is not allowed",
        ),
        ('[[category]]\nname = "A"', "category 1: activities is missing; give a list"),
        (
            '[[category]]\nname = "A"\nactivities = "B"',
            "category 1 activities: 'B' is not allowed; give a list",
        ),
        ('[[category]]\nname = "A"\nactivities = ["B", 1]', "category 1 activities 2: 1 is not allowed"),
        ('[[category]]\nname = "A"\nactivities = [""]', "category 1 activities 1: '' is not allowed"),
        ('[[category]]\nname = "A"\nactivity = ["B"]', "category 1 activity: unknown key"),
        (entries("A", "A"), "category 2 name: 'A' is taken"),
        (entries("Other"), "category 1 name: 'Other' is taken"),
        (entries("A") + '[[category]]\nname = "B"\nactivities = ["do A"]', "'do A' is in 'A' and in 'B'"),
        ('[[category]]\nname = "A"\nactivities = ["B", "B"]', "'B' is in 'A' and in 'A'"),
    ],
)
def test_a_wrong_file_names_itself_and_the_entry(file: Path, text: str, says: str) -> None:
    file.write_text(text)
    with pytest.raises(InvalidFormat) as refusal:
        catalogue.load(file)
    assert f"catalogue {file}" in str(refusal.value)
    assert says in str(refusal.value)


def test_lists_about_metadata_replace_the_built_in_ones(file: Path) -> None:
    file.write_text('changes = [["from", "to"]]\nrequest = ["http.id"]\n')
    merged = catalogue.load_over(file)
    assert (merged.changes, merged.request) == ((("from", "to"),), ("http.id",))
    assert merged.session == catalogue.load().session != ()


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin1.toml").write_bytes(b'other = "\xe9"')
    for path in (tmp_path / "missing.toml", tmp_path, tmp_path / "latin1.toml"):
        with pytest.raises(InvalidFormat, match=str(path)):
            catalogue.load(path)


scalars = st.none() | st.integers() | st.text(st.characters(codec="ascii", categories=["L"]))
shapes = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3), max_leaves=4)


@given(other=shapes, name=shapes, activities=shapes)
def test_values_of_any_kind_load_or_are_refused(
    tmp_path_factory: pytest.TempPathFactory, other: object, name: object, activities: object
) -> None:
    values = {"other": other, "name": name, "activities": activities}
    first, *rest = [f"{key} = {value!r}" for key, value in values.items() if "None" not in repr(value)] or [
        ""
    ]
    text = "\n".join([first, "[[category]]", *rest])
    path = tmp_path_factory.mktemp("catalogue") / "c.toml"
    path.write_text(text)
    try:
        categories = catalogue.load(path).categories
    except InvalidFormat:
        return
    data = tomllib.loads(text)
    assert categories == (data["category"][0]["name"], data.get("other", "Other"))


def test_logins_are_named_by_the_catalogue(file: Path) -> None:
    known = catalogue.load()
    assert (known.logins, known.failures) == (("Login", "ConsoleLogin"), ("failure",))
    file.write_text('[login]\nactivities = ["Sign in", "Sign in", "Door opened"]\nfailure = []\n')
    own = catalogue.load(file)
    assert (own.logins, own.failures) == (("Sign in", "Door opened"), ())


def test_a_file_without_logins_counts_the_usual_ones(file: Path) -> None:
    file.write_text('other = "Rest"\n')
    assert catalogue.load(file).logins == ("Login",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("login = 5", "login: 5 is not allowed; give one [login] table"),
        (
            "[login]\nactivity = []",
            "login activity: unknown key; give one of activities, failure",
        ),
        ("[login]\nactivities = []", "login activities: [] is not allowed"),
        ('[login]\nactivities = "Login"', "login activities: 'Login' is not allowed; give a list"),
        ('[login]\nactivities = [""]', "login activities 1: '' is not allowed"),
        (
            '[login]\nfailure = ["denied"]',
            "login failure 1: 'denied' is not allowed; give a list of success, failure",
        ),
    ],
)
def test_wrong_logins_name_the_entry(file: Path, text: str, says: str) -> None:
    file.write_text(text)
    with pytest.raises(InvalidFormat) as refusal:
        catalogue.load(file)
    assert says in str(refusal.value)


BUILT = catalogue.load()
WIDGETS = '["Save widget popup", "Pause widget popup", "Delete widget popup"]'


def over(file: Path, text: str) -> catalogue.Catalogue:
    file.write_text(text, encoding="utf-8")
    return catalogue.load_over(file)


def test_an_empty_file_changes_nothing(file: Path) -> None:
    assert over(file, "") == BUILT


def test_a_built_in_category_gets_activities_and_a_colour(file: Path) -> None:
    found = over(
        file,
        '[[category]]\nname = "Settings"\ncolour = "#123abc"\nactivities = ["Door code changed", "Login"]',
    )
    assert found.categories == tuple(name for name in BUILT.categories if name != "Sign-in")
    assert [found.category(name) for name in ("Door code changed", "Login")] == ["Settings"] * 2
    assert found.category("User deleted") == BUILT.category("User deleted")
    assert found.colours == {"Settings": "#123abc"}
    assert found.logins == BUILT.logins


def test_any_number_of_categories_can_be_added(file: Path) -> None:
    found = over(file, entries(*"ABCDEFGH"))
    assert found.categories == (*BUILT.categories[:-1], *"ABCDEFGH", "Other")
    assert found.category("do H") == "H"


def test_a_new_category_takes_the_place_of_one_it_empties(file: Path) -> None:
    found = over(file, f'other = "Rest"\n[[category]]\nname = "Doors"\nactivities = {WIDGETS}')
    assert found.categories[-2:] == ("Doors", "Rest")
    assert "Widgets" not in found.categories


def test_the_built_in_categories_can_be_left_out(file: Path) -> None:
    found = over(file, 'built_in = false\n[[category]]\nname = "Doors"\nactivities = ["Door shut"]')
    assert found.categories == ("Doors", "Other")
    assert found.category("Login") == "Other"


def test_logins_can_be_others(file: Path) -> None:
    assert over(file, '[login]\nactivities = ["Door opened"]').logins == ("Door opened",)


CATEGORY = '[[category]]\nname = "Settings"\nactivities = ["A"]\n'


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("# note\ncategory = \n", 2, "Invalid value"),
        ("\nbuilt_in = 1\n", 2, "built_in: 1 is not allowed; give true or false"),
        ("\n\nother = 5", 3, "other: 5 is not allowed"),
        (CATEGORY + '\n[[category]]\nname = "B"\nactivity = ["x"]', 7, "category 2 activity: unknown key"),
        (CATEGORY + '[[category]]\nname = ""\nactivities = []', 5, "category 2 name: '' is not allowed"),
        (
            CATEGORY + 'colour = "blue"',
            4,
            "category 1 colour: 'blue' is not allowed; give a colour such as #0c7848",
        ),
        (CATEGORY + "colour = 7", 4, "category 1 colour: 7 is not allowed"),
        (
            CATEGORY + '[[category]]\nname = "Widgets"\nactivities = "A"',
            6,
            "category 2 activities: 'A' is not allowed; give a list",
        ),
        (
            CATEGORY + '[[category]]\nname = "Widgets"\nactivities = [\n"B",\n"A"]',
            8,
            "'A' is in 'Settings' and in",
        ),
        (CATEGORY + CATEGORY, 5, "'Settings' is taken"),
        (CATEGORY + '\n[login]\nfailure = ["lost"]', 6, "login failure 1: 'lost' is not allowed"),
        (f'other = "Widgets"\n{CATEGORY}', 1, "'Widgets' is the name of a category"),
    ],
)
def test_what_is_wrong_is_said_with_file_line_and_value(file: Path, text: str, line: int, says: str) -> None:
    with pytest.raises(InvalidFormat) as refusal:
        over(file, text)
    assert str(file) in str(refusal.value)
    assert f"line {line}" in str(refusal.value)
    assert says in str(refusal.value)
