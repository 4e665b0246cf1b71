"""Real samples of vendors: the format is found by the content alone, and what is complete becomes an event."""

import os
from pathlib import Path

import pytest

from audit_store.errors import InvalidFormat
from ingest import formats
from tests.ingest.formats.declared import read_file
from tests.ingest.formats.vendors import detected

DATA = Path(os.environ.get("AUDIT_TEST_DATA", "")) / "formats"
# A sample, its format, and how many of its records are complete enough to be events.
SAMPLES = [
    ("panther-okta.jsonl", "okta", 28),
    ("panther-github.jsonl", "github", 31),
    ("panther-gsuite_activity.jsonl", "google-workspace", 32),
    ("microsoft_audit_log.jsonl", "m365", 4),
    ("panther-m365_exchange.jsonl", "m365", 3),
    ("panther-azure_audit.jsonl", "entra", 21),
    ("panther-eks_audit.jsonl", "kubernetes", 5),
    ("nginx-access.log", "access-log", 8),
    ("apache-access.log", "access-log", 5),
    ("apache-combined-400.log", "access-log", 400),
    ("auditd-rhel7.log", "auditd", 35),
    ("azure_activity_log.jsonl", "azure-activity", 4),
    ("cloudtrail.jsonl", "cloudtrail", 6),
    ("gcp_logging.jsonl", "gcp-audit", 9),
    ("otlp-logs.json", "otlp", 1),
    ("panther-auth0.jsonl", "auth0", 17),
    ("panther-azure_monitor.jsonl", "azure-activity", 6),
    ("panther-gcp_audit.jsonl", "gcp-audit", 64),
    ("panther-gitlab_audit.jsonl", "gitlab", 0),
    ("panther-onelogin.jsonl", "onelogin", 0),
    ("panther-slack.jsonl", "slack", 9),
    ("panther-snowflake.jsonl", "snowflake", 3),
    ("panther-teleport.jsonl", "teleport", 10),
    ("vault-audit.log", "vault", 0),
]
MIXTURE = "panther-onepassword.jsonl"
# The others hold records of other kinds, too, which are rejected for other reasons.
OF_ONE_KIND = SAMPLES[:7]


@pytest.mark.skipif("AUDIT_TEST_DATA" not in os.environ, reason="AUDIT_TEST_DATA names no folder")
@pytest.mark.parametrize(("name", "fmt", "events"), SAMPLES, ids=[name for name, _, _ in SAMPLES])
def test_a_sample_is_detected_and_its_complete_records_are_events(name: str, fmt: str, events: int) -> None:
    assert detected(DATA / name) == fmt
    assert len(read_file(DATA / name, formats.load(fmt)).rows) == events


@pytest.mark.skipif("AUDIT_TEST_DATA" not in os.environ, reason="AUDIT_TEST_DATA names no folder")
@pytest.mark.parametrize(("name", "fmt", "events"), OF_ONE_KIND, ids=[name for name, _, _ in OF_ONE_KIND])
def test_a_partial_record_is_rejected_because_of_the_field_that_it_has_not(
    name: str, fmt: str, events: int
) -> None:
    result = read_file(DATA / name, formats.load(fmt))
    reasons = {reject.reason.partition(":")[0] for reject in result.rejects}
    assert len(result.rows) == events
    assert reasons <= {"agent is missing", "activity is missing", "occurred_at is missing", "occurred_at"}


@pytest.mark.skipif("AUDIT_TEST_DATA" not in os.environ, reason="AUDIT_TEST_DATA names no folder")
def test_every_sample_is_tried() -> None:
    assert {path.name for path in DATA.iterdir()} == {name for name, _, _ in SAMPLES} | {MIXTURE}


@pytest.mark.skipif("AUDIT_TEST_DATA" not in os.environ, reason="AUDIT_TEST_DATA names no folder")
def test_a_mixture_is_refused_with_the_formats_that_fit_and_read_as_the_one_that_is_named() -> None:
    with pytest.raises(InvalidFormat, match="okta, onelogin and onepassword fit: name one of them"):
        detected(DATA / MIXTURE)
    assert {row["agent"] for row in read_file(DATA / MIXTURE, formats.load("onepassword")).rows} != set()
