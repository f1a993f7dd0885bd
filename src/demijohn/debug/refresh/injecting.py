"""`InjectingExchange`: an exchange whose answer gets a script element, if it is a whole page. For the thread of the exchange.

Here: which answers, where in them, and that their fields stay true. Not here: which requests (handler.py).
"""

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from ...seam import Exchange, FileSegment, HandlerTimeout, TimeLimit
from ...seam.exchange import HeaderList

_MOST_BYTES: Final = 4 << 20
"""A page that would have to be read for that, from a file or from an iterable, is left alone if it is longer."""

_NOT_WHOLE: Final = {"204", "205", "206", "304"}

_WIDE: Final = ("utf-16", "utf-32", "utf16", "utf32", "ucs-2", "utf-7")
"""Charsets in which ASCII text is no text."""

_FORBIDDING: Final = {"content-encoding", "content-range", "content-md5", "digest", "content-digest", "repr-digest"}
"""Fields that say something of the body's bytes which would be no longer true."""

TagMaker = Callable[[Sequence[str]], str]
"""Takes the values of `Content-Security-Policy`, returns the element, or nothing if the page cannot have it."""


class InjectingExchange(Exchange):
    """Passes everything on to an exchange, and its answer with a script in it."""

    __slots__ = ("_exchange", "_make_tag")

    def __init__(self, exchange: Exchange, make_tag: TagMaker) -> None:
        self._exchange = exchange
        self._make_tag = make_tag
        self.head = exchange.head
        self.body = exchange.body
        self.peer = exchange.peer

    # ------------------------------------------------------------------ whole answers

    def respond(self, status: str, headers: HeaderList, body: bytes) -> None:
        """See `Exchange.respond`."""
        if body and _is_page(status, headers) and (tag := self._tag_for(headers)):
            body = put_in(bytes(body), tag.encode("ascii"))
            headers = _true_fields(headers, len(body))
        elif status.startswith("304"):
            headers = self._revalidated(headers)
        self._exchange.respond(status, headers, body)

    def stream(self, status: str, headers: HeaderList, chunks: Iterable[bytes]) -> None:
        """See `Exchange.stream`. One that says its length is as good as whole: many WSGI applications answer so."""
        length = _length(headers)
        if (
            self._exchange.has_started
            or not 0 < length <= _MOST_BYTES
            or not _is_page(status, headers)
            or getattr(chunks, "attach_waker", None) is not None
        ):
            if status.startswith("304"):
                headers = self._revalidated(headers)
            self._exchange.stream(status, headers, chunks)
            return
        try:
            body = b"".join(chunks)
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        if len(body) == length:
            self.respond(status, headers, body)
        else:
            self._exchange.stream(status, headers, [body])

    def send_file(self, status: str, headers: HeaderList, segment: FileSegment) -> None:
        """See `Exchange.send_file`."""
        if segment.count > _MOST_BYTES or not _is_page(status, headers):
            self._exchange.send_file(status, headers, segment)
            return
        body = os.pread(segment.file.fileno(), segment.count, segment.offset)
        if len(body) == segment.count:
            segment.file.close()
            self.respond(status, headers, body)
        else:
            self._exchange.send_file(status, headers, segment)

    def _tag_for(self, headers: HeaderList) -> str:
        return self._make_tag([value for name, value in headers if name.lower() == "content-security-policy"])

    def _revalidated(self, headers: HeaderList) -> HeaderList:
        """Name a page that the client has, and that was one of ours, as we named it."""
        known = self.head.get(b"if-none-match") or ""
        return [
            (name, f"W/{value}" if name.lower() == "etag" and f"W/{value}" in known else value)
            for name, value in headers
        ]

    # ------------------------------------------------------------------ passed on

    def start(self, status: str, headers: HeaderList) -> None:
        """See `Exchange.start`."""
        self._exchange.start(status, headers)

    def write(self, data: bytes) -> None:
        """See `Exchange.write`."""
        self._exchange.write(data)

    def finish(self) -> None:
        """See `Exchange.finish`."""
        self._exchange.finish()

    def inform(self, status: str, headers: HeaderList) -> None:
        """See `Exchange.inform`."""
        self._exchange.inform(status, headers)

    def abort(self) -> None:
        """See `Exchange.abort`."""
        self._exchange.abort()

    def after(self, function: Callable[[], object]) -> None:
        """See `Exchange.after`."""
        self._exchange.after(function)

    def limit_time(self, seconds: float, error: type[BaseException] = HandlerTimeout) -> None:
        """See `Exchange.limit_time`."""
        self._exchange.limit_time(seconds, error)

    def on_disconnect(self, function: Callable[[], object]) -> None:
        """See `Exchange.on_disconnect`."""
        self._exchange.on_disconnect(function)

    @property
    def time_limit(self) -> TimeLimit | None:  # type: ignore[override]  # nobody but the server sets it, on its own exchange
        """See `Exchange.time_limit`."""
        return self._exchange.time_limit

    @property
    def request_id(self) -> str:
        """See `Exchange.request_id`."""
        return self._exchange.request_id

    @property
    def has_started(self) -> bool:
        """See `Exchange.has_started`."""
        return self._exchange.has_started

    @property
    def disconnected(self) -> bool:
        """See `Exchange.disconnected`."""
        return self._exchange.disconnected


def put_in(page: bytes, tag: bytes) -> bytes:
    """Return a page with an element as the last of its body."""
    at = page.lower().rfind(b"</body")
    return page + tag if at < 0 else page[:at] + tag + page[at:]


def _is_page(status: str, headers: HeaderList) -> bool:
    """Tell whether an answer is a page, all of it, and may be changed."""
    if status[:3] in _NOT_WHOLE:
        return False
    kind = ""
    for name, value in headers:
        lower = name.lower()
        if lower == "content-type":
            kind = value.lower()
        elif (lower in _FORBIDDING and value.lower() != "identity") or (
            lower == "content-disposition" and value.lower().startswith("attachment")
        ):
            return False
    return kind.partition(";")[0].strip() == "text/html" and not any(charset in kind for charset in _WIDE)


def _length(headers: HeaderList) -> int:
    """Return the Content-Length, -1 if none is said."""
    text = next((value for name, value in headers if name.lower() == "content-length"), "")
    return int(text) if text.isascii() and text.isdecimal() else -1


def _true_fields(headers: HeaderList, length: int) -> HeaderList:
    """Return fields that are right for a body that is longer now.

    It has the same meaning and other bytes, so its ETag becomes a weak one (RFC 9110 §8.8.1): `If-None-Match` goes on to work,
    a range of the other bytes cannot be asked for.
    """
    changed = []
    for name, value in headers:
        lower = name.lower()
        if lower == "content-length":
            changed.append((name, str(length)))
        elif lower == "etag" and value.startswith('"'):
            changed.append((name, f"W/{value}"))
        else:
            changed.append((name, value))
    return changed
