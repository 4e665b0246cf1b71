"""Logs of identity providers, offices and clusters: each vendor's documented shape, and the events that it becomes."""

import json
from pathlib import Path
from typing import Any

import pytest

from audit_store.event import FIELDS
from ingest import formats
from tests.ingest.formats.vendors import Case, check, detected, written

TIME = "2026-03-14T09:26:53.500000Z"


def event(
    agent: str, activity: str, outcome: str | None, source_ip: str | None, target: str | None
) -> dict[str, Any]:
    return {
        "occurred_at": TIME,
        "agent": agent,
        "activity": activity,
        "outcome": outcome,
        "source_ip": source_ip,
        "target": target,
    }


def okta(kind: str, result: str, **more: Any) -> dict[str, Any]:
    return {
        "uuid": f"{kind}-{result}",
        "published": "2026-03-14T09:26:53.500Z",
        "eventType": kind,
        "displayMessage": "A message",
        "actor": {"id": "00u1", "type": "User", "alternateId": "ann@example.com", "displayName": "Ann"},
        "client": {"ipAddress": "192.0.2.1"},
        "outcome": {"result": result, "reason": "INVALID_CREDENTIALS"},
        "target": None,
    } | more


OKTA = Case(
    "okta",
    [
        okta("user.session.start", "SUCCESS"),
        okta("user.session.start", "FAILURE", client={}, request={"ipChain": [{"ip": "198.51.100.7"}]}),
        okta("user.session.start", "CHALLENGE"),
        okta("policy.evaluate_sign_on", "DENY", target=[{"alternateId": "unknown", "displayName": "Door"}]),
        okta(
            "group.user_membership.add", "ALLOW", target=[{"alternateId": "ben@example.com", "type": "User"}]
        ),
    ],
    [
        event("ann@example.com", "Login", "success", "192.0.2.1", None),
        event("ann@example.com", "Login", "failure", "198.51.100.7", None),
        event("ann@example.com", "Login", None, "192.0.2.1", None),
        event("ann@example.com", "policy.evaluate_sign_on", "failure", "192.0.2.1", "unknown"),
        event("ann@example.com", "group.user_membership.add", "success", "192.0.2.1", "ben@example.com"),
    ],
)


def github(action: str, **more: Any) -> dict[str, Any]:
    return {
        "@timestamp": 1773480413500,
        "_document_id": action,
        "action": action,
        "actor": "ann",
        "org": "acme",
        "created_at": 1773480413500,
    } | more


GITHUB = Case(
    "github",
    [
        github("repo.destroy", repo="acme/shop", actor_ip="192.0.2.1", user="ben"),
        github("user.failed_login"),
        github("user.login"),
        github("org.oauth_app_access_denied", **{"@timestamp": None}),
        {"action": "git.clone", "actor": "", "org": "acme", "repo": "acme/shop", "@timestamp": 1773480413500}
        | {"programmatic_access_type": "GitHub App server-to-server token", "token_id": 77},
    ],
    [
        event("ann", "repo.destroy", None, "192.0.2.1", "acme/shop"),
        event("ann", "Login", "failure", None, "acme"),
        event("ann", "Login", "success", None, "acme"),
        event("ann", "org.oauth_app_access_denied", "failure", None, "acme"),
        event("GitHub App server-to-server token 77", "git.clone", None, None, "acme/shop"),
    ],
)


def workspace(application: str, *events: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": "admin#reports#activity",
        "id": {
            "time": "2026-03-14T09:26:53.500Z",
            "uniqueQualifier": f"-7{application}",
            "applicationName": application,
        },
        "actor": {"email": "ann@example.com", "profileId": "1"},
        "ipAddress": "2001:db8::1",
        "events": list(events),
    }


WORKSPACE = Case(
    "google-workspace",
    [
        workspace(
            "login", {"type": "login", "name": "login_failure"}, {"type": "login", "name": "login_success"}
        ),
        workspace(
            "drive",
            {
                "type": "access",
                "name": "view",
                "parameters": [
                    {"name": "primary_event", "boolValue": True},
                    {"name": "doc_title", "value": "Plan"},
                ],
            },
        ),
    ],
    [
        event("ann@example.com", "Login", "failure", "2001:db8::1", None),
        event("ann@example.com", "Login", "success", "2001:db8::1", None),
        event("ann@example.com", "view", None, "2001:db8::1", "Plan"),
    ],
)


def unified(operation: str, result: str, **more: Any) -> dict[str, Any]:
    return {
        "CreationTime": "2026-03-14T09:26:53.5",
        "Id": f"{operation}-{result}",
        "Operation": operation,
        "RecordType": 15,
        "ResultStatus": result,
        "UserType": 0,
        "UserKey": "key",
        "UserId": "ann@example.com",
        "Workload": "AzureActiveDirectory",
        "ClientIP": "192.0.2.1:10736",
    } | more


UNIFIED = [
    unified(
        "UserLoggedIn", "Success", Target=[{"ID": "app", "Type": 0}, {"ID": "ben@example.com", "Type": 5}]
    ),
    unified(
        "UserLoginFailed", "Success", ClientIP="[2001:db8::1]:443", LogonError="InvalidUserNameOrPassword"
    ),
    unified("Set-Mailbox", "True", UserId="", ObjectId="ben", ClientIP=None, ActorIpAddress="198.51.100.7"),
    unified("FileDeleted", "Failed", SiteUrl="https://x/", SourceFileName="plan.docx", ClientIP="null"),
]
UNIFIED_EVENTS = [
    event("ann@example.com", "Login", "success", "192.0.2.1", "ben@example.com"),
    event("ann@example.com", "Login", "failure", "2001:db8::1", None),
    event("key", "Set-Mailbox", "success", "198.51.100.7", "ben"),
    event("ann@example.com", "FileDeleted", "failure", None, "https://x/plan.docx"),
]
M365 = Case("m365", UNIFIED, UNIFIED_EVENTS)
M365_LOWER = Case(
    "m365",
    [{key.lower(): value for key, value in record.items()} for record in UNIFIED[2:]],
    UNIFIED_EVENTS[2:],
)


def sign_in(code: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"s{code}",
        "createdDateTime": "2026-03-14T09:26:53.5Z",
        "userPrincipalName": "ann@example.com",
        "appDisplayName": "Mail",
        "ipAddress": "192.0.2.1",
        "resourceDisplayName": "Exchange",
        "status": {"errorCode": code, "failureReason": "Other."},
    } | more


def directory_audit(**more: Any) -> dict[str, Any]:
    return {
        "id": "a1",
        "category": "UserManagement",
        "activityDateTime": "2026-03-14T09:26:53.5Z",
        "activityDisplayName": "Delete user",
        "result": "success",
        "initiatedBy": {
            "user": {"userPrincipalName": "ann@example.com", "ipAddress": "192.0.2.1"},
            "app": None,
        },
        "targetResources": [{"displayName": None, "userPrincipalName": "ben@example.com", "type": "User"}],
    } | more


def diagnostic(category: str, properties: Any, **more: Any) -> dict[str, Any]:
    envelope = {"time": "2026-03-14T09:26:53.5Z", "resourceId": "/tenants/t", "category": category}
    return envelope | {"operationName": "Operation", "properties": properties} | more


ENTRA_EVENTS = [
    event("ann@example.com", "Login", "success", "192.0.2.1", "Exchange"),
    event("ann@example.com", "Login", "failure", "192.0.2.1", "Exchange"),
    event("ann@example.com", "Login", None, "192.0.2.1", "Exchange"),
    event("ann@example.com", "User deleted", "success", "192.0.2.1", "ben@example.com"),
]
ENTRA = Case("entra", [sign_in(0), sign_in(50126), sign_in(50140), directory_audit()], ENTRA_EVENTS)
ENTRA_DIAGNOSTIC = Case(
    "entra",
    [
        diagnostic("SignInLogs", sign_in(0), resultType="0"),
        diagnostic("NonInteractiveUserSignInLogs", json.dumps(sign_in(50126)), resultType="50126"),
        diagnostic("SignInLogs", {k: v for k, v in sign_in(1).items() if k != "status"}, resultType="50140"),
        diagnostic("AuditLogs", directory_audit()),
    ],
    ENTRA_EVENTS,
)


def request(verb: str, code: int, **more: Any) -> dict[str, Any]:
    return {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "auditID": f"{verb}-{code}",
        "stage": "ResponseComplete",
        "requestURI": "/api/v1/pods",
        "verb": verb,
        "user": {"username": "ann", "groups": ["system:authenticated"]},
        "sourceIPs": ["192.0.2.1", "10.0.0.1"],
        "objectRef": {"resource": "pods", "namespace": "shop", "name": "web-0"},
        "responseStatus": {"code": code},
        "requestReceivedTimestamp": "2026-03-14T09:26:53.500000Z",
    } | more


KUBERNETES = Case(
    "kubernetes",
    [
        request("delete", 200),
        request("delete", 200, stage="RequestReceived"),
        request("get", 404, objectRef=None, impersonatedUser={"username": "admin"}),
        request("create", 201, objectRef={"resource": "pods", "subresource": "exec", "name": "web-0"}),
        request("patch", 200, annotations={"authorization.k8s.io/decision": "forbid"}),
    ],
    [
        event("ann", "delete pods", "success", "192.0.2.1", "shop/web-0"),
        event("admin via ann", "get", "failure", "192.0.2.1", "/api/v1/pods"),
        event("ann", "create pods/exec", "success", "192.0.2.1", "web-0"),
        event("ann", "patch pods", "failure", "192.0.2.1", "shop/web-0"),
    ],
)

CASES = [OKTA, GITHUB, WORKSPACE, M365, M365_LOWER, ENTRA, ENTRA_DIAGNOSTIC, KUBERNETES]


@pytest.mark.parametrize("case", CASES, ids=[case.format for case in CASES])
def test_lines_of_a_vendor_become_events(tmp_path: Path, case: Case) -> None:
    check(tmp_path, case.format, case.records, case.events)


@pytest.mark.parametrize("case", CASES, ids=[case.format for case in CASES])
def test_a_pretty_printed_array_gives_the_same(tmp_path: Path, case: Case) -> None:
    check(tmp_path, case.format, json.dumps(case.records, indent=2), case.events)


@pytest.mark.parametrize(
    ("case", "name"),
    [
        (WORKSPACE, "items"),
        (M365, "value"),
        (ENTRA, "value"),
        (ENTRA_DIAGNOSTIC, "records"),
        (KUBERNETES, "items"),
    ],
    ids=["google-workspace", "m365", "entra", "entra-diagnostic", "kubernetes"],
)
def test_the_envelope_of_a_vendor_is_opened(tmp_path: Path, case: Case, name: str) -> None:
    check(tmp_path, case.format, json.dumps({"kind": "List", name: case.records, "next": "x"}), case.events)


def test_a_purview_export_holds_json_in_a_column(tmp_path: Path) -> None:
    cells = [json.dumps(record).replace('"', '""') for record in UNIFIED]
    rows = "".join(f'r{number},3/4/2026 9:26:53 AM,"{cell}"\n' for number, cell in enumerate(cells))
    check(tmp_path, "m365-purview", f"RecordId,CreationDate,AuditData\n{rows}", UNIFIED_EVENTS)


def test_the_audit_queries_of_graph_hold_the_record_in_a_key(tmp_path: Path) -> None:
    records = [{"id": str(number), "auditData": record} for number, record in enumerate(UNIFIED)]
    check(tmp_path, "m365", json.dumps({"value": records}), UNIFIED_EVENTS)


def test_requests_at_another_stage_are_counted_as_skipped(tmp_path: Path) -> None:
    result = check(tmp_path, "kubernetes", KUBERNETES.records, KUBERNETES.events)
    assert result.skipped == {"requests at a stage other than ResponseComplete or Panic": 1}


def test_a_login_keeps_the_word_of_the_vendor(tmp_path: Path) -> None:
    result = check(tmp_path, "okta", OKTA.records[:1], OKTA.events[:1])
    assert json.loads(result.rows[0]["metadata"])["eventType"] == "user.session.start"


def test_keys_of_other_logs_are_not_those_of_a_vendor(tmp_path: Path) -> None:
    own = {"action": "login", "actor": "ann", "created_at": "2026-03-14T09:26:53Z", "activity": "x"}
    assert detected(written(tmp_path, [own])) == "jsonl"


@pytest.mark.parametrize("name", formats.names())
def test_the_reverse_map_names_fields_of_an_event(name: str) -> None:
    fmt = formats.load(name)
    assert set(formats.vendor_fields(fmt).values()) <= {*FIELDS, "fresh_id", "appended_at", "crc32"}
