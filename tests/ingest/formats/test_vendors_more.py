"""What records of vendors become: of each format a few in its documented shape, found by their content."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from audit_store.export.ocsf import ocsf
from ingest import formats
from ingest.importing.sources.byte_source import Content
from tests.ingest.formats.declared import Result, read_file

Expected = tuple[str, str, str, str | None, str | None, str | None]
"""Agent, activity, time, outcome, address and target of an event."""

TIME = "2026-03-14T09:26:53+00:00"

LOOKED_UP = {
    "eventVersion": "1.08",
    "userIdentity": {"userName": "ann"},
    "eventTime": "2026-03-14T09:26:53Z",
    "eventSource": "ec2.amazonaws.com",
    "eventName": "RunInstances",
    "sourceIPAddress": "192.0.2.4",
}

# Content, and the events in it.
VENDORS: dict[str, tuple[str, list[Expected]]] = {
    "access-log": (
        """\
192.0.2.4 - - [14/Mar/2026:10:26:53 +0100] "GET /a/b.html?q=1 HTTP/1.1" 200 2326
2001:db8::1 - ann [14/Mar/2026:09:26:53 +0000] "POST /admin HTTP/2.0" 403 12 "-" "curl/8 (\\"x\\")" "192.0.2.9"
www.example.com:443 192.0.2.4 - - [14/Mar/2026:09:26:53 +0000] "\\x16\\x03\\x01" 400 - "-" "-"
""",
        [
            ("anonymous", "GET", TIME, "success", "192.0.2.4", "/a/b.html"),
            ("ann", "POST", TIME, "failure", "2001:db8::1", "/admin"),
            ("anonymous", "Invalid request", TIME, "failure", "192.0.2.4", r"\x16\x03\x01"),
        ],
    ),
    "auditd": (
        """\
type=USER_LOGIN msg=audit(1773480413.000:7): pid=9 uid=0 auid=4294967295 ses=1 msg='op=login acct="pi" exe="/usr/sbin/sshd" hostname=? addr=192.0.2.9 terminal=ssh res=failed'
type=USER_CMD msg=audit(1773480413.000:8): pid=9 uid=1000 auid=1000 ses=1 msg='cwd="/" cmd=6C73202D6C terminal=pts/0 res=success'
node=web1 type=SYSCALL msg=audit(1773480413.000:9): arch=c000003e syscall=59 success=yes exit=0 items=2 ppid=1 pid=9 auid=1000 uid=0 comm="cat" exe="/usr/bin/cat" key="secrets"\x1dARCH=x86_64 AUID="ann" UID="root"
node=web1 type=PATH msg=audit(1773480413.000:9): item=0 name="/etc/shadow" inode=1 objtype=NORMAL
type=SYSCALL msg=audit(1773480413.000:10): arch=c000003e syscall=2 success=no exit=-13 pid=9 auid=4294967295 uid=0 exe="/usr/bin/cat" key=(null)
type=DAEMON_END msg=audit(1773480413.000:11): auditd normal halt, sending auid=? pid=? subj=? res=success
type=CONFIG_CHANGE msg=audit(1773480413.000:12): auid=1000 ses=1 op="remove_rule" key="pam" list=4 res=1
""",  # noqa: E501
        [
            ("pi", "Login", TIME, "failure", "192.0.2.9", "/usr/sbin/sshd"),
            ("1000", "USER_CMD", TIME, "success", None, "ls -l"),
            ("ann", "secrets", TIME, "success", None, "/etc/shadow"),
            ("root", "SYSCALL", TIME, "failure", None, "/usr/bin/cat"),
            ("unset", "DAEMON_END", TIME, "success", None, None),
            ("1000", "CONFIG_CHANGE", TIME, "success", None, None),
        ],
    ),
    "auth0": (
        """
{"log_id": "1", "data": {"date": "2026-03-14T09:26:53.000Z", "type": "fp", "description": "Wrong password.",
 "client_id": "c", "ip": "192.0.2.9", "user_id": "auth0|1", "user_name": "ann@example.com", "connection": "db"}}
{"log_id": "2", "data": {"date": "2026-03-14T09:26:53.000Z", "type": "sapi", "description": "Create a role", "ip":
 "192.0.2.4", "user_id": "auth0|2", "details": {"request": {"path": "/api/v2/roles"}, "response": {"statusCode": 201}}}}
{"log_id": "3", "date": "2026-03-14T09:26:53.000Z", "type": "s", "client_name": "Shop", "ip": "192.0.2.4",
 "user_name": "ben@example.com"}
{"log_id": "4", "date": "2026-03-14T09:26:53.000Z", "type": "slo", "client_name": "Shop", "ip": "192.0.2.4",
 "user_name": "ben@example.com"}
""",
        [
            ("ann@example.com", "Login", TIME, "failure", "192.0.2.9", "db"),
            ("auth0|2", "Create a role", TIME, "success", "192.0.2.4", "/api/v2/roles"),
            ("ben@example.com", "Login", TIME, "success", "192.0.2.4", "Shop"),
            ("ben@example.com", "Logout", TIME, "success", "192.0.2.4", "Shop"),
        ],
    ),
    "azure-activity": (
        """
{"records": [
{"time": "2026-03-14T09:26:53.0000000Z", "resourceId": "/SUBSCRIPTIONS/S/VM", "operationName": "VM/DELETE/ACTION",
 "category": "Administrative", "resultType": "Failure", "callerIpAddress": "192.0.2.4:44321",
 "identity": {"claims": {"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn": "ann@example.com"}}},
{"time": "2026-03-14T09:26:53Z", "resourceId": "/subscriptions/s/blob", "operationName": "GetBlob",
 "category": "StorageRead", "statusText": "Success", "callerIpAddress": "192.0.2.4", "identity": {"type": "SAS"}},
{"eventTimestamp": "2026-03-14T09:26:53Z", "caller": "ben@example.com", "operationName": {"value": "VM/write"},
 "status": {"value": "Started"}, "httpRequest": {"clientIpAddress": "192.0.2.5"}, "resourceId": "/subscriptions/s/vm"},
{"event_timestamp": "2026-03-14T09:26:53Z", "caller": "cy@example.com", "operation_name": {"value": "VM/read"},
 "status": {"value": "Succeeded"}, "http_request": {"client_ip_address": "192.0.2.6"}, "resource_id": "/s/vm"}
]}
""",
        [
            ("ann@example.com", "VM/DELETE/ACTION", TIME, "failure", "192.0.2.4", "/SUBSCRIPTIONS/S/VM"),
            ("SAS", "GetBlob", TIME, "success", "192.0.2.4", "/subscriptions/s/blob"),
            ("ben@example.com", "VM/write", TIME, None, "192.0.2.5", "/subscriptions/s/vm"),
            ("cy@example.com", "VM/read", TIME, "success", "192.0.2.6", "/s/vm"),
        ],
    ),
    "cef": (
        r"""
CEF:0|Example|Gate|1.0|17|Login|5|rt=1773480413000 suser=ann b src=192.0.2.4 outcome=failure msg=a \= b
<14>2026-03-14T10:26:53+01:00 gw1 CEF:0|Exam\|ple|Gate|1|18|File read|3|suser=ben fname=/etc/a b src=192.0.2.5
""",
        [
            ("ann b", "Login", TIME, "failure", "192.0.2.4", None),
            ("ben", "File read", TIME, None, "192.0.2.5", "/etc/a b"),
        ],
    ),
    "cloudtrail": (
        """
{"eventVersion": "1.08", "userIdentity": {"userName": "ben"}, "eventTime": "2026-03-14T09:26:53Z", "eventID": "2",
 "eventSource": "s3.amazonaws.com", "eventName": "GetObject", "sourceIPAddress": "192.0.2.5", "errorCode": "E"}
"""
        + json.dumps(
            {"Events": [{"EventId": "1", "Username": "ann", "CloudTrailEvent": json.dumps(LOOKED_UP)}]}
        ),
        [
            ("ben", "GetObject", TIME, "failure", "192.0.2.5", "s3.amazonaws.com"),
            ("ann", "RunInstances", TIME, "success", "192.0.2.4", "ec2.amazonaws.com"),
        ],
    ),
    "ecs": (
        """
{"@timestamp": "2026-03-14T09:26:53Z", "event": {"action": "ssh_login", "category": ["authentication"],
 "outcome": "failure"}, "user": {"name": "ann"}, "source": {"ip": "192.0.2.4"}, "host": {"name": "web1"}}
{"@timestamp": "2026-03-14T09:26:53Z", "event.action": "deletion", "event.outcome": "success", "user.name": "ben",
 "client.ip": "192.0.2.5", "file.path": "/tmp/a"}
{"_index": "logs", "_id": "1", "_source": {"@timestamp": "2026-03-14T09:26:53Z", "user.name": "cy", "event": {"action":
 "logged-out", "category": "authentication", "outcome": "success"}, "source": {"ip": "192.0.2.6"}}}
""",
        [
            ("ann", "Login", TIME, "failure", "192.0.2.4", "web1"),
            ("ben", "deletion", TIME, "success", "192.0.2.5", "/tmp/a"),
            ("cy", "logged-out", TIME, "success", "192.0.2.6", None),
        ],
    ),
    "gcp-audit": (
        """
[{"insertId": "1", "logName": "projects/p/logs/cloudaudit.googleapis.com%2Factivity", "timestamp":
  "2026-03-14T09:26:53Z", "protoPayload": {"serviceName": "compute.googleapis.com", "methodName":
  "v1.compute.disks.delete", "resourceName": "projects/p/disks/d", "requestMetadata": {"callerIp": "192.0.2.4"},
  "authenticationInfo": {"principalEmail": "ann@example.com"}, "status": {}}},
 {"insertId": "2", "timestamp": "2026-03-14T09:26:53Z", "protoPayload": {"serviceName": "k8s.io", "methodName":
  "io.k8s.core.v1.secrets.get", "resourceName": "core/v1/secrets/s", "status": {"code": 7, "message": "Denied"},
  "authenticationInfo": {"principalEmail": "ben@example.com"}, "requestMetadata": {"callerIp": "192.0.2.5"}}},
 {"insertId": "3", "timestamp": "2026-03-14T09:26:53Z", "protoPayload": {"serviceName": "login.googleapis.com",
  "methodName": "google.login.LoginService.loginFailure", "resourceName": "organizations/1", "requestMetadata":
  {"callerIp": "192.0.2.6"}, "authenticationInfo": {"principalEmail": "cy@example.com"}}},
 {"insertId": "4", "timestamp": "2026-03-14T09:26:53Z", "protoPayload": {"serviceName": "storage.googleapis.com",
  "methodName": "storage.objects.get", "resourceName": "projects/_/buckets/b", "authorizationInfo":
  [{"granted": true}, {"granted": false}], "authenticationInfo": {}, "requestMetadata": {"callerIp": "192.0.2.7"}}}]
""",
        [
            (
                "ann@example.com",
                "v1.compute.disks.delete",
                TIME,
                "success",
                "192.0.2.4",
                "projects/p/disks/d",
            ),
            (
                "ben@example.com",
                "io.k8s.core.v1.secrets.get",
                TIME,
                "failure",
                "192.0.2.5",
                "core/v1/secrets/s",
            ),
            ("cy@example.com", "Login", TIME, "failure", "192.0.2.6", "organizations/1"),
            (
                "storage.googleapis.com",
                "storage.objects.get",
                TIME,
                "failure",
                "192.0.2.7",
                "projects/_/buckets/b",
            ),
        ],
    ),
    "gitlab": (
        """
{"severity": "INFO", "time": "2026-03-14T09:26:53.000Z", "author_id": 1, "author_name": "Ann", "entity_id": 2,
 "entity_type": "Project", "change": "visibility", "from": "Private", "to": "Public", "target_details": "g/p",
 "ip_address": "192.0.2.4"}
{"id": 7, "author_id": -1, "entity_id": 3, "entity_type": "User", "created_at": "2026-03-14T09:26:53Z", "details":
 {"failed_login": "STANDARD", "author_name": "ben", "target_details": "ben", "ip_address": "192.0.2.5"}}
{"id": 8, "author_id": 4, "entity_id": 5, "entity_type": "Group", "created_at": "2026-03-14T09:26:53Z", "details":
 {"add": "user_access", "as": "Owner", "author_name": "Cy", "target_details": "Di", "ip_address": "192.0.2.6"}}
""",
        [
            ("Ann", "visibility", TIME, None, "192.0.2.4", "g/p"),
            ("ben", "Login", TIME, "failure", "192.0.2.5", "ben"),
            ("Cy", "Add user_access", TIME, None, "192.0.2.6", "Di"),
        ],
    ),
    "journald": (
        """
{"__CURSOR": "s=1", "__REALTIME_TIMESTAMP": "1773480413000000", "SYSLOG_IDENTIFIER": "sshd", "_HOSTNAME": "web1",
 "_SYSTEMD_UNIT": "ssh.service", "MESSAGE": "Failed password for invalid user pi from 192.0.2.9 port 22 ssh2"}
{"__CURSOR": "s=2", "__REALTIME_TIMESTAMP": "1773480413000000", "SYSLOG_IDENTIFIER": "sudo", "_HOSTNAME": "web1",
 "MESSAGE": "ann : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/id"}
{"__CURSOR": "s=3", "__REALTIME_TIMESTAMP": "1773480413000000", "SYSLOG_IDENTIFIER": "cron", "_HOSTNAME": "web1",
 "MESSAGE": [104, 105]}
""",
        [
            ("pi", "Login", TIME, "failure", "192.0.2.9", "ssh.service"),
            ("ann", "Command run as another user", TIME, "success", None, "/usr/bin/id"),
            ("cron", "cron message", TIME, None, None, "web1"),
        ],
    ),
    "ocsf": (
        """
{"class_uid": 3002, "category_uid": 3, "activity_id": 1, "status_id": 2, "time": 1773480413000, "metadata": {"version":
 "1.3.0", "uid": "1"}, "user": {"name": "ann"}, "src_endpoint": {"ip": "192.0.2.4"}, "service": {"name": "vpn"}}
{"class_uid": 6003, "class_name": "API Activity", "activity_name": "Delete", "status_id": 1, "time": 1773480413000000,
 "metadata": {"version": "1.1.0"}, "actor": {"user": {"email_addr": "ben@example.com"}}, "src_endpoint": {"ip":
 "192.0.2.5"}, "resources": [{"name": "bucket"}], "type_name": "API Activity: Delete"}
""",
        [
            ("ann", "Login", TIME, "failure", "192.0.2.4", "vpn"),
            ("ben@example.com", "API Activity: Delete", TIME, "success", "192.0.2.5", "bucket"),
        ],
    ),
    "onelogin": (
        """
{"status": {"code": 200}, "data": [
{"id": 1, "created_at": "2026-03-14T09:26:53.000Z", "event_type_id": 6, "user_id": 9, "user_name": "Ann",
 "ipaddr": "192.0.2.4"},
{"id": 2, "created_at": "2026-03-14T09:26:53.000Z", "event_type_id": 72, "actor_user_name": "Ben", "user_name": "Ann",
 "privilege_name": "Super user", "ipaddr": "192.0.2.5"},
{"id": 3, "created_at": "2026-03-14T09:26:53.000Z", "event_type_id": 149, "user_name": "Ann", "app_name": "Wiki"}]}
""",
        [
            ("Ann", "Login", TIME, "failure", "192.0.2.4", "Ann"),
            ("Ben", "Privilege granted", TIME, None, "192.0.2.5", "Super user"),
            ("Ann", "OneLogin event 149", TIME, None, None, "Wiki"),
        ],
    ),
    "onepassword": (
        """
{"uuid": "1", "timestamp": "2026-03-14T09:26:53Z", "category": "mfa_failed", "type": "mfa_missing", "target_user":
 {"email": "ann@example.com"}, "client": {"ip_address": "192.0.2.4"}}
{"uuid": "2", "timestamp": "2026-03-14T09:26:53Z", "vault_uuid": "v", "item_uuid": "i", "action": "reveal", "user":
 {"email": "ben@example.com"}, "client": {"ip_address": "192.0.2.5"}}
{"uuid": "3", "timestamp": "2026-03-14T09:26:53Z", "actor_uuid": "a", "actor_details": {"email": "cy@example.com"},
 "action": "delete", "object_type": "user", "object_uuid": "u", "session": {"ip": "192.0.2.6"}}
""",
        [
            ("ann@example.com", "Login", TIME, "failure", "192.0.2.4", None),
            ("ben@example.com", "reveal item", TIME, None, "192.0.2.5", "i"),
            ("cy@example.com", "User deleted", TIME, None, "192.0.2.6", "u"),
        ],
    ),
    "otlp": (
        """
{"resourceLogs": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
 "scopeLogs": [{"scope": {}, "logRecords": [
 {"timeUnixNano": "1773480413000000000", "eventName": "order.deleted", "body": {"stringValue": "gone"}, "attributes": [
  {"key": "user.id", "value": {"stringValue": "ann"}}, {"key": "client.address", "value": {"stringValue": "192.0.2.4"}},
  {"key": "event.outcome", "value": {"stringValue": "success"}}]},
 {"observedTimeUnixNano": "1773480413000000000", "body": {"stringValue": "started"}}]}]}]}
""",
        [
            ("ann", "order.deleted", TIME, "success", "192.0.2.4", None),
            ("shop", "started", TIME, None, None, None),
        ],
    ),
    "slack": (
        """
{"entries": [
{"id": "1", "date_create": 1773480413, "action": "user_login_failed", "actor": {"type": "user", "user": {"email":
 "ann@example.com"}}, "entity": {"type": "user", "user": {"email": "ann@example.com"}}, "context": {"ip_address":
 "192.0.2.4", "location": {"type": "workspace"}}},
{"id": "2", "date_create": 1773480413, "action": "file_downloaded", "actor": {"type": "user", "user": {"name": "ben"}},
 "entity": {"type": "file", "file": {"name": "a.pdf"}}, "context": {"ip_address": "192.0.2.5"}}]}
""",
        [
            ("ann@example.com", "Login", TIME, "failure", "192.0.2.4", "ann@example.com"),
            ("ben", "file_downloaded", TIME, None, "192.0.2.5", "a.pdf"),
        ],
    ),
    "snowflake": (
        """
{"EVENT_ID": "1", "EVENT_TIMESTAMP": "2026-03-14 09:26:53.000", "EVENT_TYPE": "LOGIN", "USER_NAME": "ANN",
 "CLIENT_IP": "192.0.2.4", "IS_SUCCESS": "NO", "ERROR_MESSAGE": "INCORRECT_USERNAME_PASSWORD"}
{"QUERY_ID": "2", "START_TIME": "2026-03-14 10:26:53.000 +0100", "QUERY_TYPE": "DROP_TABLE", "USER_NAME": "BEN",
 "EXECUTION_STATUS": "SUCCESS", "DATABASE_NAME": "SALES", "QUERY_TEXT": "drop table t"}
""",
        [
            ("ANN", "Login", TIME, "failure", "192.0.2.4", None),
            ("BEN", "DROP_TABLE", TIME, "success", None, "SALES"),
        ],
    ),
    "syslog": (
        """
<38>1 2026-03-14T10:26:53+01:00 web1 sshd 7 - - Accepted publickey for ann from 192.0.2.4 port 22 ssh2
74 <30>1 2026-03-14T09:26:53Z web1 shop - LOGOUT [a@1 x="]"][b@1 user="ben" ip="192.0.2.5"] bye
<30>1 2026-03-14T09:26:53.000Z web1 shop - - - Order 7 is gone
""",
        [
            ("ann", "Login", TIME, "success", "192.0.2.4", "web1"),
            ("ben", "LOGOUT", TIME, None, "192.0.2.5", "web1"),
            ("shop", "Order", TIME, None, None, "web1"),
        ],
    ),
    "teleport": (
        """
{"event": "user.login", "code": "T1000W", "time": "2026-03-14T09:26:53Z", "uid": "1", "user": "ann", "success": false,
 "method": "local", "addr.remote": "192.0.2.4:1234", "error": "invalid username or password", "cluster_name": "c"}
{"event": "session.start", "code": "T2000I", "time": "2026-03-14T09:26:53Z", "uid": "2", "user": "ben", "login": "root",
 "addr.remote": "[2001:db8::1]:1", "server_hostname": "web1"}
""",
        [
            ("ann", "Login", TIME, "failure", "192.0.2.4", "c"),
            ("ben", "session.start", TIME, "success", "2001:db8::1", "web1"),
        ],
    ),
    "vault": (
        """
{"time": "2026-03-14T09:26:52.9Z", "type": "request", "auth": {"display_name": "ann"}, "request": {"id": "1",
 "operation": "read", "path": "secret/data/a", "remote_address": "192.0.2.4"}}
{"time": "2026-03-14T09:26:53.000000000Z", "type": "response", "auth": {"display_name": "ann"}, "request": {"id": "1",
 "operation": "read", "path": "secret/data/a", "remote_address": "192.0.2.4"}, "error": "permission denied"}
{"time": "2026-03-14T09:26:53Z", "type": "response", "request": {"id": "2", "operation": "update",
 "path": "auth/userpass/login/ben", "remote_address": "192.0.2.5"}, "error": "invalid username or password"}
{"time": "2026-03-14T09:26:53Z", "type": "request", "auth": {"display_name": "cy"}, "request": {"id": "3", "operation":
 "list", "path": "sys/mounts", "remote_address": "192.0.2.6"}}
""",
        [
            ("ann", "read secret/data/a", TIME, "failure", "192.0.2.4", "secret/data/a"),
            ("192.0.2.5", "Login", TIME, "failure", "192.0.2.5", "auth/userpass/login/ben"),
            ("cy", "list sys/mounts", TIME, None, "192.0.2.6", "sys/mounts"),
        ],
    ),
}


def imported(folder: Path, content: str) -> tuple[str, Result]:
    """The name of the format that content is found to have, and what it gives by that."""
    path = folder / "data"
    path.write_text(content, encoding="utf-8")
    source = Content(path)
    fmt = formats.detect(source.head, path.name)
    source.close()
    return fmt.name, read_file(path, fmt)


@pytest.mark.parametrize("name", VENDORS)
def test_records_of_a_vendor_are_found_and_read(tmp_path: Path, name: str) -> None:
    content, expected = VENDORS[name]
    found, result = imported(tmp_path, content)
    assert found == name
    assert result.rejects == []
    fields = ("agent", "activity", "outcome", "source_ip", "target")
    events = [
        (row["agent"], row["activity"], row["occurred_at"].isoformat(), *(row[field] for field in fields[2:]))
        for row in result.rows
    ]
    assert events == expected


@pytest.mark.parametrize("name", [name for name in VENDORS if formats.load(name).kind == "json-records"])
def test_a_record_whose_time_is_not_one_is_rejected_with_it(tmp_path: Path, name: str) -> None:
    content, expected = VENDORS[name]
    found, result = imported(
        tmp_path, content.replace("2026-03-14", "2026-13-14").replace("1773480413", "-1")
    )
    assert found == name
    assert result.rows == []
    assert len(result.rejects) == len(expected)
    assert {reject.reason.partition(":")[0] for reject in result.rejects} == {"occurred_at"}


def test_an_export_as_ocsf_comes_in_as_the_same_events(tmp_path: Path) -> None:
    moment = datetime(2026, 3, 14, 9, 26, 53, 123456)  # noqa: DTZ001
    events = [
        {
            "event_id": f"0197a3c5-0000-7000-8000-00000000000{number}",
            "seq": number,
            "occurred_at": moment,
            "recorded_at": moment,
            "agent": "ann",
            "activity": activity,
            "description": description,
            "outcome": outcome,
            "source_ip": address,
            "target": target,
            "source": "shop",
            "metadata": metadata,
        }
        for number, (activity, description, outcome, address, target, metadata) in enumerate(
            [
                ("Login", "", "failure", "192.0.2.4", None, "{}"),
                ("User deleted", "for good", "success", None, "ben", '{"a":1.0,"b":[null]}'),
                ("Order paid", "Order paid", None, None, None, "{}"),
            ]
        )
    ]
    found, result = imported(tmp_path, "".join(json.dumps(ocsf(event)) + "\n" for event in events))
    assert (found, result.rejects) == ("ocsf-export", [])
    kept = [name for name in events[0] if name not in ("event_id", "seq", "occurred_at", "recorded_at")]
    assert [{name: row[name] for name in kept} for row in result.rows] == [
        {name: event[name] for name in kept} for event in events
    ]
    assert [str(row["event_id"]) for row in result.rows] == [event["event_id"] for event in events]
    assert {row["occurred_at"].replace(tzinfo=None) for row in result.rows} == {moment}
