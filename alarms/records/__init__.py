"""Alarms as records: each is written down when it is found, and read by pages and commands."""
