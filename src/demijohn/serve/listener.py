"""`Listener`: a bound, listening socket, made here and nowhere else. Shared by all processes that were forked after it."""

import contextlib
import os
import socket
import stat
from typing import Self

from .certificates import Certificates, GivenContext


class Listener:
    """A listening socket, TCP or Unix, and how to say where it is."""

    __slots__ = ("_unlink", "certificates", "redirect_port", "sock")

    certificates: Certificates | GivenContext | None
    """TLS is spoken here, with these. To be set before anything is served."""

    redirect_port: int | None
    """Requests are only told where the same is by HTTPS: on this port. To be set before anything is served."""

    def __init__(self, sock: socket.socket, *, unlink: str | None = None) -> None:
        """Take over a socket that listens already. `unlink` is the path that `close` removes."""
        sock.setblocking(False)
        self.sock = sock
        self._unlink = unlink
        self.certificates = None
        self.redirect_port = None

    @classmethod
    def tcp(cls, host: str, port: int, *, backlog: int = 2048) -> Self:
        """Bind a host name or address and a port; port 0 lets the system choose one, see `address`.

        Raises:
            OSError: the address is taken, not ours, or not allowed; `errno` says which.
        """
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(address)
            sock.listen(backlog)
        except OSError:
            sock.close()
            raise
        return cls(sock)

    @classmethod
    def unix(cls, path: str, *, mode: int = 0o600, backlog: int = 2048) -> Self:
        """Bind a Unix socket at `path` with file permissions `mode`. A socket left over by a dead process is replaced.

        Raises:
            OSError: another server listens there, or `path` is a file of another kind.
        """
        _remove_stale_socket(path)
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            # SECURITY: created with no permissions for others, then opened up; never the other way round.
            before = os.umask(0o777 & ~mode)
            try:
                sock.bind(path)
            finally:
                os.umask(before)
            os.chmod(path, mode)
            sock.listen(backlog)
        except OSError:
            sock.close()
            raise
        return cls(sock, unlink=path)

    @classmethod
    def from_fd(cls, fd: int) -> Self:
        """Take over an inherited descriptor of a socket that listens already; it is not asked to listen again."""
        return cls(socket.socket(fileno=fd))

    @property
    def address(self) -> tuple[str, int] | str:
        """`(host, port)` as bound, or the path of a Unix socket."""
        name = self.sock.getsockname()
        if isinstance(name, tuple):
            return (name[0], name[1])
        return str(name)

    @property
    def url(self) -> str:
        """What a person would open: `http://127.0.0.1:5000`, or `unix:/path`."""
        address = self.address
        if isinstance(address, str):
            return f"unix:{address}"
        host, port = address
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def close(self) -> None:
        """Stop listening in this process."""
        self.sock.close()

    def unlink(self) -> None:
        """Remove the file of a Unix socket; for the process that made it, once all are done."""
        if self._unlink is not None:
            with contextlib.suppress(FileNotFoundError):  # somebody tidied up before us
                os.unlink(self._unlink)
            self._unlink = None


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
            raise FileExistsError(f"another server listens on {path}")
