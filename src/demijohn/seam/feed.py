"""`Feed`: a body that other threads fill while it is sent; it holds no thread while there is nothing to send.

For what happens now and then: server-sent events, progress, a log that is followed. `send` and `end` are for any thread; the rest
is called by the server, on one thread at a time.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Final, Self


class _NothingYet(bytes):
    """The type of `NOTHING_YET`: bytes, so that it passes through everything that bytes pass through."""

    __slots__ = ()


NOTHING_YET: Final = _NothingYet()
"""What `next()` of a stream returns when it is to be called again later; see `Exchange.stream`."""

UNSENT_BYTES: Final = 1 << 20


class FeedOverflowError(Exception):
    """A feed was given more than its client takes; the answer is cut."""


class Feed:
    """An iterable of bytes for `Exchange.stream` or a `Response`. Where a server knows nothing of feeds, it waits in `next()`.

    Args:
        is_endless: there is no last byte: it ends when the server stops or its client has ended its side. Otherwise a stop
            waits for the end, as for any answer.
        most_unsent: bytes that may wait for the client; with more the answer is cut. A single piece may be longer.
        on_close: called once when nobody reads any more, for whatever reason; on a thread of the server's.
    """

    __slots__ = ("_has_overflowed", "_is_closed", "_is_ended", "_news", "_on_close", "_pieces", "_size", "_wake",
                 "is_endless", "most_unsent")  # fmt: skip

    def __init__(
        self,
        *,
        is_endless: bool = False,
        most_unsent: int = UNSENT_BYTES,
        on_close: Callable[[], object] | None = None,
    ) -> None:
        if most_unsent < 1:
            raise ValueError(f"most_unsent is a number of bytes, at least 1, and not {most_unsent!r}.")
        self.is_endless = is_endless
        self.most_unsent = most_unsent
        self._on_close = on_close
        self._news = threading.Condition()
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self._is_ended = self._is_closed = self._has_overflowed = False
        self._wake: Callable[[], object] | None = None

    def send(self, data: bytes) -> bool:
        """Add bytes; False if nobody will read them: the feed was ended or closed, or its client takes too little. Any thread.

        Raises:
            TypeError: it is no bytes.
        """
        if type(data) is not bytes:
            raise TypeError(f"A feed is made of bytes, not of {type(data).__name__}.")
        with self._news:
            if self._is_ended or self._is_closed:
                return False
            if not data:
                return True
            self._size += len(data)
            self._has_overflowed = self._size > self.most_unsent and bool(self._pieces)
            self._is_ended = self._has_overflowed
            self._pieces.append(data)
        self._tell()
        return not self._has_overflowed

    def end(self) -> None:
        """Let it end after what was sent. Any thread; more than once does nothing."""
        with self._news:
            self._is_ended = True
        self._tell()

    def attach_waker(self, wake: Callable[[], object]) -> Callable[[], None] | None:
        """See `Exchange.stream`."""
        self._wake = wake
        return self.end if self.is_endless else None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        with self._news:
            while True:
                if self._has_overflowed:
                    raise FeedOverflowError(
                        f"The client took too little: more than {self.most_unsent} bytes waited for it."
                    )
                if self._pieces and not self._is_closed:
                    data = b"".join(self._pieces)
                    self._pieces.clear()
                    self._size = 0
                    return data
                if self._is_ended or self._is_closed:
                    raise StopIteration
                if self._wake is not None:
                    return NOTHING_YET
                self._news.wait()

    def close(self) -> None:
        """Nobody reads any more. More than once does nothing."""
        with self._news:
            on_close, self._on_close = self._on_close, None
            self._is_closed = True
            self._pieces.clear()
            self._news.notify_all()
        if on_close is not None:
            on_close()

    def _tell(self) -> None:
        with self._news:
            self._news.notify_all()
            wake = self._wake
        if wake is not None:
            wake()
