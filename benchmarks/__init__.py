"""Benchmarks: each prints ratios that are measured in one run on this machine."""
