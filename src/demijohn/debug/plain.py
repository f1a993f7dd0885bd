"""Errors as plain text, as Python prints them, and as JSON, for clients that are no browsers. Any thread."""

import json
import traceback
from typing import Any

from .frames import Frame, RaisedException


def render_text(raised: RaisedException) -> str:
    """Return what Python prints of an exception, without hidden frames."""
    printable = traceback.TracebackException.from_exception(raised.exception, compact=True)
    _hide(printable, raised)
    return "".join(printable.format())


def render_json(raised: RaisedException, **more: Any) -> str:  # Any: what JSON takes
    """Return an exception as JSON. No variables: they may be anything, and anybody's.

    An object with `error` (see `_as_data`), `traceback` (the text of `render_text`), and `more`.
    """
    data = {**more, "error": _as_data(raised), "traceback": render_text(raised)}
    # JSON has no lone surrogates, and escapes are the same everywhere.
    return json.dumps(data, indent=2)


def _hide(printable: traceback.TracebackException, raised: RaisedException) -> None:
    """Remove hidden frames from what Python would print."""
    if raised.hidden:
        printable.stack[:] = [each for index, each in enumerate(printable.stack) if index not in raised.hidden]
    members = printable.exceptions or []
    for member, shown in zip(members, raised.members, strict=False):
        _hide(member, shown)
    cause = printable.__cause__ if raised.is_direct else printable.__context__
    if cause is not None and raised.cause is not None:
        _hide(cause, raised.cause)


def _as_data(raised: RaisedException) -> dict[str, Any]:
    """Return an exception as data; `cause` and `exceptions` are such objects again."""
    data: dict[str, Any] = {
        "type": raised.type_name,
        "message": raised.message,
        "notes": raised.notes,
        "frames": [_frame(frame) for frame in raised.frames],
        "frames_left_out": raised.left_out,
    }
    if raised.cause is not None:
        data["cause"] = {**_as_data(raised.cause), "is_direct": raised.is_direct}
    if raised.members:
        data["exceptions"] = [_as_data(member) for member in raised.members]
        data["exceptions_left_out"] = raised.members_left_out
    return data


def _frame(frame: Frame) -> dict[str, Any]:
    position = frame.position
    return {
        "file": frame.filename,
        "line": position.line,
        "end_line": position.end_line,
        "column": position.column,
        "end_column": position.end_column,
        "function": frame.name,
        "module": frame.module,
        "kind": frame.kind,
        "source": frame.source_line,
    }
