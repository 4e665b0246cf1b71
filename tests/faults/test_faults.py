"""A share of the faults, chosen with a fixed seed, a larger one in a campaign; `make faults` runs all of them."""

from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path

import pytest

from tests.conftest import rest_in_campaign
from tests.faults import damage, disk_full, mutants, trials
from tests.faults.__main__ import CODE, Results
from tests.faults.client import Client
from tests.faults.trials import Trial
from tests.faults.workloads import WORKLOADS

pytestmark = pytest.mark.processes
# "group" makes a few calls alone.
LONG = [name for name in WORKLOADS if name != "group"]
# "command" appends and folds.
DIFFERENT = [name for name in LONG if name != "command"]


def failures(client: Client, chosen: Iterable[Trial]) -> Iterator[tuple[Trial, list[str]]]:
    """The trials after which something did not hold, and what."""
    for trial in chosen:
        result = client.trial(**trial)
        if result["problems"]:
            yield trial, result["problems"]


def share(everything: list[Trial], campaign: bool, ordinary: int, in_campaign: int) -> list[Trial]:
    """Some of the trials, by chance; more of them in a campaign."""
    return trials.share(everything, in_campaign if campaign else ordinary)


@pytest.mark.parametrize("workload", rest_in_campaign(DIFFERENT, LONG))
def test_a_fault_at_any_call_loses_and_doubles_nothing_and_the_next_fold_succeeds(
    client: Client, campaign: bool, workload: str
) -> None:
    calls = trials.syscalls(client, workload)
    assert len(calls) > 20
    is_essential = workload in ("append", "create", "fold")
    chosen = share(
        trials.one_each(calls), campaign, 2 if is_essential else 1, len(calls) if is_essential else 8
    )
    assert list(failures(client, chosen)) == []


FAILED_APPENDS = [
    *(("group", "SHORT_ON"), ("append_many", "EIO_ON"), ("command", "ENOSPC_ON"), ("import", "EIO_ONCE")),
    ("mark", "EIO_ON"),
]
ALL_FAILED_APPENDS = product(
    ("group", "append_many", "command", "import", "mark"), ("EIO_ONCE", "EIO_ON", "ENOSPC_ON", "SHORT_ON")
)


@pytest.mark.parametrize(("workload", "fault"), rest_in_campaign(FAILED_APPENDS, ALL_FAILED_APPENDS))
def test_the_word_for_a_failed_append_is_true(
    client: Client, campaign: bool, workload: str, fault: str
) -> None:
    calls = trials.syscalls(client, workload)
    possible = [trial for of_call in calls for trial in of_call if trial["fault"] == fault]
    assert list(failures(client, share(possible, campaign, 1, 15))) == []


def test_a_workload_makes_the_same_calls_every_time(client: Client) -> None:
    kills = [calls[2] | {"fault": "KILL_BEFORE"} for calls in trials.syscalls(client, "append")[::20]]
    assert all(client.trial(**kill)["happened"] for kill in kills)


@pytest.mark.parametrize("workload", rest_in_campaign(DIFFERENT, LONG))
def test_a_power_loss_keeps_what_was_acknowledged(client: Client, campaign: bool, workload: str) -> None:
    images = trials.images(client, workload, seeds=1)
    assert len(images) > 10
    assert list(failures(client, share(images, campaign, 1, 5))) == []


def test_a_kill_at_any_moment_loses_and_doubles_nothing(client: Client, campaign: bool) -> None:
    assert list(failures(client, trials.kills(5 if campaign else 1))) == []


@pytest.mark.parametrize("target", damage.TARGETS)
def test_damage_is_never_silent_and_ends_no_command_with_a_bare_exception(
    client: Client, campaign: bool, target: str
) -> None:
    assert list(failures(client, share(trials.damages([target], 2), campaign, 2, 6))) == []


@pytest.mark.skipif(not disk_full.CAN_MOUNT, reason="only root may mount a small file system")
def test_a_full_disk_loses_nothing(client: Client, campaign: bool) -> None:
    levels = [16, 272, 1424, 2512] if campaign else [272]
    assert list(failures(client, trials.disks_full(levels))) == []


@pytest.mark.parametrize("mutant", [name for name in mutants.MUTANTS if name])
def test_a_mutant_is_caught(client: Client, mutant: str) -> None:
    assert next(failures(client, trials.against(client, mutant)), None) is not None


def test_a_run_of_all_faults_goes_on_where_it_was_broken_off(tmp_path: Path) -> None:
    for folder in CODE:
        (tmp_path / folder).mkdir(parents=True)
    code, path = tmp_path / CODE[0] / "store.py", tmp_path / "results.jsonl"
    code.write_text("one = 1")
    every = trials.kills(3)
    begun = Results(path, lambda: every, tmp_path)
    begun.add(every[1], {"happened": 1, "problems": []})
    with path.open("a") as file:
        file.write('[{"kind": "ki')
    went_on = Results(path, lambda: pytest.fail("the trials are in the file"), tmp_path)
    assert went_on.trials == every
    assert went_on.left(every) == [every[0], every[2]]
    assert list(went_on.of(every)) == [(every[1], {"happened": 1, "problems": []})]
    code.write_text("one = 2")
    assert Results(path, lambda: every, tmp_path).left(every) == every
