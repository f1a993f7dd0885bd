"""Where the control socket is: its default place, how it is made so that nobody else can get at it, and how it is found again.

By default each server has a socket of its own, `PID.sock`, in a directory that is its owner's alone. Any thread; but making a
socket changes the process's umask for a moment.
"""

import contextlib
import os
import re
import socket
import stat
import tempfile
from typing import Final, Self

from .peer import credentials_of

AUTO: Final = "auto"
"""The default place."""

_BACKLOG: Final = 16
_LONGEST_PATH: Final = 107
_NAME = re.compile(r"[0-9]+\.sock")


class PlaceError(OSError):
    """The socket cannot be there. The message says why, and what to do."""


def default_directory() -> str:
    """Return where sockets are by default: below XDG_RUNTIME_DIR, or in the directory for temporary files."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(runtime) and os.path.isdir(runtime):
        return os.path.join(runtime, "demijohn")
    return os.path.join(tempfile.gettempdir(), f"demijohn-{os.geteuid()}")


def path_for(place: str) -> str:
    """Return the path of this process's socket: `AUTO`, or a path.

    Raises:
        PlaceError: the default directory cannot be used.
    """
    if place != AUTO:
        return os.path.abspath(place)
    directory = default_directory()
    try:
        os.mkdir(directory, 0o700)
    except FileExistsError:
        _check_directory(directory)
        for path in paths_here():
            remove_if_dead(path)
    except OSError as error:
        raise PlaceError(f"{directory} cannot be made: {error.strerror}.") from None
    return os.path.join(directory, f"{os.getpid()}.sock")


def paths_here() -> list[str]:
    """Return the sockets in the default directory, if that can be trusted; whether somebody listens is another question.

    Raises:
        PlaceError: it cannot.
    """
    directory = default_directory()
    try:
        _check_directory(directory)
        return [os.path.join(directory, name) for name in sorted(os.listdir(directory)) if _NAME.fullmatch(name)]
    except FileNotFoundError:
        return []


def remove_if_dead(path: str) -> None:
    """Remove the socket of a process that was killed: whoever lives listens before its socket has a name."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            with contextlib.suppress(OSError):
                os.unlink(path)
        except OSError:
            return  # somebody else has; or it is busy, and so it lives


def _check_directory(path: str) -> None:
    # SECURITY: in a directory for everybody's temporary files, anybody may have made it before us, or put a link there.
    found = os.lstat(path)
    if not stat.S_ISDIR(found.st_mode):
        raise PlaceError(f"{path} is not a directory; remove it, or set control_socket.")
    if found.st_uid != os.geteuid():
        raise PlaceError(f"{path} belongs to somebody else (user {found.st_uid}); set control_socket.")
    if found.st_mode & 0o077:
        raise PlaceError(f"{path} is open to others; chmod 700 {path}")


class ControlListener:
    """A socket that listens, and its file."""

    def __init__(self, sock: socket.socket, path: str, beside: str) -> None:
        self.sock = sock
        self.path = path
        """Where it is, or is going to be."""
        self._at = beside
        found = os.lstat(beside)
        self._file = found.st_dev, found.st_ino

    @classmethod
    def open(cls, path: str, *, is_placed: bool = True) -> Self:
        """Listen at `path`, for this user alone. A socket that a dead process left is replaced, and one of our parent's,
        which is a server that this one takes over from; if not `is_placed`, not before `place` is called.

        Raises:
            PlaceError: not possible there.
        """
        if len(os.fsencode(path)) > _LONGEST_PATH:
            raise PlaceError(f"{path} is too long for a socket; set control_socket to {_LONGEST_PATH} bytes at most.")
        sock = socket.socket(socket.AF_UNIX)
        # Bound beside its place and moved there: nobody finds it missing, or not listening yet.
        beside = f"{path}.{os.getpid()}"
        if len(os.fsencode(beside)) > _LONGEST_PATH:
            beside = os.path.join(os.path.dirname(path), f".{os.getpid()}")
        try:
            _check_free(path)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(beside)  # of an earlier process with our number
            # SECURITY: made without permissions for others, not deprived of them afterwards.
            before = os.umask(0o177)
            try:
                sock.bind(beside)
            finally:
                os.umask(before)
            sock.listen(_BACKLOG)
            sock.setblocking(False)
            listener = cls(sock, path, beside)
            if is_placed:
                listener.place()
        except PlaceError:
            sock.close()
            raise
        except OSError as error:
            sock.close()
            raise PlaceError(f"No control socket at {path}: {error.strerror or error}.") from None
        return listener

    def place(self) -> None:
        """Be found from now on, instead of who was there before.

        Raises:
            OSError: not possible any more.
        """
        os.rename(self._at, self.path)
        self._at = self.path

    def close(self) -> None:
        """Listen no more, and remove the file if it is still ours."""
        self.sock.close()
        with contextlib.suppress(OSError):
            found = os.lstat(self._at)
            if (found.st_dev, found.st_ino) == self._file:
                os.unlink(self._at)


def _check_free(path: str) -> None:
    """See to it that nobody's file is at `path`, but a socket that may be replaced."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return
    # SECURITY: nothing is done to what a link leads to.
    if not stat.S_ISSOCK(found.st_mode):
        raise PlaceError(f"{path} exists and is not a socket; remove it, or set control_socket to another path.")
    if found.st_uid not in {os.geteuid(), 0} and os.geteuid() != 0:
        raise PlaceError(f"{path} belongs to somebody else (user {found.st_uid}); set control_socket to another path.")
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(path)
        except (ConnectionRefusedError, FileNotFoundError):
            return
        pid = credentials_of(probe).pid
    if pid != os.getppid():
        raise PlaceError(f"Another server listens on {path} (process {pid}); stop it, or set control_socket.")
