"""Escaped text of the log: one line, nothing hidden, nothing reversed, nothing lost."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.text import pretty_json, shown

TEXTS = st.text(max_size=80)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("support-7@bik.example", "support-7@bik.example"),
        ("two  blanks inside", "two  blanks inside"),
        ("日本語 Ünïcödé", "日本語 Ünïcödé"),
        ("invoice\u202efdp.exe", "invoice⟨U+202E⟩fdp.exe"),
        ("line\nbreak\r\ttab\x00", "line⟨U+000A⟩break⟨U+000D⟩⟨U+0009⟩tab⟨U+0000⟩"),
        ("zero\u200bwidth", "zero⟨U+200B⟩width"),
        ("no\u00a0break", "no⟨U+00A0⟩break"),
        ("\u3164", "⟨U+3164⟩"),
        (" support-7", "⟨U+0020⟩support-7"),
        ("support-7 ", "support-7⟨U+0020⟩"),
        (" ", "⟨U+0020⟩"),
        ("⟨U+202E⟩", "⟨U+27E8⟩U+202E⟩"),
        ("\U000e0041", "⟨U+E0041⟩"),
    ],
)
def test_what_hides_is_written_out(text: str, expected: str) -> None:
    assert shown(text) == expected


@given(TEXTS)
def test_shown_text_stays_on_its_line(text: str) -> None:
    result = shown(text)
    assert not any(unicodedata.category(one) in ("Cc", "Cf", "Zl", "Zp") for one in result)
    assert result == result.strip()
    assert len(result.splitlines()) <= 1


@given(TEXTS, TEXTS)
def test_different_texts_stay_different(one: str, other: str) -> None:
    assert (shown(one) == shown(other)) == (one == other)


@given(TEXTS, st.integers(1, 90))
def test_long_text_is_cut_at_its_own_characters(text: str, most: int) -> None:
    expected = shown(text) if len(text) <= most else shown(text[:most]) + "…"
    assert shown(text, most) == expected


@given(JSON)
def test_pretty_json_is_the_same_json(value: object) -> None:
    text = json.dumps(value)
    assert json.loads(pretty_json(text)) == json.loads(text)


@given(JSON)
def test_pretty_json_is_indented_as_by_the_standard_library(value: object) -> None:
    assert pretty_json(json.dumps(value)) == json.dumps(value, indent=2)


def test_pretty_json_keeps_numbers_as_they_were_written() -> None:
    assert pretty_json('{"a":1.10,"b":1E400,"c":12345678901234567890}') == (
        '{\n  "a": 1.10,\n  "b": 1E400,\n  "c": 12345678901234567890\n}'
    )


def test_pretty_json_shows_what_its_texts_hide() -> None:
    assert pretty_json('{"a":"x\u202ey"}') == '{\n  "a": "x⟨U+202E⟩y"\n}'
