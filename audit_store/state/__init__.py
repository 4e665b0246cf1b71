"""State: saved views, marks on alarms and deliveries, in one SQLite file beside a store (`<store>.state.sqlite`)."""
