"""Roll-ups agree with the events after any folds and steps of upkeep, and are built anew where they do not."""

import random
import shutil
import subprocess
import sys
import tarfile
import time
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_store.__main__ import main
from audit_store.engines.duckdb.rollups import check, compaction, upkeep
from audit_store.engines.duckdb.rollups.rollup import NAMES
from audit_store.engines.duckdb.store import Store
from audit_store.engines.protocol import Query
from audit_store.filters import EventFilter
from ingest import append_many, fold_scheduler
from ingest.fold import fold
from ingest.fold_scheduler import FoldingThread
from tests import ROOT, forked
from tests.audit_store.engines.duckdb.rollups import worlds
from tests.conftest import Fill, examples, in_campaign
from tests.test_version_0_1_0 import ARCHIVE

LOGINS = ("Login",)
# https://duckdb.org/docs/stable/internals/storage: three headers, then blocks.
FIRST_BLOCK, BLOCK_BYTES = 3 * 4096, 1 << 18
BATCH, STEP = 5, 12


def set_small_batches(patch: pytest.MonkeyPatch) -> None:
    for module, name, value in (
        (upkeep, "BATCH", BATCH),
        (upkeep, "STEP", STEP),
        (compaction, "LEAST_ROWS", 10),
        (compaction, "STEP_ROWS", 6),
    ):
        patch.setattr(module, name, value)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    set_small_batches(monkeypatch)


@pytest.fixture(scope="module")
def folded(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store of STEP events, to be copied."""
    folded = Store(tmp_path_factory.mktemp("folded") / "audit.duckdb")
    with pytest.MonkeyPatch.context() as patch:
        set_small_batches(patch)
        fold_events(folded, STEP, random.Random(3))
    return folded


def covered(store: Store) -> dict[str, int]:
    frame = store.run(Query("SELECT name, covered FROM rollups"))
    return dict(zip(frame["name"], frame["covered"], strict=True))


def fold_events(store: Store, events: int, dice: random.Random) -> None:
    fields = ("agent", "activity", "occurred_at", "outcome", "source")
    drawn = [worlds.random_event(dice) for _ in range(events)]
    append_many(
        [{name: getattr(event, name) for name in fields} for event in drawn], store=store.path, fold=False
    )
    fold(store.path)


def finish(store: Store, logins: tuple[str, ...] = LOGINS) -> int:
    """Do all steps that are due, with the file open; gives how many there were."""
    steps = 0
    with store.write() as connection:
        while upkeep.roll_up(connection, logins):
            steps += 1
            assert steps < 1000
    assert not store.roll_up(logins)
    return steps


def test_a_fold_covers_its_events_from_a_batch_on(store: Store) -> None:
    dice = random.Random(1)
    fold_events(store, BATCH - 1, dice)
    assert covered(store) == dict.fromkeys(NAMES[1:], 0)
    fold_events(store, 1, dice)
    assert covered(store) == dict.fromkeys(NAMES[1:], BATCH)
    fold_events(store, BATCH + 2, dice)
    assert covered(store) == dict.fromkeys(NAMES[1:], 2 * BATCH + 2)
    assert store.check() == []


@settings(max_examples=examples(40))
@given(
    st.randoms(use_true_random=False),
    st.lists(
        st.integers(1, 30)
        | st.just("step")
        | st.just("finish")
        | st.sampled_from([("Login",), ("Journey saved",)]),
        min_size=1,
        max_size=8,
    ),
)
def test_roll_ups_agree_with_the_events_after_any_steps(
    tmp_path_factory: pytest.TempPathFactory, dice: random.Random, work: list[int | str | tuple[str, ...]]
) -> None:
    store, logins = Store(tmp_path_factory.mktemp("store") / "audit.duckdb"), LOGINS
    fold_events(store, 1, dice)
    for part in work:
        if isinstance(part, int):
            fold_events(store, part, dice)
        elif isinstance(part, tuple):
            logins = part
        elif part == "step":
            store.roll_up(logins)
        else:
            finish(store, logins)
        assert store.check() == []


def test_compaction_adds_up_cells_of_the_same_bucket(store: Store) -> None:
    dice = random.Random(2)
    for _ in range(12):
        fold_events(store, BATCH, dice)
    before = rows(store)
    assert finish(store) > 4
    assert rows(store)["events_by_agent_and_day"] < before["events_by_agent_and_day"]
    assert store.check() == []
    assert finish(store) == 0


def rows(store: Store) -> dict[str, int]:
    with store.read() as reader:
        return {name: reader.one(Query(f"SELECT count(*) FROM {name}"))[0] for name in NAMES[1:]}


DAMAGES = [
    "UPDATE {name} SET events = events + 1",
    "DELETE FROM {name}",
    "DROP TABLE {name}",
    "INSERT INTO {name} FROM {name}",
    "DELETE FROM rollups WHERE name = '{name}'",
    "UPDATE rollups SET covered = covered + 100 WHERE name = '{name}'",
]


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        *((NAMES[1], damage) for damage in DAMAGES),
        *((name, DAMAGES[0]) for name in NAMES[2:]),
        *in_campaign(*product(NAMES[2:], DAMAGES[1:])),
    ],
)
def test_damaged_roll_ups_are_named_and_built_anew(
    store: Store, folded: Store, name: str, damage: str
) -> None:
    shutil.copyfile(folded.path, store.path)
    if damage.startswith("UPDATE rollups"):
        finish(store)
    with store.write() as connection:
        connection.execute(damage.format(name=name))
    if not damage.startswith("DROP"):
        assert [sentence.split(":")[0] for sentence in store.check()] == [name]
    finish(store)
    assert store.check() == []
    assert covered(store) == dict.fromkeys(NAMES[1:], STEP)


def test_cells_in_the_wrong_place_are_named(store: Store) -> None:
    fold_events(store, 30, random.Random(4))
    with store.write() as connection:
        connection.execute("UPDATE events_by_agent_and_day SET agent = 'eve' WHERE agent = 'ünal'")
    [sentence] = store.check()
    assert sentence.startswith("events_by_agent_and_day: ")


def test_other_quarters_of_an_hour_are_named_and_counted_anew(store: Store) -> None:
    fold_events(store, 30, random.Random(8))
    with store.write() as connection:
        connection.execute(
            "UPDATE events_by_agent_and_day SET quarter_hours = list_transform(quarter_hours, lambda n: 95)"
        )
    [sentence] = store.check()
    assert sentence.startswith("events_by_agent_and_day: ")
    with store.write() as connection:
        connection.execute("UPDATE events_by_agent_and_day SET quarter_hours = []")
    finish(store)
    assert store.check() == []


def damage_blocks(store: Store, name: str) -> int:
    """Flip a byte in each block that holds values of a table and of no other; gives how many blocks these are."""
    blocks = {table: blocks_of(store, table) for table in (*NAMES, "events")}
    own = blocks.pop(name) - set.union(*blocks.values())
    data = bytearray(store.path.read_bytes())
    for block in own:
        data[FIRST_BLOCK + block * BLOCK_BYTES + BLOCK_BYTES // 2] ^= 0x55
    store.path.write_bytes(data)
    return len(own)


def blocks_of(store: Store, table: str) -> set[int]:
    listed = Query(
        f"SELECT DISTINCT block_id FROM pragma_storage_info('{table}') WHERE persistent AND block_id >= 0"
    )
    with store.read() as reader:
        return {row["block_id"] for row in reader.arrow(listed).to_pylist()}


@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_block_of_a_roll_up_is_noticed_and_the_roll_up_built_anew(
    store: Store, folded: Store, name: str
) -> None:
    shutil.copyfile(folded.path, store.path)
    summary = store.run(store.queries.summary(EventFilter()))
    assert damage_blocks(store, name)
    if name in NAMES[1:]:
        assert store.check() == [f"{name}: it cannot be read"]
    fold_events(store, 2, random.Random(9))
    finish(store)
    assert store.check() == []
    assert set(covered(store)) == set(NAMES[1:])
    assert (store.run(store.queries.summary(EventFilter()))["events"] == summary["events"] + 2).all()


def test_other_logins_are_counted_anew(store: Store) -> None:
    fold_events(store, 30, random.Random(5))
    assert store.roll_up(("Login", "User deleted"))
    assert covered(store)["logins_by_quarter_hour"] == 0
    finish(store, ("User deleted", "Login"))
    assert covered(store)["logins_by_quarter_hour"] == 30
    assert store.check() == []


@pytest.fixture
def old(tmp_path: Path) -> Store:
    """A store that version 0.1.0 made."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extract("audit.duckdb", tmp_path, filter="data")
    return Store(tmp_path / "audit.duckdb")


def test_a_store_without_roll_ups_is_read_at_once_and_gets_them(old: Store) -> None:
    events = old.run(old.queries.extent())["events"][0]
    assert events
    summary = old.queries.summary(EventFilter())
    assert old.run(summary)["events"][0] == events
    assert old.check() == []
    finish(old)
    assert set(covered(old).values()) <= set(range(events - BATCH + 1, events + 1))
    assert old.run(summary)["events"][0] == events
    assert old.check() == []


@pytest.mark.parametrize("name", NAMES[1:])
def test_a_store_gets_the_roll_up_that_it_lacks_and_keeps_the_others(store: Store, name: str) -> None:
    fold_events(store, 30, random.Random(5))
    finish(store)
    others = {other: rows for other, rows in covered(store).items() if other != name}
    with store.write() as connection:
        connection.execute(f"DROP TABLE {name}")
    with store.write():
        pass
    assert covered(store) == others | {name: 0}
    finish(store)
    assert store.check() == []


def test_a_dashboard_builds_roll_ups_while_nothing_waits(old: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fold_scheduler, "ROLL_UP_EVERY", 0.05)
    logins = ("Login", "User deleted")
    with FoldingThread(old.path, interval=0.01, logins=lambda: logins) as thread:
        end = time.monotonic() + 60
        while time.monotonic() < end and not is_covered(old, logins):
            time.sleep(0.05)
    assert (is_covered(old, logins), old.check(), thread.error) == (True, [], None)


def is_covered(store: Store, logins: tuple[str, ...]) -> bool:
    """Whether there are roll-ups, of these logins, that cover all events but a batch."""
    with store.read() as reader:
        events, *_ = reader.one(store.queries.extent())
        states = reader.arrow(Query("SELECT covered, activities FROM rollups")).to_pylist()
    counted = {tuple(state["activities"]) for state in states if state["activities"] is not None}
    return counted == {tuple(sorted(logins))} and all(state["covered"] > events - BATCH for state in states)


STEPS = """
import sys
from audit_store.engines.duckdb.rollups import compaction, upkeep
from audit_store.engines.duckdb.store import Store
upkeep.BATCH, upkeep.STEP, compaction.LEAST_ROWS, compaction.STEP_ROWS = 5, 12, 10, 6
while Store(sys.argv[1]).roll_up(["Login"]):
    print(flush=True)
"""


@pytest.mark.processes
@pytest.mark.parametrize("steps", [4, *in_campaign(2, 9)])
def test_roll_ups_agree_with_the_events_after_a_kill(store: Store, fill: Fill, steps: int) -> None:
    dice = random.Random(6)
    fill(store, [worlds.random_event(dice) for _ in range(60)])
    command = [sys.executable, "-c", STEPS, str(store.path)]
    with forked.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(steps):
            process.stdout.readline()
        time.sleep(dice.random() * 0.1)
        process.kill()
    assert store.check() == []
    assert max(covered(store).values()) > 0


@pytest.mark.parametrize("events", [1, 7, 50])
def test_a_check_compares_whole_buckets(
    store: Store, fill: Fill, monkeypatch: pytest.MonkeyPatch, events: int
) -> None:
    monkeypatch.setattr(check, "STRETCH_EVENTS", events)
    dice = random.Random(8)
    fill(store, [worlds.random_event(dice, days=40) for _ in range(100)])
    worlds.cover(store, 100)
    assert store.check() == []


def test_the_command_names_what_does_not_agree(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    fold_events(store, 10, random.Random(7))
    assert main(["check", "--store", str(store.path)]) == 0
    assert "the roll-ups and alarms agree with the events" in capsys.readouterr().out
    with store.write() as connection:
        connection.execute("UPDATE events_by_agent_and_day SET events = 2 * events")
    assert main(["check", "--store", str(store.path)]) == 1
    assert "events_by_agent_and_day: " in capsys.readouterr().out
