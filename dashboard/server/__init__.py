"""The server around the pages: the page's head, checks of requests, security headers, and the background service."""
