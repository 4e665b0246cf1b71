"""What a caller may say of where a field comes from."""

import pytest

from audit_store.errors import InvalidFormat
from ingest.importing.fields.map_entry import MapEntry, map_entry


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("Sender", MapEntry(("Sender",))),
        ("Sender|Author", MapEntry(("Sender", "Author"))),
        ("$.a[0].b|$.c", MapEntry(("$.a[0].b", "$.c"))),
        ("$.roles[name=a|b].id", MapEntry(("$.roles[name=a|b].id",))),
        ("'deploy-bot'", MapEntry(constant="deploy-bot")),
        ("'it is: a=b'", MapEntry(constant="it is: a=b")),
        ("user|'nobody'", MapEntry(("user",), constant="nobody")),
        ("", MapEntry()),
        (
            "$.outcome.result:SUCCESS=success,FAILURE=failure",
            MapEntry(("$.outcome.result",), {"SUCCESS": "success", "FAILURE": "failure"}),
        ),
        ("code:200=success,*=failure", MapEntry(("code",), {"200": "success", "*": "failure"})),
        ("ns:key", MapEntry(("ns:key",))),
    ],
)
def test_an_entry_has_alternatives_values_and_a_constant(text: str, entry: MapEntry) -> None:
    assert map_entry("agent", text) == entry


@pytest.mark.parametrize(
    ("text", "word"), [("'a'|b", "must come last"), ("$.a[", "invalid path"), ("$.", "invalid path")]
)
def test_an_entry_that_makes_no_sense_is_refused(text: str, word: str) -> None:
    with pytest.raises(InvalidFormat, match=word):
        map_entry("agent", text)
