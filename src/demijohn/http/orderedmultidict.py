"""`OrderedMultiDict`: a multi dict that remembers the order of all its values, not only of its keys. COMPAT: of older programs.

A `MultiDict` keeps keys in order and the values of each key; nearly everybody wants that one.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Self, TypeVar

from demijohn._base.sentinel import MISSING

from .multidict import ImmutableMultiDictMixin, MultiDict
from .multidict_base import MultiSource, iter_multi_items

K = TypeVar("K")
V = TypeVar("V")


class OrderedMultiDict(MultiDict[K, V]):
    """As `MultiDict`; `items(multi=True)` has the pairs in the order in which they came, and equality minds it."""

    _order: list[K]
    """The key of each value, in the order in which they came."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:  # Any: of __init__
        """Make an empty one."""
        self = super().__new__(cls, *args, **kwargs)
        self._order = []
        return self

    def __init__(self, mapping: MultiSource[K, V] | None = None) -> None:
        super().__init__()
        for key, value in iter_multi_items(mapping or ()):
            OrderedMultiDict.add(self, key, value)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, OrderedMultiDict):
            return list(self.items(multi=True)) == list(other.items(multi=True))
        return dict.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None  # type: ignore[assignment]  # it can be changed

    def __setitem__(self, key: K, value: V) -> None:
        self.setlist(key, [value])

    def __delitem__(self, key: K) -> None:
        super().__delitem__(key)
        self._forget(key)

    def __or__(self, other: Any) -> Any:  # Any: as the base
        both = super().__or__(other)
        return both if both is NotImplemented else type(self)([*self.items(multi=True), *iter_multi_items(other)])

    def _forget(self, key: K) -> None:
        self._order = [each for each in self._order if each != key]

    def items(self, multi: bool = False) -> Iterator[tuple[K, V]]:  # type: ignore[override]  # as the base
        """Iterate over (key, first value); with `multi` over every value, in the order in which they came."""
        if not multi:
            yield from super().items()
            return
        left = {key: iter(values) for key, values in self.lists()}
        for key in self._order:
            for value in left.get(key, iter(())):
                yield key, value
                break
        # What was put into a list that `setlistdefault` gave.
        for key, values in left.items():
            for value in values:
                yield key, value

    def add(self, key: K, value: V) -> None:
        """Add one more value for `key`, behind all others."""
        MultiDict.add(self, key, value)
        self._order.append(key)

    def setlist(self, key: K, new_list: Iterable[V]) -> None:
        """Replace all values of `key`; they come last."""
        values = list(new_list)
        MultiDict.setlist(self, key, values)
        self._forget(key)
        self._order += [key] * len(values)

    def setdefault(self, key: K, default: V | None = None) -> Any:  # Any: as the base
        """Return the first value of `key`; where it is missing, set it to the default first."""
        if key not in self:
            self._order.append(key)
        return super().setdefault(key, default)

    def setlistdefault(self, key: K, default_list: Iterable[V] | None = None) -> list[V]:
        """Return the list of values of `key` itself; set it first if missing."""
        if key not in self:
            self.setlist(key, default_list or ())
        return super().setlistdefault(key)

    def pop(self, key: K, default: Any = MISSING) -> Any:  # Any: as the base
        """Remove `key` with all its values and return the first."""
        self._forget(key)
        return super().pop(key, default)

    def poplist(self, key: K) -> list[V]:
        """Remove `key` and return its values."""
        self._forget(key)
        return super().poplist(key)

    def popitemlist(self) -> tuple[K, list[V]]:
        """Remove the last key and return it with all its values."""
        key, values = super().popitemlist()
        self._forget(key)
        return key, values

    def clear(self) -> None:
        """Remove everything."""
        super().clear()
        self._order = []

    def copy(self) -> Self:
        """Return a copy with lists of its own; the values are the same."""
        return type(self)(list(self.items(multi=True)))

    def deepcopy(self, memo: Any = None) -> Self:  # Any: copy's own bookkeeping
        """Return a copy with copies of the values."""
        from copy import deepcopy

        return type(self)(deepcopy(list(self.items(multi=True)), memo))

    def __getstate__(self) -> Any:  # Any: pairs
        return list(self.items(multi=True))

    def __setstate__(self, value: Any) -> None:  # Any: as above
        dict.clear(self)
        self._order = []
        for key, each in value:
            OrderedMultiDict.add(self, key, each)


class ImmutableOrderedMultiDict(ImmutableMultiDictMixin, OrderedMultiDict[K, V]):  # type: ignore[misc]  # as ImmutableMultiDict
    """One that cannot be changed, and can be hashed."""

    def __hash__(self) -> int:  # type: ignore[override]  # the base says None
        return hash(tuple(self.items(multi=True)))

    def copy(self) -> OrderedMultiDict[K, V]:  # type: ignore[override]  # a copy may be changed
        """Return a copy that can be changed."""
        return OrderedMultiDict(list(self.items(multi=True)))

    def __copy__(self) -> Self:
        return self
