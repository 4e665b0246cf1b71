"""Run the benchmarks that are named, or all of them."""

import importlib
import sys

NAMES = ("alarms", "appends", "filtering", "importing", "opening", "spikes")


def main(names: list[str]) -> int:
    """Print each benchmark's figures; gives 2 for a name that is none."""
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        print(f"no benchmark is called {unknown[0]!r}; there are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    for name in names or NAMES:
        print(f"== {name}", flush=True)
        importlib.import_module(f"benchmarks.{name}").main()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
