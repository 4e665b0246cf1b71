"""Triage: what reviewers say of alarms, and how a mark is matched to an alarm."""
