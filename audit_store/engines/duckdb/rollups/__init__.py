"""Counted events, kept in step with the events: the tables, how statements read them, and their upkeep."""
