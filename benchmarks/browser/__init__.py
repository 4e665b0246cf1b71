"""Benchmarks of pages in a browser, and the bare pages they are compared with."""
