"""Protocols without I/O: bytes in, events and bytes out. No sockets, no threads, no clock."""

from .limits import H1Limits
from .reject import ProtocolReject

__all__ = ["H1Limits", "ProtocolReject"]
