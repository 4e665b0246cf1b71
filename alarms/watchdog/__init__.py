"""The watchdog: what keeps events from being stored, judged or reported is an alarm of its own."""
