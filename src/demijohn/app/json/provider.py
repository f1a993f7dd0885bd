"""`JSONProvider`: how an application writes and reads JSON. `app.json` is one; requests and responses use it too."""

import dataclasses
import json
from collections.abc import Callable
from datetime import date, datetime
from functools import cached_property, partial
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import IO, Any
from weakref import ref

from ..._base.clock import format_http_date

_MAX_ENCODERS = 16
_COMPACT = (",", ":")
# Any: undocumented, and not everywhere: the part of an encoder that is written in C.
_make_quick: Any = getattr(json.encoder, "c_make_encoder", None)
_scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # exists, undocumented


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
            raise TypeError("app.json.response() takes either args or kwargs, not both at once")
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
    # PERF: who has such an object has imported its module; nobody else needs it.
    import decimal
    import uuid

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


def _encoder(encoder: json.JSONEncoder) -> Callable[[Any], str]:
    """Return what does the same as `encoder.encode`. PERF: that prepares itself for each value anew, for half of its time."""
    indent: Any = encoder.indent  # Any: the stubs say that it is never None
    if _make_quick is None or indent is not None or not encoder.check_circular:
        return encoder.encode
    escape = encode_basestring_ascii if encoder.ensure_ascii else encode_basestring
    # Without a memory of what it is in, which threads could not share.
    quick = _make_quick(
        None, encoder.default, escape, None, encoder.key_separator, encoder.item_separator,
        encoder.sort_keys, encoder.skipkeys, encoder.allow_nan,
    )  # fmt: skip

    def encode(obj: Any) -> str:
        try:
            return "".join(quick(obj, 0))
        except RecursionError:
            # Something that holds itself: the encoder says so.
            return encoder.encode(obj)

    return encode


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
    def _encoders(self) -> dict[tuple[Any, ...], Callable[[Any], str]]:
        return {}

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Return `obj` as JSON; keyword arguments go to `json.dumps`."""
        # PERF: an encoder is kept for each set of options; making one costs more than encoding a small answer.
        options = (self.default, self.ensure_ascii, self.sort_keys, *kwargs.items())
        try:
            encode = self._encoders.get(options)
        except TypeError:  # an option that has no hash
            return self._make_encode(kwargs)(obj)
        if encode is None:
            encode = self._make_encode(kwargs)
            if len(self._encoders) < _MAX_ENCODERS:
                self._encoders[options] = encode
        return encode(obj)

    def _make_encode(self, kwargs: dict[str, Any]) -> Callable[[Any], str]:
        options: dict[str, Any] = {
            "default": self.default, "ensure_ascii": self.ensure_ascii, "sort_keys": self.sort_keys, **kwargs,
        }  # fmt: skip
        return partial(json.dumps, **options) if "cls" in options else _encoder(json.JSONEncoder(**options))

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Return what JSON text means; keyword arguments go to `json.loads`."""
        if type(s) is str and not kwargs:
            # PERF: the usual text is one value from its first character to its last. `json` says what is wrong with others.
            try:
                value, end = _scan(s, 0)
            except (StopIteration, ValueError):
                end = -1
            if end == len(s):
                return value
        return json.loads(s, **kwargs)

    def response(self, *args: Any, **kwargs: Any) -> Any:
        """Return a response of the data; indented in debug mode unless `compact` says otherwise. Ends with a newline."""
        app: Any = self._app()  # Any: see __init__
        obj = args[0] if len(args) == 1 and not kwargs else self._prepare_response_obj(args, kwargs)
        is_compact = self.compact if self.compact is not None else not app.debug
        text = self.dumps(obj, separators=_COMPACT) if is_compact else self.dumps(obj, indent=2)
        return app.response_class(f"{text}\n", mimetype=self.mimetype)
