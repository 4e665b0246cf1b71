"""Sends alarms in the background, to each receiver in a thread of its own."""

from collections.abc import Callable, Sequence
from pathlib import Path

from alarms.delivery.outbox import Sink
from alarms.delivery.receivers import configured
from alarms.delivery.record_messages import deliver_recent
from audit_store.background_thread import BackgroundThread
from audit_store.engines.registry import open_store
from audit_store.local_time import now

RETRY = 60.0
"""Seconds between looks at what is due again."""
STOP_PATIENCE = 2.0
"""Seconds to wait for a message that is being sent; it is sent again after the next start."""


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


class _Sender(BackgroundThread):
    """Sends to one receiver until it is stopped."""

    def __init__(self, store: Path, sink: Sink) -> None:
        super().__init__(f"audit-delivery {sink.name}", f"sending the alarms of {store}")
        self._store, self._sink = store, sink

    def _pause(self, worked: float) -> float:
        return RETRY

    def _turn(self) -> str | None:
        """Send what is new and due; gives why messages have not arrived."""
        results = deliver_recent(open_store(self._store), [self._sink], now())
        return "; ".join(problem for result in results for problem in result.problems) or None
