"""The multi dicts and their kin: `MultiDict` and its immutable, combined and file forms.

The home of the names for users; `MultiDict` itself is in `multidict_base`, the single-valued dicts in files of their own.
"""

from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from mimetypes import guess_type
from os import PathLike, fspath
from typing import IO, Any, NoReturn, Self, SupportsIndex, TypeVar, cast

from .callbackdict import CallbackDict, UpdateDictMixin
from .errors import BadRequestKeyError
from .immutable import ImmutableDict, ImmutableDictMixin, ImmutableList, ImmutableListMixin, refuse_change
from .multidict_base import MultiDict, iter_multi_items
from .typeconversion import ImmutableTypeConversionDict, TypeConversionDict
from .uploads import FileStorage

__all__ = [
    "CallbackDict",
    "CombinedMultiDict",
    "FileMultiDict",
    "ImmutableDict",
    "ImmutableDictMixin",
    "ImmutableList",
    "ImmutableListMixin",
    "ImmutableMultiDict",
    "ImmutableMultiDictMixin",
    "ImmutableTypeConversionDict",
    "MultiDict",
    "TypeConversionDict",
    "UpdateDictMixin",
    "iter_multi_items",
]

K = TypeVar("K")
V = TypeVar("V")


class ImmutableMultiDictMixin(ImmutableDictMixin):
    """Goes before a multi dict class among the bases: refuses changes, adds a hash."""

    __slots__ = ()

    add = refuse_change
    popitemlist = refuse_change
    poplist = refuse_change
    setlist = refuse_change
    setlistdefault = refuse_change

    def __reduce_ex__(self, protocol: SupportsIndex, /) -> tuple[Any, ...]:  # Any: what pickle asks for
        return type(self), (list(self._hash_items()),)

    def _hash_items(self) -> Iterable[Any]:  # Any: hashable pairs
        return self.items(multi=True)  # type: ignore[attr-defined, no-any-return]  # a multi dict follows among the bases


class ImmutableMultiDict(ImmutableMultiDictMixin, MultiDict[K, V]):  # type: ignore[misc]  # see ImmutableDict
    """A `MultiDict` that cannot change; `copy()` gives a mutable one."""

    def copy(self) -> MultiDict[K, V]:  # type: ignore[override]  # mutable, as the name says
        """Return a mutable copy."""
        return MultiDict(self)

    def __copy__(self) -> Self:
        return self


class CombinedMultiDict(ImmutableMultiDictMixin, MultiDict[K, V]):
    """Several multi dicts seen as one, immutable; a change of one of them is seen. The first that has a key wins.

    Keys come in the order of the first dict that has them.
    """

    dicts: list[MultiDict[K, V]]

    def __init__(self, dicts: Iterable[MultiDict[K, V]] | None = None) -> None:
        super().__init__()
        self.dicts = list(dicts or ())

    def __reduce_ex__(self, protocol: SupportsIndex, /) -> tuple[Any, ...]:  # Any: what pickle asks for
        return type(self), (self.dicts,)

    @classmethod
    def fromkeys(cls, keys: Any, value: Any = None) -> NoReturn:  # noqa: ARG003  # Any: never used
        """Refuse: there would be no dicts to combine. Raises `TypeError`."""
        raise TypeError(f"cannot create {cls.__name__!r} instances by fromkeys")

    def __getitem__(self, key: K) -> V:
        for one in self.dicts:
            if key in one:
                return one[key]
        raise BadRequestKeyError(key)

    def get(self, key: K, default: Any = None, type: Callable[[V], Any] | None = None) -> Any:  # Any: see MultiDict
        """Return the first value of the first dict that has `key` and, with `type`, whose value can be converted."""
        for one in self.dicts:
            if key in one:
                if type is None:
                    return one[key]
                try:
                    return type(one[key])
                except (ValueError, TypeError):
                    continue
        return default

    def getlist(self, key: K, type: Callable[[V], Any] | None = None) -> list[Any]:  # Any: V or T
        """Return the values of `key` in all the dicts."""
        return [value for one in self.dicts for value in one.getlist(key, type)]

    def keys(self) -> Any:  # Any: a view class that has no public name
        """Return a view of the keys as they are now."""
        return dict.fromkeys(key for one in self.dicts for key in one).keys()

    def __iter__(self) -> Iterator[K]:
        return iter(self.keys())

    def items(self, multi: bool = False) -> Iterator[tuple[K, V]]:  # type: ignore[override]  # an iterator, no view
        """Iterate over (key, first value of the first dict that has it); with `multi` over all values."""
        seen = set()
        for one in self.dicts:
            for key, value in one.items(multi):
                if multi:
                    yield key, value
                elif key not in seen:
                    seen.add(key)
                    yield key, value

    def lists(self) -> Iterator[tuple[K, list[V]]]:
        """Iterate over (key, list of its values in all the dicts)."""
        merged: dict[K, list[V]] = {}
        for one in self.dicts:
            for key, values in one.lists():
                merged.setdefault(key, []).extend(values)
        return iter(merged.items())

    def listvalues(self) -> Iterable[list[V]]:
        """Iterate over the lists of values."""
        return (values for _, values in self.lists())

    def to_dict(self, flat: bool = True) -> Any:  # Any: see MultiDict
        """Return a plain dict of the first values; without `flat`, of lists."""
        return dict(self.items() if flat else self.lists())

    def copy(self) -> MultiDict[K, V]:  # type: ignore[override]  # mutable, and one dict
        """Return a mutable multi dict with all values."""
        return MultiDict(self)

    def deepcopy(self, memo: Any = None) -> Self:  # Any: copy's own bookkeeping
        """Return one that combines copies of the dicts."""
        return type(self)(deepcopy(self.dicts, memo))

    def __len__(self) -> int:
        return len(self.keys())

    def values(self) -> Iterator[V]:  # type: ignore[override]  # an iterator, no view
        """Iterate over the first value of each key."""
        return (value for _, value in self.items())

    def __contains__(self, key: object) -> bool:
        return any(key in one for one in self.dicts)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, dict):
            return NotImplemented
        mine = dict(self.lists())
        return mine == (dict(other.lists()) if isinstance(other, MultiDict) else other)

    def __ne__(self, other: object) -> bool:
        # dict has one of its own, which would compare the empty dict underneath.
        return not self == other

    __hash__ = ImmutableMultiDictMixin.__hash__  # type: ignore[assignment]  # dict has none

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.dicts!r})"


class FileMultiDict(MultiDict[str, FileStorage]):
    """A multi dict of uploaded files, as a test client sends them."""

    def add_file(
        self,
        name: str,
        file: str | PathLike[str] | IO[bytes] | FileStorage,
        filename: str | None = None,
        content_type: str | None = None,
    ) -> None:
        """Add a file for a field: one that is open, the path of one (it is opened, and stays so), or a `FileStorage` as it is.

        A path is the filename too, if no other is given; the content type is guessed from the filename.
        """
        if isinstance(file, FileStorage):
            self.add(name, file)
            return
        if isinstance(file, str | PathLike):
            path = fspath(file)
            filename = path if filename is None else filename
            stream: IO[bytes] = open(path, "rb")  # noqa: SIM115  # the dict's user closes it
        else:
            stream = cast("IO[bytes]", file)
        if filename and content_type is None:
            content_type = guess_type(filename)[0] or "application/octet-stream"
        self.add(name, FileStorage(stream, filename, name, content_type))
