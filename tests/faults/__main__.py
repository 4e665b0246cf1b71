"""Runs every fault and writes the table of docs/reliability.md: python -m tests.faults [STEP], or `make faults`."""

import json
import os
import re
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from tqdm import tqdm

from tests import ROOT
from tests.faults import damage, disk_full, shim, trials
from tests.faults.client import Client
from tests.faults.conftest import MEMORY
from tests.faults.mutants import MUTANTS
from tests.faults.trials import Trial
from tests.faults.workloads import WORKLOADS

KILLS, PLACES = 200, 85
PAGE = ROOT / "docs" / "reliability.md"
RESULTS = ROOT / ".faults.jsonl"
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
CODE = ("audit_store", "ingest", "analysis", "alarms", "tests/faults")
"""The folders whose code a result depends on."""
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


class Results:
    """The results so far, in a file of JSON lines: first the trials of some code, then trials with their results.

    So a run that was broken off goes on where it was.
    """

    def __init__(self, path: Path, trials: Callable[[], Iterable[Trial]], root: Path = ROOT) -> None:
        """Read a file; where it is about other code, or has no trials, it is begun anew with `trials()`."""
        self._path = path
        code = code_hash(root)
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
        whole = [line for line in lines if line.endswith("\n")]
        head, *results = map(json.loads, whole) if whole else [["", []]]
        if head[0] != code:
            head, results = [code, list(trials())], []
        self.trials: list[Trial] = head[1]
        """All trials."""
        self._by_trial: dict[str, Trial] = {json.dumps(trial): result for trial, result in results}
        # Without a last line that is torn.
        path.write_text("".join(f"{json.dumps(line)}\n" for line in (head, *results)), encoding="utf-8")

    def left(self, chosen: Iterable[Trial]) -> list[Trial]:
        """Those of the trials that have no result."""
        return [trial for trial in chosen if json.dumps(trial) not in self._by_trial]

    def of(self, chosen: Iterable[Trial]) -> Iterator[tuple[Trial, Trial]]:
        """The trials that have a result, with it."""
        for trial in chosen:
            if (result := self._by_trial.get(json.dumps(trial))) is not None:
                yield trial, result

    def add(self, trial: Trial, result: Trial) -> None:
        """Write a result down. Threads may do so at the same time."""
        self._by_trial[json.dumps(trial)] = result
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps([trial, result])}\n")


def code_hash(root: Path) -> str:
    """A hash of the names and texts of the code's files."""
    files = [
        path for folder in CODE for path in (root / folder).rglob("*") if path.suffix in {".py", ".sql", ".c"}
    ]
    digest = sha256()
    for path in sorted(files):
        digest.update(f"{path.relative_to(root)}\0{path.read_text(encoding='utf-8')}\0".encode())
    return digest.hexdigest()


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
        yield from trials.images(client, workload, trials.SEEDS)
    yield from trials.kills(KILLS)
    yield from trials.damages(damage.TARGETS, PLACES)
    if disk_full.CAN_MOUNT:
        yield from trials.disks_full(disk_full.LEVELS)


def is_caught(client: Client, mutant: str) -> bool:
    """Whether a trial notices a mutant."""
    return any(client.trial(**trial)["problems"] for trial in trials.against(client, mutant))


def main(step: int) -> int:
    """Run every trial, or one in `step`; gives 1 where something did not hold, with a line for each on stdout."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name, ExitStack() as stack:
        library = shim.build(Path(name))
        clients = []
        for number in range(os.cpu_count() or 1):
            folder = Path(name) / str(number)
            folder.mkdir()
            clients.append(stack.enter_context(Client(folder, library)))
        results = Results(RESULTS, lambda: everything(clients[0]))
        chosen = results.trials[::step]
        left = results.left(chosen)
        with tqdm(total=len(chosen), initial=len(chosen) - len(left), unit="faults", disable=None) as bar:

            def done(trial: Trial, result: Trial) -> None:
                results.add(trial, result)
                bar.update()

            trials.run(clients, left, done)
        caught = {mutant: is_caught(clients[0], mutant) for mutant in MUTANTS if mutant}
    table = Table()
    for trial, result in results.of(chosen):
        table.add(trial, result)
        if result["problems"]:
            print(json.dumps([trial, result["problems"]]))
    share = "all" if step == 1 else f"one in {step}"
    write(table, f"Seed {trials.SEED}, {share} of {len(results.trials):,} faults.", caught)
    return int(any(table.failed.values()) or not all(caught.values()))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1))
