"""Values as JSON and back: arguments of probes, and what probes return.

JSON has no bytes, tuples, sets, slices or dates, so these travel as a dict of one key that names them. What a library made
travels as its content, never as its memory address.
"""

import collections.abc
import datetime
import enum
import io
import math
from types import SimpleNamespace
from typing import Any

TYPES = {"int": int, "float": float, "str": str, "bool": bool}


class Told(dict):
    """A dict of outcomes that are plain already."""


def decode(lib: SimpleNamespace, value: Any) -> Any:
    """The argument that a JSON value stands for."""
    if isinstance(value, list):
        return [decode(lib, item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((tag, content),) = value.items()
        if tag in _DECODERS:
            return _DECODERS[tag](lib, content)
    return {key: decode(lib, item) for key, item in value.items()}


def make(lib: SimpleNamespace, recipe: list[Any]) -> Any:
    """Call a name of the library: `[name, arguments, options]`."""
    name, arguments, options = recipe if len(recipe) == 3 else [recipe[0], recipe[1] if len(recipe) > 1 else [], {}]
    return getattr(lib, name)(*decode(lib, arguments), **{key: decode(lib, item) for key, item in options.items()})


_DECODERS = {
    "$tuple": lambda lib, content: tuple(decode(lib, content)),
    "$set": lambda lib, content: set(decode(lib, content)),
    "$dict": lambda lib, content: {decode(lib, key): decode(lib, item) for key, item in content},
    "$bytes": lambda lib, content: content.encode("latin-1"),
    "$slice": lambda lib, content: slice(*content),
    "$make": make,
    "$type": lambda lib, content: TYPES[content],
    "$name": lambda lib, content: getattr(lib, content),
    "$datetime": lambda lib, content: datetime.datetime.fromisoformat(content),
    "$date": lambda lib, content: datetime.date.fromisoformat(content),
    "$seconds": lambda lib, content: datetime.timedelta(seconds=content),
    "$file": lambda lib, content: io.BytesIO(content.encode("latin-1")),
}


def plain(value: Any) -> Any:
    """What a value looks like, as JSON."""
    if value is None or isinstance(value, bool | int | str) and type(value) in (bool, int, str):
        return value
    if isinstance(value, Told):
        return dict(value)
    if isinstance(value, enum.Enum):
        return {type(value).__name__: plain(value.value)}
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, bytes | bytearray):
        return {"bytes": bytes(value).decode("latin-1")}
    if isinstance(value, datetime.datetime | datetime.date | datetime.timedelta):
        return {type(value).__name__: str(value)}
    if isinstance(value, BaseException):
        return raised(value)
    if type(value) in (list, tuple):
        return [plain(item) for item in value] if type(value) is list else {"tuple": [plain(item) for item in value]}
    return _plain_object(value)


def _plain_object(value: Any) -> Any:
    kind = type(value).__name__
    if kind == "RequestHeaders":  # COMPAT: the read-only headers of a request, whatever they are made from
        kind = "EnvironHeaders"
    if hasattr(value, "lists") and hasattr(value, "getlist"):
        return {kind: [[plain(key), plain(list(items))] for key, items in value.lists()]}
    if isinstance(value, dict):
        return {kind: [[plain(key), plain(item)] for key, item in value.items()]}
    if hasattr(value, "to_wsgi_list"):
        return {kind: [list(pair) for pair in value]}
    if isinstance(value, set | frozenset):
        return {kind: sorted(plain(item) for item in value)}
    if isinstance(value, list):
        return {kind: [plain(item) for item in value]}
    if kind == "ETags":  # a set: its order means nothing
        return {kind: sorted(value.to_header().split(", "))}
    if hasattr(value, "to_header"):
        return {kind: value.to_header()}
    if hasattr(value, "filename") and hasattr(value, "stream"):
        return {kind: [plain(value.name), plain(value.filename), plain(value.content_type), plain(value.read())]}
    if isinstance(value, collections.abc.Iterator | collections.abc.MappingView):
        return {"iterated": [plain(item) for item in value]}
    if isinstance(value, str):
        return {kind: str(value)}
    if callable(value):
        return {"callable": getattr(value, "__name__", kind)}
    text = repr(value)
    return {kind: text.partition(" at 0x")[0]}


def raised(error: BaseException) -> Any:
    """An exception by its name, and by its code where it has one."""
    code = getattr(error, "code", None)
    return {"raised": type(error).__name__, "code": code} if code is not None else {"raised": type(error).__name__}


def attempt(function: Any, *arguments: Any, **options: Any) -> Any:
    """What calling the function gives, or how it fails."""
    try:
        return plain(function(*arguments, **options))
    except Exception as error:
        return raised(error)
