"""The login-spike page: recorded alarms, and what reviewers decide about them."""
