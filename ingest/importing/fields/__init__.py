"""How one field of an event is read: where the caller says that it comes from, times, and addresses."""
