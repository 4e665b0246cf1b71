"""Rules: alarms on single events and short sequences of them, beside those on the number of logins."""
