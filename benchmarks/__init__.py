"""Figures for the machine at hand, each a ratio measured in one run: python -m benchmarks [name …]."""
