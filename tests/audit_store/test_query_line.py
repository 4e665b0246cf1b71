"""A line of text and a filter stand for each other, and an error names the character."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_store.errors import InvalidQuery
from audit_store.filters import LISTS, EventFilter, query_examples, query_line, text_of
from tests.conftest import examples

NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)

LINES: list[tuple[str, dict[str, list[str]], str]] = [
    ("", {}, ""),
    ("  \t ", {}, ""),
    (
        'agent:support-* outcome:failure -activity:Login "10 %" ip:203.0.113.0/24 meta.user.role:admin',
        {
            "agent": ["support-*"],
            "outcome": ["failure"],
            "not_activity": ["Login"],
            "q": ["10 %"],
            "source_ip": ["203.0.113.0/24"],
            "meta.user.role": ["admin"],
        },
        'outcome:failure -activity:Login agent:support-* ip:203.0.113.0/24 meta.user.role:admin "10 %"',
    ),
    ("wrong  password", {"q": ["wrong password"]}, '"wrong password"'),
    ('"it\'s \\"here\\" C:\\\\x"', {"q": ['it\'s "here" C:\\x']}, '"it\'s \\"here\\" C:\\\\x"'),
    ('a"b', {"q": ['a"b']}, '"a\\"b"'),
    ('agent:"a b" agent:DOMAIN\\ada', {"agent": ["a b", "DOMAIN\\ada"]}, 'agent:"a b" agent:DOMAIN\\ada'),
    (r"agent:\* -target:*", {"agent": [r"\*"], "not_target": ["*"]}, r"agent:\* -target:*"),
    ("activity:a:b", {"activity": ["a:b"]}, "activity:a:b"),
    ("source_ip:::1", {"source_ip": ["::1"]}, "ip:::1"),
    ('-"meta.a b":x', {"not_meta.a b": ["x"]}, '-"meta.a b":x'),
    ('"meta.x:y":"1 2"', {"meta.x:y": ["1 2"]}, '"meta.x:y":"1 2"'),
    ("range:last_week tz:Asia/Kolkata", {"range": ["last_week"], "tz": ["Asia/Kolkata"]}, "range:last_week"),
    (
        "from:2026-03-08 to:2026-03-09T12:00+01:00",
        {"range": ["custom"], "from": ["2026-03-08"], "to": ["2026-03-09T12:00+01:00"]},
        "range:custom from:2026-03-08 to:2026-03-09T12:00+01:00",
    ),
    ("hours:off hours:Tue-14", {"hours": ["off", "Tue-14"]}, "hours:off hours:Tue-14"),
]


@pytest.mark.parametrize(("line", "parameters", "canonical"), LINES)
def test_a_line_is_a_filter(line: str, parameters: dict[str, list[str]], canonical: str) -> None:
    where = query_line.parse(line, now=NOW)
    assert (where, []) == EventFilter.parse(parameters, now=NOW)
    assert query_line.to_text(where) == canonical


@pytest.mark.parametrize(("line", "meaning"), query_examples.EXAMPLES)
def test_an_example_is_a_line(line: str, meaning: str) -> None:
    assert query_line.parse(line, now=NOW).parameters().keys() - {"tz"}, meaning


ERRORS = [
    (
        "agent:ada user:bob",
        11,
        "give one of outcome, activity, agent, source, ip, target, hours, range, from, to, tz",
    ),
    ("12:30", 1, "or put the text in quotes"),
    ("q:x", 1, "give one of"),
    ("not_agent:x", 1, "give one of"),
    ("agent:", 7, "give a value after agent:"),
    ('agent: "x"', 7, "give a value after agent:"),
    ('x agent:""', 9, "give a value after agent:"),
    ("outcome:maybe", 9, "give success, failure, none"),
    ("agent:x -outcome:failure", 9, "no value of outcome can be left out"),
    ("-range:7d", 1, "no value of range can be left out"),
    ("agent:a -word", 9, "write -field:value to leave out a value"),
    ("-", 1, "write -field:value to leave out a value"),
    ('agent:a "open', 9, "close the quotes"),
    ('agent:"a"b', 7, "close the quotes, and put a space after them"),
    ("ip:10.0.0.0/99", 4, "give an address, or a network such as 203.0.113.0/24"),
    ("range:1h agent:a range:7d", 24, "a filter has one range"),
    ("one agent:a two", 13, "a filter has one text"),
    ("range:2w", 7, "give one of 1h, 24h"),
    ("tz:Mars", 4, "give an IANA time zone"),
    ("from:2026-03-09 to:2026-03-08", 6, "it must be earlier than to='2026-03-08'"),
    ("agent:a to:soon", 12, "give a date such as 2026-03-14"),
    ("x" * 201, 1, "a search has at most 200 characters"),
    ("meta.a\\:x", 1, "or meta.<path>"),
    ("agent:\ud800", 7, "unpaired surrogate"),
]


@pytest.mark.parametrize(("line", "position", "allowed"), ERRORS)
def test_an_error_names_the_character_and_what_is_allowed(line: str, position: int, allowed: str) -> None:
    with pytest.raises(InvalidQuery) as refusal:
        query_line.parse(line, now=NOW)
    assert refusal.value.position == position
    assert allowed in str(refusal.value)
    assert len(str(refusal.value)) < 400


any_text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
texts = st.text('ab*\\" :.-%\t\nü', min_size=1, max_size=6) | any_text
parameters = st.dictionaries(
    st.sampled_from([name for name in LISTS if name not in ("outcome", "hours")])
    | st.builds("{}meta.{}".format, st.sampled_from(["", "not_"]), texts),
    st.lists(texts, min_size=1, max_size=3),
    max_size=4,
).flatmap(
    lambda lists: st.fixed_dictionaries(
        {name: st.just(values) for name, values in lists.items()},
        optional={
            "q": texts.map(lambda text: [text]),
            "outcome": st.just(["failure", "none"]),
            "hours": st.just(["off"]),
            "range": st.sampled_from([["all"], ["today"], ["7d"], ["custom"]]),
            "from": st.just(["2026-03-14T09:26:53+05:30"]),
            "tz": st.just(["Asia/Kolkata"]),
        },
    )
)


@settings(max_examples=examples(1000))
@given(parameters)
def test_every_filter_comes_back_from_its_line_and_its_parameters(parameters: dict[str, list[str]]) -> None:
    where, _ = EventFilter.parse(parameters, now=NOW)
    assert query_line.parse(query_line.to_text(where), now=NOW, tz=where.tz) == where
    assert EventFilter.parse(where.parameters(), now=NOW) == (where, [])
    for part in where.parts(NOW):
        rest = part.without
        assert query_line.parse(query_line.to_text(rest), now=NOW, tz=rest.tz) == rest


@given(st.text('agent:-"\\ *x.') | st.text())
def test_no_line_fails_otherwise(line: str) -> None:
    try:
        where = query_line.parse(line, now=NOW)
    except InvalidQuery as refusal:
        position = refusal.position
    else:
        position = 1
        assert query_line.parse(query_line.to_text(where), now=NOW, tz=where.tz) == where
    assert 1 <= position <= len(line) + 1


@given(
    st.sampled_from(["agent", "activity", "source", "ip", "target"]), st.text(min_size=1).filter(str.strip)
)
def test_an_offered_value_selects_exactly_this_value(name: str, value: str) -> None:
    parameter = "source_ip" if name == "ip" else name
    [text] = query_line.offers({parameter: [value]}).values[name]
    expected, notices = EventFilter.parse({parameter: [text_of(parameter, value)]}, now=NOW)
    if not notices:
        assert query_line.parse(f"{name}:{text}", now=NOW) == expected


def test_what_a_line_can_be_continued_with_can_be_read() -> None:
    fields, excluded, values = query_line.offers({"agent": ["ada", "bob 2", "x*"]})
    assert values["agent"] == ["ada", '"bob 2"', r"x\*"]
    assert [name for name in fields if name not in excluded] == [
        "outcome",
        "hours",
        "range",
        "from",
        "to",
        "tz",
    ]
    for name, texts in values.items():
        for text in texts:
            assert query_line.parse(f"{name}:{text}", now=NOW).parameters()
            if name in excluded:
                assert query_line.parse(f"-{name}:{text}", now=NOW).parameters()
