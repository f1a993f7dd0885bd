"""`ControlClient`: the side of the control socket that asks, and how it finds a server. It waits for answers; any one thread."""

import os
import socket
import time
from types import TracebackType
from typing import Any, Final, Self

from .peer import credentials_of, may_be_trusted
from .place import AUTO, PlaceError, paths_here, remove_if_dead
from .protocol import Code, ControlError, Message, decode, encode

ANSWER_SECONDS: Final = 10.0
"""How long an answer may take that needs no waiting for something to happen."""


class ControlClient:
    """A connection to a server. A context manager."""

    def __init__(self, path: str, timeout: float = ANSWER_SECONDS) -> None:
        """Connect.

        Raises:
            ControlError: nobody is there (`NO_SERVER`), or it is somebody else's (`FORBIDDEN`).
        """
        self.path = path
        self._timeout = timeout
        self._sock = sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(timeout)
        try:
            sock.connect(path)
            peer = credentials_of(sock)
        except PermissionError:
            sock.close()
            raise ControlError(f"The server at {path} is not yours.", Code.FORBIDDEN) from None
        except TimeoutError:
            sock.close()
            raise ControlError(f"The server at {path} does not answer.", Code.NO_ANSWER) from None
        except OSError as error:
            sock.close()
            why = "no server has its socket there" if isinstance(error, FileNotFoundError) else error.strerror or error
            raise ControlError(f"There is no server at {path}: {why}.", Code.NO_SERVER) from None
        if not may_be_trusted(peer):
            # SECURITY: it could say anything.
            sock.close()
            raise ControlError(f"The server at {path} belongs to user {peer.uid}.", Code.FORBIDDEN)
        self.pid = peer.pid
        """The process that listens; -1 if the system does not tell."""
        self._unread = bytearray()

    def ask(self, command: str, *, timeout: float | None = None, **arguments: Any) -> Any:  # Any: what JSON has
        """Return the answer to a question; `timeout` in seconds, instead of the connection's.

        Raises:
            ControlError: the server says why not (`code` says of what kind), or says nothing in time (`NO_ANSWER`).
        """
        until = time.monotonic() + (self._timeout if timeout is None else timeout)
        try:
            self._sock.settimeout(max(0.001, until - time.monotonic()))
            self._sock.sendall(encode({"command": command, **arguments}))
        except ConnectionError:
            pass  # it says why, before it hangs up
        except TimeoutError:
            raise self._silence() from None
        message = self._receive(until)
        if "error" in message:
            try:
                code = Code(message.get("code", Code.FAILED))
            except ValueError:
                code = Code.FAILED  # of a later version
            raise ControlError(str(message["error"]), code)
        return message.get("result")

    def wait_end(self, timeout: float) -> bool:
        """Wait until the server hangs up, as it does when it ends; False if it does not in time."""
        self._sock.settimeout(timeout)
        try:
            return not self._sock.recv(1)
        except TimeoutError:
            return False
        except OSError:
            return True

    def close(self) -> None:
        """Hang up."""
        self._sock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _receive(self, until: float) -> Message:
        while b"\n" not in self._unread:
            self._sock.settimeout(max(0.001, until - time.monotonic()))
            try:
                data = self._sock.recv(1 << 20)
            except TimeoutError:
                raise self._silence() from None
            except OSError:
                data = b""
            if not data:
                raise ControlError(f"The server at {self.path} has hung up.", Code.NO_ANSWER)
            self._unread += data
        line, _, self._unread = self._unread.partition(b"\n")
        return decode(line)

    def _silence(self) -> ControlError:
        return ControlError(f"The server at {self.path} (process {self.pid}) does not answer.", Code.NO_ANSWER)


def connect(place: str = AUTO, timeout: float = ANSWER_SECONDS) -> ControlClient:
    """Connect to the server at a path, or to the only one that this user has at the default place.

    Raises:
        ControlError: there is none, there are several, or see `ControlClient`.
    """
    if place != AUTO:
        return ControlClient(os.path.abspath(place), timeout)
    try:
        paths = paths_here()
    except PlaceError as error:
        raise ControlError(str(error), Code.FORBIDDEN) from None
    found: list[ControlClient] = []
    for path in paths:
        try:
            found.append(ControlClient(path, timeout))
        except ControlError as error:
            if error.code is not Code.NO_SERVER:
                raise
            remove_if_dead(path)
    if not found:
        raise ControlError(
            "No server of yours is running here. One that was told its control_socket is found with --socket PATH.",
            Code.NO_SERVER,
        )
    if len(found) > 1:
        for one in found:
            one.close()
        several = "".join(f"\n  --socket {one.path}" for one in found)
        raise ControlError(f"Several servers of yours are running; say which:{several}", Code.NO_SERVER)
    return found[0]
