"""What Flask 1.x had for both Pythons; some extensions import it."""

from collections.abc import Callable, Iterator, Mapping
from io import BytesIO, StringIO
from typing import Any, NoReturn

from demijohn._base.older import warn_older

PY2 = False
text_type = str
string_types = (str,)
integer_types = (int,)


def iterkeys(d: Mapping[Any, Any]) -> Iterator[Any]:
    """Iterate over the keys."""
    return iter(d.keys())


def itervalues(d: Mapping[Any, Any]) -> Iterator[Any]:
    """Iterate over the values."""
    return iter(d.values())


def iteritems(d: Mapping[Any, Any]) -> Iterator[tuple[Any, Any]]:
    """Iterate over the pairs."""
    return iter(d.items())


def reraise(tp: type[BaseException], value: BaseException, tb: Any = None) -> NoReturn:
    """Raise with a traceback."""
    raise value.with_traceback(tb) if tb is not None else value


def implements_to_string(cls: type) -> type:
    """Return the class as it is."""
    return cls


def with_metaclass(meta: Callable[..., type], *bases: type) -> type:
    """Return a base that has a metaclass."""
    return meta("temporary_class", bases, {})


warn_older("'flask._compat' was removed in Flask 2.0. Python 3 has it all.")
