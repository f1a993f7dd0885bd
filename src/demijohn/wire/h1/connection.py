"""`H1Connection`: a server's HTTP/1.1 connection, sans-IO; the answering half, on top of `reader.RequestReader`.

Two rules:

1. Framing of an answer is decided in `render_head`, once, from status, method, version and the lengths given; the other
   methods carry that decision out.
2. What is rendered is complete in itself: the driver sends the bytes in the order of the calls and nothing else.

Drawn from the driver's side, for each request:

    next_event() -> RequestHead
        [render_continue()]  [next_event() -> Data ... END_OF_BODY]  [render_informational() ...]
    render_head() + render_data()* + render_end()      or      render_response()      or, after a ProtocolReject, render_reject()
    must_close ? close with linger : start_next_cycle()

One thread at a time: the owner of the connection.
"""

from typing import Final

from demijohn.wire.limits import H1Limits
from demijohn.wire.reject import ProtocolReject

from .answer import (
    HAS_DATE,
    HAS_SERVER,
    KNOWN_STATUSES,
    SAYS_CLOSE,
    WITHOUT_CONTENT,
    HeaderList,
    field_lines,
    last_lines,
    length_line,
    status_line,
)
from .reader import RequestReader

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"

_PHRASES: Final = {
    400: "Bad Request",
    408: "Request Timeout",
    413: "Content Too Large",
    414: "URI Too Long",
    417: "Expectation Failed",
    421: "Misdirected Request",
    431: "Request Header Fields Too Large",
    501: "Not Implemented",
    503: "Service Unavailable",
    505: "HTTP Version Not Supported",
    507: "Insufficient Storage",
}
"""Reasons of the answers that are given without an application (RFC 9110 §15)."""

_UNBOUND: Final = -1
"""`_answer_left` of an answer whose length is not known."""


class H1Connection(RequestReader):
    """One connection. The facts below are those of the current answer."""

    __slots__ = (
        "_answer_left",
        "_is_answer_chunked",
        "_was_continue_sent",
        "has_answered",
        "has_started",
        "overrun",
        "response_has_body",
        "underrun",
    )

    def __init__(self, limits: H1Limits) -> None:
        super().__init__(limits)
        self._answer_left = 0  # of an answer of known length, bytes still to be given
        self._is_answer_chunked = False
        self._was_continue_sent = False
        self.has_started = False
        """The head of a final answer was rendered."""
        self.has_answered = False
        """The answer was rendered to its end."""
        self.response_has_body = False
        """The answer has content on the wire; what is given to `render_data` otherwise vanishes (HEAD, 204, 304)."""
        self.overrun = False
        """More content was given than Content-Length announced; it was cut there."""
        self.underrun = False
        """Less content was given than Content-Length announced; the client sees it by the connection being closed."""

    def start_next_cycle(self) -> None:
        """Make ready for the next request, once this one was read and answered to the end.

        Raises:
            RuntimeError: not read or not answered to the end, or the connection must be closed.
        """
        if not self.has_answered or self.must_close:
            raise RuntimeError("no next request: the answer is not complete, or the connection must be closed")
        self._start_next_request()
        self.has_started = self.has_answered = self.overrun = False
        self._was_continue_sent = False

    # ---- interim answers ---------------------------------------------------------------------------------------------

    def render_continue(self) -> bytes:
        """Render `100 Continue` if the client waits for it and has neither got it nor begun to send; else `b""`."""
        if not self.expects_continue or self._was_continue_sent or self.has_started or self._has_content_begun():
            return b""
        self._was_continue_sent = True
        return CONTINUE

    def render_informational(self, status: str, headers: HeaderList) -> bytes:
        """Render an interim answer such as `103 Early Hints`; `b""` for HTTP/1.0, which has none (RFC 9110 §15.2).

        Raises:
            ValueError: not an interim status, or 101, or an invalid or framing field.
            RuntimeError: the final answer has begun.
        """
        line, code = status_line(status)
        if not 100 <= code < 200 or code == 101:
            raise ValueError(f"not an interim status: {code}")
        if self.has_started:
            raise RuntimeError("an interim answer after the final one has begun")
        lines, own_length, _ = field_lines(line, headers)
        if own_length is not None:
            raise ValueError("an interim answer has no content")
        if self.is_http10:
            return b""
        if code == 100:
            self._was_continue_sent = True
        lines.append(b"\r\n")
        return b"".join(lines)

    # ---- the answer --------------------------------------------------------------------------------------------------

    def render_head(
        self,
        status: str,
        headers: HeaderList,
        body_length: int | None,
        *,
        date: bytes,
        server: bytes,
        close: bool = False,
    ) -> bytes:
        """Render the head of the answer and decide its framing.

        `body_length` is the length of the whole content where it is known, `None` for a stream. A Content-Length of the
        application wins; else a stream is chunked, or ends with the connection for an HTTP/1.0 client. `date` and `server`
        are added if the application did not set them and they are not empty. `close` asks for this to be the last answer.

        Raises:
            ValueError: an invalid status or field, an interim status. Nothing was rendered, another answer may be.
            RuntimeError: the answer has begun already.
        """
        return b"".join(self._begin_answer(status, headers, body_length, date, server, close))

    def _begin_answer(
        self, status: str, headers: HeaderList, body_length: int | None, date: bytes, server: bytes, close: bool
    ) -> list[bytes]:
        """Return the parts of the head."""
        line, code = KNOWN_STATUSES.get(status) or status_line(status)
        if code < 200:
            raise ValueError(f"{code} is no final status")
        if self.has_started:
            raise RuntimeError("the answer has begun already")
        lines, own_length, said = field_lines(line, headers)
        length = body_length if own_length is None else own_length
        if length is None or self.is_head_method or code in WITHOUT_CONTENT:
            framing = self._frame_rare_answer(code, own_length, body_length)
            if framing:
                lines.append(framing)
        else:
            self.response_has_body = True
            self._is_answer_chunked = False
            self._answer_left = length
            if body_length is not None and length > body_length:
                self.must_close = True  # the client will see the underrun by it, and is told now
            lines.append(length_line(length))
        if self.has_body:
            if self.expects_continue and not self._was_continue_sent and not self._has_content_begun():
                # RFC 9110 §10.1.1: the client may now send the content or not, so nobody knows where the next request begins.
                self.must_close = True
            elif not self.is_body_complete:
                self.must_close = self.must_close or self._leaves_much_unread()
        self.has_started = True
        if close or said & SAYS_CLOSE or self.must_close:
            self.must_close = True
            lines.append(b"Connection: close\r\n")
        elif self.is_http10:
            lines.append(b"Connection: keep-alive\r\n")
        elif code == 426:
            lines.append(b"Connection: upgrade\r\n")  # RFC 9110 §15.5.22, §7.8
        if said:
            server = b"" if said & HAS_SERVER else server
            date = b"" if said & HAS_DATE else date
        lines.append(last_lines(server, date))
        return lines

    def _frame_rare_answer(self, code: int, own_length: int | None, body_length: int | None) -> bytes:
        """Frame an answer without content or of unknown length; return the field line that says so, if any.

        RFC 9112 §6.3, RFC 9110 §8.6. `own_length` is the application's Content-Length.
        """
        self._is_answer_chunked = False
        self._answer_left = _UNBOUND
        if self.is_head_method or code in WITHOUT_CONTENT:
            self.response_has_body = False
            if code == 204:
                return b""
            if code == 205:
                return b"Content-Length: 0\r\n"  # RFC 9110 §15.3.6
            if own_length is None and body_length and self.is_head_method:
                # What GET would have sent; of an empty one nobody knows whether it was emptied for HEAD.
                own_length = body_length
            return b"" if own_length is None else length_line(own_length)
        self.response_has_body = True
        if self.is_http10:
            self.must_close = True
            return b""
        self._is_answer_chunked = True
        return b"Transfer-Encoding: chunked\r\n"

    def render_data(self, data: bytes) -> bytes:
        """Render a part of the content: as a chunk, cut to Content-Length, or nothing for an answer without content."""
        if not self.has_started or self.has_answered:
            raise RuntimeError("content outside of an answer")
        if not self.response_has_body or not data:
            return b""
        if self._is_answer_chunked:
            return b"%x\r\n%b\r\n" % (len(data), data)
        left = self._answer_left
        if left != _UNBOUND:
            if len(data) > left:
                self.overrun = True
                data = data[:left]
            self._answer_left = left - len(data)
        return data

    def admit_file(self, count: int) -> int:
        """Account for content that the driver sends from a file, unframed; return how much of `count` it may send.

        Only for an answer that is not chunked: chunks would need framing.
        """
        if not self.has_started or self.has_answered or self._is_answer_chunked:
            raise RuntimeError("a file outside of an answer of known length")
        if not self.response_has_body:
            return 0
        left = self._answer_left
        if left == _UNBOUND:
            return count
        if count > left:
            self.overrun = True
            count = left
        self._answer_left = left - count
        return count

    def render_end(self) -> bytes:
        """Render what ends the answer: the last chunk, or nothing. Too short an answer makes `must_close` true."""
        if not self.has_started or self.has_answered:
            raise RuntimeError("the end of an answer outside of it")
        self.has_answered = True
        if self._is_answer_chunked:
            return b"0\r\n\r\n"
        if self.response_has_body and self._answer_left > 0:
            self.underrun = self.must_close = True
        return b""

    def render_response(
        self, status: str, headers: HeaderList, body: bytes, *, date: bytes, server: bytes, close: bool = False
    ) -> bytes:
        """Render a whole answer in one piece; the same as `render_head`, `render_data` and `render_end`.

        Raises:
            ValueError: see `render_head`.
            RuntimeError: see `render_head`.
        """
        parts = self._begin_answer(status, headers, len(body), date, server, close)
        self.has_answered = True
        if not self.response_has_body:
            return b"".join(parts)
        left = self._answer_left
        if len(body) != left:
            # The application's Content-Length is wrong: cut, or closed as too short.
            self.overrun = len(body) > left
            self.underrun = len(body) < left
            self.must_close = self.must_close or self.underrun
            body = body[:left]
        parts.append(body)
        return b"".join(parts)

    def render_reject(self, reject: ProtocolReject, *, date: bytes, server: bytes, fields: HeaderList = ()) -> bytes:
        """Render the whole answer to a rejected request, with `fields` besides; the connection must be closed after it.

        `b""` if the answer to the request has begun: then there is nothing to do but close.
        """
        self.must_close = True
        if self.has_started:
            return b""
        status = f"{reject.status} {_PHRASES.get(reject.status, 'Refused')}"
        text = f"{status}\n\n{reject.reason} ({reject.rfc})\n".encode()
        fields = [("Content-Type", "text/plain; charset=utf-8"), *fields]
        return self.render_response(status, fields, text, date=date, server=server)

    def _leaves_much_unread(self) -> bool:
        """More content is still to come than is worth reading it for the sake of the connection."""
        length = self.content_length
        return length is None or length - self.body_received > self.limits.unread_bytes

    def _has_content_begun(self) -> bool:
        """The client sends its content without waiting: some of it has come."""
        return self.body_received > 0 or self.is_body_complete or self.has_buffered
