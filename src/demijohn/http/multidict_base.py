"""`MultiDict`: several values for one key, as forms and query strings have them. Users import it from `multidict`.

A multi dict is a `dict` of lists that shows the first value of each. A list that `getlist` returns is a copy.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from copyreg import __newobj__  # type: ignore[attr-defined]  # exists, undocumented: what pickle protocol 2 names
from typing import Any, Self, SupportsIndex, TypeVar, cast, overload

from demijohn._base.sentinel import MISSING

from .errors import BadRequestKeyError
from .typeconversion import TypeConversionDict

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")

# Any: the dict below holds `list[V]` where its public type says `V`; these are the ways to the lists themselves.
_lists_of: Callable[[Any], Iterable[tuple[Any, list[Any]]]] = dict.items
_list_of: Callable[[Any, Any], list[Any] | None] = dict.get
_set_list: Callable[[Any, Any, list[Any]], None] = dict.__setitem__
_pop_list: Any = dict.pop
_list_to_extend: Callable[[Any, Any, list[Any]], list[Any]] = dict.setdefault
_assign: Callable[[Any, Any], None] = dict.update  # of a dict, or of pairs

_SEVERAL = (list, tuple, set, frozenset)

MultiSource = Mapping[K, V | list[V] | tuple[V, ...] | set[V]] | Iterable[tuple[K, V]]


def iter_multi_items(mapping: MultiSource[K, V]) -> Iterator[tuple[K, V]]:
    """Iterate over single pairs: of a multi dict all of them, of a mapping with lists, tuples or sets one per element."""
    if isinstance(mapping, MultiDict):
        yield from mapping.items(multi=True)
    elif isinstance(mapping, Mapping):
        for key, value in mapping.items():
            if isinstance(value, _SEVERAL):
                for element in value:
                    yield key, element
            else:
                yield key, value
    else:
        yield from mapping


class MultiDict(TypeConversionDict[K, V]):
    """A dict with one or more values per key; the dict interface sees the first, `getlist` and the like see all.

    Built from another multi dict, a mapping (lists, tuples and sets are several values), or pairs.
    `d[key]` of a missing key raises `BadRequestKeyError`: a `KeyError`, and if a view does not catch it, a 400 answer.
    """

    def __init__(self, mapping: MultiSource[K, V] | None = None) -> None:
        if mapping is None:
            return
        # PERF: lists are what parsers pass, and a generator between would double the time.
        if not isinstance(mapping, list):
            if isinstance(mapping, MultiDict):
                _assign(self, mapping.lists())
                return
            mapping = iter_multi_items(mapping)
        for key, value in mapping:
            _list_to_extend(self, key, []).append(value)

    def __getitem__(self, key: K) -> V:
        values = _list_of(self, key)
        if values:
            return values[0]  # type: ignore[no-any-return]  # of a list[V]
        raise BadRequestKeyError(key)

    def __setitem__(self, key: K, value: V) -> None:
        """Replace all values of `key` by one."""
        _set_list(self, key, [value])

    def __iter__(self) -> Iterator[K]:
        # COMPAT: `dict(multi)` copies the lists by the C way unless `__iter__` is overridden.
        return super().__iter__()

    @overload
    def get(self, key: K, default: None = None, type: None = None) -> V | None: ...
    @overload
    def get(self, key: K, default: V, type: None = None) -> V: ...
    @overload
    def get(self, key: K, default: T, type: None = None) -> V | T: ...
    @overload
    def get(self, key: K, default: None = None, *, type: Callable[[V], T]) -> T | None: ...
    @overload
    def get(self, key: K, default: T, type: Callable[[V], T]) -> T: ...
    @overload
    def get(self, key: K, default: Any, type: Callable[[V], T]) -> Any: ...  # Any: T or what the default is
    def get(self, key: K, default: Any = None, type: Callable[[V], Any] | None = None) -> Any:  # Any: as above
        """Return the first value of `key`, converted by `type`; else the default. See `TypeConversionDict.get`."""
        # PERF: a missing key is no exception here; forms are asked for optional fields all the time.
        values = _list_of(self, key)
        if not values:
            return default
        if type is None:
            return values[0]
        try:
            return type(values[0])
        except (ValueError, TypeError):
            return default

    def add(self, key: K, value: V) -> None:
        """Add one more value for `key`."""
        values = _list_of(self, key)
        if values is None:
            _set_list(self, key, [value])
        else:
            values.append(value)

    @overload
    def getlist(self, key: K, type: None = None) -> list[V]: ...
    @overload
    def getlist(self, key: K, type: Callable[[V], T]) -> list[T]: ...
    def getlist(self, key: K, type: Callable[[V], Any] | None = None) -> list[Any]:  # Any: V or T
        """Return all values of `key` in a new list; those for which `type` raises ValueError or TypeError are left out."""
        values = _list_of(self, key) or ()
        return list(values) if type is None else _convert(values, type)

    def setlist(self, key: K, new_list: Iterable[V]) -> None:
        """Replace all values of `key`."""
        _set_list(self, key, list(new_list))

    def setdefault(self, key: K, default: V | None = None) -> Any:  # Any: V, or None by default
        """Return the first value of `key`; where it is missing, set it to the default first."""
        if key not in self:
            _set_list(self, key, [default])
            return default
        return self[key]

    def setlistdefault(self, key: K, default_list: Iterable[V] | None = None) -> list[V]:
        """Return the list of values of `key` itself (a change of it is a change of the dict); set it first if missing."""
        values = _list_of(self, key)
        if values is None:
            values = list(default_list or ())
            _set_list(self, key, values)
        return values

    def items(self, multi: bool = False) -> Iterator[tuple[K, V]]:  # type: ignore[override]  # an iterator, no view
        """Iterate over (key, first value); with `multi` over each value of each key."""
        if multi:
            for key, values in _lists_of(self):
                for value in values:
                    yield key, value
        else:
            for key, values in _lists_of(self):
                if values:
                    yield key, values[0]

    def lists(self) -> Iterator[tuple[K, list[V]]]:
        """Iterate over (key, new list of its values)."""
        for key, values in _lists_of(self):
            yield key, list(values)

    def values(self) -> Iterator[V]:  # type: ignore[override]  # an iterator, no view
        """Iterate over the first value of each key."""
        for values in dict.values(self):
            if values:
                yield cast("list[V]", values)[0]

    def listvalues(self) -> Iterable[list[V]]:
        """Return a view of the lists themselves."""
        return cast("Iterable[list[V]]", dict.values(self))

    def copy(self) -> Self:
        """Return a copy with lists of its own; the values are the same."""
        return type(self)(self)

    def deepcopy(self, memo: Any = None) -> Self:  # Any: copy's own bookkeeping
        """Return a copy with copies of the values."""
        return type(self)(deepcopy(self.to_dict(flat=False), memo))

    def to_dict(
        self, flat: bool = True
    ) -> Any:  # Any: dict[K, V], or of lists; overloads on a bool literal help nobody
        """Return a plain dict of the first values; without `flat`, of lists."""
        if flat:
            return {key: values[0] for key, values in _lists_of(self) if values}
        return {key: list(values) for key, values in _lists_of(self)}

    def update(self, mapping: MultiSource[K, V]) -> None:  # type: ignore[override]  # adds, where dict replaces
        """Add values; none that is there already is replaced or removed."""
        for key, value in iter_multi_items(mapping):
            self.add(key, value)

    def __or__(self, other: Mapping[K, Any]) -> "MultiDict[K, V]":  # type: ignore[override]  # Any: V or several of them
        if not isinstance(other, Mapping):
            return NotImplemented
        result: MultiDict[K, V] = MultiDict(self)
        result.update(other)
        return result

    def __ior__(self, other: MultiSource[K, V]) -> Self:  # type: ignore[override, misc]  # adds, where dict replaces
        self.update(other)
        return self

    def pop(self, key: K, default: Any = MISSING) -> Any:  # Any: V or what the default is
        """Remove `key` with all its values and return the first; the default, if given, where there is none.

        Raises:
            BadRequestKeyError: there is none, and no default was given.
        """
        values = _pop_list(self, key, None)
        if values:
            return values[0]
        if default is MISSING:
            raise BadRequestKeyError(key)
        return default

    def popitem(self) -> tuple[K, V]:
        """Remove the last key with all its values and return it with the first; raises `BadRequestKeyError` if there is none."""
        key, values = self.popitemlist()
        if not values:
            raise BadRequestKeyError(key)
        return key, values[0]

    def poplist(self, key: K) -> list[V]:
        """Remove `key` and return its values; an empty list where it is missing."""
        return cast("list[V]", _pop_list(self, key, []))

    def popitemlist(self) -> tuple[K, list[V]]:
        """Remove the last key and return it with all its values; raises `BadRequestKeyError` if the dict is empty."""
        try:
            return cast("tuple[K, list[V]]", dict.popitem(self))
        except KeyError as error:
            raise BadRequestKeyError(*error.args) from None

    def __copy__(self) -> Self:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> Self:  # Any: copy's own bookkeeping
        return self.deepcopy(memo=memo)

    def __reduce_ex__(self, protocol: SupportsIndex, /) -> tuple[Any, ...]:  # Any: what pickle asks for
        return __newobj__, (type(self),), self.__getstate__()

    def __getstate__(self) -> Any:  # Any: a dict of lists
        return dict(self.lists())

    def __setstate__(self, value: Any) -> None:  # Any: as above
        dict.clear(self)
        _assign(self, value)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self.items(multi=True))!r})"


def _convert(values: Iterable[V], type: Callable[[V], T]) -> list[T]:
    """Pass values through `type`, leaving out those it refuses."""
    result = []
    for value in values:
        try:
            result.append(type(value))
        except (ValueError, TypeError):
            continue
    return result
