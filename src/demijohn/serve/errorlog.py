"""The error log: how records of `logging` become lines, and the handler that has them written by a writer's thread.

`JSONFormatter` and `LineFormatter` are for handlers of your own, too. Any thread.
"""

import json
import logging
from typing import Any

from .._base.logtext import one_line
from .logformat import rfc3339
from .logwriter import LogWriter
from .options import ServerOptions

_ours = logging.getLogger("demijohn")

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class JSONFormatter(logging.Formatter):
    """One JSON object on one line: time (UTC, RFC 3339), level, logger, message, pid, thread, what was given as `extra`.

    An exception is its traceback's text in `exception`, a stack in `stack`. What JSON cannot say is said by `repr`.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields: dict[str, Any] = {  # Any: what extra holds
            "time": rfc3339(record.created),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "pid": record.process,
            "thread": record.threadName,
        }
        for name, value in vars(record).items():
            if name not in _STANDARD and name not in fields:
                fields[name] = value
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            fields["stack"] = record.stack_info
        return json.dumps(fields, separators=(",", ":"), default=repr, skipkeys=True)


class LineFormatter(logging.Formatter):
    """`time [pid] LEVEL message [request id]` on one line, then an exception's lines, indented.

    Whatever is in a message or an exception, no line of it looks like one of another record, or moves a terminal's cursor.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines."""
        request_id = getattr(record, "request_id", None)
        line = f"{rfc3339(record.created)} [{record.process}] {record.levelname} {one_line(record.getMessage())}"
        if request_id and not line.endswith(mark := f" [{one_line(str(request_id))}]"):
            line += mark
        if record.exc_info:
            line += _indented(self.formatException(record.exc_info))
        if record.stack_info:
            line += _indented(record.stack_info)
        return line


def _indented(text: str) -> str:
    return "".join(f"\n    {one_line(line)}" for line in text.split("\n"))


class WriterHandler(logging.Handler):
    """Gives records to a `LogWriter`; those of the access log excepted, which has its own ways."""

    def __init__(self, writer: LogWriter, formatter: logging.Formatter) -> None:
        super().__init__()
        self._writer = writer
        self.setFormatter(formatter)
        self.addFilter(lambda record: record.name != "demijohn.access")

    def emit(self, record: logging.LogRecord) -> None:
        """Have the record written."""
        try:
            self._writer.write(self.format(record))
        except Exception:  # noqa: BLE001 - a record that cannot be formatted; the way of all handlers
            self.handleError(record)

    def flush(self) -> None:
        """Wait for what was given before, for a moment. By `logging.shutdown`."""
        self._writer.flush()

    def close(self) -> None:
        """Write what waits, and close the file."""
        self._writer.close()
        super().close()

    def leave(self) -> None:
        """Take no more records of the server, and close."""
        _ours.removeHandler(self)
        self.close()


def open_error_log(options: ServerOptions) -> WriterHandler | None:
    """Have what the server logs written to `error_log_file`, too, if there is one, until `leave`.

    Raises:
        OSError: the file cannot be opened.
    """
    if options.error_log_file is None:
        return None
    writer = LogWriter(options.error_log_file, queue_bytes=options.log_queue_bytes)
    handler = WriterHandler(writer, JSONFormatter() if options.log_format == "json" else LineFormatter())
    _ours.addHandler(handler)
    return handler
