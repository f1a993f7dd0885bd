"""Properties that are computed once."""

from functools import cached_property
from threading import RLock
from typing import Any


class locked_cached_property(cached_property[Any]):  # noqa: N801 - COMPAT: its name; Any: of any type
    """A cached property that is computed by one thread."""

    def __init__(self, fget: Any, name: str | None = None, doc: str | None = None) -> None:
        super().__init__(fget)
        self.__name__ = name or fget.__name__
        self.__doc__ = doc or fget.__doc__
        self.lock = RLock()

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """Return the value."""
        with self.lock:
            return super().__get__(instance, owner)

    def __set__(self, obj: Any, value: Any) -> None:
        """Set the value."""
        with self.lock:
            obj.__dict__[self.attrname] = value

    def __delete__(self, obj: Any) -> None:
        """Forget the value."""
        with self.lock:
            obj.__dict__.pop(self.attrname, None)


def invalidate_cached_property(obj: object, name: str) -> None:
    """Have a cached property computed again."""
    vars(obj).pop(name, None)
