"""Triage: what reviewers say of alarms, and how an alarm is found again."""
