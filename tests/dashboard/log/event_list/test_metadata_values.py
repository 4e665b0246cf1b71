"""Values in metadata by their paths."""

import json

from hypothesis import given
from hypothesis import strategies as st

from dashboard.log.event_list.metadata_values import at, keys, load, path, text

names = st.text(min_size=1, max_size=5)


@given(st.lists(names, min_size=1, max_size=4))
def test_a_path_is_the_keys_it_was_made_of(several: list[str]) -> None:
    assert keys(path(several)) == several


@given(st.lists(names, min_size=1, max_size=4), st.text(max_size=5))
def test_a_value_is_found_by_its_path(several: list[str], value: str) -> None:
    metadata: object = value
    for name in reversed(several):
        metadata = {name: metadata}
    assert at(json.dumps(metadata), path(several)) == value


def test_other_values_are_json_as_it_was_written() -> None:
    metadata = '{"n": 1.50, "b": true, "none": null, "list": [1, 2.0, "é", {"a": 1e3}]}'
    assert [at(metadata, name) for name in ("n", "b", "none", "missing", "n.deeper")] == [
        "1.50",
        "true",
        "null",
        "",
        "",
    ]
    assert text(load(metadata)["list"]) == '[1, 2.0, "é", {"a": 1e3}]'
