"""Python processes that start in 0.05 s instead of 1 s, forked by a server that has imported the project.

`Popen` and `run` are those of subprocess, for `[sys.executable, "-c", SCRIPT, …]` and `[sys.executable, "-m", MODULE,
…]`: arguments, environment, folder, streams, signals and exit status are real. The modules that a process has and the
command line that others see are those of the server; tests of these start an interpreter with subprocess.
"""

import atexit
import ctypes
import inspect
import os
import pickle
import signal
import socket
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from tests import ROOT
from tests.fork_server import Command

DASHBOARD = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "dashboard").rglob("*.py")
    if path.name not in ("main.py", "__init__.py")
]
# What each of the two servers imports: that of the commands has no Streamlit.
COMMANDS = ("alarms.__main__", "audit_store.__main__", "demo.__main__", "ingest.__main__", "pytest")
SERVERS = ("streamlit.web.cli", "uvicorn.protocols.http.h11_impl", "PIL.Image", "ingest.fold", *DASHBOARD)
OF_SERVERS = ("streamlit", "tests.dashboard.server.export_server")
PR_SET_CHILD_SUBREAPER = 36


class Popen(subprocess.Popen[Any]):
    """A process that the server forks: a child of this process like any other."""

    def _execute_child(self, *arguments: Any) -> None:
        if sys.platform != "linux":
            super()._execute_child(*arguments)  # type: ignore[misc]
            return
        signature = inspect.signature(subprocess.Popen._execute_child)  # type: ignore[attr-defined]
        options = signature.bind(self, *arguments).arguments
        streams = [options["p2cread"], options["c2pwrite"], options["errwrite"]]
        self.pid = fork(
            _command(options), [number if stream == -1 else stream for number, stream in enumerate(streams)]
        )
        self._child_created = True
        pipes = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
        self._close_pipe_fds(*(options[name] for name in pipes))  # type: ignore[attr-defined]


def run(command: list[str], *, check: bool = False, **options: Any) -> subprocess.CompletedProcess[Any]:
    """As subprocess.run."""
    if options.pop("capture_output", False):
        options |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with Popen(command, **options) as process:
        output, errors = process.communicate()
    done = subprocess.CompletedProcess(command, process.returncode, output, errors)
    if check:
        done.check_returncode()
    return done


def _command(options: dict[str, Any]) -> Command:
    executable, *arguments = map(os.fspath, options["args"])
    assert executable == sys.executable
    assert arguments[0] in ("-c", "-m")
    assert not any(options[name] for name in ("preexec_fn", "pass_fds", "shell", "start_new_session"))
    environment = options["env"]
    os.umask(umask := os.umask(0))
    return Command(
        arguments,
        os.fspath(options["cwd"] or Path.cwd()),
        dict(os.environ if environment is None else environment),
        umask,
        signal.getsignal(signal.SIGINT) == signal.SIG_IGN,
    )


def fork(command: Command, streams: list[int]) -> int:
    """The process id of a new process with these standard streams, which becomes a child of this one."""
    channel = _server(COMMANDS if command.arguments[1] not in OF_SERVERS else SERVERS)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        socket.send_fds(channel, [pickle.dumps(command)], streams)
        return int(channel.recv(20))
    finally:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


@cache
def _server(modules: tuple[str, ...]) -> socket.socket:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.fork_server", str(theirs.fileno()), *modules],
        cwd=ROOT,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},  # a fork has one thread
        stdin=subprocess.DEVNULL,
        pass_fds=[theirs.fileno()],
    )
    theirs.close()

    def stop() -> None:
        ours.close()
        server.wait(20)

    atexit.register(stop)
    return ours
