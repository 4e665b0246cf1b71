"""Sends alarms in the background, to each receiver in a thread of its own."""

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from alarms.delivery.outbox import Sink
from alarms.delivery.receivers import configured
from alarms.delivery.record_messages import deliver_recent
from audit_store.engines.registry import open_store
from audit_store.local_time import now
from audit_store.state import deliveries

RETRY = 60.0
"""Seconds between looks at what is due again."""
STOP_PATIENCE = 2.0
"""Seconds to wait for a message that is being sent; it is sent again after the next start."""

_log = logging.getLogger(__name__)


class DeliveryThreads:
    """Sends what is new to each of the `receivers` whenever `wake` is called, and later what failed.

    A receiver that hangs holds up neither the caller nor other receivers.
    """

    def __init__(self, store: Path, receivers: Callable[[], Sequence[Sink]] = configured) -> None:
        self._store, self._receivers = store, receivers
        self._senders: dict[str, _Sender] = {}

    def __enter__(self) -> "DeliveryThreads":
        return self

    def __exit__(self, *_: object) -> None:
        for sender in self._senders.values():
            sender.stop()
        for sender in self._senders.values():
            sender.join(STOP_PATIENCE)

    def wake(self) -> None:
        """Send what is new; returns at once."""
        for sink in self._receivers():
            if sink.name not in self._senders:
                self._senders[sink.name] = _Sender(self._store, sink)
                self._senders[sink.name].start()
            self._senders[sink.name].wake()


class _Sender(threading.Thread):
    """Sends to one receiver until it is stopped."""

    def __init__(self, store: Path, sink: Sink) -> None:
        super().__init__(name=f"audit-delivery {sink.name}", daemon=True)
        self._store, self._sink = store, sink
        self._woken, self._is_stopping = threading.Event(), False
        self._problems = ""

    def wake(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        self._is_stopping = True
        self._woken.set()

    def run(self) -> None:
        while True:
            is_woken = self._woken.wait(RETRY)
            self._woken.clear()
            if self._is_stopping:
                return
            try:
                problems = self._send() if is_woken or self._is_waiting() else self._problems
            except Exception as error:
                problems = str(error)
            if problems and problems != self._problems:
                _log.warning("%s", problems)
            self._problems = problems

    def _send(self) -> str:
        """Send what is new and due; gives why messages have not arrived."""
        results = deliver_recent(open_store(self._store), [self._sink], now())
        return "; ".join(problem for result in results for problem in result.problems)

    def _is_waiting(self) -> bool:
        backlogs = deliveries.backlogs(self._store)
        return any(backlog.sink == self._sink.name and backlog.waiting for backlog in backlogs)
