"""Test clients, builders of environs, and an exchange that records."""

from .exchange import RecordingExchange

__all__ = ["RecordingExchange"]
