"""Export: the events of a filter as a file, its manifest, and the check of one against the other."""
