"""The page about the health of the store."""
