"""`Notifier`: tells systemd how it goes (sd_notify(3)): datagrams to `$NOTIFY_SOCKET`. Without one, nothing is told.

The variables are for this process, and are removed once they were read, so that no child speaks for it.
"""

import contextlib
import os
import socket
import time
from collections.abc import MutableMapping
from typing import Final

_NAMES: Final = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")


class Notifier:
    """One per process. Any thread."""

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        """Take what systemd has put into the environment."""
        found = {name: environ.pop(name) for name in _NAMES if name in environ}
        self._address = found.get("NOTIFY_SOCKET", "")
        self.for_successor = {name: value for name, value in found.items() if name != "WATCHDOG_PID"}
        """Variables for a process that is going to take the place of this one."""
        self._pulse_at = 0.0
        self.watchdog_seconds: float | None = None
        """How often WATCHDOG=1 is expected; `None`: never."""
        wanted = found.get("WATCHDOG_USEC", "")
        if self._address and wanted.isdecimal() and found.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid()):
            self.watchdog_seconds = int(wanted) / 2e6

    def tell(self, *lines: str) -> None:
        """Tell some assignments, `READY=1` say, at once. Never waits and never fails: nobody may listen any more."""
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.sendto("\n".join(lines).encode(), address)

    def ready(self, status: str) -> None:
        """It serves; also after a reload."""
        self.tell("READY=1", f"STATUS={status}", f"MAINPID={os.getpid()}")

    def reloading(self) -> None:
        """It reloads; `ready` follows."""
        self.tell("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def pulse(self) -> None:
        """It gets on. Called more often than systemd wants to be told."""
        if self.watchdog_seconds is not None and time.monotonic() >= self._pulse_at:
            self.tell("WATCHDOG=1")
            self._pulse_at = time.monotonic() + self.watchdog_seconds / 2

    def stopping(self) -> None:
        """It stops."""
        self.tell("STOPPING=1", "STATUS=Stopping")
