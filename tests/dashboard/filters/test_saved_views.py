"""Saved views: what is kept, and what is refused."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from audit_store.errors import AuditStoreError, InvalidFormat
from audit_store.state import views
from dashboard.filters import saved_views
from tests.dashboard.page_runs import HOSTILE

FILTERS = {"range": ["30d"], "agent": ["ada", "bob"]}


@pytest.mark.parametrize("name", ["mine", HOSTILE[:80], "ünïcode 日本", " blanks "])
def test_what_is_saved_is_read_again_until_it_is_deleted(tmp_path: Path, name: str) -> None:
    store = tmp_path / "audit.duckdb"
    saved_views.save(store, name, FILTERS)
    saved_views.save(store, "other", {})
    assert saved_views.load(store)[name] == FILTERS
    saved_views.delete(store, name)
    saved_views.delete(store, name)
    assert saved_views.load(store) == {"other": {}}


def test_a_view_is_replaced_only_on_request(tmp_path: Path) -> None:
    store = tmp_path / "audit.duckdb"
    saved_views.save(store, "mine", FILTERS)
    with pytest.raises(AuditStoreError, match="'mine' exists; choose another name"):
        saved_views.save(store, "mine", {})
    assert saved_views.load(store)["mine"] == FILTERS
    saved_views.save(store, "mine", {}, replace=True)
    assert saved_views.load(store) == {"mine": {}}


@pytest.mark.parametrize("name", ["", "  ", "x" * 81])
def test_a_name_has_1_to_80_characters(tmp_path: Path, name: str) -> None:
    with pytest.raises(AuditStoreError, match="give 1 to 80 characters"):
        saved_views.save(tmp_path / "audit.duckdb", name, {})


def test_views_that_are_saved_at_once_are_all_kept(tmp_path: Path) -> None:
    store, names = tmp_path / "audit.duckdb", [f"view {number:02}" for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: saved_views.save(store, name, FILTERS), names))
    assert list(saved_views.load(store)) == names


def test_a_view_that_is_renamed_or_deleted_takes_its_place_at_the_start_along(tmp_path: Path) -> None:
    store = tmp_path / "audit.duckdb"
    saved_views.save(store, "mine", FILTERS)
    saved_views.save(store, "other", {})
    saved_views.set_default(store, "mine")
    saved_views.rename(store, "mine", "ours")
    assert (saved_views.load(store), saved_views.default(store)) == ({"other": {}, "ours": FILTERS}, "ours")
    saved_views.delete(store, "ours")
    assert saved_views.default(store) is None


@pytest.mark.parametrize(
    ("name", "new", "says"),
    [
        ("mine", "other", "'other' exists; choose another name"),
        ("mine", " ", "give 1 to 80 characters"),
        ("gone", "new", "somebody has renamed or deleted it"),
    ],
)
def test_a_name_that_cannot_be_given_is_refused(tmp_path: Path, name: str, new: str, says: str) -> None:
    store = tmp_path / "audit.duckdb"
    saved_views.save(store, "mine", FILTERS)
    saved_views.save(store, "other", {})
    with pytest.raises(AuditStoreError, match=says):
        saved_views.rename(store, name, new)
    assert saved_views.load(store) == {"mine": FILTERS, "other": {}}


BAD = [
    ("{", "there is no key in double quotes at its end"),
    ("[1]", "[1] is not an object"),
    ('{"version": 9, "views": {}}', "is not an object with version 1"),
    ('{"version": 1, "views": []}', "its views are []"),
    ('{"version": 1, "views": {"a": {"sql": ["x"]}}}', "the view 'a' has {'sql': ['x']}"),
    ('{"version": 1, "views": {"a": {"q": "x"}}}', "the view 'a' has"),
    ("[" * 100_000, "nested less deeply"),
]


@pytest.mark.parametrize(("text", "says"), BAD)
def test_a_bad_file_is_named_and_left_as_it_is(tmp_path: Path, text: str, says: str) -> None:
    store = tmp_path / "audit.duckdb"
    views.json_path(store).write_text(text)
    for attempt in (
        lambda: saved_views.save(store, "a", {}),
        lambda: saved_views.delete(store, "a"),
        lambda: saved_views.load(store),
    ):
        with pytest.raises(InvalidFormat) as refusal:
            attempt()
        assert str(views.json_path(store)) in str(refusal.value)
        assert says in str(refusal.value)
    assert views.json_path(store).read_text() == text
