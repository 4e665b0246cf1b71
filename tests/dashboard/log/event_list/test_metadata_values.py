"""Values in metadata by the names that filters give them."""

import json

from hypothesis import given
from hypothesis import strategies as st

from audit_store.filters.metadata import name_of
from dashboard.log.event_list.metadata_values import at, load, text


@given(st.lists(st.text(max_size=5), min_size=1, max_size=4), st.text(max_size=5))
def test_a_value_is_found_by_its_name(keys: list[str], value: str) -> None:
    metadata: object = value
    for key in reversed(keys):
        metadata = {key: metadata}
    assert at(json.dumps(metadata), name_of(keys)) == value


def test_other_values_are_json_as_it_was_written() -> None:
    metadata = '{"n": 1.50, "b": true, "none": null, "list": [1, 2.0, "é", {"a": 1e3}]}'
    values = {
        "n": "1.50",
        "b": "true",
        "none": "null",
        "missing": "",
        "n.deeper": "",
        "list.3.a": "1e3",
        "list.4": "",
    }
    assert {name: at(metadata, f"meta.{name}") for name in values} == values
    assert text(load(metadata)["list"]) == '[1, 2.0, "é", {"a": 1e3}]'
