"""Tests of how one field of an event is read."""
