"""What a format can declare beyond names of keys, each with a small log of its own."""

import json
from pathlib import Path
from typing import Any

import pytest

from audit_store.errors import InvalidFormat
from ingest import formats
from tests.ingest.formats.declared import read_as, read_file

NAMED = """
kind = "json-records"
[fields]
agent = "who"
activity = "what"
occurred_at = "at"
"""


def event(**more: Any) -> dict[str, Any]:
    return {"who": "ann", "what": "Login", "at": 1671111111111} | more


WHEN = [
    ('equals = ["OK", "ALLOW"]', ["OK", "ALLOW", "DENY", None], [True, True, False, False]),
    ('not_equals = "0"', ["0", 0, "50126", None], [False, False, True, False]),
    ('prefix = ["login_f", "x"]', ["login_failure", "login_success"], [True, False]),
    ("matches = '_denied$'", ["a_denied", "denied_a"], [True, False]),
    ("at_least = 400", [399, 400, "500", "many", None], [False, True, True, False, False]),
    ("at_least = 200\nbelow = 300", [199, 200, 300], [False, True, False]),
    ("missing = true", ["x", None, "", ["y"]], [False, True, True, False]),
    ("", ["x", None, {"a": 1}, ["y"], 0], [True, False, True, True, True]),
]


@pytest.mark.parametrize(("test", "values", "holds"), WHEN, ids=[test for test, _, _ in WHEN])
def test_a_rule_holds_for_some_values(
    tmp_path: Path, test: str, values: list[Any], holds: list[bool]
) -> None:
    declaration = f'{NAMED}[[when]]\npath = "code"\n{test}\nset = {{ outcome = "failure" }}'
    result = read_as(tmp_path, declaration, [event(code=value) for value in values])
    assert result.column("outcome") == ["failure" if held else None for held in holds]


def test_the_first_rule_of_a_field_wins_and_may_leave_it_empty(tmp_path: Path) -> None:
    declaration = f"""{NAMED}
[constants]
outcome = "failure"
[[when]]
path = "code"
equals = ["50140"]
set = {{ outcome = "" }}
[[when]]
path = "code"
prefix = "5"
also = [{{ path = "final", equals = "true" }}]
set = {{ outcome = "success" }}
"""
    result = read_as(
        tmp_path, declaration, [event(code="50140"), event(code="51", final=True), event(code="51")]
    )
    assert result.column("outcome") == [None, "success", "failure"]


def test_a_key_whose_value_a_rule_replaces_stays_in_the_metadata(tmp_path: Path) -> None:
    declaration = (
        f'{NAMED}[[when]]\npath = "what"\nequals = "user.session.start"\nset = {{ activity = "Login" }}'
    )
    result = read_as(tmp_path, declaration, [event(what="user.session.start"), event(what="other")])
    assert result.column("activity") == ["Login", "other"]
    assert [json.loads(text) for text in result.column("metadata")] == [{"what": "user.session.start"}, {}]


def test_values_become_others(tmp_path: Path) -> None:
    declaration = (
        NAMED + 'outcome = "result"\n[values.outcome]\nYES = "success"\n[values.agent]\n"-" = "anonymous"\n'
    )
    result = read_as(
        tmp_path, declaration, [event(result="YES", who="-"), event(result="SKIPPED"), event(result="NO")]
    )
    assert result.column("outcome") == ["success", None, None]
    assert result.column("agent") == ["anonymous", "ann", "ann"]


NESTED = """
kind = "json-records"
records = ["$.items[*].events[*]", "$[*].events[*]"]
[fields]
agent = "^.actor.email"
activity = "name"
occurred_at = "$.id.time"
event_id = "{$.id.key}/{#}"
target = "$.parameters[name=doc].value"
"""
ITEM = {
    "id": {"time": "2024-02-01T10:00:00Z", "key": "k1"},
    "actor": {"email": "ann@example.com"},
    "events": [
        {"name": "view", "parameters": [{"name": "x"}, {"name": "doc", "value": "plan"}]},
        {"name": "edit"},
    ],
}
FLAT = {
    "id": {"time": "2024-02-01T10:00:00Z", "key": "k2"},
    "actor": {"email": "ben@example.com"},
    "name": "open",
}


@pytest.mark.parametrize(
    "content",
    [json.dumps({"kind": "page", "items": [ITEM, FLAT]}), json.dumps([ITEM, FLAT]), [ITEM, FLAT]],
    ids=["envelope", "array", "lines"],
)
def test_each_element_of_a_nested_array_is_an_event(tmp_path: Path, content: Any) -> None:
    result = read_as(tmp_path, NESTED, content)
    assert result.rejects == []
    assert result.column("agent") == ["ann@example.com", "ann@example.com", "ben@example.com"]
    assert result.column("activity") == ["view", "edit", "open"]
    assert result.column("target") == ["plan", None, None]
    assert result.column("keyed") == [True, True, True]
    metadata = json.loads(result.rows[0]["metadata"])
    assert (metadata["actor"], "events" in metadata) == (ITEM["actor"], False)


def test_equal_events_of_one_record_have_keys_of_their_own(tmp_path: Path) -> None:
    twice = ITEM | {"events": [{"name": "view"}, {"name": "view"}]}
    declaration = NESTED.replace('event_id = "{$.id.key}/{#}"\n', "")
    first = read_as(tmp_path, declaration, [twice, twice])
    assert len({*first.column("event_id")}) == 4
    assert read_as(tmp_path, declaration, [twice, twice]).column("event_id") == first.column("event_id")


def test_what_is_no_event_is_counted_with_its_reason(tmp_path: Path) -> None:
    declaration = NESTED + '[[skip]]\npath = "name"\nequals = "view"\nreason = "views"\n'
    result = read_as(tmp_path, declaration, [ITEM, ITEM | {"events": []}])
    assert result.column("activity") == ["edit"]
    assert result.skipped == {"views": 1, "records with an empty list of events": 1}


def test_an_element_that_is_no_object_is_rejected(tmp_path: Path) -> None:
    result = read_as(tmp_path, NESTED, [ITEM | {"events": [5]}, FLAT])
    assert result.column("activity") == ["open"]
    assert "each element of $.events must be a JSON object" in result.rejects[0].reason


def test_json_within_a_cell(tmp_path: Path) -> None:
    declaration = """
kind = "csv"
[decode.Data]
notation = "json"
merge = true
[fields]
agent = "User"
activity = "Operation"
occurred_at = "Time"
source_ip = "$.Client.IP"
"""
    cell = json.dumps({"User": "ann", "Operation": "Login", "Client": {"IP": "[2001:db8::1]:443"}})
    content = 'Time,Data\n2024-02-01T10:00:00Z,"{}"\n2024-02-01T10:00:00Z,{{bad\n'.format(
        cell.replace('"', '""')
    )
    result = read_as(tmp_path, declaration, content)
    assert [(row["agent"], row["source_ip"]) for row in result.rows] == [("ann", "2001:db8::1")]
    assert "the value of 'Data' must be JSON" in result.rejects[0].reason


PAIRS = """
kind = "lines"
line = '^type=(?P<type>\\S+) msg=audit\\((?P<time>[\\d.]+):(?P<serial>\\d+)\\): ?(?P<body>.*)$'
[join]
by = ["serial", "time"]
[decode.body]
notation = "pairs"
merge = true
hex = ["acct", "cmd"]
nested = ["msg"]
[fields]
agent = ["acct", "$.joined[*].acct", "uid"]
activity = "type"
outcome = "res"
source_ip = "addr"
event_id = "{time}:{serial}"
[values.outcome]
success = "success"
failed = "failure"
"""


def test_pairs_of_lines_that_belong_together(tmp_path: Path) -> None:
    content = (
        "type=USER_CMD msg=audit(1481076992.414:5): uid=0 "
        "msg='op=x acct=616E6E206C6565 cmd=6C73002D6C addr=? res=success'\n"
        "type=SYSCALL msg=audit(1481076993.414:6): uid=7\n"
        "not a line of it\n"
        'type=LOGIN msg=audit(1481076994.000:7): acct="ben" res=failed addr=192.0.2.1\n'
        'type=PATH msg=audit(1481076993.414:6): acct="cleo"\n'
    )
    result = read_as(tmp_path, PAIRS, content)
    assert result.column("agent") == ["ann lee", "cleo", "ben"]
    assert result.column("outcome") == ["success", None, "failure"]
    assert result.column("source_ip") == [None, None, "192.0.2.1"]
    assert result.column("occurred_at")[0].isoformat() == "2016-12-07T02:16:32.414000+00:00"
    assert json.loads(result.rows[0]["metadata"])["cmd"] == "ls -l"
    assert [(reject.line, reject.raw) for reject in result.rejects] == [(3, "not a line of it")]


def test_the_last_of_joined_records_may_stand_for_all(tmp_path: Path) -> None:
    declaration = NAMED.replace("[fields]", '[join]\nby = ["$.request.id"]\nkeep = "last"\n[fields]')
    asked, answered = (event(request={"id": "r1"}, kind=kind) for kind in ("request", "response"))
    result = read_as(tmp_path, declaration, [asked, event(request={"id": "r2"}), answered])
    assert [json.loads(text).get("kind") for text in result.column("metadata")] == ["response", None]


def test_cef_in_a_line(tmp_path: Path) -> None:
    declaration = r"""
kind = "lines"
line = '^CEF:0\|(?P<vendor>[^|]*)\|(?P<name>[^|]*)\|(?P<ext>.*)$'
decode = { ext = "cef" }
[fields]
agent = "$.ext.suser"
activity = "name"
occurred_at = "$.ext.rt"
description = "$.ext.msg"
"""
    line = r"CEF:0|acme|Login|rt=1671111111111 suser=ann lee msg=a\=b \\ c src=192.0.2.1" + "\n"
    (row,) = read_as(tmp_path, declaration, line).rows
    assert (row["agent"], row["description"]) == ("ann lee", "a=b \\ c")


def test_lines_without_rules_are_records_of_their_groups(tmp_path: Path) -> None:
    declaration = r"""
kind = "lines"
line = '^(?P<time>\S+) (?P<who>\S+) (?P<what>\w+)(?: (?P<more>.*))?$'
[fields]
agent = "who"
activity = "what"
"""
    content = "2024-02-01T10:00:00Z ann Login\n2024-02-01T10:00:01Z ben Logout for good\nx\n"
    result = read_as(tmp_path, declaration, content)
    assert result.column("agent") == ["ann", "ben"]
    assert [json.loads(text) for text in result.column("metadata")] == [{}, {"more": "for good"}]
    assert "it must be a line of mine" in result.rejects[0].reason


def test_a_format_extends_another(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        'extends = "cloudtrail"\nsource = "mine"\n[fields]\ntarget = "eventSource"\n', encoding="utf-8"
    )
    mine, base = formats.load(str(path)), formats.load("cloudtrail")
    assert (mine.source, mine.fields["target"]) == ("mine", ("eventSource",))
    assert (mine.fields["agent"], mine.when) == (base.fields["agent"], base.when)


def test_a_wrong_declaration_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(f'{NAMED}\n[[when]]\npath = "$.a["\nset = {{ outcome = "failure" }}\n', encoding="utf-8")
    with pytest.raises(InvalidFormat, match=r"mine\.toml, line 9: key 'when\[1\]\.path': invalid path"):
        formats.load(str(path))


MAPPED = [
    ({"agent": "Sender|Author"}, {"agent": "ben"}),
    ({"agent": "'deploy-bot'"}, {"agent": "deploy-bot"}),
    ({"agent": "Sender|'nobody'"}, {"agent": "nobody"}),
    ({"target": ""}, {"target": None}),
    ({"target": "$.items[1].name"}, {"target": "two"}),
    ({"target": "$.items[kind=b].name"}, {"target": "two"}),
    ({"outcome": "$.result.code:OK=success,*=failure"}, {"outcome": "failure"}),
    ({"outcome": "$.result.code:OK=success"}, {"outcome": None}),
]


@pytest.mark.parametrize(("mapping", "fields"), MAPPED, ids=[str(mapping) for mapping, _ in MAPPED])
def test_a_caller_maps_fields(tmp_path: Path, mapping: dict[str, str], fields: dict[str, Any]) -> None:
    record = event(
        Author="ben",
        target="t",
        items=[{"kind": "a", "name": "one"}, {"kind": "b", "name": "two"}],
        result={"code": "NO"},
    )
    (row,) = read_as(tmp_path, NAMED + 'target = "target"\n', [record], map=mapping).rows
    assert {name: row[name] for name in fields} == fields


def test_a_record_without_an_agent_is_rejected_with_the_keys_it_has(tmp_path: Path) -> None:
    path = tmp_path / "foreign.jsonl"
    path.write_text('{"Sender":"ann","Op":"x","at":1671111111111}\n', encoding="utf-8")
    (reject,) = read_file(path, formats.load("jsonl")).rejects
    assert reject.reason == (
        "agent is missing: the record has no agent, but Sender, Op, at: name another key with --map agent=KEY"
    )
