"""What changes a store: folds, and the compression of older rows."""
