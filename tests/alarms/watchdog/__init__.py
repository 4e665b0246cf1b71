"""Tests of alarms/watchdog."""
