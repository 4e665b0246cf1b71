"""A process that imports the project once and forks for each command: see tests/forked.py, which starts it."""

import atexit
import gc
import importlib
import io
import os
import pickle
import runpy
import signal
import socket
import sys
import threading
import time
import traceback
import types
from typing import NamedTuple, NoReturn

LONGEST = 1_000_000
"""The most bytes of a command with its environment."""


class Command(NamedTuple):
    """What `python -c SCRIPT …` or `python -m MODULE …` is started with, apart from its standard streams."""

    arguments: list[str]
    folder: str
    environment: dict[str, str]
    umask: int
    ignores_ctrl_c: bool


def serve(channel: socket.socket) -> Command:
    """Answer each command with the process id of a new process; returns in the new process."""
    while True:
        message, streams, *_ = socket.recv_fds(channel, LONGEST, 3)
        if not message:
            os._exit(0)
        reading, writing = os.pipe()
        # The process between the two ends at once, so that the new one becomes a child of who asked for it.
        between = os.fork()
        if between == 0:
            child = os.fork()
            if child:
                os.write(writing, str(child).encode())
                os._exit(0)
            for number, stream in enumerate(streams):
                os.dup2(stream, number)
            for descriptor in (*streams, reading, writing):
                os.close(descriptor)
            channel.close()
            command: Command = pickle.loads(message)
            return command
        os.waitpid(between, 0)
        channel.send(os.read(reading, 20))
        for descriptor in (*streams, reading, writing):
            os.close(descriptor)


def become(command: Command) -> None:
    """Take over the folder, the environment and the streams of a command, as a new interpreter does."""
    os.chdir(command.folder)
    os.umask(command.umask)
    os.environ.clear()
    os.environ.update(command.environment)
    time.tzset()
    signal.signal(signal.SIGINT, signal.SIG_IGN if command.ignores_ctrl_c else signal.default_int_handler)
    sys.path[:0] = ["", *filter(None, command.environment.get("PYTHONPATH", "").split(os.pathsep))]
    _open_streams(command.environment)


def _open_streams(environment: dict[str, str]) -> None:
    # As in the UTF-8 mode, which Python has chosen for itself where the locale is C.
    errors = "surrogateescape" if environment.get("PYTHONUTF8") or sys.flags.utf8_mode else "strict"
    unbuffered = bool(environment.get("PYTHONUNBUFFERED"))
    for number, name, handler in ((1, "stdout", errors), (2, "stderr", "backslashreplace")):
        output = io.FileIO(number, "w", closefd=False)
        text = io.TextIOWrapper(
            output if unbuffered else io.BufferedWriter(output),
            encoding="utf-8",
            errors=handler,
            newline="\n",
            line_buffering=name == "stderr" or output.isatty(),
            write_through=unbuffered,
        )
        setattr(sys, name, text)
        setattr(sys, f"__{name}__", text)
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), "utf-8", errors, "\n")


def run(arguments: list[str]) -> int:
    """Run `-c SCRIPT …` or `-m MODULE …`; gives the exit status."""
    option, program, *rest = arguments
    sys.argv = [option, *rest]
    try:
        if option == "-m":
            sys.modules.pop(f"{program}.__main__", None)
            runpy.run_module(program, run_name="__main__", alter_sys=True)
        else:
            main = sys.modules["__main__"] = types.ModuleType("__main__")
            exec(compile(program, "<string>", "exec"), main.__dict__)
    except SystemExit as error:
        if error.code is None or isinstance(error.code, int):
            return error.code or 0
        print(error.code, file=sys.stderr)
        return 1
    except BaseException as error:
        # Without the line of this file.
        traceback.print_exception(error.with_traceback(error.__traceback__ and error.__traceback__.tb_next))
        return -signal.SIGINT if isinstance(error, KeyboardInterrupt) else 1
    return 0


def end(status: int) -> NoReturn:
    """End as an interpreter does, except that it does not free its memory."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
    except OSError as error:
        print(f"Exception ignored while flushing sys.stdout: {error}", file=sys.stderr)
        status = 120
    if status == -signal.SIGINT:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    os._exit(status & 255)


def main() -> None:
    """Import the modules that are named after the descriptor of the channel, then serve until it is closed."""
    descriptor, *modules = sys.argv[1:]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for module in modules:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()
    command = serve(socket.socket(fileno=int(descriptor)))
    become(command)
    end(run(command.arguments))


if __name__ == "__main__":
    main()
