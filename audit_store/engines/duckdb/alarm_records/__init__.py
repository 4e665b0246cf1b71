"""The records of alarms in the DuckDB file: their tables, how they are read, and how they are written."""
