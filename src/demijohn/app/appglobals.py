"""`_AppCtxGlobals`: what `g` is made of, one for each context. Used by the thread, task or greenlet whose context it is."""

from collections.abc import Iterator
from typing import Any

from .._base.sentinel import MISSING
from .._base.served import own_name
from .slot import current


class _AppCtxGlobals:
    """`g`: a namespace for one context. Attributes may be set freely; also `in`, iteration, `get`, `pop`, `setdefault`."""

    def __getattr__(self, name: str) -> Any:  # Any: the application puts there what it likes
        raise AttributeError(name)

    def __setattr__(self, name: str, value: Any) -> None:
        self.__dict__[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self.__dict__[name]
        except KeyError:
            raise AttributeError(name) from None

    def get(self, name: str, default: Any = None) -> Any:
        """Return an attribute, or `default`."""
        return self.__dict__.get(name, default)

    def pop(self, name: str, default: Any = MISSING) -> Any:
        """Remove and return an attribute, or `default`.

        Raises:
            KeyError: it is not there, and no default was given.
        """
        return self.__dict__.pop(name) if default is MISSING else self.__dict__.pop(name, default)

    def setdefault(self, name: str, default: Any = None) -> Any:
        """Return an attribute; set it to `default` first if it is not there."""
        return self.__dict__.setdefault(name, default)

    def __contains__(self, item: str) -> bool:
        return item in self.__dict__

    def __iter__(self) -> Iterator[str]:
        return iter(self.__dict__)

    def __repr__(self) -> str:
        ctx = current(None)
        return object.__repr__(self) if ctx is None else f"<{own_name()}.g of {ctx.app.name!r}>"
