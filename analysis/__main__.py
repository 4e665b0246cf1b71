"""`python -m analysis` is another name of `python -m alarms`."""

from alarms.__main__ import main

raise SystemExit(main())
