"""The questions that the pages ask, put to this product and to other engines that hold the same events."""
