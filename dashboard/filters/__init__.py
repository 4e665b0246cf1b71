"""Filters: read from the URL and written to it, offered in the sidebar, saved under a name."""
