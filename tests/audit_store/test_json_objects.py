"""What is wrong with a JSON text is said in words of this program, with the place."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_store.errors import InvalidEvent
from audit_store.event import parse_object
from tests.conftest import examples

BAD = [
    ("", "it must be a JSON object, {…}"),
    ("all work", "it must be a JSON object, {…}"),
    ("[1]", "it must be a JSON object, {…}"),
    ("{", ": there is no key in double quotes at its end"),
    ('{"a": }', ": there is no value at character 7, '}'"),
    ('{"a": 1,}', ": "),
    ("{'a': 1}", ": there is no key in double quotes at character 2, \"'a': 1}\""),
    ('{"a" 1}', ": there is no colon after a key at character 6, '1}'"),
    ('{"a": 1 "b": 2}', ": there is neither a comma nor a closing bracket at character 9, '\"b\": 2}'"),
    ('{"a": 1} {"b": 2}', ": there is more text at character 10, '{\"b\": 2}'"),
    ('{"a": "b}', ": a text has no closing quote at character 7, '\"b}'"),
    ('{"a": "b\tc"}', ": a control character is not written as an escape such as \\n at character 9"),
    ('{"a": "\\x"}', ": a backslash does not begin an escape such as \\n at character 8"),
    ('{"a":\n\n oops}', ": there is no value at line 3, character 2, 'oops}'"),
    ('{"a": ' + "9" * 5000 + "}", "a number must have at most 4,300 digits"),
    ('{"a": ' + "[" * 100_000, "nested less deeply"),
    ('{"a": NaN}', "NaN and Infinity are not valid JSON"),
    ('{"a": 1, "b": 2, "a": 3}', "'a' is not allowed: duplicate key"),
]


@pytest.mark.parametrize(("text", "words"), BAD, ids=[text[:20] for text, _ in BAD])
def test_what_is_wrong_is_said_with_its_place(text: str, words: str) -> None:
    with pytest.raises(InvalidEvent) as refusal:
        parse_object("record", text)
    assert words in refusal.value.reason


def words_about(text: str) -> str:
    """What is said of a text; "" if it is an object."""
    try:
        parse_object("record", text)
    except InvalidEvent as refusal:
        return refusal.allowed
    return ""


@settings(max_examples=examples(200))
@given(st.text(alphabet='{}[]:,"\\ \n1e.tnua', max_size=12))
def test_no_words_of_python_reach_the_reader(text: str) -> None:
    assert not re.search(r"Expecting|Extra data|\(char \d+\)|delimiter|starting at", words_about(text))


def test_a_duplicate_key_among_many_is_found_at_once() -> None:
    names = [f'"{number}": 0' for number in range(50_000)]
    with pytest.raises(InvalidEvent, match="'49999' is not allowed: duplicate key"):
        parse_object("record", "{" + ", ".join([*names, names[-1]]) + "}")
