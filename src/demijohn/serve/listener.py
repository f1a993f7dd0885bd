"""`Listener`: a bound, listening socket, made here and nowhere else. Shared by all processes that were forked after it."""

import contextlib
import os
import shutil
import socket
import stat
import struct
import sys
from array import array
from itertools import islice
from typing import Any, Self

from .._base.record import record
from .certificates import Certificates, GivenContext

Endpoint = tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int]]
"""A family and an address of it, as `socket.getaddrinfo` gives them."""


@record
class ListenOptions:
    """How sockets are made that listen."""

    backlog: int = 2048
    """How many connections may wait to be accepted; the system has a limit of its own (`net.core.somaxconn`)."""

    reuse_port: bool = False
    """SO_REUSEPORT: each process listens for itself, and other servers may join in. The system spreads the connections without
    looking at who is busy, and those that wait for a process that dies are lost (one that stops takes them first); so only for
    very many short connections."""

    dual_stack: bool | None = None
    """Whether `[::]` takes IPv4, too; `None` for the system's default. `:port` has a socket for each anyway."""

    unix_mode: int = 0o600
    """Permissions of a Unix socket; to connect takes the right to write."""

    unix_owner: str | int | None = None
    """User, name or number, to whom a Unix socket is given; that takes privileges."""

    unix_group: str | int | None = None
    """Group, name or number, to which a Unix socket is given."""

    def __post_init__(self) -> None:
        if self.backlog < 1:
            raise ValueError(f"backlog is {self.backlog}; it must be at least 1")
        if not 0 <= self.unix_mode <= 0o777:
            raise ValueError(f"unix_mode is {self.unix_mode:#o}; it must be permissions such as 0o660")
        if self.reuse_port and not hasattr(socket, "SO_REUSEPORT"):
            raise ValueError("reuse_port: this system has no SO_REUSEPORT")


DEFAULT = ListenOptions()


_SO_ATTACH_FILTER = 26  # of Linux; the `socket` module does not have it

_NO_NEWCOMERS = (
    (0x30, 0, 0, 13),  # load the octet of the TCP header that has the flags (RFC 9293 §3.1)
    (0x45, 0, 1, 0x02),  # SYN?
    (0x06, 0, 0, 0),  # then drop it
    (0x06, 0, 0, 0xFFFFFFFF),  # else take it
)
"""Instructions of the classic packet filter, socket(7): a `sock_filter` each."""


def _attach(sock: socket.socket, program: tuple[tuple[int, int, int, int], ...]) -> None:
    """Have the system ask a filter about what arrives for a socket.

    Raises:
        OSError: it does not want to.
    """
    instructions = array("B", b"".join(struct.pack("HBBI", *one) for one in program))
    address, _ = instructions.buffer_info()
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HP", len(program), address))


class _ListeningSocket(socket.socket):
    """PERF: what `socket.accept` looks up for each connection, through enumerations and in eight calls, is looked up once."""

    __slots__ = ("_family",)

    def __init__(
        self,
        family: int = -1,
        type: int = -1,
        proto: int = -1,
        fileno: int | None = None,
    ) -> None:
        super().__init__(family, type, proto, fileno)
        self._family = int(self.family)

    def accept(
        self,
    ) -> tuple[socket.socket, Any]:  # Any: as of `socket.accept`; what an address is depends on the family
        """See `socket.socket.accept`. The connection waits or does not as `socket.setdefaulttimeout` says."""
        accepted: list[tuple[int, Any]] = []  # Any: as above
        try:
            # One step of the interpreter's: an exception that is raised into this thread from outside while it is in the system
            # strikes when the number is in the list. Lost, it would be a connection that nobody ever closes.
            accepted.extend(islice(iter(self._accept, None), 1))  # type: ignore[attr-defined]  # of `_socket`; it has no type information
        except BaseException:
            for number, _ in accepted:
                os.close(number)
            raise
        number, address = accepted[0]
        return socket.socket(self._family, socket.SOCK_STREAM, 0, number), address


class AddressTaken(FileExistsError):
    """A Unix socket has a server already."""


class Listener:
    """A listening socket, TCP or Unix, and how to say where it is."""

    __slots__ = ("_options", "_unlink", "certificates", "redirect_port", "sock")

    certificates: Certificates | GivenContext | None
    """TLS is spoken here, with these. To be set before anything is served."""

    redirect_port: int | None
    """Requests are only told where the same is by HTTPS: on this port. To be set before anything is served."""

    def __init__(self, sock: socket.socket, *, unlink: str | None = None, options: ListenOptions = DEFAULT) -> None:
        """Take over a bound socket. `unlink` is the path that `unlink` removes; `options` are those it was made with."""
        sock.setblocking(False)
        self.sock = sock
        self._options = options
        self._unlink = unlink
        self.certificates = None
        self.redirect_port = None

    @classmethod
    def tcp(cls, host: str, port: int, options: ListenOptions = DEFAULT) -> Self:
        """Listen on the first address of a host name; port 0 lets the system choose one, see `address`.

        Raises:
            OSError: the address is taken, not ours, or not allowed; `errno` says which.
        """
        return cls.at(resolve(host, port)[0], options)

    @classmethod
    def at(cls, endpoint: Endpoint, options: ListenOptions = DEFAULT, *, listens: bool = True) -> Self:
        """Bind an address, and unless it is only to be kept for `for_process`, listen there.

        Raises:
            OSError: see `tcp`.
        """
        family, address = endpoint
        sock = _ListeningSocket(family, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if options.reuse_port:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if family == socket.AF_INET6 and options.dual_stack is not None:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, not options.dual_stack)
            sock.bind(address)
            if listens:
                sock.listen(options.backlog)
        except OSError:
            sock.close()
            raise
        return cls(sock, options=options)

    @classmethod
    def unix(cls, path: str, options: ListenOptions = DEFAULT) -> Self:
        """Bind a Unix socket at `path`; behind an `@`, a name in Linux's abstract namespace, which knows no permissions.

        A socket left over by a dead process is replaced.

        Raises:
            OSError: another server listens there, `path` is a file of another kind, or its owner cannot be changed.
            LookupError: there is no such user or group.
        """
        is_file = not path.startswith("@")
        if is_file:
            _remove_stale_socket(path)
        sock = _ListeningSocket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            if is_file:
                _bind_file(sock, path, options)
            else:
                sock.bind("\0" + path[1:])
            sock.listen(options.backlog)
        except (OSError, LookupError):
            sock.close()
            raise
        return cls(sock, unlink=path if is_file else None, options=options)

    @classmethod
    def from_fd(cls, fd: int, options: ListenOptions = DEFAULT) -> Self:
        """Take over an inherited descriptor. If it listens already, it is not asked to listen again.

        Raises:
            OSError: it is not open, or nothing that connections can be accepted from. Then it is left as it is.
        """
        if not stat.S_ISSOCK(os.fstat(fd).st_mode):
            raise OSError(f"descriptor {fd} is not a socket")
        sock = _ListeningSocket(fileno=fd)
        try:
            _make_listen(sock, options)
        except OSError:
            sock.detach()
            raise
        os.set_inheritable(fd, False)
        return cls(sock, options=options)

    def for_process(self) -> Self:
        """Return what a process of several should serve: itself, or with `reuse_port` a socket of its own at the same address.

        Raises:
            OSError: it cannot be made.
        """
        if self.is_shared:
            return self
        own = type(self).at((socket.AddressFamily(self.sock.family), self.sock.getsockname()), self._options)
        own.certificates, own.redirect_port = self.certificates, self.redirect_port
        return own

    @property
    def address(self) -> tuple[str, int] | str:
        """`(host, port)` as bound, or the path of a Unix socket; `@` and a name for one in the abstract namespace."""
        name = self.sock.getsockname()
        if isinstance(name, tuple):
            return (name[0], name[1])
        if isinstance(name, bytes):
            return "@" + name[1:].decode("utf-8", "replace")
        return str(name)

    @property
    def url(self) -> str:
        """What a person would open: `http://127.0.0.1:5000`, or `unix:/path`."""
        address = self.address
        if isinstance(address, str):
            return f"unix:{address}"
        host, port = address
        scheme = "http" if self.certificates is None else "https"
        return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"

    @property
    def path(self) -> str | None:
        """The file of a Unix socket that `unlink` removes; `None` if there is none, or it is not ours."""
        return self._unlink

    @property
    def is_shared(self) -> bool:
        """All processes have this very socket; with `reuse_port`, each has its own."""
        return not self._options.reuse_port or self.sock.family == socket.AF_UNIX

    def turn_away(self) -> None:
        """Take no new connections, in a way that has them come again: their clients' systems ask once more, a second later.

        For a socket that is to be closed while others listen at its address: whoever connects between the last `accept` and the
        close would be reset. Those that wait to be accepted stay. Without effect where the system has no filters for sockets.
        """
        if sys.platform == "linux" and self.sock.family != socket.AF_UNIX:
            with contextlib.suppress(OSError):  # forbidden by a sandbox
                _attach(self.sock, _NO_NEWCOMERS)

    def disown(self) -> None:
        """Leave the file of a Unix socket to another process, which goes on listening."""
        self._unlink = None

    def close(self) -> None:
        """Stop listening in this process."""
        self.sock.close()

    def unlink(self) -> None:
        """Remove the file of a Unix socket; for the process that made it, once all are done."""
        if self._unlink is not None:
            with contextlib.suppress(FileNotFoundError):  # somebody tidied up before us
                os.unlink(self._unlink)
            self._unlink = None


def resolve(host: str, port: int) -> list[Endpoint]:
    """Return the addresses of a host name, each once, those of IPv4 first; all of this machine for `""`.

    Raises:
        OSError: `socket.gaierror`: there is no such name.
    """
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    endpoints: list[Endpoint] = [(family, address) for family, _, _, _, address in found]  # type: ignore[misc]  # of bytes: never
    return sorted(dict.fromkeys(endpoints), key=lambda endpoint: endpoint[0] != socket.AF_INET)


def _make_listen(sock: socket.socket, options: ListenOptions) -> None:
    """See to it that an inherited socket listens."""
    if sock.type != socket.SOCK_STREAM or sock.family not in {socket.AF_INET, socket.AF_INET6, socket.AF_UNIX}:
        raise OSError(f"descriptor {sock.fileno()} is a socket of another kind than TCP or Unix streams")
    if not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        name = sock.getsockname()
        if not name or name[1] == 0:
            raise OSError(f"descriptor {sock.fileno()} is a socket that is bound to no address")
        sock.listen(options.backlog)


def _bind_file(sock: socket.socket, path: str, options: ListenOptions) -> None:
    # SECURITY: created with no permissions for others, then opened up; never the other way round.
    before = os.umask(0o177)
    try:
        sock.bind(path)
    finally:
        os.umask(before)
    try:
        if options.unix_owner is not None:
            shutil.chown(path, options.unix_owner)
        if options.unix_group is not None:
            shutil.chown(path, group=options.unix_group)
        os.chmod(path, options.unix_mode)
    except (OSError, LookupError):
        os.unlink(path)
        raise


def _remove_stale_socket(path: str) -> None:
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise FileExistsError(f"{path} exists and is not a socket; remove it or choose another path")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
        else:
            raise AddressTaken(f"another server listens on {path}")
