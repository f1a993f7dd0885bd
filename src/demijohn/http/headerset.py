"""`HeaderSet`: a field value that is a set of words without regard to case, such as Allow, Vary and Content-Language."""

from collections.abc import Callable, Iterable, Iterator, MutableSet
from typing import Any, overload

from .options import parse_list_header, render_list_header


class HeaderSet(MutableSet[str]):
    """A set of words in order; the first spelling of a word is kept. Calls `on_update(self)` after each change."""

    # Lower-case word -> spelling: order, membership and spelling in one.
    _words: dict[str, str]

    def __init__(
        self, headers: Iterable[str] | None = None, on_update: Callable[["HeaderSet"], None] | None = None
    ) -> None:
        self._words = {}
        self.on_update = on_update
        for word in headers or ():
            self._words.setdefault(word.lower(), word)

    def _changed(self) -> None:
        if self.on_update is not None:
            self.on_update(self)

    def add(self, header: str) -> None:
        """Add a word, if it is not there in any case."""
        self.update((header,))

    def remove(self, header: str) -> None:
        """Remove a word.

        Raises:
            KeyError: it is not there.
        """
        key = header.lower()
        if key not in self._words:
            raise KeyError(header)
        del self._words[key]
        self._changed()

    def update(self, iterable: Iterable[str]) -> None:
        """Add words; calls `on_update` once, if one of them was new."""
        before = len(self._words)
        for word in iterable:
            self._words.setdefault(word.lower(), word)
        if len(self._words) != before:
            self._changed()

    def discard(self, header: str) -> None:
        """Remove a word, if it is there."""
        if header in self:
            self.remove(header)

    def find(self, header: str) -> int:
        """Return the position of a word, -1 if it is not there."""
        key = header.lower()
        return next((at for at, word in enumerate(self._words) if word == key), -1)

    def index(self, header: str) -> int:
        """Return the position of a word.

        Raises:
            IndexError: it is not there.
        """
        at = self.find(header)
        if at < 0:
            raise IndexError(header)
        return at

    def clear(self) -> None:
        """Remove all words."""
        self._words.clear()
        self._changed()

    def as_set(self, preserve_casing: bool = False) -> set[str]:
        """Return a plain set of the words in lower case, or as they are spelled."""
        return set(self._words.values() if preserve_casing else self._words)

    def to_header(self) -> str:
        """Render the field value."""
        return render_list_header(self._words.values())

    @overload
    def __getitem__(self, idx: int) -> str: ...
    @overload
    def __getitem__(self, idx: slice) -> list[str]: ...
    def __getitem__(self, idx: int | slice) -> str | list[str]:
        return list(self._words.values())[idx]

    def __delitem__(self, idx: int) -> None:
        del self._words[list(self._words)[idx]]
        self._changed()

    def __setitem__(self, idx: int, value: str) -> None:
        """Replace the word at a position; the new word leaves the place it may have had before."""
        words = list(self._words.values())
        words[idx] = value
        key = value.lower()
        at = idx % len(words)
        self._words = {word.lower(): word for here, word in enumerate(words) if here == at or word.lower() != key}
        self._changed()

    def __contains__(self, header: object) -> bool:
        return isinstance(header, str) and header.lower() in self._words

    def __len__(self) -> int:
        return len(self._words)

    def __iter__(self) -> Iterator[str]:
        return iter(self._words.values())

    def __reduce__(self) -> tuple[Any, ...]:  # Any: what copy and pickle ask for
        # The callback belongs to the response that made this one; a copy has none, and words of its own.
        return type(self), (list(self),)

    @classmethod
    def _from_iterable(cls, it: Iterable[Any]) -> Any:  # Any: what the set operators of the base class pass and expect
        return cls(it)

    def __str__(self) -> str:
        return self.to_header()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self)!r})"


def parse_set_header(value: str | None, on_update: Callable[[HeaderSet], None] | None = None) -> HeaderSet:
    """Parse a comma-separated list as a set; `None` is an empty one."""
    return HeaderSet(parse_list_header(value), on_update)


def render_set_header(value: HeaderSet) -> str:
    """Render a set as a comma-separated list."""
    return value.to_header()
