"""What code in a console prints: captured for the thread that runs it, while all others go on printing where they did.

`capture` puts streams in the place of `sys.stdout` and `sys.displayhook` while any console runs, and takes them away behind the
last. Names are those of `werkzeug.debug.console`. Any thread.
"""

import contextlib
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import Any, Final, TextIO, cast

from markupsafe import Markup, escape

MAX_OUTPUT: Final = 200_000
"""Characters of HTML that one run may print; what comes then is not kept."""


class HTMLStringO:
    """A text stream that escapes what is written to it, and is read as HTML."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._is_full = False

    def isatty(self) -> bool:
        """Return False: nobody types here."""
        return False

    def close(self) -> None:
        """Do nothing."""

    def flush(self) -> None:
        """Do nothing."""

    def seek(self, n: int, mode: int = 0) -> None:
        """Do nothing."""

    def readline(self) -> str:
        """Take the first line that was written."""
        first, _, rest = "".join(self._parts).partition("\n")
        self._parts, self._length = [rest], len(rest)
        return first

    def reset(self) -> str:
        """Take all that was written."""
        text = "".join(self._parts)
        self._parts, self._length, self._is_full = [], 0, False
        return text

    def write(self, text: str) -> int:
        """Write text."""
        if not isinstance(text, str):
            raise TypeError(f"write() takes str, not {type(text).__name__}.")
        self._write(escape(text[:MAX_OUTPUT]))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write texts."""
        for line in lines:
            self.write(line)

    def _write(self, html: str) -> None:
        """Write HTML."""
        if self._is_full:
            return
        if self._length + len(html) > MAX_OUTPUT:
            self._is_full = True
            html = Markup('\n<span class="left-out">… more was printed than is shown.</span>\n')
        self._parts.append(html)
        self._length += len(html)


_buffer: ContextVar[HTMLStringO | None] = ContextVar("demijohn.debug.buffer", default=None)
_show: ContextVar[Callable[[object], None] | None] = ContextVar("demijohn.debug.show", default=None)


class ThreadedStream:
    """Stands for `sys.stdout` while consoles run: writes to the console of the thread, if it has one.

    No stream by inheritance: those close themselves when they are deleted, and so the one behind.
    """

    def __init__(self, original: TextIO) -> None:
        self.original = original

    def __getattribute__(self, name: str) -> Any:  # Any: whatever the stream behind has
        if name in {"original", "__class__"}:
            return object.__getattribute__(self, name)
        return getattr(_buffer.get() or self.original, name)

    def __repr__(self) -> str:
        return f"<ThreadedStream over {self.original!r}>"


class _Places:
    """Where output is caught: who is catching, and what was there before."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._stream: ThreadedStream | None = None
        self._hook: Callable[[object], object] | None = None
        self._old_hook: Callable[[object], object] = sys.__displayhook__

    def enter(self) -> None:
        with self._lock:
            self._count += 1
            if type(sys.stdout) is not ThreadedStream:
                self._stream = ThreadedStream(sys.stdout)
                sys.stdout = cast("TextIO", self._stream)
            if sys.displayhook is not self._hook or self._hook is None:
                self._old_hook, self._hook = sys.displayhook, self._display
                sys.displayhook = self._hook

    def leave(self) -> None:
        with self._lock:
            self._count -= 1
            if self._count:
                return
            # Somebody may have put something else there meanwhile: that stays.
            if self._stream is not None and cast("object", sys.stdout) is self._stream:
                sys.stdout = self._stream.original
            if sys.displayhook is self._hook:
                sys.displayhook = self._old_hook
            self._stream = self._hook = None

    def _display(self, value: object) -> None:
        show = _show.get()
        if show is None:
            self._old_hook(value)
        else:
            show(value)


_places: Final = _Places()


@contextlib.contextmanager
def capture(show: Callable[[object], None]) -> Iterator[HTMLStringO]:
    """Catch what this thread prints; `show` gets the values of expressions."""
    buffer = HTMLStringO()
    _places.enter()
    tokens = _buffer.set(buffer), _show.set(show)
    try:
        yield buffer
    finally:
        _buffer.reset(tokens[0])
        _show.reset(tokens[1])
        _places.leave()


def write_html(html: Markup) -> None:
    """Print HTML; where no console listens, as text."""
    write = getattr(sys.stdout, "_write", None)
    if write is None:
        sys.stdout.write(html.striptags() + "\n")
    else:
        write(html)
