"""Runs one fault after another in forked children, and says after each what does not hold.

`python -m tests.faults.laboratory FOLDER`, with the shim loaded, reads a trial from each line of standard input, as
JSON, and answers with a result.
"""

import json
import os
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from audit_store.engines.duckdb.rollups import upkeep
from tests.faults import damage, disk_full, invariant, power_loss, shim, workloads
from tests.faults.children import BARE, HUNG, Outcome, fresh_copy, in_child
from tests.faults.damage import TARGETS
from tests.faults.mutants import MUTANTS
from tests.faults.power_loss import Disk
from tests.faults.shim import Call, Fault, Kind
from tests.faults.workloads import STORE, WORKLOADS, Report

KILLED_WITHIN = 0.4  # seconds
Change = Callable[[], object]


@dataclass
class Result:
    """What a trial gave: whether its fault happened, and what did not hold then, one sentence each."""

    happened: bool = True
    problems: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)


class Laboratory:
    """Trials in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._templates: dict[str, tuple[Path, list[str]]] = {}
        self._recordings: dict[tuple[str, str], tuple[list[Call], Outcome]] = {}

    def prepared(self, workload: str) -> tuple[Path, list[str]]:
        """A folder in which the workload may begin, and what was reported while it was prepared."""
        if workload not in self._templates:
            folder = self._folder / f"template-{workload}"
            folder.mkdir()
            outcome = in_child(partial(WORKLOADS[workload].prepare, folder))
            assert outcome.status == 0, outcome
            self._templates[workload] = folder, outcome.lines
        return self._templates[workload]

    def recorded(self, workload: str, mutant: str = "") -> tuple[list[Call], Outcome]:
        """The calls of a workload without a fault, notes included, and its outcome."""
        if (workload, mutant) not in self._recordings:
            work, _ = self._begin(workload)
            log = self._folder / f"{workload}{mutant}.log"
            with log.open("wb") as file:
                outcome = self._run(workload, work, mutant, partial(shim.watch, work, log=file.fileno()))
            self._recordings[workload, mutant] = list(shim.recorded(log)), outcome
        return self._recordings[workload, mutant]

    def _begin(self, workload: str) -> tuple[Path, list[str]]:
        template, lines = self.prepared(workload)
        return fresh_copy(template, self._folder / "work"), lines

    def _run(self, workload: str, work: Path, mutant: str, watch: Change) -> Outcome:
        def before() -> None:
            MUTANTS[mutant]()
            watch()

        return in_child(partial(WORKLOADS[workload].run, work), before)

    def checked(self, work: Path, lines: list[str], mutant: str = "") -> list[str]:
        """What does not hold in a folder after one ordinary fold."""

        def check(report: Report) -> None:
            expected = invariant.Expected.of(lines)
            store = work / STORE
            for problem in invariant.recover(store) or invariant.problems(store, expected):
                report.line(problem.replace("\n", " "))

        outcome = in_child(check, MUTANTS[mutant])
        return outcome.lines if outcome.status == 0 else [f"needs a person: the check ended so: {outcome}"]

    def faults(self, workload: str, mutant: str = "") -> Result:
        """The names of the faults that each call of a workload can have."""
        calls, _ = self.recorded(workload, mutant)
        return Result(
            values=[[fault.name for fault in call.faults()] for call in calls if call.kind != Kind.NOTE]
        )

    def images(self, workload: str, seeds: int = 1, mutant: str = "") -> Result:
        """What may be on disk after a power loss at any call, each image once: call, choice and seed."""
        seen: dict[tuple[int, int], list[Any]] = {}
        for call, lines, disk in self._disks(workload, mutant):
            for choice, seed in product(power_loss.CHOICES, range(seeds)):
                digest = hash(frozenset(disk.image(choice, seed).items()))
                seen.setdefault((digest, len(lines)), [call, choice, seed])
        return Result(values=list(seen.values()))

    def image(self, workload: str, call: int, choice: str, seed: int, mutant: str = "") -> Result:
        """Lose power after a call of a workload."""
        _, lines = self.prepared(workload)
        for number, acknowledged, disk in self._disks(workload, mutant):
            if number == call:
                work = self._folder / "work"
                shutil.rmtree(work, ignore_errors=True)
                work.mkdir()
                power_loss.write(disk.image(choice, seed), work)
                return Result(problems=self.checked(work, [*lines, *acknowledged], mutant))
        return Result(happened=False)

    def _disks(self, workload: str, mutant: str) -> Iterator[tuple[int, list[str], Disk]]:
        """The disk after each call that changed it, with the number of the call and what was reported by then."""
        template, _ = self.prepared(workload)
        calls, _ = self.recorded(workload, mutant)
        disk = Disk(template, self._folder / "work")
        lines: list[str] = []
        changed = False
        for number, call in enumerate([*calls, None]):
            if call is not None and call.kind == Kind.NOTE:
                lines.append(call.path)
                continue
            if changed:
                yield number, lines, disk
            changed = call is not None and call.result >= 0 and disk.apply(call)

    def syscall(self, workload: str, call: int, fault: str, mutant: str = "") -> Result:
        """Let one call of a workload have a fault."""
        work, lines = self._begin(workload)
        outcome = self._run(
            workload, work, mutant, partial(shim.watch, work, call=call, fault=Fault[fault], log=-1)
        )
        lines = [*lines, *outcome.lines]
        found = self.checked(work, lines, mutant)
        if outcome.status == 0:
            found += _unacknowledged(outcome)
        if outcome.status in (BARE, HUNG):
            found.append(f"bare exception: {outcome.bare or 'none; it did not end'}")
        killing = Fault[fault] in (Fault.HALF, Fault.KILL_BEFORE, Fault.KILL_AFTER)
        return Result(outcome.is_killed or not killing, found)

    def kill(self, seed: int) -> Result:
        """Kill a process that appends and folds, at a moment that the seed chooses."""
        work, lines = self._begin("append")
        moment = random.Random(seed).uniform(0.001, KILLED_WITHIN)
        outcome = in_child(partial(workloads.run_without_end, work), killed_after=moment)
        return Result(outcome.is_killed, self.checked(work, [*lines, *outcome.lines]))

    def damage(self, target: str, how: str, seed: int, mutant: str = "") -> Result:
        """Damage a file of a store in whose spool something waits, then fold."""
        chosen = TARGETS[target]
        work, lines = self._begin(chosen.workload)
        stem = damage.damage(work, target, how, seed)
        outcome = in_child(
            partial(invariant.check_damaged, work / STORE, lines, chosen, stem), MUTANTS[mutant]
        )
        return Result(problems=outcome.lines if outcome.status == 0 else [f"bare exception: {outcome}"])

    def disk_full(self, kilobytes: int) -> Result:
        """Append to a file system of this size until it is full; then it grows. Needs root."""
        work = self._folder / "full"
        work.mkdir(exist_ok=True)
        with disk_full.mounted(work, kilobytes):
            outcome = in_child(partial(disk_full.fill, work))
            disk_full.grow(work)
            found = self.checked(work, outcome.lines)
        if outcome.status in (BARE, HUNG):
            found.append(f"bare exception: {outcome.bare}")
        return Result("full" in outcome.lines, found)


def _unacknowledged(outcome: Outcome) -> list[str]:
    expected = invariant.Expected.of(outcome.lines)
    missing = expected.numbers - expected.ids.keys()
    return [f"lost: exit status 0, but {sorted(missing)} were not acknowledged"] if missing else []


def main(folder: Path) -> None:
    """Answer trials until standard input ends."""
    laboratory = Laboratory(folder)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    # Folds of few events count them.
    upkeep.BATCH = 2
    for line in sys.stdin:
        trial: dict[str, Any] = json.loads(line)
        kind = trial.pop("kind")
        result = getattr(laboratory, kind)(**trial)
        answers.write(json.dumps(asdict(result)) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
