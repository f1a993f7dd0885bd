"""`LogWriter`: whole lines to a file, a pipe or a terminal, by a thread of its own, so that no one else ever waits for those.

`write` is for any thread, also in a signal handler, and never raises. Lines wait in memory up to a bound; while the destination
takes none (a full disk, a pipe that nobody reads) further ones are dropped and counted, and that is said in `demijohn.error`
once it takes lines again. A process that was forked has a queue and a thread of its own; each writes whole lines at the end of
the file (O_APPEND), so that several processes may share it.
"""

import atexit
import logging
import os
import select
import stat
import threading
import weakref
from queue import Empty, SimpleQueue
from typing import Final

logger = logging.getLogger("demijohn.error")

_FILE_BATCH: Final = 64 << 10
_PIPE_BATCH: Final = select.PIPE_BUF
"""What is written to a pipe in one go, if it is one line or fits: more would be mixed with the lines of other processes."""

_GATHER_SECONDS: Final = 0.02
"""PERF: how long a line waits for others. Woken for each line, the thread would take turns with those that answer requests."""

RETRY_SECONDS: Final = 1.0
"""How long to wait with the next try after the destination failed."""

CLOSE_SECONDS: Final = 2.0
"""How long the end of the process waits for what is not written yet."""

_writers: weakref.WeakSet["LogWriter"] = weakref.WeakSet()


class LogWriter:
    """Writes to one destination. Ends with `close`."""

    def __init__(self, target: str, *, dash_fd: int = 2, queue_bytes: int = 4 << 20) -> None:
        """Open the destination.

        Args:
            target: a path, which is appended to; `-` for a descriptor that is open already.
            dash_fd: that descriptor.
            queue_bytes: how much may wait.

        Raises:
            OSError: the file cannot be opened.
        """
        self._target = target
        self._dash_fd = dash_fd
        self._queue_bytes = queue_bytes
        self._is_closed = False
        self._is_reopen_asked = False
        self._open()
        self._start_over()
        _writers.add(self)

    def _start_over(self) -> None:
        """Begin with an empty queue and no thread: at first, and in a process that was forked."""
        # Guards the two counts; never held while anything is written. Reentrant: a signal handler may log, too.
        self._lock = threading.RLock()
        self._waiting_bytes = 0
        self._dropped = 0
        # Lines; an event is set when it is reached; None only wakes.
        self._queue: SimpleQueue[bytes | threading.Event | None] = SimpleQueue()
        self._hurry = threading.Event()  # no more waiting for a destination that fails
        self._thread: threading.Thread | None = None
        self._has_complained = False  # the thread's own
        if self._is_closed:
            self._hurry.set()

    def _open(self) -> None:
        if self._target == "-":
            self._fd = self._dash_fd
        else:
            self._fd = os.open(self._target, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        is_file = stat.S_ISREG(os.fstat(self._fd).st_mode)
        self._batch_bytes = _FILE_BATCH if is_file else _PIPE_BATCH

    # ------------------------------------------------------------------ any thread

    def write(self, line: str) -> None:
        """Have a line written; its end is added. What UTF-8 cannot say is written as an escape."""
        data = (line + "\n").encode("utf-8", "backslashreplace")
        with self._lock:
            if self._is_closed or self._waiting_bytes + len(data) > self._queue_bytes:
                self._dropped += 1
                return
            self._waiting_bytes += len(data)
            if self._thread is None:
                self._start()
            # In here: what got in before `close` is in front of what `close` puts behind it.
            self._queue.put(data)

    def flush(self, timeout: float = CLOSE_SECONDS) -> bool:
        """Wait until what was given to `write` before is written; False if it was not in time."""
        thread = self._thread
        if thread is None or not thread.is_alive():
            return True
        reached = threading.Event()
        self._queue.put(reached)
        return reached.wait(timeout)

    def reopen(self) -> None:
        """Open the path anew, after somebody moved the file away. At once; the thread does it. Signal handlers, too."""
        self._is_reopen_asked = True
        self._queue.put(None)

    def close(self, timeout: float = CLOSE_SECONDS) -> None:
        """Write what waits, and stop. What the destination does not take in time is lost. Closing twice does nothing."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            thread = self._thread
        atexit.unregister(self.close)
        self._hurry.set()
        if thread is None:
            self._close_file()
        elif thread is not threading.current_thread():
            self._queue.put(None)
            thread.join(timeout)

    def _start(self) -> None:
        thread = threading.Thread(target=self._work, name=f"demijohn-log {self._target}", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            return  # no room for a thread, or the process is ending; the next line tries again
        self._thread = thread
        atexit.register(self.close)

    # ------------------------------------------------------------------ the thread

    def _work(self) -> None:
        queue = self._queue
        is_last = False
        while not is_last or not queue.empty():
            item = queue.get()
            if isinstance(item, bytes):
                self._hurry.wait(_GATHER_SECONDS)
            if self._is_reopen_asked:
                self._reopen()
            lines: list[bytes] = []
            size = 0
            try:
                while isinstance(item, bytes):
                    if lines and size + len(item) > self._batch_bytes:
                        self._write(lines, size)
                        lines, size = [], 0
                    lines.append(item)
                    size += len(item)
                    item = queue.get_nowait()
            except Empty:
                item = None
            self._write(lines, size)
            if item is not None:
                item.set()
            if queue.empty():
                self._tell_dropped()
            is_last = self._is_closed
        self._close_file()

    def _write(self, lines: list[bytes], size: int) -> None:
        """Write a batch, however long that takes; once closing, only if it goes at once."""
        data = b"".join(lines)
        while data:
            try:
                data = data[os.write(self._fd, data) :]
                self._has_complained = False
            except BlockingIOError:
                # Somebody who shares the descriptor does not want to wait for it; we do.
                poll = select.poll()
                poll.register(self._fd, select.POLLOUT)
                if not poll.poll(RETRY_SECONDS * 1000) and self._hurry.is_set():
                    break
            except OSError as error:
                self._complain(error)
                if self._hurry.wait(RETRY_SECONDS):
                    break
                if self._is_reopen_asked:
                    self._reopen()
        with self._lock:
            self._waiting_bytes -= size
            if data:
                self._dropped += data.count(b"\n")

    def _reopen(self) -> None:
        self._is_reopen_asked = False
        old = self._fd
        try:
            self._open()
        except OSError as error:
            self._complain(error)  # the old one is as good as it was
            return
        if old != self._dash_fd:
            os.close(old)

    def _complain(self, error: OSError) -> None:
        """Say what is wrong; once, until it is well again. Where this is the error log itself, that is said once it is."""
        if not self._has_complained:
            self._has_complained = True
            logger.error(
                "Cannot write the log %s: %s. Up to %d bytes of lines are kept and tried again every %g s; others are dropped.",
                self._target,
                error,
                self._queue_bytes,
                RETRY_SECONDS,
            )

    def _tell_dropped(self) -> None:
        with self._lock:
            dropped, self._dropped = self._dropped, 0
        if dropped:
            logger.warning("%d lines of the log %s were dropped: it did not take them in time.", dropped, self._target)

    def _close_file(self) -> None:
        if self._fd != self._dash_fd:
            os.close(self._fd)


def reopen_logs() -> None:
    """`reopen` every log of this process. Any thread and signal handlers."""
    for writer in list(_writers):
        writer.reopen()


def _start_over_in_child() -> None:
    # What waited is the parent's to write.
    for writer in _writers:
        writer._start_over()


os.register_at_fork(after_in_child=_start_over_in_child)
