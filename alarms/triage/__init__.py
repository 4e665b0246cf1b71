"""Triage: what reviewers decided about alarms, and which alarms are expected."""
