"""`Mount`, `MountTable`: applications inside of an application, told apart by host and by the first segments of the path.

Here: finding the one a request is for, and handing the request on, through WSGI or natively. URLs across are crossing.py's.
Filled during setup; afterwards read by any thread.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import unquote

from .._base.record import record
from ..doors.host_wsgi import serve_wsgi
from ..doors.native import NativeHandler
from ..seam import Exchange, RequestHead

Environ = dict[str, Any]

MOUNTS_KEY: Final = "demijohn.mounts"
"""Variable of an environ: the mounts that the request came through, outermost first."""


@record
class Mount:
    """One application inside of another."""

    name: str
    """What `url_for` calls it: `url_for("name::endpoint")`."""
    prefix: str
    """Begins with a slash and ends without one; empty if the whole host is meant."""
    host: str | None
    """In lower case, with a port only if that matters; `None` for any."""
    application: Any
    """A `Demijohn`, or any WSGI application. Any: a foreign one is what it is."""
    parent: Any
    """The application it is mounted in; a `Demijohn`, whose file is above this one."""

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Hand a request on through WSGI."""
        body: Iterable[bytes] = self.application(
            {
                **environ,
                "SCRIPT_NAME": environ.get("SCRIPT_NAME", "") + _to_wsgi(self.prefix),
                "PATH_INFO": environ.get("PATH_INFO", "")[len(_to_wsgi(self.prefix)) :],
                MOUNTS_KEY: (*environ.get(MOUNTS_KEY, ()), self),
            },
            start_response,
        )
        return body

    def takes(self, host: str, path: str) -> bool:
        """Tell whether a request is for this one; whole segments count."""
        if self.host is not None and self.host not in {host, _without_port(host)}:
            return False
        prefix = self.prefix
        return path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in {"", "/"}


class MountTable:
    """The mounts of one application, those that are more special first: with a host before without, long before short."""

    def __init__(self) -> None:
        self._mounts: tuple[Mount, ...] = ()

    def __iter__(self) -> Any:  # Any: Iterator[Mount]; of a tuple, which cannot change meanwhile
        return iter(self._mounts)

    def add(self, mount: Mount) -> None:
        """Add a mount.

        Raises:
            ValueError: its place or its name is taken.
        """
        where = mount.prefix or "/" if mount.host is None else f"{mount.host}{mount.prefix}"
        for other in self._mounts:
            if (other.host, other.prefix) == (mount.host, mount.prefix):
                raise ValueError(f"{other.application!r} is mounted at {where!r} already.")
            if other.name == mount.name:
                raise ValueError(f"A mount is called {mount.name!r} already; give the one at {where!r} another `name`.")
        self._mounts = tuple(
            sorted((*self._mounts, mount), key=lambda one: (one.host is None, -len(one.prefix), one.prefix))
        )

    def named(self, name: str) -> Mount | None:
        """Return the mount of a name."""
        return next((mount for mount in self._mounts if mount.name == name), None)

    def find(self, host: str, path: str) -> Mount | None:
        """Return the mount that a host, as the client gave it, and a decoded path belong to."""
        host = host.lower()
        # Over the mounts and not over the path's segments: a path of many slashes costs no more than another.
        return next((mount for mount in self._mounts if mount.takes(host, path)), None)

    def find_environ(self, environ: Environ) -> Mount | None:
        """Return the mount that a request belongs to."""
        path: str = environ.get("PATH_INFO", "")
        if not path.isascii():
            path = path.encode("latin-1").decode("utf-8", "replace")
        return self.find(environ.get("HTTP_HOST") or environ.get("SERVER_NAME", ""), path)


class MountHandler:
    """The native door of an application that has mounts; those in it that have a native door, too, are served through that."""

    __slots__ = ("_handlers", "_own", "_table")

    def __init__(self, own: NativeHandler, table: MountTable) -> None:
        self._own = own
        self._table = table
        self._handlers = {mount.name: _handler_of(mount.application) for mount in table}

    def label(self, head: RequestHead, mounts: tuple[Mount, ...] = ()) -> str:
        """Return what requests that take about equally long have in common; see `seam.Handler`."""
        mount = self._find(head, mounts)
        if mount is None:
            return self._own.label(head, _root(mounts))
        handler = self._handlers[mount.name]
        mounts = (*mounts, mount)
        if isinstance(handler, MountHandler):
            return f"{mount.name}::{handler.label(head, mounts)}"
        if isinstance(handler, NativeHandler):
            return f"{mount.name}::{handler.label(head, _root(mounts))}"
        return head.path

    def streams(self, head: RequestHead, mounts: tuple[Mount, ...] = ()) -> bool:
        """Tell whether a body is read while it arrives; see `seam.Handler`. Foreign applications have it read before."""
        mount = self._find(head, mounts)
        if mount is None:
            return self._own.streams(head, _root(mounts))
        handler = self._handlers[mount.name]
        mounts = (*mounts, mount)
        if isinstance(handler, MountHandler):
            return handler.streams(head, mounts)
        return isinstance(handler, NativeHandler) and handler.streams(head, _root(mounts))

    def __call__(self, exchange: Exchange, mounts: tuple[Mount, ...] = ()) -> None:
        """Answer one request; `mounts` are those it has come through."""
        mount = self._find(exchange.head, mounts)
        if mount is None:
            self._own(exchange, _root(mounts), mounts)
            return
        handler = self._handlers[mount.name]
        mounts = (*mounts, mount)
        if isinstance(handler, MountHandler):
            handler(exchange, mounts)
        elif isinstance(handler, NativeHandler):
            handler(exchange, _root(mounts), mounts)
        else:
            serve_wsgi(handler, exchange, _root(mounts), {MOUNTS_KEY: mounts})

    def _find(self, head: RequestHead, mounts: tuple[Mount, ...]) -> Mount | None:
        target = head.target
        path = target.partition("?")[0] if target[:1] == "/" else head.path
        if "%" in path:
            path = unquote(path, errors="replace")
        return self._table.find(head.authority or "", path[len(_root(mounts)) :])


def chain_of(request: Any) -> tuple[Mount, ...]:  # Any: an application's request, whose file is above this one
    """Return the mounts that a request came through, outermost first."""
    mounts: tuple[Mount, ...] = (
        request.environ.get(MOUNTS_KEY, ()) if request._made_from_environ else request._mounts or ()
    )
    return mounts


def _handler_of(application: Any) -> Any:  # Any: an application, and what it is served by, itself if by WSGI
    offer = None if isinstance(application, type) else getattr(application, "exchange_handler", None)
    handler = None if offer is None else offer()
    return handler if isinstance(handler, NativeHandler | MountHandler) else application


def _root(mounts: tuple[Mount, ...]) -> str:
    return "".join([mount.prefix for mount in mounts])


def _without_port(host: str) -> str:
    name, _, port = host.rpartition(":")
    return name if name and port.isdigit() else host


def _to_wsgi(text: str) -> str:
    """Return text as PEP 3333 has it: bytes of UTF-8 as latin-1."""
    return text if text.isascii() else text.encode().decode("latin-1")
