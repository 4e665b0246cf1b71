"""The server around the pages: the page's head, security headers, and the background service."""
