"""The detector: judges each hour of logins once, and writes down the alarms in it."""
