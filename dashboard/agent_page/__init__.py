"""The page about one agent, address or target."""
