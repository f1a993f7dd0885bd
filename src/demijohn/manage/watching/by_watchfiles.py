"""`WatchfilesHints`: changes as the library watchfiles tells them. The only file that imports it, and only when asked for."""

import errno
import os
import re
import threading
from typing import TYPE_CHECKING, Final

from .hints import STOP_SECONDS, Inbox

if TYPE_CHECKING:
    from watchfiles._rust_notify import RustNotify

_STEP_MS: Final = 25
"""How long it must be quiet before changes are told."""

_MOST_MS: Final = 200
"""After so long they are told all the same."""

_NUMBER: Final = re.compile(r"os error (\d+)")


class WatchfilesHints:
    """See `Hints`. Each directory is watched by itself, so that those which do not count cost nothing."""

    name = "watchfiles"

    def __init__(self) -> None:
        """Prepare.

        Raises:
            ImportError: the library is missing.
        """
        from watchfiles import _rust_notify  # documented, as the way for who needs errors and the beginning told

        self._new_notifier = _rust_notify.RustNotify
        self._inbox = Inbox()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def fileno(self) -> int:
        """See `Hints`."""
        return self._inbox.fileno()

    def take(self) -> set[str]:
        """See `Hints`."""
        return self._inbox.take()

    def watch(self, directories: set[str]) -> None:
        """See `Hints`."""
        self._end()
        notifier = self._listen(directories)
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(notifier, self._stop), name="demijohn-watchfiles", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """See `Hints`."""
        self._end()
        self._inbox.close()

    def _end(self) -> None:
        if self._thread is not None:
            self._stop.set()
            self._thread.join(STOP_SECONDS)
            self._thread = None

    def _listen(self, directories: set[str]) -> "RustNotify":
        while True:
            there = [path for path in directories if os.path.isdir(path) and os.access(path, os.R_OK | os.X_OK)]
            try:
                # Its own way to ignore what may not be read would have it ignore that there are too many, too.
                return self._new_notifier(there, False, False, 0, False, False)
            except FileNotFoundError:
                continue  # one has gone in this very moment
            except (OSError, RuntimeError) as error:
                raise _as_os_error(error) from error

    def _run(self, notifier: "RustNotify", stop: threading.Event) -> None:
        with notifier:
            while not stop.is_set():
                try:
                    changes = notifier.watch(_MOST_MS, _STEP_MS, 60_000, stop)
                except (OSError, RuntimeError) as error:
                    self._inbox.put((), _as_os_error(error))
                    return
                if isinstance(changes, set):
                    self._inbox.put(path for _, path in changes)


def _as_os_error(error: OSError | RuntimeError) -> OSError:
    """Return what the library says as the system said it."""
    if isinstance(error, OSError) and error.errno is not None:
        return error
    text = str(error)
    number = _NUMBER.search(text)
    unknown = errno.ENOSPC if "watch limit" in text else errno.EIO
    return OSError(unknown if number is None else int(number[1]), text)
