"""Events in a DuckDB file: its tables, its statements, its locks, its repair."""
