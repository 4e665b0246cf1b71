"""Real samples of vendors: the format is found by the content alone, and what is complete becomes an event."""

import os
from pathlib import Path
from typing import NamedTuple

import pytest

from audit_store.errors import InvalidFormat
from ingest import formats
from tests.ingest.formats.declared import read_file
from tests.ingest.formats.vendors import detected

DATA = Path(os.environ.get("AUDIT_TEST_DATA", "")) / "formats"


class Sample(NamedTuple):
    """A file, its format, and what is in the events of its complete records.

    `agents` and `activities` are how many different ones there are; `addresses` and `targets` how many events have one.
    `first` and `last` are times in UTC, cut to minutes.
    """

    name: str
    format: str
    events: int
    success: int
    failure: int
    addresses: int
    agents: int
    activities: int
    targets: int
    first: str
    last: str


# The columns are the fields of a Sample.
TABLE = """
panther-okta.jsonl            okta              28  19  5  25 10 20  23 2020-11-25T21:27 2024-04-02T19:17
panther-github.jsonl          github            31   0  0   2 12 30  31 2021-05-18T02:31 2025-10-15T18:45
panther-gsuite_activity.jsonl google-workspace  32   0  0  28 16 17  16 2020-07-07T15:50 2025-11-05T15:00
microsoft_audit_log.jsonl     m365               4   4  0   1  2  4   4 2022-05-07T12:55 2022-05-08T15:13
panther-m365_exchange.jsonl   m365               3   3  0   3  2  2   3 2022-12-12T22:19 2022-12-12T22:19
panther-azure_audit.jsonl     entra             21  17  3  20 15  9  20 2023-07-26T22:58 2025-01-15T17:10
panther-eks_audit.jsonl       kubernetes         5   3  2   5  5  4   5 2022-11-29T22:34 2025-08-26T17:40
nginx-access.log              access-log         8   5  3   8  4  4   8 2000-10-10T20:55 2021-08-26T16:54
apache-access.log             access-log         5   3  2   5  3  3   5 2000-10-10T20:55 2021-08-26T16:53
apache-combined-400.log       access-log       400 393  7 400  1  1 400 2015-05-17T10:05 2015-05-17T13:05
auditd-rhel7.log              auditd            35  30  2  10  4 33  26 2016-12-07T02:16 2017-04-21T04:37
azure_activity_log.jsonl      azure-activity     4   0  0   4  2  4   4 2022-02-09T03:00 2022-02-09T03:04
cloudtrail.jsonl              cloudtrail         6   6  0   6  2  6   6 2022-02-07T22:19 2022-02-07T22:23
gcp_logging.jsonl             gcp-audit          9   8  1   9  3  4   9 2021-10-19T02:42 2024-12-03T17:58
otlp-logs.json                otlp               1   0  0   0  1  1   0 2018-12-13T14:51 2018-12-13T14:51
panther-auth0.jsonl           auth0             17  14  2  17  4 12  17 2023-05-15T16:13 2025-10-10T10:27
panther-azure_monitor.jsonl   azure-activity     6   6  0   6  5  6   6 2024-12-17T10:30 2025-12-23T11:00
panther-gcp_audit.jsonl       gcp-audit         64  53 11  42 26 38  64 2020-05-15T03:51 2025-12-15T15:55
panther-gitlab_audit.jsonl    gitlab             0   0  0   0  0  0   0 -                -
panther-onelogin.jsonl        onelogin           0   0  0   0  0  0   0 -                -
panther-slack.jsonl           slack              9   0  0   9  2  8   7 2021-06-08T22:16 2024-08-19T13:54
panther-snowflake.jsonl       snowflake          3   0  3   3  1  1   0 2024-10-08T14:38 2024-11-15T00:12
panther-teleport.jsonl        teleport          10   9  1   0  6  6   9 2020-08-13T18:39 2023-09-21T00:00
vault-audit.log               vault              0   0  0   0  0  0   0 -                -
"""
SAMPLES = [
    Sample(name, fmt, *map(int, counts), first, last)
    for name, fmt, *counts, first, last in map(str.split, TABLE.strip().splitlines())
]
MIXTURE = "panther-onepassword.jsonl"
# The others hold records of other kinds, too, which are rejected for other reasons.
OF_ONE_KIND = SAMPLES[:7]


@pytest.mark.skipif("AUDIT_TEST_DATA" not in os.environ, reason="AUDIT_TEST_DATA names no folder")
@pytest.mark.parametrize("sample", SAMPLES, ids=[sample.name for sample in SAMPLES])
def test_a_sample_is_detected_and_its_complete_records_are_events(sample: Sample) -> None:
    assert detected(DATA / sample.name) == sample.format
    rows = read_file(DATA / sample.name, formats.load(sample.format)).rows
    times = sorted(row["occurred_at"].strftime("%Y-%m-%dT%H:%M") for row in rows)
    assert sample == sample._replace(
        events=len(rows),
        success=sum(row["outcome"] == "success" for row in rows),
        failure=sum(row["outcome"] == "failure" for row in rows),
        addresses=sum(row["source_ip"] is not None for row in rows),
        agents=len({row["agent"] for row in rows}),
        activities=len({row["activity"] for row in rows}),
        targets=sum(row["target"] is not None for row in rows),
        first=min(times, default="-"),
        last=max(times, default="-"),
    )


@pytest.mark.skipif("AUDIT_TEST_DATA" not in os.environ, reason="AUDIT_TEST_DATA names no folder")
@pytest.mark.parametrize("sample", OF_ONE_KIND, ids=[sample.name for sample in OF_ONE_KIND])
def test_a_partial_record_is_rejected_because_of_the_field_that_it_has_not(sample: Sample) -> None:
    result = read_file(DATA / sample.name, formats.load(sample.format))
    reasons = {reject.reason.partition(":")[0] for reject in result.rejects}
    assert reasons <= {"agent is missing", "activity is missing", "occurred_at is missing", "occurred_at"}


@pytest.mark.skipif("AUDIT_TEST_DATA" not in os.environ, reason="AUDIT_TEST_DATA names no folder")
def test_every_sample_is_tried() -> None:
    assert {path.name for path in DATA.iterdir()} == {sample.name for sample in SAMPLES} | {MIXTURE}


@pytest.mark.skipif("AUDIT_TEST_DATA" not in os.environ, reason="AUDIT_TEST_DATA names no folder")
def test_a_mixture_is_refused_with_the_formats_that_fit_and_read_as_the_one_that_is_named() -> None:
    with pytest.raises(InvalidFormat, match="okta, onelogin and onepassword fit: name one of them"):
        detected(DATA / MIXTURE)
    rows = read_file(DATA / MIXTURE, formats.load("onepassword")).rows
    assert [(row["agent"], row["activity"], row["outcome"]) for row in rows] == [
        ("homer@springfield.gov", "Login", "success"),
        ("homer@springfield.gov", "Login", "failure"),
    ]
    assert {row["source_ip"] for row in rows} == {"1.1.1.1", "111.111.111.111"}
