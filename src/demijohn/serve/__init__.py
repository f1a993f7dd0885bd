"""Connections, the reactor that drives them, and the runners that call the handler."""
