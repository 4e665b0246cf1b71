"""Starts a laboratory with the shim loaded, and gives it trials."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests import ROOT


class Client:
    """A laboratory in a process of its own; one trial at a time."""

    def __init__(self, folder: Path, shim: Path) -> None:
        # Without NumPy's and Arrow's own threads, which a fork would lose.
        quiet = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.laboratory", str(folder)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | quiet | {"LD_PRELOAD": str(shim)},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._process.__exit__(kind, error, where)

    def trial(self, kind: str, **settings: Any) -> dict[str, Any]:
        """The result of a trial: a method of Laboratory, with its arguments."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"kind": kind} | settings) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer
