"""A label of a value gives the value back, whatever its count was."""

import pytest

from dashboard.filters import facet_labels
from dashboard.filters.facet_labels import BETWEEN


@pytest.mark.parametrize(
    ("chosen", "options", "value"),
    [
        ("ada", ["ada"], "ada"),
        (f"ada{BETWEEN}12", ["ada"], "ada"),
        (f"ada{BETWEEN}12{BETWEEN}Sign-in", [], "ada"),
        (f"a⟨U+202E⟩{BETWEEN}1", ["a\u202e"], "a\u202e"),
        ("a⟨U+202E⟩", ["a\u202e"], "a\u202e"),
        (f"a{BETWEEN}b", [f"a{BETWEEN}b", "a"], f"a{BETWEEN}b"),
    ],
)
def test_a_label_of_any_moment_gives_its_value(chosen: str, options: list[str], value: str) -> None:
    assert facet_labels.value_of(chosen, options) == value
