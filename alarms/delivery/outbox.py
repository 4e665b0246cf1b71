"""Sends each alarm to a receiver until the receiver acknowledges or refuses it, and then never again.

A message that fails for the time being is sent again, after ever longer pauses. One that its receiver refuses for good
is a dead letter, which is sent again on request only. Neither holds up the messages after it.

A message is stored beside the store (`audit_store.state.deliveries`) before it is sent, and its acknowledgement
afterwards. Where the acknowledgement is lost, the message is sent again with the same bytes and the same key, so that
a receiver that heeds `Idempotency-Key` acts on it once.
"""

import heapq
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from audit_store.errors import AuditStoreError
from audit_store.local_time import now
from audit_store.quantities import counted
from audit_store.state import deliveries
from audit_store.state.deliveries import Delivery, Message

RUN_SECONDS = 300.0
"""Seconds after which a run begins to send no further message: the next run, which waits for it, goes on."""
PATIENCE = 20.0
"""Seconds for which a run waits to send a message again; later attempts are left to the next run."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 3600.0
"""Seconds between attempts to send a message: each pause is twice as long as the one before, up to the longest."""
LONGEST_WAIT = 86_400.0
"""Seconds that a receiver can ask to wait at most (Retry-After)."""
UNREACHABLE = 3
"""So many messages in a row that find nobody end a run: each may take `deadline.TIMEOUT`."""

Send = Callable[[Message], None]
"""Returns once the receiver has the message; raises NotDelivered."""


class NotDelivered(AuditStoreError):
    """The receiver did not acknowledge a message, which stays due; says why.

    `retry_after` is how long the receiver asks to wait, in seconds; `is_reached` whether anybody answered.
    """

    def __init__(self, problem: str, *, retry_after: float = 0.0, is_reached: bool = False) -> None:
        super().__init__(problem)
        self.retry_after, self.is_reached = retry_after, is_reached


class Refused(NotDelivered):
    """The receiver will never take a message as it is; says why."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem, is_reached=True)


@dataclass(frozen=True)
class Sink:
    """A receiver. `name` tells it from others and is written beside the store: never a URL, which may be secret."""

    name: str
    send: Send


@dataclass(frozen=True)
class DeliveryResult:
    """How many messages were `delivered`, and why others were not."""

    delivered: int
    problems: tuple[str, ...]


def send_new(
    store: Path, sink: Sink, new_messages: Callable[[Sequence[Message]], Sequence[Message]]
) -> DeliveryResult:
    """Send what `new_messages` adds to the earlier messages of a receiver, and what an earlier run left due.

    Programs that deliver to the same receiver take turns. What fails is tried again within PATIENCE, and then by a
    later run, when its pause is over; so is what is left after RUN_SECONDS, or once UNREACHABLE messages found nobody.
    Raises StoreBusy where another program sends for longer than `deliveries.SENDER_WAIT`, and AuditStoreError where
    the deliveries cannot be stored.
    """
    with deliveries.one_sender(store, sink.name):
        earlier = [delivery.message for delivery in deliveries.read(store, sink.name)]
        stored = deliveries.add(store, sink.name, new_messages(earlier))
        arrived = _send_all(store, sink, [delivery for delivery in stored if _is_due(delivery)])
    return DeliveryResult(arrived, _problems(deliveries.read(store, sink.name)))


def _send_all(store: Path, sink: Sink, due: Sequence[Delivery]) -> int:
    """Send messages, those that fail again after their pauses; gives how many arrived."""
    begin, arrived, unreached = time.monotonic(), 0, 0
    queue = [(_seconds_until(delivery.next_at), delivery.id, delivery) for delivery in due]
    heapq.heapify(queue)
    while queue and unreached < UNREACHABLE:
        ready, _, delivery = heapq.heappop(queue)
        if ready > PATIENCE or time.monotonic() - begin > RUN_SECONDS:
            break
        time.sleep(max(begin + ready - time.monotonic(), 0))
        try:
            sink.send(delivery.message)
        except Refused as error:
            deliveries.refuse(store, delivery, str(error))
            unreached = 0
        except NotDelivered as error:
            pause = max(_pause(delivery.failures), min(error.retry_after, LONGEST_WAIT))
            deliveries.postpone(store, delivery, now() + timedelta(seconds=pause), str(error))
            failed = delivery._replace(failures=delivery.failures + 1)
            heapq.heappush(queue, (time.monotonic() - begin + pause, delivery.id, failed))
            unreached = 0 if error.is_reached else unreached + 1
        else:
            deliveries.acknowledge(store, delivery)
            arrived, unreached = arrived + 1, 0
    return arrived


def _seconds_until(moment: datetime | None) -> float:
    return 0.0 if moment is None else max((moment - now()).total_seconds(), 0.0)


def _pause(failures: int) -> float:
    """Seconds before the next attempt; random, so that senders that failed together do not return together."""
    longest = min(FIRST_PAUSE * 2.0 ** min(failures, 30), LONGEST_PAUSE)
    return random.uniform(longest / 2, longest)  # noqa: S311 - no secret


def _is_due(delivery: Delivery) -> bool:
    return not delivery.is_delivered and delivery.refused_at is None


def _problems(stored: Sequence[Delivery]) -> tuple[str, ...]:
    """Why messages have not arrived, and what becomes of them, one line for each reason."""
    left = Counter(
        (delivery.answer, delivery.refused_at is not None) for delivery in stored if not delivery.is_delivered
    )
    return tuple(
        _problem(answer, counted(alarms, "alarm"), refused) for (answer, refused), alarms in left.items()
    )


def _problem(answer: str, alarms: str, refused: bool) -> str:
    if refused:
        return f"{answer}: {alarms} refused; mend the receiver, then run python -m alarms resend"
    return f"{answer}: {alarms} to be sent again" if answer else f"{alarms} left for the next run"
