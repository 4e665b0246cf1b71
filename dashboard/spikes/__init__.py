"""The alarms that the other pages mark."""
