"""`Keys`: keys that are pressed on a terminal, one by one, without waiting for a line. For one thread; a context manager."""

import os
import sys
import termios
import tty
from types import TracebackType
from typing import Any, Final, Self

_NAMES: Final = {
    "\x1b[A": "up", "\x1b[B": "down", "\x1bOA": "up", "\x1bOB": "down", "\x1b[5~": "pageup", "\x1b[6~": "pagedown",
    "\x1b[H": "home", "\x1b[F": "end", "\x1bOH": "home", "\x1bOF": "end", "\x1b[1~": "home", "\x1b[4~": "end",
    "\x1b": "escape", "\r": "enter", "\n": "enter", "\x7f": "backspace", "\b": "backspace", "\x03": "interrupt",
    "\x04": "q",
}  # fmt: skip


class Keys:
    """Reads the terminal's keys while it is entered; the terminal is as before when it is left."""

    def __init__(self, fd: int | None = None) -> None:
        """Read from a descriptor, standard input by default."""
        self.fd = sys.stdin.fileno() if fd is None else fd
        self._before: list[Any] = []  # Any: what termios has

    def __enter__(self) -> Self:
        self._before = termios.tcgetattr(self.fd)
        tty.setcbreak(self.fd)
        mode = termios.tcgetattr(self.fd)
        mode[3] &= ~termios.ISIG  # Ctrl+C is a key: the screen is put back in order before the end
        termios.tcsetattr(self.fd, termios.TCSANOW, mode)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        termios.tcsetattr(self.fd, termios.TCSADRAIN, self._before)

    def read(self) -> list[str]:
        """Return what was pressed; waits if nothing was. A terminal that is gone presses `q`."""
        try:
            data = os.read(self.fd, 1024)
        except OSError:
            data = b""
        return split_keys(data.decode("utf-8", "ignore")) if data else ["q"]


def split_keys(text: str) -> list[str]:
    """Return the keys in what a terminal sent: characters, and names. Sequences that nobody knows are left out."""
    found = []
    while text:
        length = _length(text)
        key, text = text[:length], text[length:]
        if key in _NAMES:
            found.append(_NAMES[key])
        elif len(key) == 1 and key.isprintable():
            found.append(key)
    return found


def _length(text: str) -> int:
    """Return how long the first key's sequence is (ECMA-48 §5.4: parameters, then one final character)."""
    if not text.startswith(("\x1b[", "\x1bO")) or len(text) < 3:
        return 1
    if text[1] == "O":
        return 3
    return next((index + 1 for index, character in enumerate(text) if index > 1 and "@" <= character <= "~"), len(text))
