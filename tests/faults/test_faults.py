"""A share of the faults, chosen with a fixed seed; `make faults` runs all of them."""

from collections.abc import Iterable, Iterator

import pytest

from tests.faults import damage, disk_full, mutants, trials
from tests.faults.client import Client
from tests.faults.trials import Trial
from tests.faults.workloads import WORKLOADS

pytestmark = pytest.mark.processes
# "group" makes a few calls alone.
LONG = [name for name in WORKLOADS if name != "group"]


def failures(client: Client, chosen: Iterable[Trial]) -> Iterator[tuple[Trial, list[str]]]:
    """The trials after which something did not hold, and what."""
    for trial in chosen:
        result = client.trial(**trial)
        if result["problems"]:
            yield trial, result["problems"]


@pytest.mark.parametrize("workload", LONG)
def test_a_fault_at_any_call_loses_and_doubles_nothing_and_the_next_fold_succeeds(
    client: Client, workload: str
) -> None:
    calls = trials.syscalls(client, workload)
    assert len(calls) > 20
    chosen = trials.one_each(calls)
    if workload not in ("append", "create", "fold"):
        chosen = trials.share(chosen, 8)
    assert list(failures(client, chosen)) == []


@pytest.mark.parametrize("fault", ["EIO_ONCE", "EIO_ON", "ENOSPC_ON", "SHORT_ON"])
@pytest.mark.parametrize("workload", ["group", "append_many", "command", "import", "mark"])
def test_the_word_for_a_failed_append_is_true(client: Client, workload: str, fault: str) -> None:
    calls = trials.syscalls(client, workload)
    chosen = [trial for possible in calls for trial in possible if trial["fault"] == fault]
    assert list(failures(client, trials.share(chosen, 15))) == []


def test_a_workload_makes_the_same_calls_every_time(client: Client) -> None:
    kills = [calls[2] | {"fault": "KILL_BEFORE"} for calls in trials.syscalls(client, "append")[::10]]
    assert all(client.trial(**kill)["happened"] for kill in kills)


@pytest.mark.parametrize("workload", LONG)
def test_a_power_loss_keeps_what_was_acknowledged(client: Client, workload: str) -> None:
    images = trials.images(client, workload, seeds=1)
    assert len(images) > 10
    assert list(failures(client, trials.share(images, 5))) == []


def test_a_kill_at_any_moment_loses_and_doubles_nothing(client: Client) -> None:
    assert list(failures(client, trials.kills(5))) == []


@pytest.mark.parametrize("target", damage.TARGETS)
def test_damage_is_never_silent(client: Client, target: str) -> None:
    assert list(failures(client, trials.damages([target], 2))) == []


@pytest.mark.parametrize("target", damage.TARGETS)
def test_damage_ends_no_command_with_a_bare_exception(client: Client, target: str) -> None:
    found = [text for _, problems in failures(client, trials.damages([target], 1)) for text in problems]
    assert [text for text in found if text.startswith("bare")] == []


@pytest.mark.skipif(not disk_full.CAN_MOUNT, reason="only root may mount a small file system")
@pytest.mark.parametrize("kilobytes", [16, 272, 1424, 2512])
def test_a_full_disk_loses_nothing(client: Client, kilobytes: int) -> None:
    assert list(failures(client, trials.disks_full([kilobytes]))) == []


@pytest.mark.parametrize("mutant", [name for name in mutants.MUTANTS if name])
def test_a_mutant_is_caught(client: Client, mutant: str) -> None:
    assert next(failures(client, trials.against(client, mutant)), None) is not None
