"""`CallbackDict`: a dict that tells when it changes. Header objects use it to write themselves back to their field."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self, TypeVar

from demijohn._base.sentinel import MISSING

K = TypeVar("K")
V = TypeVar("V")


class UpdateDictMixin(dict[K, V]):
    """A dict that calls `on_update(self)` after each change, if `on_update` is set.

    `setdefault` and `pop` call it only if they changed something; the others on each call that did not raise.
    """

    on_update: Callable[[Any], None] | None = None  # Any: the subclass itself, which a class attribute cannot name

    def _changed(self) -> None:
        if self.on_update is not None:
            self.on_update(self)

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        self._changed()

    def __delitem__(self, key: K) -> None:
        super().__delitem__(key)
        self._changed()

    def __ior__(self, other: Mapping[K, V] | Iterable[tuple[K, V]]) -> Self:  # type: ignore[override, misc]  # no overloads
        super().update(other)
        self._changed()
        return self

    def clear(self) -> None:
        """Remove all items."""
        super().clear()
        self._changed()

    def pop(self, key: K, default: Any = MISSING) -> Any:  # Any: V or what the default is
        """Remove `key` and return its value; the default, if given, where it is missing.

        Raises:
            KeyError: it is missing, and no default was given.
        """
        if key in self or default is MISSING:
            value = super().pop(key)
            self._changed()
            return value
        return default

    def popitem(self) -> tuple[K, V]:
        """Remove and return the last item."""
        item = super().popitem()
        self._changed()
        return item

    def setdefault(self, key: K, default: V | None = None) -> Any:  # Any: V, or None by default
        """Return the value of `key`; where it is missing, set it to the default first."""
        if key not in self:
            self[key] = default  # type: ignore[assignment]  # as dict.setdefault has it
        return self[key]

    def update(  # type: ignore[override]  # no overloads
        self, arg: Mapping[K, V] | Iterable[tuple[K, V]] | None = None, /, **kwargs: V
    ) -> None:
        """Set items as `dict.update` does; `None` for the argument is nothing."""
        super().update(() if arg is None else arg, **kwargs)
        self._changed()


class CallbackDict(UpdateDictMixin[K, V]):
    """A dict with an `on_update` callback, called with the dict after each change."""

    def __init__(
        self,
        initial: Mapping[K, V] | Iterable[tuple[K, V]] | None = None,
        on_update: Callable[[Any], None] | None = None,  # Any: the subclass itself
    ) -> None:
        super().__init__(() if initial is None else initial)
        self.on_update = on_update

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {dict.__repr__(self)}>"
