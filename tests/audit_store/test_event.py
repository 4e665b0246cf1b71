"""An event keeps to the limits of the contract, and says which of them a value breaks."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_store.errors import InvalidEvent, shorten
from audit_store.event import FIELDS, KEY_NAMESPACE, Event, fresh_id, fresh_id_text, key_uuid, parse_time

LOGIN = {"agent": "support-7", "activity": "Login"}
KOLKATA = ZoneInfo("Asia/Kolkata")
NAIVE = datetime.fromisoformat("2026-03-14")
STORABLE = (datetime.fromisoformat("1970-01-02"), datetime.fromisoformat("2199-12-30"))


def deep(depth: int) -> str:
    """JSON of objects in objects; the outermost counts as 1."""
    return '{"a":' * (depth - 1) + "{}" + "}" * (depth - 1)


def lists(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


class NoOffset(tzinfo):
    """A zone that does not know its offset: a time in it is as good as naive."""

    def utcoffset(self, _: datetime | None) -> None:
        return None


ACCEPTED = [
    ("agent", "a" * 256),
    ("agent", "\N{PILE OF POO}" * 256),
    ("agent", " "),
    ("agent", "nul\0 tab\t newline\n escape\x1b"),
    ("activity", "a" * 128),
    ("activity", "An activity nobody has heard of"),
    ("description", ""),
    ("description", "d" * 8192),
    ("description", "é" * 4096),
    ("outcome", "success"),
    ("outcome", "failure"),
    ("source_ip", "1" * 64),
    ("source_ip", ""),
    ("target", "t" * 512),
    ("source", ""),
    ("source", "s" * 128),
    ("event_id", "k" * 256),
    ("metadata", "{}"),
    ("metadata", ' { "a" : 1.50 , "b":[1,\t"\\u0041"] } '),
    ("metadata", '{"a":"' + "x" * (64 * 1024 - 8) + '"}'),
    ("metadata", deep(16)),
    ("metadata", '{"a":1e999,"A":{"a":null}}'),
    ("metadata", '{"pair":"\\ud83d\\ude00"}'),
]

REFUSED = [
    ("agent", "", "1 to 256 characters, and has 0"),
    ("agent", "a" * 257, "1 to 256 characters, and has 257"),
    ("agent", 7, "must be text"),
    ("agent", b"bytes", "must be text"),
    ("agent", 10**5000, "must be text"),
    ("agent", lists(100_000), "must be text"),
    ("agent", "\ud800", "surrogate"),
    ("activity", "", "1 to 128 characters"),
    ("activity", "a" * 129, "1 to 128 characters"),
    ("activity", ["Login"], "must be text"),
    ("description", "d" * 8193, "at most 8192 bytes"),
    ("description", "é" * 4096 + "e", "at most 8192 bytes, and has 8193"),
    ("description", {}, "must be text"),
    ("description", "\udfff", "surrogate"),
    ("outcome", "failed", '"success", "failure" or nothing'),
    ("outcome", "Success", '"success", "failure" or nothing'),
    ("outcome", "", '"success", "failure" or nothing'),
    ("outcome", [], '"success", "failure" or nothing'),
    ("source_ip", "1" * 65, "0 to 64 characters"),
    ("source_ip", 3232235777, "must be text"),
    ("target", "t" * 513, "0 to 512 characters"),
    ("source", "s" * 129, "0 to 128 characters"),
    ("source", True, "must be text"),
    ("event_id", "", "1 to 256 characters"),
    ("event_id", "k" * 257, "1 to 256 characters"),
    ("event_id", uuid.UUID(int=1), "must be text"),
    ("metadata", "", "must be a JSON object"),
    ("metadata", "{", "must be a JSON object"),
    ("metadata", "{} {}", "must be a JSON object"),
    ("metadata", "[]", "must be a JSON object"),
    ("metadata", "null", "must be a JSON object"),
    ("metadata", '"text"', "must be a JSON object"),
    ("metadata", 5, "must be a JSON object"),
    ("metadata", [1], "must be a JSON object"),
    ("metadata", {"when": datetime(2026, 1, 1, tzinfo=UTC)}, "datetime is not a JSON value"),
    ("metadata", {"n": float("nan")}, "must be a JSON object"),
    ("metadata", {"n": 10**5000}, "must be a JSON object"),
    ("metadata", {"deep": lists(100_000)}, "must be a JSON object"),
    ("metadata", {"1": "a", 1: "b"}, "duplicate key"),
    ("metadata", {"half": "\ud800"}, "surrogate"),
    ("metadata", '{"a":1,"b":2,"a":3}', "duplicate key"),
    ("metadata", '{"o":[{"a":1,"a":1}]}', "duplicate key"),
    ("metadata", '{"\\u0061":1,"a":2}', "duplicate key"),
    ("metadata", '{"n":NaN}', "NaN and Infinity"),
    ("metadata", '{"n":[-Infinity]}', "NaN and Infinity"),
    ("metadata", '{"half":"\\ud800"}', "surrogate"),
    ("metadata", '{"\\udfff":1}', "surrogate"),
    ("metadata", '{"a":[1,{"b":[["\\uD800"]]}]}', "surrogate"),
    ("metadata", '{"a":[1,{"\\udc00":[]}]}', "surrogate"),
    ("metadata", '{"a":"' + "x" * (64 * 1024 - 7) + '"}', "at most 65536 bytes"),
    ("metadata", deep(17), "at most 16 levels deep"),
    ("metadata", '{"a":' + "[" * 16 + "]" * 16 + "}", "at most 16 levels deep"),
    ("metadata", '{"a":' + "[" * 20_000 + "]" * 20_000 + "}", "must be a JSON object"),
    ("occurred_at", "2026-03-14T09:26:53", "add an offset"),
    ("occurred_at", NAIVE, "add an offset"),
    ("occurred_at", datetime(2026, 3, 14, tzinfo=NoOffset()), "add an offset"),
    ("occurred_at", "2026-03-14", "RFC 3339"),
    ("occurred_at", "yesterday", "RFC 3339"),
    ("occurred_at", "", "RFC 3339"),
    ("occurred_at", "2026-02-29T00:00:00Z", "RFC 3339"),
    ("occurred_at", "2026-13-01T00:00:00Z", "RFC 3339"),
    ("occurred_at", "2026-03-14T24:00:00Z", "RFC 3339"),
    ("occurred_at", "2026-03-14T09:26:53+24:00", "RFC 3339"),
    ("occurred_at", "2026-03-14T09:26:53.1234567890Z", "RFC 3339"),
    ("occurred_at", "２０２６-03-14T09:26:53Z", "RFC 3339"),
    ("occurred_at", "2026-03-14T09:26:53Z\n", "RFC 3339"),
    ("occurred_at", 1_773_480_413, "RFC 3339"),
    ("occurred_at", "1969-12-31T23:59:59Z", "1970 to 2199"),
    ("occurred_at", "1970-01-01T00:00:00+00:01", "1970 to 2199"),
    ("occurred_at", "2200-01-01T00:00:00Z", "1970 to 2199"),
    ("occurred_at", "9999-12-31T23:59:59-23:00", "1970 to 2199"),
    ("occurred_at", "0001-01-01T00:00:00+23:00", "1970 to 2199"),
    ("user", "support-7", "the fields of an event are agent"),
]

TIMES = [
    ("2026-03-14T09:26:53Z", "2026-03-14T09:26:53"),
    ("2026-03-14t09:26:53z", "2026-03-14T09:26:53"),
    ("2026-03-14 09:26:53+00:00", "2026-03-14T09:26:53"),
    ("2026-03-14T09:26:53+05:30", "2026-03-14T03:56:53"),
    ("2026-03-14T09:26:53-23:59", "2026-03-15T09:25:53"),
    ("2026-03-14T09:26:53.5Z", "2026-03-14T09:26:53.500000"),
    ("2026-03-14T09:26:53.123456789Z", "2026-03-14T09:26:53.123456"),
    ("2024-02-29T23:59:59Z", "2024-02-29T23:59:59"),
    ("1970-01-01T05:30:00+05:30", "1970-01-01T00:00:00"),
    ("2199-12-31T23:59:59.999999Z", "2199-12-31T23:59:59.999999"),
    (datetime(2026, 3, 14, 9, tzinfo=timezone(timedelta(hours=1))), "2026-03-14T08:00:00"),
    (datetime(2026, 3, 14, 9, tzinfo=KOLKATA), "2026-03-14T03:30:00"),
]


@pytest.mark.parametrize(("field", "value"), ACCEPTED)
def test_a_value_within_the_limits_is_kept_exactly(field: str, value: str) -> None:
    assert getattr(Event.of(LOGIN | {field: value}), field) == value


@pytest.mark.parametrize(("field", "value", "says"), REFUSED, ids=range(len(REFUSED)))
def test_a_refusal_names_field_value_and_what_is_allowed(field: str, value: object, says: str) -> None:
    with pytest.raises(InvalidEvent) as refusal:
        Event.of(LOGIN | {field: value})
    error = refusal.value
    assert error.field == field
    assert str(error) == f"{field}: {shorten(error.value)} is not allowed: {error.allowed}"
    assert says in error.allowed
    assert error.stored == "not stored"
    assert len(str(error)) < 400
    assert str(error.at_row(3)).startswith(f"row 3, {field}: ")
    assert error.at_row(3).reason == error.reason


@pytest.mark.parametrize("field", ["agent", "activity"])
@pytest.mark.parametrize("absent", [{}, None])
def test_agent_and_activity_are_required(field: str, absent: object) -> None:
    record: dict[str, Any] = {name: value for name, value in LOGIN.items() if name != field}
    with pytest.raises(InvalidEvent, match=f"{field} is missing: it is required"):
        Event.of(record if absent == {} else record | {field: None})


def test_what_is_not_given_has_its_default() -> None:
    nothing = dict.fromkeys(FIELDS) | LOGIN
    expected = Event(agent="support-7", activity="Login")
    assert Event.of(nothing) == Event.of(LOGIN) == expected
    assert (expected.description, expected.source, expected.metadata) == ("", "", "{}")
    assert (expected.occurred_at, expected.outcome, expected.event_id, expected.key) == (None,) * 4


@pytest.mark.parametrize("mapping", [{"a": [1, None]}, MappingProxyType({"a": [1, None]})])
def test_metadata_may_be_a_mapping(mapping: object) -> None:
    assert Event.of(LOGIN | {"metadata": mapping}).metadata == '{"a":[1,null]}'


@pytest.mark.parametrize(("given_time", "utc"), TIMES)
def test_times_become_utc_microseconds(given_time: object, utc: str) -> None:
    assert parse_time(given_time).isoformat() == utc + "+00:00"
    moment = Event.of(LOGIN | {"occurred_at": given_time}).occurred_at
    assert moment is not None
    assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    ("zone", "local", "utc"),
    [
        (KOLKATA, "2026-03-14T09:26", "2026-03-14T03:56:00+00:00"),
        (ZoneInfo("Europe/Berlin"), "2026-07-01 12:00:00.25", "2026-07-01T10:00:00.250000+00:00"),
        (ZoneInfo("Europe/Berlin"), "2026-03-29T02:30:00", "2026-03-29T01:30:00+00:00"),  # in the spring gap
        (ZoneInfo("Europe/Berlin"), "2026-10-25T02:30:00", "2026-10-25T00:30:00+00:00"),  # the first of two
        (KOLKATA, "2026-03-14T09:26:53Z", "2026-03-14T09:26:53+00:00"),  # its own offset wins
    ],
)
def test_a_naive_time_is_read_in_the_zone_the_caller_names(zone: ZoneInfo, local: str, utc: str) -> None:
    assert parse_time(local, zone).isoformat() == utc


def test_an_event_made_directly_checks_its_time_too() -> None:
    with pytest.raises(InvalidEvent, match="add an offset"):
        Event(**LOGIN, occurred_at=NAIVE)
    assert Event(**LOGIN, occurred_at=datetime(2026, 3, 14, tzinfo=KOLKATA)).occurred_at == datetime(
        2026, 3, 13, 18, 30, tzinfo=UTC
    )


def test_a_key_is_itself_when_it_is_a_uuid_and_else_follows_from_source_and_key() -> None:
    text = "0191e2a4-7c3b-7d11-9a55-00163e5e6c01"
    assert key_uuid("billing", text) == key_uuid("", text.upper()) == uuid.UUID(text)
    assert key_uuid("billing", "42") == uuid.uuid5(KEY_NAMESPACE, "7:billing42")
    assert Event(**LOGIN, source="billing", event_id="42").key == key_uuid("billing", "42")
    keys = [
        ("a", "bc"),
        ("ab", "c"),
        ("", "abc"),
        ("", f"{{{text}}}"),
        ("", text.replace("-", "")),
        ("", text),
    ]
    assert len({key_uuid(*key) for key in keys}) == len(keys)


def test_fresh_ids_are_uuid7_in_the_order_of_time() -> None:
    first, second = fresh_id(), fresh_id()
    assert (first.version, first.variant) == (7, uuid.RFC_4122)
    assert abs((first.int >> 80) / 1000 - datetime.now(UTC).timestamp()) < 60
    assert first.int >> 80 <= second.int >> 80
    assert str(uuid.UUID(text := fresh_id_text())) == text


def test_fresh_ids_are_unique_over_threads() -> None:
    with ThreadPoolExecutor(8) as pool:
        batches = list(pool.map(lambda _: [fresh_id_text() for _ in range(2500)], range(8)))
    assert len({text for batch in batches for text in batch}) == 20_000
    assert {uuid.UUID(text).version for text in batches[0]} == {7}
    assert {uuid.UUID(text).variant for text in batches[0]} == {uuid.RFC_4122}


def texts(most: int, least: int = 0) -> st.SearchStrategy[str]:
    return st.text(st.characters(exclude_categories=["Cs"]), min_size=least, max_size=most)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts(9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts(9), inner, max_size=3),
    max_leaves=12,
)
records = st.fixed_dictionaries(
    {"agent": texts(256, 1), "activity": texts(128, 1)},
    optional={
        "description": texts(900),
        "occurred_at": st.datetimes(*STORABLE, timezones=st.timezones()),
        "outcome": st.sampled_from(["success", "failure", None]),
        "source_ip": texts(64),
        "target": texts(512) | st.none(),
        "source": texts(128),
        "event_id": texts(256, 1) | st.uuids().map(str),
        "metadata": st.dictionaries(texts(9), json_values, max_size=4),
    },
)


@given(records)
def test_an_event_survives_json(record: dict[str, Any]) -> None:
    event = Event.of(record)
    fields = {name: getattr(event, name) for name in FIELDS}
    if event.occurred_at is not None:
        fields["occurred_at"] = event.occurred_at.isoformat()
    again = Event.of(json.loads(json.dumps(fields)))
    assert again == event
    assert again.key == event.key
    assert json.loads(again.metadata) == record.get("metadata", {})


@given(
    st.dictionaries(st.sampled_from(FIELDS) | st.text(), json_values | st.text() | st.binary() | st.dates())
)
def test_any_record_is_an_event_or_an_invalid_event(record: dict[str, Any]) -> None:
    try:
        event = Event.of(record)
    except InvalidEvent as error:
        refusal = error
    else:
        refusal = None
        assert event.agent == record["agent"]
    assert refusal is None or refusal.field in {*FIELDS, *record}
