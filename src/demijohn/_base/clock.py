"""Time: one object that is passed to whatever waits or stamps, so that tests can pass a fake one.

No other module of the server tower calls `time.*` for deadlines. A clock may be used from any thread.
"""

import time
from typing import Protocol

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

TWO_DIGITS = tuple(f"{number:02d}" for number in range(100))
"""The numbers below a hundred as two digits. PERF: looking one up takes a quarter of the time of formatting it."""


class Clock(Protocol):
    """Seconds as floats: `monotonic` for deadlines, `time` for the calendar; `http_date` for the `Date` field."""

    def monotonic(self) -> float:
        """Return seconds that never go back."""

    def time(self) -> float:
        """Return seconds since the epoch."""

    def http_date(self) -> bytes:
        """Return now as an IMF-fixdate (RFC 9110 §5.6.7), at most one second old."""


def format_http_date(timestamp: float) -> str:
    """Render seconds since the epoch as an IMF-fixdate, RFC 9110 §5.6.7, whatever the locale."""
    year, month, day, hour, minute, second, weekday, _, _ = time.gmtime(timestamp)
    two = TWO_DIGITS
    return f"{_DAYS[weekday]}, {two[day]} {_MONTHS[month - 1]} {year:04d} {two[hour]}:{two[minute]}:{two[second]} GMT"


class SystemClock:
    """The machine's clocks. The rendered date is kept for the second it is true for."""

    __slots__ = ("_date", "_date_second", "monotonic", "time")

    def __init__(self) -> None:
        # PERF: the C functions themselves, so that reading the clock is no Python call.
        self.monotonic = time.monotonic
        self.time = time.time
        self._date_second = -1
        self._date = b""

    def http_date(self) -> bytes:
        """Return now as an IMF-fixdate; rendered once a second."""
        second = int(self.time())
        if second != self._date_second:
            # Two threads may both render: the order below never pairs a new second with an old text.
            self._date = format_http_date(second).encode("ascii")
            self._date_second = second
        return self._date


class FakeClock:
    """A clock that stands still until `advance` is called; for tests."""

    def __init__(self, start: float = 1_000_000_000.0) -> None:
        self._now = start

    def monotonic(self) -> float:
        """Return the fake now."""
        return self._now

    def time(self) -> float:
        """Return the fake now."""
        return self._now

    def http_date(self) -> bytes:
        """Return the fake now as an IMF-fixdate."""
        return format_http_date(self._now).encode("ascii")

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds
