"""What `werkzeug._internal` has that others use."""

import logging
from datetime import UTC, datetime
from typing import Any, Final

from demijohn._base.sentinel import MISSING as _missing
from demijohn.app.logging import has_level_handler as _has_level_handler
from demijohn.message.environ import decode_text as _wsgi_decoding_dance
from demijohn.message.properties import _MappedProperty as _DictAccessorProperty
from demijohn.message.wsgi import get_environ as _get_environ

_logger: Final = logging.getLogger("werkzeug")


def _log(type: str, message: str, *args: Any, **kwargs: Any) -> None:  # Any: what is formatted into the message
    """Log to the logger `werkzeug`; where nobody has set it up, from INFO on and to stderr."""
    if _logger.level == logging.NOTSET:
        _logger.setLevel(logging.INFO)
    if not _has_level_handler(_logger):
        _logger.addHandler(logging.StreamHandler())
    getattr(_logger, type)(message.rstrip(), *args, **kwargs)


def _wsgi_encoding_dance(s: str) -> str:
    """Turn text into what stands for its UTF-8 bytes in an environ."""
    return s.encode().decode("latin-1")


def _dt_as_utc(dt: datetime | None) -> datetime | None:
    """Return a time in UTC; one without a zone is taken to be in UTC."""
    if dt is None:
        return None
    return dt.replace(tzinfo=UTC) if dt.tzinfo is None else dt.astimezone(UTC)


def _plain_int(value: str) -> int:
    """Return an int written in ASCII digits, perhaps with a sign and white space around; anything else is a ValueError."""
    text = value.strip()
    if not text.isascii() or not text.removeprefix("-").isdecimal():
        raise ValueError(f"{value!r} is no plain number.")
    return int(text)
