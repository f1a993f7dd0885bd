"""Immutable containers: the mixins that refuse every change, `ImmutableDict` and `ImmutableList`. Nothing multi-valued here.

Immutable objects may be shared between threads. Their contents must be hashable for `hash()` to work.
"""

from collections.abc import Iterable
from typing import Any, NoReturn, Self, SupportsIndex, TypeVar

K = TypeVar("K")
V = TypeVar("V")


def refuse_change(self: object, *args: Any, **kwargs: Any) -> NoReturn:  # Any: stands in for every mutating method
    """Stand in for a mutating method.

    Raises:
        TypeError: always.
    """
    raise TypeError(f"{type(self).__name__!r} objects are immutable")


class ImmutableDictMixin:
    """Goes before a `dict` class among the bases: refuses changes, adds a hash and pickles through the constructor."""

    __slots__ = ()

    __setitem__ = refuse_change
    __delitem__ = refuse_change
    __ior__ = refuse_change
    clear = refuse_change
    pop = refuse_change
    popitem = refuse_change
    setdefault = refuse_change
    update = refuse_change

    @classmethod
    def fromkeys(cls, keys: Iterable[Any], value: Any = None) -> Self:  # Any: keys and values of any subclass
        """Build one whose keys all have the same value."""
        return cls(dict.fromkeys(keys, value))  # type: ignore[call-arg]  # a dict class follows among the bases

    def __reduce_ex__(self, protocol: SupportsIndex, /) -> tuple[Any, ...]:  # Any: what pickle asks for
        return type(self), (dict(self),)  # type: ignore[call-overload]  # a dict class follows among the bases

    def _hash_items(self) -> Iterable[Any]:  # Any: hashable pairs
        """Give what the hash is made of, in any order."""
        return self.items()  # type: ignore[attr-defined, no-any-return]  # a dict class follows among the bases

    def __hash__(self) -> int:
        return hash(frozenset(self._hash_items()))


class ImmutableListMixin:
    """Goes before `list` among the bases: refuses changes and adds a hash."""

    __slots__ = ()

    __setitem__ = refuse_change
    __delitem__ = refuse_change
    __iadd__ = refuse_change
    __imul__ = refuse_change
    append = refuse_change
    clear = refuse_change
    extend = refuse_change
    insert = refuse_change
    pop = refuse_change
    remove = refuse_change
    reverse = refuse_change
    sort = refuse_change

    def __reduce_ex__(self, protocol: SupportsIndex, /) -> tuple[Any, ...]:  # Any: what pickle asks for
        return type(self), (list(self),)  # type: ignore[call-overload]  # list follows among the bases

    def __hash__(self) -> int:
        return hash(tuple(self))  # type: ignore[arg-type]  # list follows among the bases


class ImmutableDict(ImmutableDictMixin, dict[K, V]):  # type: ignore[misc]  # refusing is narrower than dict's overloads
    """A `dict` that cannot change. `copy()` gives a plain, mutable `dict`; `|` too."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict.__repr__(self)})"

    def copy(self) -> dict[K, V]:
        """Return a mutable copy."""
        return dict(self)

    def __copy__(self) -> Self:
        return self


class ImmutableList(ImmutableListMixin, list[V]):  # type: ignore[misc]  # refusing is narrower than list's overloads
    """A `list` that cannot change. Slices, `+` and `*` give plain lists."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list.__repr__(self)})"
