"""Adapters between a calling convention (native exchange, WSGI) and an application, in both directions."""
