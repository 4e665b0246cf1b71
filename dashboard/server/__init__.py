"""The server around the pages: what goes into each page's head, security headers, the background service."""
