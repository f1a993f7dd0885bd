"""`JSONProvider`: how an application writes and reads JSON. `app.json` is one; requests and responses use it too."""

import dataclasses
import decimal
import json
import uuid
from collections.abc import Callable
from datetime import date, datetime
from functools import cached_property
from typing import IO, Any
from weakref import ref

from ..._base.clock import format_http_date

_MAX_ENCODERS = 16


class JSONProvider:
    """What an application needs of a JSON library. A subclass gives `dumps` and `loads`; the rest is built on them."""

    def __init__(self, app: Any) -> None:  # Any: the application imports this file
        # A weak reference: the application owns its provider, not the other way round.
        self._app = ref(app)

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Return `obj` as JSON."""
        raise NotImplementedError

    def dump(self, obj: Any, fp: IO[str], **kwargs: Any) -> None:
        """Write `obj` as JSON to a text file."""
        fp.write(self.dumps(obj, **kwargs))

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Return what JSON text means; bytes are UTF-8."""
        raise NotImplementedError

    def load(self, fp: IO[str] | IO[bytes], **kwargs: Any) -> Any:
        """Return what a file of JSON means."""
        return self.loads(fp.read(), **kwargs)

    @staticmethod
    def _prepare_response_obj(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if args and kwargs:
            raise TypeError("app.json.response() takes positional or keyword arguments, not both at once")
        if kwargs:
            return kwargs
        if not args:
            return None
        return args[0] if len(args) == 1 else args

    def response(self, *args: Any, **kwargs: Any) -> Any:
        """Return an `application/json` response: of one value, of several as a list, or of keyword arguments as an object."""
        app: Any = self._app()  # Any: see __init__
        return app.response_class(self.dumps(self._prepare_response_obj(args, kwargs)), mimetype="application/json")


def _default(o: Any) -> Any:
    """Serialize what JSON has no type for: dates as HTTP dates, decimals and UUIDs as text, data classes, `__html__`."""
    if isinstance(o, date):
        return _http_date(o)
    if isinstance(o, decimal.Decimal | uuid.UUID):
        return str(o)
    if dataclasses.is_dataclass(o) and not isinstance(o, type):
        return dataclasses.asdict(o)
    if hasattr(o, "__html__"):
        return str(o.__html__())
    raise TypeError(f"{type(o).__name__} cannot be written as JSON; give the provider a `default` that converts it")


def _http_date(value: date) -> str:
    """COMPAT: a time without zone is taken as UTC, a date as its midnight."""
    from calendar import timegm

    moment = value.utctimetuple() if isinstance(value, datetime) else value.timetuple()
    return format_http_date(timegm(moment))


class DefaultJSONProvider(JSONProvider):
    """The standard library's `json`. The class attributes below may be set on an instance: `app.json.sort_keys = False`."""

    default: Callable[[Any], Any] = staticmethod(_default)
    """Called with a value that `json` does not know; returns one that it knows, or raises `TypeError`."""

    ensure_ascii = True
    """Write characters beyond ASCII as escapes: larger, but safe in every transport."""

    sort_keys = True
    """Write objects in the order of their keys, so that equal data gives equal text (and equal ETags)."""

    compact: bool | None = None
    """Without white space: always, never, or (`None`) unless the application is in debug mode."""

    mimetype = "application/json"
    """Type of the responses."""

    @cached_property
    def _encoders(self) -> dict[tuple[tuple[str, Any], ...], json.JSONEncoder]:
        return {}

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Return `obj` as JSON; keyword arguments go to `json.dumps`."""
        kwargs.setdefault("default", self.default)
        kwargs.setdefault("ensure_ascii", self.ensure_ascii)
        kwargs.setdefault("sort_keys", self.sort_keys)
        # PERF: an encoder is kept for each set of options; making one costs more than encoding a small answer.
        try:
            options = tuple(kwargs.items())
            encoder = self._encoders.get(options)
        except TypeError:
            return json.dumps(obj, **kwargs)
        if encoder is None:
            if "cls" in kwargs or len(self._encoders) >= _MAX_ENCODERS:
                return json.dumps(obj, **kwargs)
            encoder = self._encoders[options] = json.JSONEncoder(**kwargs)
        return encoder.encode(obj)

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Return what JSON text means; keyword arguments go to `json.loads`."""
        return json.loads(s, **kwargs)

    def response(self, *args: Any, **kwargs: Any) -> Any:
        """Return a response of the data; indented in debug mode unless `compact` says otherwise. Ends with a newline."""
        app: Any = self._app()  # Any: see __init__
        is_compact = self.compact if self.compact is not None else not app.debug
        layout: dict[str, Any] = {"separators": (",", ":")} if is_compact else {"indent": 2}
        text = self.dumps(self._prepare_response_obj(args, kwargs), **layout)
        return app.response_class(f"{text}\n", mimetype=self.mimetype)
