"""The login-spike page, and the alarms that the other pages mark."""
