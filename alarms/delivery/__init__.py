"""Delivery: alarms sent to webhooks and syslog, each once."""
