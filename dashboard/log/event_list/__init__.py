"""The list of events: its columns, their texts, and rows that fold."""
