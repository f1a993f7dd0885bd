"""`Switchboard`: takes a question to the process that holds the frame it is about, over a Unix socket of that process.

Here: getting there and back. Not here: what is asked, and who may ask (commands.py). Make it before the fork; the sockets, each
named like its process, are made when there is something to ask, in a directory that is this user's alone.
"""

import contextlib
import hmac
import json
import os
import secrets
import shutil
import socket
import stat
import tempfile
import threading
import weakref
from collections.abc import Callable
from typing import Final

Answer = tuple[int, str]
"""An HTTP status and HTML, or for an error text."""

Question = dict[str, str]

MAX_QUESTION: Final = 2_000_000
MAX_AT_ONCE: Final = 8
WAIT: Final = 300.0
"""Seconds that code may run for before who asked is told that it still does."""

_PREFIX: Final = "demijohn-debug-"

_CONNECT: Final = 5.0


class Switchboard:
    """One for all processes of a run. Any thread."""

    def __init__(self) -> None:
        # SECURITY: nobody can guess the name, and so be there before us.
        self.directory = os.path.join(tempfile.gettempdir(), f"{_PREFIX}{secrets.token_hex(16)}")
        self._key = secrets.token_hex(32)
        self._lock = threading.Lock()
        # Which process listens, and at what; under the lock.
        self._listening_in: int | None = None
        self._sock: socket.socket | None = None
        self._thread: threading.Thread | None = None
        weakref.finalize(self, _remove, self.directory, os.getpid())

    def listen(self, answer: Callable[[Question], Answer]) -> None:
        """From now on, let other processes ask this one. Again: nothing happens.

        Raises:
            OSError: not possible.
        """
        if self._listening_in == os.getpid():
            return
        with self._lock:
            if self._listening_in == os.getpid():
                return
            with contextlib.suppress(FileExistsError):
                os.mkdir(self.directory, 0o700)
            found = os.lstat(self.directory)
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
                raise PermissionError(f"{self.directory} is not this user's alone.")
            sock = socket.socket(socket.AF_UNIX)
            path = self._path(os.getpid())
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)  # of an earlier process with our number
            try:
                sock.bind(path)
                sock.listen(MAX_AT_ONCE)
            except OSError:
                sock.close()
                raise
            self._listening_in, self._sock = os.getpid(), sock
            self._thread = threading.Thread(
                target=self._accept, args=(sock, answer), name="demijohn-debug", daemon=True
            )
            self._thread.start()
        _sweep(os.path.dirname(self.directory), self.directory)

    def ask(self, pid: int, question: Question) -> Answer:
        """Ask another process.

        Raises:
            ProcessLookupError: there is no such process, or it has never been asked to listen.
            TimeoutError: it has not answered.
        """
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(_CONNECT)
            try:
                sock.connect(self._path(pid))
                sock.sendall(json.dumps({**question, "key": self._key}).encode())
                sock.shutdown(socket.SHUT_WR)
                sock.settimeout(WAIT)
                with sock.makefile("rb") as file:
                    data = json.loads(file.read())
            except TimeoutError:
                raise
            except (OSError, ValueError) as error:
                raise ProcessLookupError(f"The process {pid}, which holds the frame, does not answer.") from error
        return int(data["status"]), str(data["text"])

    def close(self) -> None:
        """Listen no more, and remove the sockets. By the process that made this, when the others have ended."""
        with self._lock:
            if self._sock is not None and self._thread is not None and self._listening_in == os.getpid():
                with contextlib.suppress(OSError):
                    self._sock.shutdown(socket.SHUT_RDWR)  # which ends `accept`
                self._thread.join(_CONNECT)
        shutil.rmtree(self.directory, ignore_errors=True)

    def _path(self, pid: int) -> str:
        return os.path.join(self.directory, str(pid))

    def _accept(self, sock: socket.socket, answer: Callable[[Question], Answer]) -> None:
        room = threading.BoundedSemaphore(MAX_AT_ONCE)
        with sock:
            while True:
                try:
                    client, _ = sock.accept()
                except ConnectionAbortedError:
                    continue
                except OSError:  # `close` was called; or there are no descriptors left: the next page listens anew
                    self._listening_in = None
                    return
                room.acquire()
                threading.Thread(
                    target=self._serve, args=(client, answer, room), name="demijohn-debug-answer", daemon=True
                ).start()

    def _serve(
        self, client: socket.socket, answer: Callable[[Question], Answer], room: threading.BoundedSemaphore
    ) -> None:
        try:
            with client, contextlib.suppress(OSError, ValueError):  # who asks has gone, or is none of ours
                client.settimeout(_CONNECT)
                with client.makefile("rb") as file:
                    data = json.loads(file.read(MAX_QUESTION))
                key = data.pop("key", "") if isinstance(data, dict) else ""
                if not hmac.compare_digest(str(key).encode(), self._key.encode()):
                    return
                status, text = answer({str(name): str(value) for name, value in data.items()})
                client.sendall(json.dumps({"status": status, "text": text}).encode())
        finally:
            room.release()


def _sweep(parent: str, own: str) -> None:
    """Remove what servers that were killed have left: directories of ours, in which nobody listens any more."""
    for found in os.scandir(parent):
        if not found.name.startswith(_PREFIX) or found.path == own or not found.is_dir(follow_symlinks=False):
            continue
        with contextlib.suppress(OSError):  # somebody else's, or gone
            sockets = os.listdir(found.path) if found.stat(follow_symlinks=False).st_uid == os.geteuid() else []
            # Of one that is empty, the first socket may be about to come.
            if sockets and not any(_is_listening(os.path.join(found.path, name)) for name in sockets):
                shutil.rmtree(found.path, ignore_errors=True)


def _is_listening(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            return False
        except OSError:
            return True  # busy, and so it lives; or not to be told
    return True


def _remove(directory: str, pid: int) -> None:
    """Remove the sockets, if this is the process that made the switchboard."""
    if os.getpid() == pid:
        shutil.rmtree(directory, ignore_errors=True)
