"""Bits that flip, ends that are cut and runs of zeros, in any file of a store."""

import random
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from tests.faults.workloads import STORE

ZEROS = 512
HOWS = ("flip", "cut", "zeros")


@dataclass(frozen=True, slots=True)
class Target:
    """A kind of file: the workload before which there is one, its name, and the numbers of the events that it holds.

    A store and its write-ahead log hold all that was folded; they may only be refused as a whole. What another program
    wrote has no checksums, so that a change of its own events cannot be noticed.
    """

    workload: str
    pattern: str
    held: Collection[int] = ()
    has_checksums: bool = True


TARGETS = {
    "appended": Target("fold", f"{STORE}.spool/*-crc.open", range(10, 20)),
    "batch": Target("fold", f"{STORE}.spool/*-batch.ndjson", range(20, 30)),
    "bulk": Target("fold", f"{STORE}.spool/*.parquet", range(30, 40)),
    "foreign": Target("fold", f"{STORE}.spool/from-elsewhere.ndjson", range(40, 50), has_checksums=False),
    "store": Target("fold", STORE),
    "wal": Target("recover", f"{STORE}.wal"),
}


def damage(folder: Path, target: str, how: str, seed: int) -> str:
    """Damage the file that a target of TARGETS names, at a place that the seed chooses; gives its stem."""
    [path] = folder.glob(TARGETS[target].pattern)
    data = bytearray(path.read_bytes())
    used = len(data.rstrip(b"\0")) or len(data)
    randomness = random.Random(f"{target} {how} {seed}")
    position = randomness.randrange(used)
    if how == "flip":
        data[position] ^= 1 << randomness.randrange(8)
    elif how == "cut":
        del data[position:]
    else:
        data[position : position + ZEROS] = bytes(len(data[position : position + ZEROS]))
    path.write_bytes(data)
    return path.stem
