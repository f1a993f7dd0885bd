"""Dates and ages of header fields: HTTP-date (RFC 9110 §5.6.7) and delta-seconds (RFC 9111 §1.2.2)."""

import re
import time
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

from demijohn._base.clock import TWO_DIGITS, format_http_date

_DAY_NAMES: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTH_NAMES: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS: Final = {name: number for number, name in enumerate(_MONTH_NAMES, start=1)}
_imf_fixdate = re.compile(
    r"[A-Z][a-z]{2}, ([0-9]{2}) ([A-Z][a-z]{2}) ([1-9][0-9]{3}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT"
).fullmatch

_LONGEST_DATE: Final = 256
"""SECURITY: no date is longer; the lenient parser below need not see more."""


def parse_date(value: str | None) -> datetime | None:
    """Parse an HTTP-date of any of the three forms, and other dates mail programs write; `None` if it is none.

    The datetime is aware: UTC, or the offset the date is written with; without one, UTC.
    """
    if not value:
        return None
    # PERF: the one form a sender may use; some twenty times the speed of the general parser.
    match = _imf_fixdate(value) if len(value) == 29 else None
    if match is not None and (month := _MONTHS.get(match[2])) is not None:
        try:
            return datetime(
                int(match[3]), month, int(match[1]), int(match[4]), int(match[5]), int(match[6]), tzinfo=UTC
            )
        except ValueError:
            return None
    if len(value) > _LONGEST_DATE:
        return None
    from email.utils import parsedate_to_datetime  # PERF: much comes with it

    try:
        parsed = parsedate_to_datetime(value)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed


# PERF: of seconds since the epoch that come time and again: now, and when a file was changed.
http_date_at = lru_cache(maxsize=1024)(format_http_date)


def http_date(timestamp: datetime | date | float | time.struct_time | None = None) -> str:
    """Render an IMF-fixdate of a datetime (naive means UTC), a date, seconds since the epoch, or a UTC time tuple; of now.

    Raises:
        OverflowError, ValueError: the platform has no such time.
    """
    if timestamp is None:
        return http_date_at(int(time.time()))
    if isinstance(timestamp, datetime):
        moment = timestamp
        if moment.tzinfo is not None and moment.tzinfo is not UTC:
            moment = moment.astimezone(UTC)
        return _render(moment, moment.hour, moment.minute, moment.second)
    if isinstance(timestamp, date):
        return _render(timestamp)
    if isinstance(timestamp, time.struct_time):
        from calendar import timegm

        timestamp = timegm(timestamp)
    return format_http_date(timestamp)


def _render(day: date, hour: int = 0, minute: int = 0, second: int = 0) -> str:
    two = TWO_DIGITS
    return (
        f"{_DAY_NAMES[day.weekday()]}, {two[day.day]} {_MONTH_NAMES[day.month - 1]} {day.year:04d}"
        f" {two[hour]}:{two[minute]}:{two[second]} GMT"
    )


render_date = http_date
"""The name of the pair `parse_date` / `render_date`."""


def parse_age(value: str | None = None) -> timedelta | None:
    """Parse delta-seconds; `None` if there are none, or not, or too many for a timedelta."""
    if not value:
        return None
    try:
        return timedelta(seconds=seconds) if (seconds := int(value)) >= 0 else None
    except (ValueError, OverflowError):
        return None


def dump_age(age: timedelta | int | None = None) -> str | None:
    """Render delta-seconds of a timedelta or of seconds; `None` of `None`.

    Raises:
        ValueError: the age is negative.
    """
    if age is None:
        return None
    seconds = int(age.total_seconds()) if isinstance(age, timedelta) else int(age)
    if seconds < 0:
        raise ValueError("An age is not below 0.")
    return str(seconds)


render_age = dump_age
"""The name of the pair `parse_age` / `render_age`."""
