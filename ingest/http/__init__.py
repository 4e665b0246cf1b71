"""Events arrive over HTTP: python -m ingest serve."""
