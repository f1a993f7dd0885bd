"""`TlsSocket`: a non-blocking TLS connection that links, outboxes and `Lingering` use like a plain socket.

Here: how TLS differs from TCP, hidden. Not here: certificates (certificates.py), who drives the handshake (opening.py).

Used by one thread at a time, the owner of the connection: OpenSSL does not allow reading on one thread and writing on another.
Two methods are for the leader while a handler owns the connection, and touch the system's socket only: `recv` with
`MSG_PEEK`, and `close` behind `setsockopt(SO_LINGER)`, which resets.
"""

import contextlib
import os
import socket
import ssl
from collections.abc import Sequence
from typing import Any, BinaryIO

_RECORD_BYTES = 16 << 10
"""The longest plaintext of a record (RFC 8446 §5.1). Whoever reads as much leaves nothing behind that the selector cannot see."""

_FILE_BYTES = 256 << 10
"""Read from a file in one go."""


class TlsSocket(ssl.SSLSocket):
    """Made by `ssl.SSLContext.wrap_socket`. Errors are `OSError`, as of any socket; `BlockingIOError` means not now."""

    is_failed = False
    """TLS is beyond repair, and OpenSSL wants to hear no more of the connection."""

    is_reset = False
    """It is closed by a reset: nobody is told an orderly end."""

    asked_for: str | None = None
    """The host name that the client's hello asked for (RFC 6066 §3)."""

    def recv(self, buflen: int = _RECORD_BYTES, flags: int = 0) -> bytes:
        """Return the content of one record; `b""` once the peer has said that it ends (`close_notify`).

        Raises:
            ssl.SSLEOFError: the peer closed the connection without that: what came may have been cut by anybody.
        """
        if flags:
            # Not by OpenSSL, which may be at work on the handler's thread. The end is told apart from data by
            # `has_hung_up` (watchdog.py): there is always a `close_notify` unread before it.
            return socket.socket.recv(self, buflen, flags)
        try:
            return super().recv(max(buflen, _RECORD_BYTES))
        except ssl.SSLWantReadError:
            raise BlockingIOError from None
        except ssl.SSLWantWriteError:
            # RFC 8446 §4.6.3: it asks for new keys and takes no answer. To wait for either side would be to spin.
            self.is_failed = True
            raise ConnectionAbortedError("the client asks for new TLS keys but reads nothing") from None
        except OSError:
            self.is_failed = True
            raise

    def send(self, data: Any, flags: int = 0) -> int:  # Any: what ssl takes, anything with bytes in it
        """Send what goes now. A record that did not go whole is kept by OpenSSL: send the same bytes again, or more."""
        view = memoryview(data)
        sent = 0
        try:
            while sent < len(view):
                sent += super().send(view[sent:])
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            if not sent:
                raise BlockingIOError from None
        except OSError:
            self.is_failed = True
            raise
        return sent

    def sendmsg(  # type: ignore[override]  # ssl's own only raises
        self, buffers: Sequence[memoryview], ancdata: Sequence[object] = (), flags: int = 0
    ) -> int:
        """Send buffers in order: small ones together, so that they share a record. TLS has no flags."""
        first = buffers[0]
        if len(first) >= _RECORD_BYTES or len(buffers) == 1:
            return self.send(first)
        size = 0
        for count, buffer in enumerate(buffers, 1):  # noqa: B007 - the count is what is wanted
            size += len(buffer)
            if size >= _RECORD_BYTES:
                break
        return self.send(b"".join(buffers[:count]))

    def send_segment(self, file: BinaryIO, offset: int, count: int) -> int:
        """Send a part of a file, as `os.sendfile` does on a plain socket; 0 if the file ends before `offset`."""
        data = os.pread(file.fileno(), min(count, _FILE_BYTES), offset)
        return self.send(data) if data else 0

    def setsockopt(self, *args: Any) -> None:  # Any: three overloads, all passed on
        """See `socket.socket.setsockopt`."""
        if args[1] == socket.SO_LINGER:
            self.is_reset = True
        super().setsockopt(*args)

    def shutdown(self, how: int) -> None:
        """Say that we end (`close_notify`), then end our side; what `recv` gives after that is still enciphered.

        Raises:
            BlockingIOError: that does not go now; call again when the socket is writable.
        """
        self._say_end()
        super().shutdown(how)

    def close(self) -> None:
        """Close, after saying so where that is possible at once."""
        with contextlib.suppress(
            BlockingIOError
        ):  # the peer takes nothing: it will see the end, and that it was not said
            self._say_end()
        super().close()

    def _say_end(self) -> None:
        if self.is_failed or self.is_reset or self.fileno() < 0:
            return
        self.is_failed = True  # whatever comes of it: not twice
        try:
            self.unwrap()
        except ssl.SSLWantWriteError:
            self.is_failed = False
            raise BlockingIOError from None
        except (OSError, ValueError):
            pass  # said, and the peer's answer is not here yet; or the peer has gone; or there never was a handshake
