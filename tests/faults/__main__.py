"""Runs every fault and writes the table of docs/reliability.md: python -m tests.faults [STEP], or `make faults`."""

import json
import os
import re
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from tests import ROOT
from tests.faults import damage, disk_full, shim, trials
from tests.faults.client import Client
from tests.faults.conftest import MEMORY
from tests.faults.mutants import MUTANTS
from tests.faults.trials import Trial
from tests.faults.workloads import WORKLOADS

KILLS, PLACES, SEEDS = 200, 85, 12
PAGE = ROOT / "docs" / "reliability.md"
KINDS = {
    "syscall": "system calls that failed or were the last",
    "image": "power losses",
    "kill": "`kill -9` at any moment",
    "damage": "damaged files",
    "disk_full": "full disks",
}
COLUMNS = {
    "lost": "lost",
    "doubled": "doubled",
    "torn": "torn",
    "gap": "gaps",
    "silent": "silent",
    "needs a person": "need a person",
    "wrong word": "wrong word",
    "bare exception": "bare exceptions",
}
_START, _END = "<!-- make faults writes from here -->\n", "<!-- to here -->\n"


@dataclass
class Table:
    """How many trials of each kind happened, and after how many of them something did not hold."""

    happened: Counter[tuple[str, str]] = field(default_factory=Counter)
    failed: defaultdict[tuple[str, str], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, trial: Trial, result: Trial) -> None:
        """Count a trial with its result."""
        row = trial["kind"], trial.get("workload") or trial.get("target") or ""
        self.happened[row] += result["happened"]
        self.failed[row].update({problem.partition(":")[0] for problem in result["problems"]})

    def lines(self) -> list[str]:
        """The table as Markdown."""
        rows = [
            ["injected", "into", "times", *COLUMNS.values()],
            ["---", "---", *["---:"] * (1 + len(COLUMNS))],
        ]
        for kind, name in KINDS.items():
            for row in sorted(row for row in self.happened if row[0] == kind):
                counts = [self.failed[row][column] for column in COLUMNS]
                rows.append([name, row[1], f"{self.happened[row]:,}", *map(str, counts)])
        return [f"| {' | '.join(cells)} |" for cells in rows]


def write(table: Table, which: str, mutants: dict[str, bool], page: Path = PAGE) -> None:
    """Put the table, a sentence about which faults were chosen, and the mutants into the page."""
    caught = ", ".join(
        f"{name} ({'caught' if is_caught else 'missed'})" for name, is_caught in mutants.items()
    )
    text = f"{which}\n\n" + "\n".join(table.lines()) + f"\n\nMutants: {caught}.\n"
    pattern = re.compile(f"(?<={re.escape(_START)}).*(?={re.escape(_END)})", re.DOTALL)
    page.write_text(pattern.sub(lambda _: text, page.read_text(encoding="utf-8")), encoding="utf-8")


def everything(client: Client) -> Iterator[Trial]:
    """Every trial of the suite."""
    for workload in WORKLOADS:
        for calls in trials.syscalls(client, workload):
            yield from calls
    for workload in WORKLOADS:
        yield from trials.images(client, workload, SEEDS)
    yield from trials.kills(KILLS)
    yield from trials.damages(damage.TARGETS, PLACES)
    if disk_full.CAN_MOUNT:
        yield from trials.disks_full(disk_full.LEVELS)


def is_caught(client: Client, mutant: str) -> bool:
    """Whether a trial notices a mutant."""
    return any(client.trial(**trial)["problems"] for trial in trials.against(client, mutant))


def main(step: int) -> int:
    """Run every trial, or one in `step`; gives 1 where something did not hold, with a line for each on stdout."""
    table = Table()
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name, ExitStack() as stack:
        library = shim.build(Path(name))
        clients = []
        for number in range(os.cpu_count() or 1):
            folder = Path(name) / str(number)
            folder.mkdir()
            clients.append(stack.enter_context(Client(folder, library)))
        caught = {mutant: is_caught(clients[0], mutant) for mutant in MUTANTS if mutant}
        possible = list(everything(clients[0]))
        chosen = possible[::step]
        with tqdm(total=len(chosen), unit="faults", disable=None) as bar:

            def done(trial: Trial, result: Trial) -> None:
                table.add(trial, result)
                bar.update()
                if result["problems"]:
                    print(json.dumps([trial, result["problems"]]), flush=True)

            trials.run(clients, chosen, done)
    share = "all" if step == 1 else f"one in {step}"
    write(table, f"Seed {trials.SEED}, {share} of {len(possible):,} faults.", caught)
    return int(any(table.failed.values()) or not all(caught.values()))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1))
