"""`TerminalState`: the terminal as it was before: who is killed while a debugger reads a line leaves it odd."""

import contextlib
import os
import signal
import sys
import termios
from typing import Any


class TerminalState:
    """How the terminal behind standard input is set; of nothing if there is none."""

    def __init__(self) -> None:
        self._fd = -1
        self._attributes: list[Any] = []  # Any: as termios has them
        with contextlib.suppress(OSError, ValueError, AttributeError, termios.error):
            fd = sys.stdin.fileno()
            if os.isatty(fd):
                self._attributes = termios.tcgetattr(fd)
                self._fd = fd

    def restore(self) -> None:
        """Set it so again, unless somebody else has it by now. Main thread."""
        if self._fd < 0:
            return
        with contextlib.suppress(OSError, termios.error):
            if os.tcgetpgrp(self._fd) != os.getpgrp() or termios.tcgetattr(self._fd) == self._attributes:
                return
            before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
            try:
                termios.tcsetattr(self._fd, termios.TCSADRAIN, self._attributes)
            finally:
                signal.signal(signal.SIGTTOU, before)
