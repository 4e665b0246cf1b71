"""Tests of alarms/rules."""
