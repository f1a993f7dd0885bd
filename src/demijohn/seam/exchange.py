"""`Exchange`: one request and its answer, on any HTTP version. Drawn from the handler's side of the seam.

A handler is called with an exchange on the thread the runner chose, and must, before it returns, call exactly one of
`respond`, `stream`, `send_file`, or `start` ... `finish`, or `abort`; if it raises or returns without, the server answers 500
(or closes the connection once the head is out). The server runs the handler, and all that it handed over to be pulled,
closed or called later, in one `contextvars.Context` of the exchange's own. All methods are for the handler's thread unless
they say otherwise.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import BinaryIO

from .._base.record import record
from .body import BodySource
from .head import RequestHead
from .peer import Peer
from .requestid import new_request_id

HeaderList = Sequence[tuple[str, str]]
"""Field lines of an answer in order, text that latin-1 can encode."""


@record
class FileSegment:
    """`count` bytes of an open file from `offset`; the exchange closes the file when they are sent or given up."""

    file: BinaryIO
    offset: int
    count: int


class HandlerTimeout(Exception):
    """The handler did not begin its answer within its time limit. Raised in its thread, wherever that is; answered with 504."""


class TimeLimit(ABC):
    """A limit that a handler is under, see `Exchange.limit_time`. For the handler's thread."""

    __slots__ = ("deadline", "error", "is_over")

    is_over: bool
    """The answer has begun, or the limit was lifted: it does not matter any more."""

    deadline: float
    """When the handler is interrupted, on the scale of `time.monotonic`."""

    error: type[BaseException]
    """What is raised in the handler then; made without arguments. May be changed."""

    @abstractmethod
    def end(self) -> None:
        """Lift the limit, before what must not be interrupted.

        Raises:
            BaseException: `error`, if it was just being delivered; call again then.
        """


class Exchange(ABC):
    """One request and its answer.

    Framing is the server's: `Date`, `Connection`, `Transfer-Encoding` are added, what RFC 9110 §6.4.1 forbids a body (HEAD,
    1xx, 204, 304) gets none, a body longer than its Content-Length is cut and a shorter one closes the connection.
    A status is `"200 OK"`, code and reason. An invalid status, name or value raises `ValueError` before anything is sent.
    """

    __slots__ = ("_request_id", "body", "head", "peer", "time_limit")

    head: RequestHead
    body: BodySource
    peer: Peer
    _request_id: str

    time_limit: TimeLimit | None
    """What the handler has to begin its answer in; `None` where it may take as long as it likes."""

    @abstractmethod
    def respond(self, status: str, headers: HeaderList, body: bytes) -> None:
        """Answer with a whole body, in one write; adds Content-Length where it is missing. Never waits for the client."""

    @abstractmethod
    def stream(self, status: str, headers: HeaderList, chunks: Iterable[bytes]) -> None:
        """Answer with chunks that the server pulls as fast as the client takes them; returns before they are all pulled.

        `next()` runs on threads of the runner, not always the same, never two at once; `chunks.close()`, where it exists, is
        called exactly once, at the end or promptly when the client goes away. An exception cuts the answer visibly.

        A `next()` that waits holds its thread. `chunks` that do not, as a `Feed` does, have a method `attach_waker(wake)` (or an
        attribute of that name that is `None`). It is called once, before the first `next()`, which from then on may return
        `NOTHING_YET`; after that it is called again when `wake()` was called, from any thread. What `attach_waker` returns is
        called, on any thread, when the server stops: nobody needs the rest then, nor when the client has ended its side. `None`:
        the answer is complete only with its last chunk, and a stop waits for that.
        """

    @abstractmethod
    def send_file(self, status: str, headers: HeaderList, segment: FileSegment) -> None:
        """Answer with a part of a file, by `os.sendfile` where the transport allows; holds no thread."""

    @abstractmethod
    def start(self, status: str, headers: HeaderList) -> None:
        """Begin an answer that is pushed with `write`, and ended with `finish`."""

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Push body bytes; waits while the client is slow, up to the write deadline.

        Raises:
            ClientDisconnected: nobody is there to read it.
        """

    @abstractmethod
    def finish(self) -> None:
        """End an answer begun with `start`."""

    @abstractmethod
    def inform(self, status: str, headers: HeaderList) -> None:
        """Send an interim answer (1xx, RFC 9110 §15.2) such as 103; ignored where the client's version has none."""

    @abstractmethod
    def abort(self) -> None:
        """Close the connection without another byte."""

    @abstractmethod
    def after(self, function: Callable[[], object]) -> None:
        """Have `function` called once the answer is out, or given up; on a thread of the runner. Several are called in order.

        The next request on this connection waits for it, the answer does not. Exceptions are logged.
        """

    @abstractmethod
    def limit_time(self, seconds: float, error: type[BaseException] = HandlerTimeout) -> None:
        """Interrupt the handler if it has not begun its answer in so many seconds from now. Replaces an earlier limit.

        `error` is raised in the handler's thread; what the handler makes of it is the answer, 504 if it lets it through. A thread
        that waits in C code meets it only afterwards: then the server answers 504, and the handler's own answer is lost.
        """

    @abstractmethod
    def on_disconnect(self, function: Callable[[], object]) -> None:
        """Have `function` called, on a thread of its own, when the client goes away before its answer is out.

        It sees the context variables of this call. Several are called in order. Exceptions are logged.
        """

    @property
    def request_id(self) -> str:
        """What names this request in logs; at most 128 visible ASCII characters. Made when first asked for.

        The client's own only where the server was told to trust it.
        """
        try:
            return self._request_id
        except AttributeError:
            # PERF: whoever never asks pays nothing, not even an empty attribute.
            self._request_id = self._choose_request_id()
            return self._request_id

    def _choose_request_id(self) -> str:
        return new_request_id()

    @property
    @abstractmethod
    def has_started(self) -> bool:
        """A final answer's head was given; it is too late for another."""

    @property
    @abstractmethod
    def disconnected(self) -> bool:
        """The client has gone, or ended its side of the connection. Asks the system. May be read from any thread."""


Handler = Callable[[Exchange], None]
"""What the server calls for each request.

A handler may have a method `label(head: RequestHead) -> str`: requests with equal labels are expected to take about equally
long, from which the server learns which ones block. Without one it goes by the path.

It may have a method `streams(head: RequestHead) -> bool`, asked on the polling thread for each request with a body, so it must be
quick: whether the handler reads this one's body itself, while it arrives. Then `exchange.body` waits for the client, and raises
`BodyError` when the rest does not come; a client that waits for `100 Continue` gets it at the first read. Without one, or if it
says no, the body is there before the handler is called, and a slow client holds no thread.
"""
