"""An open event beside the list: its fields, its metadata, and the views it leads to."""
