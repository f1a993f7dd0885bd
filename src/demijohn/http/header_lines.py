"""`HeaderLines`: the reading half of `Headers`, shared by headers that can change and views that cannot. Users never meet it."""

from collections.abc import Callable, Iterator
from typing import Any, Self, TypeVar, overload

from .errors import BadRequestKeyError

T = TypeVar("T")


class HeaderLines:
    """An ordered list of (name, value) with a dict's interface, in which case does not matter."""

    __slots__ = ("__weakref__", "_list")

    _list: list[tuple[str, str]]

    def _find(self, key: str) -> str | None:
        """Return the value that reading `key` gives, `None` if there is none. The read-only forms have their own."""
        key = key.lower()
        size = len(key)
        for name, value in self._list:
            # PERF: a length is compared sooner than a lower-case copy is made, and few names are as long as another.
            if len(name) == size and name.lower() == key:
                return value
        return None

    @overload
    def __getitem__(self, key: str) -> str: ...
    @overload
    def __getitem__(self, key: int) -> tuple[str, str]: ...
    @overload
    def __getitem__(self, key: slice) -> Self: ...
    def __getitem__(self, key: str | int | slice) -> str | tuple[str, str] | Self:
        if isinstance(key, str):
            value = self._find(key)
            if value is None:
                raise BadRequestKeyError(key)
            return value
        if isinstance(key, slice):
            return self._slice(key)
        return self._list[key]

    def _slice(self, key: slice) -> Self:
        part = type(self)()
        part._list = self._list[key]
        return part

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return {(name.lower(), value) for name, value in self._list} == {
            (name.lower(), value) for name, value in other._list
        }

    __hash__ = None  # type: ignore[assignment]  # mutable

    @overload
    def get(self, key: str, default: None = None, type: None = None) -> str | None: ...
    @overload
    def get(self, key: str, default: str, type: None = None) -> str: ...
    @overload
    def get(self, key: str, default: T, type: None = None) -> str | T: ...
    @overload
    def get(self, key: str, default: None = None, *, type: Callable[[str], T]) -> T | None: ...
    @overload
    def get(self, key: str, default: T, type: Callable[[str], T]) -> T: ...
    def get(self, key: str, default: Any = None, type: Callable[[str], Any] | None = None) -> Any:  # Any: see overloads
        """Return the value of `key`, converted by `type`; the default where it is missing or `type` raises ValueError."""
        value = self._find(key)
        if value is None:
            return default
        if type is None:
            return value
        try:
            return type(value)
        except ValueError:
            return default

    @overload
    def getlist(self, key: str, type: None = None) -> list[str]: ...
    @overload
    def getlist(self, key: str, type: Callable[[str], T]) -> list[T]: ...
    def getlist(self, key: str, type: Callable[[str], Any] | None = None) -> list[Any]:  # Any: str or T
        """Return the values of all lines with the name `key`; those for which `type` raises ValueError are left out."""
        key = key.lower()
        values = [value for name, value in self._list if name.lower() == key]
        if type is None:
            return values
        result = []
        for value in values:
            try:
                result.append(type(value))
            except ValueError:
                continue
        return result

    def get_all(self, name: str) -> list[str]:
        """Return the values of all lines with that name; `email.message.Message`'s word for `getlist`."""
        return self.getlist(name)

    def items(self, lower: bool = False) -> Iterator[tuple[str, str]]:
        """Iterate over the lines, names in lower case if `lower`."""
        for name, value in self._list:
            yield (name.lower() if lower else name), value

    def keys(self, lower: bool = False) -> Iterator[str]:
        """Iterate over the name of each line, in lower case if `lower`."""
        for name, _ in self._list:
            yield name.lower() if lower else name

    def values(self) -> Iterator[str]:
        """Iterate over the value of each line."""
        for _, value in self._list:
            yield value

    def __contains__(self, key: str) -> bool:
        return self._find(key) is not None

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._list)

    def __len__(self) -> int:
        return len(self._list)

    def to_wsgi_list(self) -> list[tuple[str, str]]:
        """Return the lines as a new list of pairs."""
        return list(self._list)

    def __str__(self) -> str:
        """Render the lines with CRLF behind each, and an empty one at the end."""
        return "".join([f"{name}: {value}\r\n" for name, value in self._list]) + "\r\n"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._list!r})"
