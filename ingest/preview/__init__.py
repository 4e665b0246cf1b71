"""What an import would make of a file, from a sample of it; nothing is stored."""
