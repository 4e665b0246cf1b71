"""The spool: segments in which appended events wait, durably, for the next fold."""
