"""What the watchdog found is said in the same words everywhere, until it works again."""

from datetime import timedelta

import pytest

from alarms.__main__ import main
from alarms.delivery.record_messages import payload_of
from alarms.records import reading
from audit_store.engines.duckdb.store import Store
from audit_store.filters import EventFilter
from audit_store.local_time import now
from dashboard.spikes import recent
from ingest.status import status
from tests.alarms.detector.worlds import judge
from tests.alarms.login_logs import logins, store_of
from tests.dashboard.page_runs import drawn, show, words

HOUR = timedelta(hours=1)
NAME = "*vpn*"


@pytest.fixture
def silent(store: Store) -> Store:
    """A store of two sources, one of which has been silent for two days; it is judged."""
    this_hour = now().replace(minute=0, second=0, microsecond=0)
    hours = [this_hour - hour * HOUR for hour in range(1, 3 * 168)]
    rows = [row | {"source": NAME} for at in hours[50:] for row in logins("robot", at, 1)]
    store_of(store, [*rows, *(row for at in hours for row in logins("app", at, 1))])
    judge(store, now())
    return store


def test_every_page_and_command_says_the_same_of_a_silent_source(
    silent: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    [record] = reading.running(silent, "watchdog")
    sentence = record.sentence
    assert sentence.startswith(f"Source {NAME} has sent no events since ")
    log = show(silent, "log")
    assert "1 source silent" in [box.proto.popover.label for box in drawn(log, "popover")]
    for page in (log, show(silent, "store"), show(silent, "spikes", tz="UTC")):
        assert sentence in words(page)
    assert status(silent.path)["faults"] == [sentence]
    assert main(["list", "--store", str(silent.path)]) == 3
    assert sentence in capsys.readouterr().out
    assert payload_of(None, record, "open", "key")["sentence"] == sentence
    silence = show(silent, "store").dataframe[0].value.set_index("Source")["Silent for"]
    assert dict(silence) == {NAME: "2 days", "web": "–"}


def test_a_source_that_reports_again_is_silent_no_more(silent: Store) -> None:
    store_of(silent, [row | {"source": NAME} for row in logins("robot", now() - timedelta(minutes=50), 1)])
    later = now() + HOUR
    judge(silent, later)
    labels = [box.proto.popover.label for box in drawn(show(silent, "log"), "popover")]
    assert not [label for label in labels if "silent" in label]
    spikes = show(silent, "spikes", tz="UTC")
    assert "No open alarms" in words(spikes)
    assert f"Works again since {later:%Y-%m-%d %H:%M} UTC" in words(spikes)


def test_an_alarm_about_what_does_not_work_marks_no_event(
    silent: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert reading.records(silent)
    monkeypatch.setenv("AUDIT_STORE", str(silent.path))
    assert recent.in_view(EventFilter()) == []
