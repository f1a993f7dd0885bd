"""Iterables that WSGI applications return, and small readers of an environ.

`ClosingIterator` ties cleanup to a body, `FileWrapper` and `RangeWrapper` turn files and ranges into bodies. An iterable
belongs to one response and is pulled by one thread at a time.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import update_wrapper
from itertools import chain
from typing import IO, Any, Self

from demijohn.http import host

from .environ import Environ, decode_text, server_of

StartResponse = Callable[..., Callable[[bytes], object]]
WSGIApplication = Callable[[Environ, StartResponse], Iterable[bytes]]


def get_environ(source: Any) -> Environ:  # Any: an environ, or whatever carries one
    """Return `source.environ`, or `source` itself if it has none, so that APIs take a request or an environ."""
    environ = getattr(source, "environ", source)
    if not isinstance(environ, dict):
        raise TypeError(f"{type(source).__name__!r} is not a WSGI environ (it must be a plain dict)")
    return environ


def get_path_info(environ: Environ) -> str:
    """Return PATH_INFO as text: its bytes as UTF-8, what is not UTF-8 replaced."""
    return decode_text(environ.get("PATH_INFO", ""))


def get_host(environ: Environ, trusted_hosts: Collection[str] | None = None) -> str:
    """Return the host an environ is for, without the port if it is the scheme's own; `""` if it is not well-formed.

    Raises:
        demijohn.http.errors.SecurityError: it is none of `trusted_hosts`.
    """
    return host.get_host(environ["wsgi.url_scheme"], environ.get("HTTP_HOST"), server_of(environ), trusted_hosts)


def get_current_url(
    environ: Environ,
    root_only: bool = False,
    strip_querystring: bool = False,
    host_only: bool = False,
    trusted_hosts: Collection[str] | None = None,
) -> str:
    """Return the URL of an environ as an IRI: whole, without the query, up to the application's root, or up to the host.

    Raises:
        demijohn.http.errors.SecurityError: the host is none of `trusted_hosts`.
    """
    named = get_host(environ, trusted_hosts)
    scheme = environ["wsgi.url_scheme"]
    if host_only:
        return host.get_current_url(scheme, named)
    root = decode_text(environ.get("SCRIPT_NAME", ""))
    if root_only:
        return host.get_current_url(scheme, named, root)
    query = None if strip_querystring else environ.get("QUERY_STRING", "").encode("latin-1")
    return host.get_current_url(scheme, named, root, get_path_info(environ), query)


def responder(f: Callable[..., WSGIApplication]) -> WSGIApplication:
    """Decorate a function that returns a WSGI application (such as a response) so that it becomes one itself."""

    def application(*args: Any) -> Iterable[bytes]:  # Any: a method's self may come before the two WSGI arguments
        environ, start_response = args[-2:]
        return f(*args)(environ, start_response)

    return update_wrapper(application, f)


class ClosingIterator:
    """Iterate over `iterable`; `close()` calls its `close` first, then the callbacks, in order."""

    def __init__(
        self,
        iterable: Iterable[bytes],
        callbacks: Callable[[], object] | Iterable[Callable[[], object]] | None = None,
    ) -> None:
        self._iterator: Iterator[bytes] = iter(iterable)
        closers: list[Callable[[], object]] = []
        close = getattr(iterable, "close", None)
        if close is not None:
            closers.append(close)
        if callable(callbacks):
            closers.append(callbacks)
        elif callbacks is not None:
            closers.extend(callbacks)
        self._closers = closers

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        return next(self._iterator)

    def close(self) -> None:
        """Run the callbacks. All of them run; the first error, if any, is raised at the end."""
        failed: BaseException | None = None
        for closer in self._closers:
            try:
                closer()
            except BaseException as error:  # noqa: BLE001  kept and raised below, once the others had their turn
                failed = failed or error
        if failed is not None:
            raise failed


class ClosingBlocks(chain[bytes]):
    """Blocks that are all there, iterated without a Python call for each; whoever makes it sets `close`."""

    __slots__ = ("close",)

    close: Callable[[], object]


class FileWrapper:
    """Iterate over a file in blocks of `buffer_size` bytes; `close()` closes the file.

    Use it in a response with `direct_passthrough`. A response that holds one over a file of the operating system is sent
    by the server without the bytes passing through Python.
    """

    known_size: int | None = None
    """The size of the file in bytes, of whoever has just asked the system, and knows that it is a regular one."""

    def __init__(self, file: IO[bytes], buffer_size: int = 8192) -> None:
        self.file = file
        self.buffer_size = buffer_size

    def close(self) -> None:
        """Close the file, if it can be closed."""
        close = getattr(self.file, "close", None)
        if close is not None:
            close()

    def seekable(self) -> bool:
        """Whether the file says it can seek; a file that only has `seek` is believed."""
        ask = getattr(self.file, "seekable", None)
        if ask is not None:
            return bool(ask())
        return hasattr(self.file, "seek")

    def seek(self, *args: int) -> None:
        """Seek in the file, if it can."""
        if hasattr(self.file, "seek"):
            self.file.seek(*args)

    def tell(self) -> int | None:
        """Return the file's position; `None` if it has none."""
        return self.file.tell() if hasattr(self.file, "tell") else None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        data = self.file.read(self.buffer_size)
        if not data:
            raise StopIteration
        return data


def wrap_file(environ: Environ, file: IO[bytes], buffer_size: int = 8192) -> Iterable[bytes]:
    """Wrap a file in the server's `wsgi.file_wrapper`, in a `FileWrapper` if it has none.

    Return it from the application unread, in a response with `direct_passthrough`.
    """
    wrapper: Callable[[IO[bytes], int], Iterable[bytes]] = environ.get("wsgi.file_wrapper", FileWrapper)
    return wrapper(file, buffer_size)


class RangeWrapper:
    """The `count` bytes of `iterable` from byte `start` on; to the end if `count` is `None`.

    Seeks where the iterable can, otherwise reads up to `start` and drops that. Blocks keep the iterable's size, the first
    and the last are cut.
    """

    def __init__(self, iterable: Iterable[bytes], start: int = 0, count: int | None = None) -> None:
        self.iterable = iterable
        self.start = start
        self.count = count
        seekable = getattr(iterable, "seekable", None)
        self.seekable = bool(seekable is not None and seekable())
        """Whether `iterable` can go to `start` at once."""
        self._blocks = self._cut()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._blocks)

    def _cut(self) -> Iterator[bytes]:
        skip = self.start
        left = self.count
        if self.seekable:
            self.iterable.seek(skip)  # type: ignore[attr-defined]  # files and wrappers of files; they said they can
            skip = 0
        if left == 0:
            return
        for block in self.iterable:
            data = block
            if skip:
                data = block[skip:]
                skip = max(0, skip - len(block))
            if left is not None:
                data = data[:left]
                left -= len(data)
            if data:
                yield data
            if left == 0:
                return

    def close(self) -> None:
        """Close the iterable, if it can be closed."""
        close = getattr(self.iterable, "close", None)
        if close is not None:
            close()
