"""`Successor`: a new supervisor that is starting, as the old one sees it."""

import os
import subprocess
from collections.abc import Callable
from typing import Final

from .events import UpgradeBegun, UpgradeFailed, UpgradeReady

StartSuccessor = Callable[[int], subprocess.Popen[bytes]]
"""Starts a new supervisor, which writes a line to the descriptor once it serves. Raises OSError if that is not possible."""

_END_SECONDS: Final = 2.0
"""How long it may take to end, once it has closed its pipe."""


class Successor:
    """One upgrade. For the arbiter's thread."""

    def __init__(self, start: StartSuccessor) -> None:
        """Start it.

        Raises:
            OSError: that is not possible.
        """
        self._read, write = os.pipe()
        try:
            self._process = start(write)
        except BaseException:
            os.close(self._read)
            raise
        finally:
            os.close(write)

    @property
    def begun(self) -> UpgradeBegun:
        """That it was started."""
        return UpgradeBegun(self._process.pid)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def fileno(self) -> int:
        """Return the descriptor that is readable once it has something to say, or has ended."""
        return self._read

    def stop(self) -> None:
        """Let it stop as on SIGTERM; it may have ended already."""
        self._process.terminate()

    def hear(self) -> UpgradeReady | UpgradeFailed:
        """Return what has become of it."""
        said = os.read(self._read, 64)
        os.close(self._read)
        if said.startswith(b"ready"):
            # It outlives us; its end is nobody's business here.
            self._process.returncode = 0
            return UpgradeReady()
        try:
            code = self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        return UpgradeFailed(f"The new supervisor has ended with code {code} before it served.")
