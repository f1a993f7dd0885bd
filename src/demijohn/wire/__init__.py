"""Protocols without I/O: bytes in, events and bytes out. No sockets, no threads, no clock."""
