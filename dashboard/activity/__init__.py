"""The activity page: its figures, and how they are cut into local time."""
