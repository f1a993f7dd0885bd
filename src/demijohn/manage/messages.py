"""What the server says to whoever started it: the handler that brings its messages to standard error.

While requests are being answered, a thread of its own writes them, so that a pipe which nobody reads delays nobody. A process
that makes others writes by itself: threads and forks do not go together.
"""

import contextlib
import io
import logging
import os
import select
import sys
from collections.abc import Iterator
from typing import Final, TextIO

from ..serve import JSONFormatter, LineFormatter
from ..serve.logwriter import LogWriter
from .colours import paint, paint_request, wants_colours
from .settings.load import Settings, is_auto

ACCESS: Final = "demijohn.access"

_STDERR: Final = 2
_PATIENCE_MS: Final = 1000

_ours: Final = logging.getLogger("demijohn")


class _MessageFormatter(logging.Formatter):
    """Lines of the access log are what they are; other records are formatted as asked."""

    def __init__(self, inner: logging.Formatter, *, is_coloured: bool = False) -> None:
        super().__init__()
        self._inner = inner
        self._is_coloured = is_coloured

    def format(self, record: logging.LogRecord) -> str:
        if record.name == ACCESS:
            line = record.getMessage()
            status = getattr(record, "status", None)
            return paint_request(line, status) if self._is_coloured and isinstance(status, int) else line
        text = self._inner.format(record)
        style = getattr(record, "style", "bold red" if record.levelno >= logging.WARNING else None)
        return paint(text, style) if self._is_coloured and style is not None else text


class MessageHandler(logging.StreamHandler[TextIO]):
    """Writes to standard error: by itself, or by a writer's thread from `start_writer` to `stop_writer`.

    By itself, it waits a second for a pipe or terminal that takes nothing; then messages are dropped until it does, and counted.
    """

    def __init__(self) -> None:
        super().__init__()
        self._writer: LogWriter | None = None
        self._dropped = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record, or have it written."""
        writer = self._writer
        try:
            if writer is not None:
                writer.write(self.format(record))
            elif self._has_room():
                super().emit(record)
            else:
                self._dropped += 1
        except Exception:  # noqa: BLE001 - a record that cannot be formatted; the way of all handlers
            self.handleError(record)

    def _has_room(self) -> bool:
        if not _is_stderr(self.stream):
            return True
        poll = select.poll()
        poll.register(_STDERR, select.POLLOUT)
        if not poll.poll(0 if self._dropped else _PATIENCE_MS):
            return False
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            self.stream.write(f"{dropped} messages were dropped: standard error did not take them in time.\n")
        return True

    def flush(self) -> None:
        """Wait for what was given before, for a moment."""
        if self._writer is not None:
            self._writer.flush()
        super().flush()

    def start_writer(self, queue_bytes: int) -> None:
        """Wait for the destination no more; if it is the process's standard error, and not somebody's in its place."""
        if self._writer is None and _is_stderr(self.stream):
            self._writer = LogWriter("-", dash_fd=_STDERR, queue_bytes=queue_bytes)

    def stop_writer(self) -> None:
        """Write what waits, for a moment, and then as before."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()


def configure_logging(settings: Settings, *, is_debug: bool = False) -> None:
    """See to it that the server's messages get out as the settings say, unless the application has arranged its own logging.

    With `is_debug`, answers are logged unless the settings say otherwise.
    """
    if settings.is_said("log_level") or _ours.level == logging.NOTSET:
        _ours.setLevel(settings["log_level"].upper())
    if settings["access_log"] is True and settings["access_log_file"] is None:
        logging.getLogger(ACCESS).setLevel(logging.INFO)  # whatever the level of the others
    elif is_auto(settings["access_log"]) and is_debug:
        logging.getLogger(ACCESS).setLevel(logging.INFO)
        _heed_werkzeugs_logger()
    handler = own_handler()
    if handler is None:
        if _ours.hasHandlers():
            return
        handler = MessageHandler()
        _ours.addHandler(handler)
    inner: logging.Formatter
    if settings["log_format"] == "json":
        inner = JSONFormatter()
    elif settings["error_log_file"] == "-":
        inner = LineFormatter()
    else:
        inner = logging.Formatter("%(message)s")
    is_coloured = settings["log_format"] != "json" and wants_colours(handler.stream, os.environ)
    handler.setFormatter(_MessageFormatter(inner, is_coloured=is_coloured))


def _heed_werkzeugs_logger() -> None:
    """Do with the access log what was done to the logger `werkzeug`, which has these lines in Flask.

    COMPAT: `logging.getLogger("werkzeug").setLevel(logging.ERROR)` is how people silence them; others add a handler to it.
    """
    theirs = logging.Logger.manager.loggerDict.get("werkzeug")
    if not isinstance(theirs, logging.Logger):
        return
    access = logging.getLogger(ACCESS)
    if theirs.disabled or theirs.level > logging.INFO:
        access.setLevel(max(theirs.level, logging.WARNING))
    for handler in theirs.handlers:
        access.addHandler(handler)
    for each in theirs.filters:
        access.addFilter(each)
    if not theirs.propagate:
        access.propagate = False


def own_handler() -> MessageHandler | None:
    """Return the handler that `configure_logging` has added."""
    return next((handler for handler in _ours.handlers if isinstance(handler, MessageHandler)), None)


@contextlib.contextmanager
def writing_aside(queue_bytes: int) -> Iterator[None]:
    """Have messages written by a thread meanwhile. For a process that answers requests and makes no others."""
    handler = own_handler()
    if handler is None:
        yield
        return
    handler.start_writer(queue_bytes)
    try:
        yield
    finally:
        handler.stop_writer()


def _is_stderr(stream: TextIO) -> bool:
    if stream is not sys.stderr:
        return False
    try:
        return stream.fileno() == _STDERR
    except (AttributeError, OSError, ValueError, io.UnsupportedOperation):
        return False
