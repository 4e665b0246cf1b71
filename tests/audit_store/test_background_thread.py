"""Work in the background: it is repeated, says why it failed, can be woken, and ends."""

import logging
import queue
import threading
from collections.abc import Iterator

import pytest

from audit_store.background_thread import BackgroundThread
from audit_store.errors import StoreBusy, StoreCorrupt

HOUR = 3600.0
PATIENCE = 30.0


class Scripted(BackgroundThread):
    """A thread whose turns go as the test says, and rest for as long as `rest` says."""

    def __init__(self, rest: float = 0.0) -> None:
        super().__init__("audit-test", "testing")
        self.outcomes: queue.SimpleQueue[str | Exception | None] = queue.SimpleQueue()
        self.turns: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.rest, self.begun = rest, 0

    def _turn(self) -> str | None:
        self.turns.put(self.begun)
        self.begun += 1
        outcome = self.outcomes.get(timeout=PATIENCE)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def _pause(self, worked: float) -> float:
        return self.rest

    def go(self, outcome: str | Exception | None) -> tuple[str | None, int]:
        """Let one turn end so; gives the error and the failures that are noted when the next one has begun."""
        self.outcomes.put(outcome)
        self.turns.get(timeout=PATIENCE)
        return self.error, self.failures


@pytest.fixture
def thread() -> Iterator[Scripted]:
    """A thread that is in its first turn."""
    with Scripted() as thread:
        thread.turns.get(timeout=PATIENCE)
        yield thread
        thread.stop()
        thread.outcomes.put(None)


def test_an_error_stays_until_a_turn_succeeds(thread: Scripted) -> None:
    assert thread.go("a receiver is away") == ("a receiver is away", 1)
    assert thread.go(StoreCorrupt("broken")) == ("broken", 2)
    assert thread.go(None) == (None, 0)


def test_a_reason_is_logged_once_and_an_unknown_one_with_its_traceback(
    thread: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    for outcome in ("away", "away", StoreCorrupt("broken"), ZeroDivisionError("by zero"), None, "away"):
        thread.go(outcome)
    messages = [(record.getMessage(), record.exc_info is not None) for record in caplog.records]
    assert messages == [
        ("testing: away", False),
        ("testing: broken", False),
        ("testing: by zero", True),
        ("testing: away", False),
    ]
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


def test_a_store_that_is_busy_is_an_error_that_is_not_logged(
    thread: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    assert thread.go(StoreBusy("another program has it"))[0] == "another program has it"
    assert not caplog.records


def test_a_pause_ends_when_the_thread_is_woken_or_stopped() -> None:
    with Scripted(rest=HOUR) as thread:
        thread.outcomes.put(None)
        thread.wake()
        assert thread.turns.get(timeout=PATIENCE) == 0
    assert thread.begun == 1
    assert "audit-test" not in {running.name for running in threading.enumerate()}
