"""The known activities have categories, and a catalogue file that is wrong is told where."""

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


def test_charts_need_at_most_8_colours() -> None:
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
        ("x = " + "[" * 5000, "recursion"),
        ("other = 5", "other is 5"),
        ('other = ""', "other is ''"),
        ("categories = []", "the key 'categories' is not known; there are other and category"),
        ('category = "Doors"', "category is 'Doors'; give one [[category]] table"),
        ("category = [1]", "category is [1]; give one [[category]] table"),
        ('[category]\nname = "Doors"\nactivities = []', "give one [[category]] table"),
        ('[[category]]\nactivities = ["A"]', "category 1: name is None"),
        (entries("A") + '[[category]]\nname = ["B"]\nactivities = []', "category 2: name is ['B']"),
        ('[[category]]\nname = "A"', "category 1 (A): activities is None; give a list of texts"),
        ('[[category]]\nname = "A"\nactivities = "B"', "category 1 (A): activities is 'B'; give a list"),
        ('[[category]]\nname = "A"\nactivities = ["B", 1]', "category 1 (A): activities is ['B', 1]"),
        ('[[category]]\nname = "A"\nactivities = [""]', "category 1 (A): activities is ''"),
        ('[[category]]\nname = "A"\nactivity = ["B"]', "category 1: the key 'activity' is not known"),
        (entries("A", "A"), "category 2: the name 'A' is taken"),
        (entries("Other"), "category 1: the name 'Other' is taken"),
        (entries("A") + '[[category]]\nname = "B"\nactivities = ["do A"]', "'do A' stands in 'A' and in 'B'"),
        ('[[category]]\nname = "A"\nactivities = ["B", "B"]', "'B' stands in 'A' and in 'A'"),
        (entries(*"ABCDEFGH"), "8 categories; 7 and `other` is the most"),
    ],
)
def test_a_wrong_file_names_itself_and_the_entry(file: Path, text: str, says: str) -> None:
    file.write_text(text)
    with pytest.raises(InvalidFormat) as refusal:
        catalogue.load(file)
    assert f"catalogue {file}: " in str(refusal.value)
    assert says in str(refusal.value)


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
        ("login = 5", "login is 5; give one [login] table"),
        (
            "[login]\nactivity = []",
            "login: the key 'activity' is not known; there are activities and failure",
        ),
        ("[login]\nactivities = []", "login: activities is empty"),
        ('[login]\nactivities = "Login"', "login: activities is 'Login'; give a list of texts"),
        ('[login]\nactivities = [""]', "login: activities is ''"),
        ('[login]\nfailure = ["denied"]', "login: failure has 'denied'; give one of success, failure"),
    ],
)
def test_wrong_logins_name_the_entry(file: Path, text: str, says: str) -> None:
    file.write_text(text)
    with pytest.raises(InvalidFormat) as refusal:
        catalogue.load(file)
    assert says in str(refusal.value)
