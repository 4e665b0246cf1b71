"""The frame of every page: its header, and how it keeps up to date."""
