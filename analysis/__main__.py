"""`python -m analysis` is another name of `python -m alarms`."""

import runpy

runpy.run_module("alarms", run_name="__main__")
