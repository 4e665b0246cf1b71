"""A backup of a store: a folder with a copy of its file, of the files beside it, and a manifest with their hashes."""
