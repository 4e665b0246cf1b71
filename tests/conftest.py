"""Options, Hypothesis profiles and fixtures for all tests; stores are real files in temporary folders."""

import gc
import itertools
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from audit_store.engines.duckdb import creation
from audit_store.engines.duckdb.store import Store
from audit_store.event import Event, fresh_id

pytest_plugins = ["tests.cpu_time"]
RECORDED_AT = datetime(2026, 3, 14, 12, tzinfo=UTC)
# More than a test compares with each other: each has its own id.
EMPTY_STORES = 8
CREATE = Store._create
Fill = Callable[[Store, Iterable[Event]], Store]

# Examples read and write real files, so the time of one of them depends on the disk: no limits of time. An ordinary
# run takes the same examples every time, so that its result depends on the code alone; a campaign draws new ones.
CAMPAIGN_EXAMPLES = 100
ANY_TIME: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile(
    "ordinary", max_examples=CAMPAIGN_EXAMPLES // 20, derandomize=True, database=None, **ANY_TIME
)
settings.register_profile("campaign", max_examples=CAMPAIGN_EXAMPLES, **ANY_TIME)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --campaign."""
    parser.addoption(
        "--campaign",
        action="store_true",
        help="run the properties and the kill tests with all their examples and rounds (takes an hour)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Load the Hypothesis profile before the test modules are imported, which scale it with `examples`."""
    settings.load_profile("campaign" if config.getoption("--campaign") else "ordinary")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the longest tests, so that no process is left alone with them at the end.

    Tests and parameters with the mark `campaign` run in a campaign only.
    """
    if not config.getoption("--campaign"):
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("campaign")])
        items[:] = [item for item in items if not item.get_closest_marker("campaign")]
    items.sort(key=lambda item: [item.get_closest_marker(mark) is None for mark in ("browser", "processes")])


def pytest_collection_finish() -> None:
    """Modules and collected tests stay to the end; the garbage collector need not look at them again and again."""
    gc.collect()
    gc.freeze()


def examples(in_campaign: int, least: int = 5) -> int:
    """The `max_examples` of a property: so many in a campaign, otherwise a twentieth, but at least `least`."""
    return max(in_campaign * settings().max_examples // CAMPAIGN_EXAMPLES, least)


def in_campaign(*cases: Any) -> list[Any]:
    """Cases of `parametrize` that run in a campaign only: others show the same behaviour."""
    return [
        pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.campaign)
        for case in cases
    ]


def rest_in_campaign(always: Sequence[Any], cases: Iterable[Any]) -> list[Any]:
    """Cases of `parametrize` of which those in `always` run always, and the rest in a campaign only."""
    return [*always, *in_campaign(*(case for case in cases if case not in always))]


@pytest.fixture(scope="session")
def campaign(pytestconfig: pytest.Config) -> bool:
    """Whether this is a campaign (`make campaign`), in which repeated kills and the like run all their rounds."""
    return bool(pytestconfig.getoption("--campaign"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store whose file does not exist yet."""
    return Store(tmp_path / "audit.duckdb")


@pytest.fixture(scope="session", autouse=True)
def _new_stores_are_copies() -> Iterator[None]:
    """To create a store takes 0.15 s, so this process creates a few; each new store is a copy of the next of them."""
    empty: list[bytes] = []
    copies = itertools.cycle(empty)

    def create(store: Store, file: Path, like: Path | None = None) -> None:
        if len(empty) < EMPTY_STORES:
            CREATE(store, file, like)
            empty.append(file.read_bytes())
        else:
            with creation.draft(file, like) as draft:
                draft.write_bytes(next(copies))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "_create", create)
        yield


@pytest.fixture
def real_creation(monkeypatch: pytest.MonkeyPatch) -> None:
    """New stores are created as outside of tests."""
    monkeypatch.setattr(Store, "_create", CREATE)


@pytest.fixture(scope="session")
def fill() -> Fill:
    """Append events to a store with plain INSERTs; `seq` continues without a gap. Returns the store."""
    return _fill


@pytest.fixture(scope="session")
def make_store(tmp_path_factory: pytest.TempPathFactory, fill: Fill) -> Callable[[Iterable[Event]], Store]:
    """Create a store with these events, once for each example of a property."""
    return lambda events: fill(Store(tmp_path_factory.mktemp("store") / "audit.duckdb"), events)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C interrupts this process and its children, as in a terminal; a background job ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def _fill(store: Store, events: Iterable[Event]) -> Store:
    with store.write() as connection:
        first = connection.execute("SELECT count(*) FROM events").fetchone()[0]
        rows = [_row(first + number, event) for number, event in enumerate(events)]
        placeholders = ", ".join(f"({', '.join('?' * len(row))})" for row in rows)
        if rows:
            connection.execute(
                f"INSERT INTO events VALUES {placeholders}", [value for row in rows for value in row]
            )
    return store


def _row(seq: int, event: Event) -> tuple[object, ...]:
    occurred_at = (event.occurred_at or RECORDED_AT).replace(tzinfo=None)
    times = (occurred_at, RECORDED_AT.replace(tzinfo=None))
    texts = (event.agent, event.activity, event.description, event.outcome, event.source_ip, event.target)
    return (seq, event.key or fresh_id(), *times, *texts, event.source, event.metadata)
