"""Which trials there are: every call with every fault, and what else is done to the product."""

import random
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import product
from queue import SimpleQueue
from typing import Any

from tests.faults.client import Client
from tests.faults.damage import HOWS

SEED = 11
SEEDS = 12
"""How many images there are of each choice by chance."""
Trial = dict[str, Any]


@cache
def syscalls(client: Client, workload: str, mutant: str = "") -> list[list[Trial]]:
    """The trials of a workload, those of one call in a list of their own."""
    possible = client.trial("faults", workload=workload, mutant=mutant)["values"]
    return [
        [
            {"kind": "syscall", "workload": workload, "call": call, "fault": fault, "mutant": mutant}
            for fault in faults
        ]
        for call, faults in enumerate(possible, start=1)
    ]


def images(client: Client, workload: str, seeds: int, mutant: str = "") -> list[Trial]:
    """What may be on disk after a power loss at any call of a workload; `seeds` for each choice by chance."""
    different = client.trial("images", workload=workload, seeds=seeds, mutant=mutant)["values"]
    names = ("call", "choice", "seed")
    return [
        {"kind": "image", "workload": workload, "mutant": mutant} | dict(zip(names, values, strict=True))
        for values in different
    ]


def kills(rounds: int) -> list[Trial]:
    """Kills at moments by chance."""
    return [{"kind": "kill", "seed": SEED + number} for number in range(rounds)]


def damages(targets: Iterable[str], places: int, mutant: str = "") -> list[Trial]:
    """Damage of each kind at some places of each target."""
    return [
        {"kind": "damage", "target": target, "how": how, "seed": SEED + place, "mutant": mutant}
        for target, how, place in product(targets, HOWS, range(places))
    ]


def disks_full(levels: Iterable[int]) -> list[Trial]:
    """File systems of these sizes, in kilobytes."""
    return [{"kind": "disk_full", "kilobytes": level} for level in levels]


def against(client: Client, mutant: str) -> Iterable[Trial]:
    """The trials that are to notice a mutant."""
    if mutant == "no sync" or mutant == "segments removed before the checkpoint":
        possible = images(client, "append", 1, mutant)
        return share(possible, len(possible))
    if mutant == "checkpoints without a journal":
        # Most checkpoints happen late, and few torn blocks are torn where they changed.
        torn = [trial for trial in images(client, "create", SEEDS, mutant) if trial["choice"] == "part"]
        return reversed(torn)
    if mutant == "batch flag ignored":
        return damages(["batch"], 10, mutant)
    if mutant == "checksums ignored":
        return damages(["appended"], 10, mutant)
    calls = syscalls(client, "fold", mutant)
    return (trial for of_call in calls for trial in of_call if trial["fault"] == "KILL_AFTER")


def one_each(groups: Iterable[list[Trial]]) -> list[Trial]:
    """One trial of each group, by chance."""
    choice = random.Random(SEED)
    return [choice.choice(group) for group in groups]


def share(everything: list[Trial], size: int) -> list[Trial]:
    """Some of the trials, by chance."""
    return random.Random(SEED).sample(everything, min(size, len(everything)))


def run(clients: list[Client], everything: Iterable[Trial], done: Callable[[Trial, Trial], object]) -> None:
    """Give trials to whichever client is free, and each with its result to `done`."""
    free: SimpleQueue[Client] = SimpleQueue()
    for client in clients:
        free.put(client)

    def give(trial: Trial) -> None:
        client = free.get()
        try:
            result = client.trial(**trial)
        finally:
            free.put(client)
        done(trial, result)

    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(give, everything))
