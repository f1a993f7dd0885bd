"""`TypeConversionDict`: a dict whose `get` converts, and its immutable form. The base of the multi dicts."""

from collections.abc import Callable
from typing import Any, Self, TypeVar, overload

from .immutable import ImmutableDictMixin

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")


class TypeConversionDict(dict[K, V]):
    """A dict with `get(key, default, type)`."""

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
        """Return the value of `key`, passed through `type` if one is given.

        The default is returned, unconverted, where the key is missing or where `type` raises ValueError or TypeError.
        Other exceptions of `type` reach the caller.
        """
        try:
            value = self[key]
        except KeyError:
            return default
        if type is None:
            return value
        try:
            return type(value)
        except (ValueError, TypeError):
            return default


class ImmutableTypeConversionDict(ImmutableDictMixin, TypeConversionDict[K, V]):  # type: ignore[misc]  # see ImmutableDict
    """A `TypeConversionDict` that cannot change; `copy()` gives a mutable one."""

    def copy(self) -> TypeConversionDict[K, V]:
        """Return a mutable copy."""
        return TypeConversionDict(self)

    def __copy__(self) -> Self:
        return self
