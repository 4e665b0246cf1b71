"""Engines: each sub-package keeps events in one kind of database."""
