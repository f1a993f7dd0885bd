"""`Headers`: field lines in order, names case-insensitive; and its read-only forms over an environ and over a request's head.

Every write is checked for CR, LF and NUL, so no value can start another line of the message (RFC 9110 §5.5).
`_list` is the list of pairs itself; the doors read it. One thread at a time may change a `Headers`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NoReturn, Self, TypeVar, overload

from demijohn._base.sentinel import MISSING

from .errors import BadRequestKeyError
from .header_lines import HeaderLines
from .immutable import refuse_change
from .options import render_options_header

T = TypeVar("T")

# Any: values are written as `str(value)`; lists, tuples and sets in mappings are several values.
HeadersSource = Mapping[str, Any] | Iterable[tuple[str, Any]]

_breaks_line = re.compile("[\r\n\0]").search
_SEVERAL = (list, tuple, set, frozenset)
_OF_PAIRS = (list, HeaderLines)


def _checked(value: object) -> str:
    """Return the value as text that is safe in a field line."""
    text = value if isinstance(value, str) else str(value)
    # PERF: isprintable is one pass in C and true of nearly all values; only others are searched.
    if not text.isprintable() and _breaks_line(text):
        raise ValueError("A header value must not contain CR, LF or NUL.")
    return text


def _checked_name(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"A header name must be a str, not {type(name).__name__!r}.")
    if not name.isprintable() and _breaks_line(name):
        raise ValueError("A header name must not contain CR, LF or NUL.")
    return name


def _with_options(value: object, options: Mapping[str, object]) -> str:
    """Render `value; key=value`; underscores of keyword arguments stand for hyphens."""
    return render_options_header(
        None if value is None else str(value), {key.replace("_", "-"): option for key, option in options.items()}
    )


def _pairs(source: Any) -> Iterable[tuple[str, Any]]:  # Any: HeadersSource, or a multi dict
    """Iterate over single pairs of pairs, a mapping with single or several values, or a multi dict."""
    # PERF: the check against the abstract class of mappings costs as much as adding a few lines.
    if isinstance(source, _OF_PAIRS) or not hasattr(source, "items"):
        return source  # type: ignore[no-any-return]  # see above
    # A multi dict is told by its `lists`; importing its class would make a circle with the file dicts.
    if hasattr(source, "lists"):
        return ((key, value) for key, values in source.lists() for value in values)
    return ((key, one) for key, value in source.items() for one in (value if isinstance(value, _SEVERAL) else (value,)))


class Headers(HeaderLines):
    """Field lines: an ordered list of (name, value) with a dict's interface, in which case does not matter.

    Built from pairs, a mapping (lists, tuples and sets are several lines), a multi dict or other headers. Reading a name
    gives its first line, `getlist` all. Setting replaces all lines of a name, `add` appends. Integers and slices index the lines.
    Two are equal that have the same lines in any order. Values are made `str`.

    Raises:
        ValueError: on each write, if a name or value contains CR, LF or NUL.
        BadRequestKeyError: `h[name]` of a missing name; a `KeyError` and a 400 answer.
    """

    __slots__ = ()

    def __init__(self, defaults: HeadersSource | None = None) -> None:
        self._list = []
        if defaults is not None:
            self.extend(defaults)

    @staticmethod
    def from_fields(
        fields: Sequence[tuple[bytes, bytes]], index: Mapping[bytes, bytes] | None = None
    ) -> "RequestHeaders":
        """Wrap the field lines of a request as they came, decoded as latin-1 when they are asked for. Read-only.

        `index`, if the caller has it, maps lower-case names to values, those of repeated names joined.
        """
        return RequestHeaders(fields, index)

    def extend(self, arg: HeadersSource | None = None, /, **kwargs: str) -> None:
        """Append lines: those of headers, pairs, a mapping or a multi dict, then one for each keyword argument."""
        if arg is not None:
            self._append_all(arg if type(arg) is list else _pairs(arg))
        if kwargs:
            self._append_all(_pairs(kwargs))

    def _append_all(self, pairs: Iterable[tuple[str, Any]]) -> None:  # Any: see HeadersSource
        append = self._list.append
        for key, value in pairs:
            # PERF: the usual pair, of two printable strings, costs no Python call.
            if value.__class__ is str and value.isprintable() and key.__class__ is str and key.isprintable():
                append((key, value))
            else:
                append((_checked_name(key), _checked(value)))

    def __delitem__(self, key: str | int | slice) -> None:
        """Remove the lines of a name, if there are any, or those at an index or slice."""
        if isinstance(key, str):
            self.remove(key)
        else:
            del self._list[key]

    def remove(self, key: str) -> None:
        """Remove all lines of a name; none is no error."""
        key = key.lower()
        self._list[:] = [line for line in self._list if line[0].lower() != key]

    @overload
    def pop(self) -> tuple[str, str]: ...
    @overload
    def pop(self, key: str) -> str: ...
    @overload
    def pop(self, key: int | None) -> tuple[str, str]: ...
    @overload
    def pop(self, key: str, default: T) -> str | T: ...
    def pop(self, key: str | int | None = None, default: Any = MISSING) -> Any:  # Any: see overloads
        """Remove the lines of a name and return the first value; or remove and return the line at an index, by default the last.

        Raises:
            BadRequestKeyError: the name is missing and no default was given.
            IndexError: there is no such line.
        """
        if key is None or isinstance(key, int):
            return self._list.pop(-1 if key is None else key)
        value = self._find(key)
        if value is not None:
            self.remove(key)
            return value
        if default is MISSING:
            raise BadRequestKeyError(key)
        return default

    def popitem(self) -> tuple[str, str]:
        """Remove and return the last line."""
        return self._list.pop()

    def add(self, key: str, value: Any, /, **kwargs: Any) -> None:  # Any: see HeadersSource
        """Append a line; keyword arguments are options behind the value, underscores in them hyphens.

        `h.add("Content-Disposition", "attachment", filename="a b.txt")` appends `attachment; filename="a b.txt"`.
        """
        if kwargs:
            value = _with_options(value, kwargs)
        # PERF: see _append_all.
        if value.__class__ is str and value.isprintable() and key.__class__ is str and key.isprintable():
            self._list.append((key, value))
        else:
            self._list.append((_checked_name(key), _checked(value)))

    def add_header(self, key: str, value: Any, /, **kwargs: Any) -> None:  # Any: see HeadersSource
        """Append a line; `email.message.Message`'s word for `add`."""
        self.add(key, value, **kwargs)

    def clear(self) -> None:
        """Remove all lines."""
        self._list.clear()

    def set(self, key: str, value: Any, /, **kwargs: Any) -> None:  # Any: see HeadersSource
        """Put one line in the place of the first of that name and remove the others; append it if there is none.

        Keyword arguments are as for `add`.
        """
        if kwargs:
            value = _with_options(value, kwargs)
        if value.__class__ is str and value.isprintable() and key.__class__ is str and key.isprintable():
            line = (key, value)
        else:
            line = (_checked_name(key), _checked(value))
        key = key.lower()
        size = len(key)
        lines = self._list
        # PERF: see _find; and most names are new.
        for name, _ in lines:
            if len(name) == size and name.lower() == key:
                self._replace(key, line)
                return
        lines.append(line)

    def _replace(self, key: str, line: tuple[str, str]) -> None:
        """Put a line in the place of the first whose name is `key` in lower case, and remove the others."""
        first = next(at for at, (name, _) in enumerate(self._list) if name.lower() == key)
        self._list[first:] = [line, *(other for other in self._list[first + 1 :] if other[0].lower() != key)]

    def setlist(self, key: str, values: Iterable[Any]) -> None:  # Any: see HeadersSource
        """Replace all lines of a name by one for each value: the first in the old place, the others at the end."""
        lines = [(_checked_name(key), _checked(value)) for value in values]
        if lines:
            self.set(*lines[0])
            self._list.extend(lines[1:])
        else:
            self.remove(key)

    def setdefault(self, key: str, default: Any) -> str:  # Any: see HeadersSource
        """Return the first value of `key`; if there is none, add a line with the default first."""
        value = self._find(key)
        if value is None:
            value = _checked(default)
            self._list.append((_checked_name(key), value))
        return value

    def setlistdefault(self, key: str, default: Iterable[Any]) -> list[str]:  # Any: see HeadersSource
        """Return the values of `key`; if there are none, add a line for each of the defaults first."""
        if key not in self:
            self.setlist(key, default)
        return self.getlist(key)

    @overload
    def __setitem__(self, key: str, value: Any) -> None: ...  # Any: see HeadersSource
    @overload
    def __setitem__(self, key: int, value: tuple[str, Any]) -> None: ...
    @overload
    def __setitem__(self, key: slice, value: Iterable[tuple[str, Any]]) -> None: ...
    def __setitem__(self, key: str | int | slice, value: Any) -> None:
        """Set a name as `set` does, or replace the line at an index, or the lines of a slice."""
        if isinstance(key, str):
            self.set(key, value)
        elif isinstance(key, slice):
            self._list[key] = [(_checked_name(name), _checked(one)) for name, one in value]
        else:
            name, one = value
            self._list[key] = (_checked_name(name), _checked(one))

    def update(self, arg: HeadersSource | None = None, /, **kwargs: Any) -> None:  # Any: see HeadersSource
        """Replace the lines of each name in the argument and the keyword arguments; several values become several lines.

        Pairs are set one after another, so that the last of a name stays; of headers and multi dicts all lines do.
        """
        if isinstance(arg, Headers):
            grouped: dict[str, tuple[str, list[str]]] = {}
            for name, value in arg:
                grouped.setdefault(name.lower(), (name, []))[1].append(value)
            for name, values in grouped.values():
                self.setlist(name, values)
        elif isinstance(arg, Mapping):
            self._set_all(arg.lists() if hasattr(arg, "lists") else arg.items())
        elif arg is not None:
            for name, value in arg:
                self.set(name, value)
        self._set_all(kwargs.items())

    def _set_all(self, items: Iterable[tuple[str, Any]]) -> None:  # Any: see HeadersSource
        for name, value in items:
            if isinstance(value, _SEVERAL):
                self.setlist(name, value)
            else:
                self.set(name, value)

    def __or__(self, other: Mapping[str, Any]) -> Self:  # Any: see HeadersSource
        if not isinstance(other, Mapping):
            return NotImplemented
        result = self.copy()
        result.update(other)
        return result

    def __ior__(self, other: HeadersSource) -> Self:
        self.update(other)
        return self

    def copy(self) -> Self:
        """Return a copy that can be changed on its own."""
        result = type(self)()
        result._list = list(self._list)
        return result

    def __copy__(self) -> Self:
        return self.copy()


class ImmutableHeadersMixin:
    """Goes before a headers class among the bases: refuses changes."""

    __slots__ = ()

    __setitem__ = refuse_change
    __delitem__ = refuse_change
    __ior__ = refuse_change
    add = refuse_change
    add_header = refuse_change
    clear = refuse_change
    extend = refuse_change
    insert = refuse_change
    pop = refuse_change
    popitem = refuse_change
    remove = refuse_change
    set = refuse_change
    setdefault = refuse_change
    setlist = refuse_change
    setlistdefault = refuse_change
    update = refuse_change


class _ReadOnlyHeaders(ImmutableHeadersMixin, Headers):
    """What the views of a request's fields have in common: `Headers(view)` makes a mutable copy, `copy` does not."""

    __slots__ = ()

    def copy(self) -> NoReturn:
        """Refuse: a copy could not be what `copy` promises, headers to change. Raises `TypeError`."""
        raise TypeError(f"cannot create {type(self).__name__!r} copies")

    def __or__(self, other: Any) -> NoReturn:  # Any: never used
        self.copy()


@lru_cache(256)
def _environ_key(name: str) -> str:
    """Return the environ's key for a field; applications ask for the same few names again and again."""
    key = name.upper().replace("-", "_")
    return key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else "HTTP_" + key


class EnvironHeaders(_ReadOnlyHeaders):
    """The fields of a WSGI environ, read-only and live: what changes in the environ changes here.

    Names come from environ keys: `HTTP_X_Y` is `X-Y`. Repeated fields are one line, joined by the server.
    """

    __slots__ = ("environ",)

    def __init__(self, environ: dict[str, Any]) -> None:  # Any: environs hold anything
        self.environ = environ

    def _find(self, key: str) -> str | None:
        if not isinstance(key, str):
            return None  # type: ignore[unreachable]  # COMPAT: `42 in headers` is no error
        return self.environ.get(_environ_key(key))

    def get(self, key: str, default: Any = None, type: Callable[[str], Any] | None = None) -> Any:  # Any: see the base
        """Return the value of `key`; see `Headers.get`."""
        # PERF: one call in the place of two for what most requests ask a few times.
        if type is None:
            return self.environ.get(_environ_key(key), default)
        return super().get(key, default, type)

    def __getattr__(self, name: str) -> list[tuple[str, str]]:
        # The slot `_list` stays empty, so that reading it ends up here.
        if name == "_list":
            return list(self)
        raise AttributeError(name)

    def __eq__(self, other: object) -> bool:
        return self.environ is other.environ if isinstance(other, EnvironHeaders) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # as Headers

    def __iter__(self) -> Iterator[tuple[str, str]]:
        for key, value in self.environ.items():
            if key.startswith("HTTP_"):
                if key not in {"HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"}:
                    yield key[5:].replace("_", "-").title(), value
            elif key in {"CONTENT_TYPE", "CONTENT_LENGTH"} and value:
                yield key.replace("_", "-").title(), value

    def __len__(self) -> int:
        return sum(1 for _ in self)


class RequestHeaders(_ReadOnlyHeaders):
    """The field lines of a request as they came: order, case and repeated lines kept. Read-only; see `Headers.from_fields`.

    Reading a repeated name gives its lines joined with a comma (RFC 9110 §5.3; a semicolon for Cookie), as a WSGI server
    puts them in an environ; `getlist` and iteration give each line.
    """

    __slots__ = ("_fields", "_index")

    _index: Mapping[bytes, bytes]

    def __init__(self, fields: Sequence[tuple[bytes, bytes]] = (), index: Mapping[bytes, bytes] | None = None) -> None:
        self._fields = fields
        if index is not None:
            self._index = index

    def __getattr__(self, name: str) -> Any:  # Any: two slots, filled when they are first read
        if name == "_index":
            self._index = index = _index_fields(self._fields)
            return index
        if name == "_list":
            self._list = lines = [(key.decode("latin-1"), value.decode("latin-1")) for key, value in self._fields]
            return lines
        raise AttributeError(name)

    def _slice(self, key: slice) -> Self:
        return type(self)(self._fields[key])

    def _find(self, key: str) -> str | None:
        # PERF: most requests have few of their fields read; the others are never decoded.
        # What latin-1 has not becomes `?`, which is in no field name.
        value = self._index.get(key.lower().encode("latin-1", "replace"))
        return None if value is None else value.decode("latin-1")


def _index_fields(fields: Sequence[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Map lower-case names to values, repeated ones joined; linear in the number of lines."""
    index = {name.lower(): value for name, value in fields}
    if len(index) == len(fields):
        return index
    values: dict[bytes, list[bytes]] = {}
    for name, value in fields:
        values.setdefault(name.lower(), []).append(value)
    return {name: (b"; " if name == b"cookie" else b", ").join(several) for name, several in values.items()}
