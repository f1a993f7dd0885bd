"""`app.logger`: the standard library's logger of the application's name, with a handler only where nobody set one up.

And the ids of requests, for log lines of all makes.
"""

import logging
import sys
from typing import Any, TextIO

from .globals import request
from .slot import has_request_context


class _ErrorStream:
    """Writes to `wsgi.errors` of the request that the calling thread handles, else to what `sys.stderr` is now."""

    def _get_current_object(self) -> TextIO:
        """Return the stream that is written to now. COMPAT: Flask's is a proxy of it."""
        if has_request_context() and request._made_from_environ:
            stream: TextIO = request.environ.get("wsgi.errors", sys.stderr)
            return stream
        return sys.stderr

    def write(self, text: str) -> int:
        """Write text."""
        return self._get_current_object().write(text)

    def flush(self) -> None:
        """Flush."""
        self._get_current_object().flush()


wsgi_errors_stream = _ErrorStream()
"""For a `StreamHandler` of your own, too."""

default_handler = logging.StreamHandler(wsgi_errors_stream)
"""The handler that a logger without one gets; remove it with `app.logger.removeHandler(default_handler)`."""
default_handler.setFormatter(logging.Formatter("[%(asctime)s] %(levelname)s in %(module)s: %(message)s"))


def request_id() -> str | None:
    """Return what names the current request in logs (`request.request_id`); `None` outside of requests."""
    return request.request_id if has_request_context() else None


class RequestIdFilter(logging.Filter):
    """Gives every record `request_id`, for formats such as `%(request_id)s %(message)s`; `-` outside of requests.

    Add it to a handler: `handler.addFilter(RequestIdFilter())`. What the server logs has the attribute already.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the record."""
        if not hasattr(record, "request_id"):
            record.request_id = request_id() or "-"
        return True


def has_level_handler(logger: logging.Logger) -> bool:
    """Tell whether a handler of the logger, or of one above it, takes the logger's effective level."""
    level = logger.getEffectiveLevel()
    current: logging.Logger | None = logger
    while current is not None:
        if any(handler.level <= level for handler in current.handlers):
            return True
        current = current.parent if current.propagate else None
    return False


def create_logger(app: Any) -> logging.Logger:  # Any: the application imports this file
    """Return the logger named like the application: DEBUG in debug mode if it has no level, `default_handler` if none else."""
    named = logging.getLogger(app.name)
    if named.level == logging.NOTSET and app.debug:
        named.setLevel(logging.DEBUG)  # before the next: a handler's level is compared with it
    if not has_level_handler(named):
        named.addHandler(default_handler)
    return named
