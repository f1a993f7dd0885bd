"""`RequestReader`: the request half of an HTTP/1.1 connection. Bytes in, events out; no I/O, no clock.

Two rules:

1. All state of the request half changes in this file and nowhere else; scanning, framing policy and chunk decoding are told
   what to look at and return or raise.
2. Nothing behind a request is looked at before `start_next_cycle`, and nothing at all behind a rejected one.

State      event that leaves it                                         to
---------  -----------------------------------------------------------  ---------------------------------
HEAD       head complete, no content                                    PAUSED
           head complete, Content-Length / chunked                      LENGTH_BODY / CHUNKED_BODY
           input ended between requests                                 CLOSED
*_BODY     last byte of content (and the trailers)                      BODY_END
           take_content() returned it                                   PAUSED
BODY_END   END_OF_BODY was returned                                     PAUSED
PAUSED     start_next_cycle()                                           HEAD
any        ProtocolReject raised                                        CLOSED

One thread at a time: the owner of the connection.
"""

from enum import Enum

from demijohn.seam import RequestHead
from demijohn.seam.head import index_fields
from demijohn.wire.limits import H1Limits
from demijohn.wire.reject import ProtocolReject

from .chunked import ChunkedDecoder
from .events import CLOSED, END_OF_BODY, NEED_DATA, PAUSED, Data, Event
from .framing import (
    asks_for_websocket,
    check_transfer_encoding,
    content_length,
    expects_continue,
    refuse_repeated,
    split_list,
)
from .names import known_name
from .scan import FIELD_LINES, REQUEST_LINE, Buffer, Field, HeadScanner
from .target import check_host, check_target


class _State(Enum):
    HEAD = "head"
    LENGTH_BODY = "content of known length"
    CHUNKED_BODY = "chunked content"
    BODY_END = "end of content"
    PAUSED = "request read, answer under way"
    CLOSED = "closed"


# PERF: a name of the module is one look-up, a member of an enum two; these are compared for every event.
_HEAD = _State.HEAD
_LENGTH_BODY = _State.LENGTH_BODY
_CHUNKED_BODY = _State.CHUNKED_BODY
_BODY_END = _State.BODY_END
_PAUSED = _State.PAUSED
_CLOSED = _State.CLOSED

_HTTP10 = (1, 0)
_HTTP11 = (1, 1)
_NO_HEAD = RequestHead("", "", _HTTP11, ())
_HEAD_END = b"\r\n\r\n"
_KNOWN_BYTES = 1024
"""The longest field section that a connection remembers; bounds what an idle one holds."""


class RequestReader:
    """Reads requests one after another. The facts below `head` are those of the current request."""

    __slots__ = (
        "_at", "_buffer", "_decoder", "_eof", "_field_count", "_is_special", "_known_head", "_known_host",
        "_known_octets", "_known_request", "_known_section", "_left", "_plain_room", "_scanner", "_state",
        "body_received", "content_length", "expects_continue", "has_body", "head", "is_chunked", "is_head_method",
        "is_http10", "is_secure", "is_websocket", "keep_alive", "limits", "must_close", "trailers",
    )  # fmt: skip

    def __init__(self, limits: H1Limits) -> None:
        self.limits = limits
        # Input not consumed: `_buffer` from `_at`. PERF: the very object given to receive_data while one is enough; a
        # bytearray, which grows and drops its beginning cheaply, as soon as a second is needed.
        self._buffer: Buffer = b""
        self._at = 0
        self._eof = False
        self._state = _HEAD
        self._scanner: HeadScanner | None = None  # for a head that did not come whole or is not plain
        self._decoder: ChunkedDecoder | None = None  # for a chunked body
        self._left = 0  # of a body with Content-Length, bytes still to come
        self._field_count = limits.field_count
        # PERF: in a head that is shorter than each of both limits, neither needs a look.
        self._plain_room = min(limits.request_line, limits.head_bytes)
        self._known_host: bytes | None = None  # PERF: the last value of Host that was found valid
        # PERF: most clients repeat their fields on a connection. The same bytes are not parsed and judged again, which saves
        # half of a head's time. Kept per connection, so that no time tells one client about another's fields.
        self._known_section: bytes | None = None
        self._known_head = _NO_HEAD
        # PERF: pollers, health checks and clients of one resource send the very same head; what it was is not made again.
        self._known_octets: bytes | None = None
        self._known_request = _NO_HEAD
        self._is_special = False  # some fact differs from its default

        self.is_secure = False
        """The connection is under TLS, or a trusted gateway's: `https` targets are taken (RFC 9110 §7.4). The owner sets it."""
        self.head: RequestHead | None = None
        """The current request; `None` before its head is complete."""
        self.is_http10 = False
        """The client speaks HTTP/1.0: no chunked answer, no interim answers."""
        self.is_head_method = False
        """The method is HEAD: the answer has no content."""
        self.keep_alive = True
        """The client can take another answer on this connection (RFC 9112 §9.3)."""
        self.must_close = False
        """The connection must be closed after this answer, by what the client said or by how it is answered."""
        self.has_body = False
        """Content follows the head. If not, the head is the request's only event."""
        self.content_length: int | None = None
        """The value of Content-Length."""
        self.is_chunked = False
        """The content is chunked, its length is not known before its end."""
        self.expects_continue = False
        """The client waits for `100 Continue` before it sends the content."""
        self.is_websocket = False
        """The client asks to become a WebSocket. Every other upgrade is ignored."""
        self.body_received = 0
        """Bytes of content handed over so far."""
        self.trailers: list[Field] = []
        """Trailer fields of a chunked body, known at its end. They never join the head's fields."""

    def receive_data(self, data: bytes) -> None:
        """Take bytes from the peer; call `next_event` until it wants more. Without copying, if all before was consumed."""
        buffer = self._buffer
        at = self._at
        if self._state is _CLOSED:
            return
        if at == len(buffer):
            self._buffer = data
        elif isinstance(buffer, bytearray):
            del buffer[:at]
            buffer += data
        else:
            self._buffer = bytearray(buffer[at:] if at else buffer) + data
        self._at = 0

    def receive_eof(self) -> None:
        """Note that the peer sends no more. What it sent before is still served."""
        self._eof = True

    @property
    def has_buffered(self) -> bool:
        """Bytes have come that the current request did not need: a pipelined request, or a part of one."""
        return self._at < len(self._buffer)

    @property
    def is_body_complete(self) -> bool:
        """The current request was read to its end; nothing of it has to be drained."""
        return self._state is _PAUSED or self._state is _BODY_END

    def take_buffered(self) -> bytes:
        """Remove and return the bytes not consumed: after a switch of protocols they belong to the new one."""
        data = bytes(self._buffer[self._at :])
        self._buffer = b""
        self._at = 0
        return data

    def next_event(self) -> Event:
        """Return the next event, see `events`.

        Raises:
            ProtocolReject: the input cannot be served; answer with `render_reject` and close. Every call after it returns
                `CLOSED`, whatever is received.
        """
        state = self._state
        try:
            if state is _HEAD:
                return self._read_head() if self._at < len(self._buffer) else self._at_idle_end()
            if state is _LENGTH_BODY:
                return self._read_length_body()
            if state is _CHUNKED_BODY:
                return self._read_chunked_body()
        except ProtocolReject:
            if self._scanner is not None and self._scanner.method == b"HEAD":
                self.is_head_method = True
            self._state = _CLOSED
            self._buffer = b""
            self._at = 0
            self.must_close = True
            raise
        if state is _BODY_END:
            self._state = _PAUSED
            return END_OF_BODY
        return PAUSED if state is _PAUSED else CLOSED

    def take_content(self, most: int) -> bytes | None:
        """Return the whole content, where its length was announced and all of it has come already; in place of its events.

        `None`, and nothing has changed: it has none, or is chunked, has more to come, or is longer than `most` bytes.
        """
        at, buffer, size = self._at, self._buffer, self._left
        if self._state is not _LENGTH_BODY or self.body_received or size > most or size > len(buffer) - at:
            return None
        end = at + size
        data = bytes(buffer[at:end])
        if end == len(buffer):
            self._buffer = b""
            end = 0
        self._at = end
        self._left = 0
        self.body_received = size
        self._state = _PAUSED
        return data

    def _start_next_request(self) -> None:
        """Forget the current request and look at what follows it."""
        if self._state is not _PAUSED and self._state is not _BODY_END:
            raise RuntimeError(f"no next request before the current one was read to its end: {self._state.value}")
        self._state = _HEAD
        self.head = None
        self.is_head_method = False
        if self._is_special:
            self._is_special = False
            self.is_http10 = False
            self.has_body = False
            self.content_length = None
            self.is_chunked = False
            self.expects_continue = False
            self.is_websocket = False
            self.body_received = 0
            self.trailers = []
            self._decoder = None

    def _at_idle_end(self) -> Event:
        """Nothing is buffered: wait, or end."""
        if not self._eof:
            return NEED_DATA
        self._state = _CLOSED
        return CLOSED

    def _read_head(self) -> Event:
        buffer = self._buffer
        at = self._at
        scanner = self._scanner
        if scanner is None:
            if buffer == self._known_octets and at == 0:
                self._at = len(buffer)
                self._state = _PAUSED
                head = self.head = self._known_request
                if head.method == "HEAD":
                    self.is_head_method = True
                return head
            # PERF: the way of nearly all requests: a plain head that came whole, most often alone (endswith costs a quarter
            # of find).
            room = self._plain_room
            is_alone = at == 0 and len(buffer) <= room and buffer.endswith(_HEAD_END)
            end = (len(buffer) if is_alone else buffer.find(_HEAD_END, at, at + room) + 4) - 2
            line = REQUEST_LINE.match(buffer, at, end) if end > 1 else None
            if line is not None:
                method, target, minor = line.groups()
                section = buffer[line.end() : end]
                if section == self._known_section and minor != b"0" and method != b"CONNECT":
                    self._at = end + 2
                    head = self._accept_known(method, target)
                    if is_alone and type(buffer) is bytes and len(buffer) <= 2 * _KNOWN_BYTES:
                        self._known_octets = buffer
                        self._known_request = head
                    return head
                fields: list[Field] = FIELD_LINES.findall(section)
                if is_alone and fields and not fields[-1][0]:
                    # Not plain, or an empty line was met: something follows the head after all.
                    end = buffer.find(_HEAD_END) + 2
                    section = buffer[line.end() : end]
                    fields = FIELD_LINES.findall(section)
                if len(fields) <= self._field_count and (not fields or fields[-1][0]):
                    self._at = end + 2
                    if method == b"CONNECT":
                        check_target(method, target, is_secure=self.is_secure)
                    head = self._accept(method, target, minor, fields)
                    if not self._is_special and self.keep_alive and len(section) <= _KNOWN_BYTES:
                        self._known_section = bytes(section)
                        self._known_head = head
                        self._known_octets = None
                    return head
            scanner = self._scanner = HeadScanner(self.limits)
        return self._scan_head(scanner, buffer, at)

    def _scan_head(self, scanner: HeadScanner, buffer: Buffer, at: int) -> Event:
        """Read a head that came in pieces, is not plain, or is wrong."""
        end = scanner.advance(buffer, at)
        if end >= 0:
            self._at = end
            check_target(scanner.method, scanner.target, is_secure=self.is_secure)
            self._scanner = None
            return self._accept(scanner.method, scanner.target, scanner.minor, scanner.fields)
        if not self._eof:
            return NEED_DATA
        if not scanner.is_blank:
            raise ProtocolReject(400, "the input ended inside a request head", "RFC 9112 §8")
        self._state = _CLOSED
        return CLOSED

    def _accept(self, method_bytes: bytes, target: bytes, minor: bytes, fields: list[Field]) -> RequestHead:
        """Take a head that is syntactically right: check what it means as a whole, and set the facts.

        Raises:
            ProtocolReject: 400, 413, 417 or 501.
        """
        method = method_bytes.decode("ascii")
        if method == "HEAD":
            self.is_head_method = True
        index = {known_name(name) or name.lower(): value for name, value in fields}
        if len(index) != len(fields):
            refuse_repeated(fields)
            index = index_fields(fields)
        host = index.get(b"host")
        if host is None or host != self._known_host:
            check_host(host, is_required=minor != b"0")
            self._known_host = host
        version = _HTTP11
        connection = index.get(b"connection")
        if minor == b"0":
            version = _HTTP10
            self._is_special = self.is_http10 = True
            options = split_list(connection or b"")
            self.keep_alive = b"keep-alive" in options and b"close" not in options
        else:  # RFC 9110 §2.5: a higher minor version is served as the highest known one
            self.keep_alive = (
                connection is None or connection == b"keep-alive" or b"close" not in split_list(connection)
            )
        self.must_close = not self.keep_alive
        if b"content-length" in index or b"transfer-encoding" in index or b"expect" in index or b"upgrade" in index:
            self._is_special = True
            self._frame(method, index, is_http10=self.is_http10)
        else:
            self._state = _PAUSED
        head = self.head = RequestHead(method, target.decode("ascii"), version, fields, index)
        return head

    def _accept_known(self, method_bytes: bytes, target: bytes) -> RequestHead:
        """Take a head of HTTP/1.1 whose fields are, to the byte, those of an earlier one that had no but default facts."""
        known = self._known_head
        method = method_bytes.decode("ascii")
        if method == "HEAD":
            self.is_head_method = True
        self._state = _PAUSED
        head = self.head = RequestHead(method, target.decode("ascii"), _HTTP11, known.fields, known._index)
        return head

    def _frame(self, method: str, index: dict[bytes, bytes], *, is_http10: bool) -> None:
        """Decide where the content ends (RFC 9112 §6.3) and set the rarer facts."""
        coding = index.get(b"transfer-encoding")
        length = index.get(b"content-length")
        if coding is not None:
            check_transfer_encoding(coding, index, is_http10=is_http10)
            self.is_chunked = self.has_body = True
            self._decoder = ChunkedDecoder(self.limits)
        elif length is not None:
            self._left = self.content_length = content_length(length)
            limit = self.limits.body_bytes
            if limit is not None and self._left > limit:
                raise ProtocolReject(413, "the content is too large", "RFC 9110 §15.5.14")
            self.has_body = self._left > 0
        expect = index.get(b"expect")
        if expect is not None and not is_http10:  # RFC 9110 §10.1.1: ignored in HTTP/1.0
            self.expects_continue = expects_continue(expect) and self.has_body
        if b"upgrade" in index and not is_http10 and not self.has_body:
            self.is_websocket = asks_for_websocket(method, index)
        if not self.has_body:
            self._state = _PAUSED
        else:
            self._state = _CHUNKED_BODY if self.is_chunked else _LENGTH_BODY

    def _read_length_body(self) -> Event:
        buffer = self._buffer
        at = self._at
        available = len(buffer) - at
        if not available:
            return self._wait_for_content()
        if available <= self._left:
            data = buffer if at == 0 and isinstance(buffer, bytes) else bytes(buffer[at:])
            self._buffer = b""
            self._at = 0
        else:
            data = bytes(buffer[at : at + self._left])
            self._at = at + self._left
        self._left -= len(data)
        self.body_received += len(data)
        if not self._left:
            self._state = _BODY_END
        return Data(data)

    def _read_chunked_body(self) -> Event:
        decoder = self._decoder
        if decoder is None:
            raise AssertionError("a chunked body always has its decoder")
        data, self._at = decoder.decode(self._buffer, self._at)
        if decoder.is_done:
            self.trailers = decoder.trailers
            self._state = _BODY_END
        if data:
            self.body_received += len(data)
            return Data(data)
        if decoder.is_done:
            self._state = _PAUSED
            return END_OF_BODY
        return self._wait_for_content()

    def _wait_for_content(self) -> Event:
        if self._eof:
            # SECURITY: RFC 9112 §8: a body cut short is never taken for a complete one.
            raise ProtocolReject(400, "the input ended before the content was complete", "RFC 9112 §8")
        return NEED_DATA
