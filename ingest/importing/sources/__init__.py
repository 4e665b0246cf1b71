"""The bytes of a file become frames: records with their line numbers, still as they were written."""
