"""The log page: its table, one event, and the export menu."""
