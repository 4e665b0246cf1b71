"""Importing: files of any known format become bulk segments of the spool."""
