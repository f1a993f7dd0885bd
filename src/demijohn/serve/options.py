"""`ServerOptions`: everything that can be set about one server process. One frozen object; no other room's settings in it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Literal

from .._base.record import record
from ..wire.limits import H1Limits
from .accesslog import Skip, Tell
from .logformat import compile_format
from .trust import LOCAL_PEERS, TrustedPeers

RunnerName = Literal["inline", "late", "pool"]
ForwardedFamily = Literal["none", "x-forwarded", "rfc7239"]
ProxyProtocol = Literal["off", "auto", "required"]

_FIELD_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")

_POSITIVE_OR_NONE = ("max_requests_per_connection", "max_queued_requests", "max_connections_per_client")
_NOT_NEGATIVE = (
    "stuck_after",
    "keep_alive",
    "head_timeout",
    "tls_handshake_timeout",
    "body_timeout",
    "min_receive_rate",
    "write_timeout",
    "min_send_rate",
    "linger_timeout",
    "drain_delay",
    "drain_idle_grace",
    "drain_timeout",
    "body_memory_bytes",
)


@record
class ServerOptions:
    """Settings of a `Server`. Times are seconds unless the name says otherwise; sizes are bytes."""

    runner: RunnerName = "late"
    """`inline`: handlers run on the polling thread, one after another. `late`: on the polling thread, with late promotion.
    `pool`: on a pool of threads."""

    threads: int = 16
    """How many handlers may run at the same time (`late`, `pool`). `inline` runs one."""

    promote_after_ms: float = 3.0
    """`late`: how long a handler may keep the polling thread before another thread takes over polling; it happens after
    one to two times this."""

    hand_over_after_ms: float = 1.0
    """`late`: endpoints whose handlers wait for longer than this, again and again, are run by other threads from the start."""

    max_queued_requests: int | None = 2048
    """Requests that may wait for a thread; those above it are refused with 503 at once. `None`: any number."""

    max_queue_age: float = 30.0
    """Seconds that a request may wait for a thread; then it is refused with 503 and `Retry-After`, for its client has most
    likely given up."""

    limits: H1Limits = field(default_factory=H1Limits)
    """What a request may be made of."""

    keep_alive: float = 15.0
    """How long a connection may be idle between two requests. 0 closes after every answer."""

    head_timeout: float = 20.0
    """From the first byte of a request (or from the connection's start) to the end of its head, however fast it comes; 408
    after that."""

    tls_handshake_timeout: float = 10.0
    """From a connection's start to the end of its TLS handshake; then it is closed."""

    tls_handshake_threads: int = 2
    """Threads for what TLS handshakes compute, beside `threads`; started when the first handshake comes."""

    body_timeout: float = 30.0
    """How long a client may keep us waiting for its body; 408 after that. What it sends wins time back, see
    `min_receive_rate`."""

    min_receive_rate: int = 500
    """Bytes of a body that win back a second of `body_timeout`, up to all of it: a client slower than this is given up in the
    end, one that pauses is not. 0: any byte wins back everything."""

    write_timeout: float = 60.0
    """How long a client may keep an answer waiting; then the connection is closed. What it takes wins time back, see
    `min_send_rate`."""

    min_send_rate: int = 500
    """Bytes of an answer that win back a second of `write_timeout`, as `min_receive_rate` does. Only bytes that wait count: a
    stream whose next chunk is not made yet waits for the application."""

    max_requests_per_connection: int | None = None
    """The answer to this many'th request of a connection closes it. `None`: no limit, for a connection does not grow with its
    requests; set it where a balancer in front should spread its connections anew from time to time."""

    linger_timeout: float = 2.0
    """How long a connection that we close is still read, so that no reset destroys the answer (RFC 9112 §9.6)."""

    drain_delay: float = 0.0
    """How long after `shutdown` it goes on accepting, no longer ready: for balancers that take a while to look elsewhere."""

    drain_idle_grace: float = 2.0
    """Once it accepts no more: how long connections without a request are kept. A request that was on its way to one of them is
    answered; without a grace it would be lost, for a client cannot know that the server stops until an answer has told it."""

    drain_timeout: float = 30.0
    """Once it accepts no more: how long requests in flight, and `drain_idle_grace`, may take."""

    request_timeout: float | None = None
    """How long a handler may run before it begins its answer; then it is interrupted, and the answer is 504. A handler may set
    another limit for itself. `None`: as long as it likes."""

    stuck_after: float = 30.0
    """A handler that has ignored the end of its time limit for this long is reported as stuck, and its worker replaced."""

    body_memory_bytes: int = 1 << 20
    """Request bodies up to this size are kept in memory, larger ones in a temporary file."""

    body_dir: str | None = None
    """Directory of these temporary files; `None`: the system's (`TMPDIR`, `/tmp`). Where that is in memory, take another."""

    stream_bodies: bool = False
    """Handlers are started as soon as a request's head is there, and read its body themselves while it arrives. A slow client
    then holds a thread, with `inline` the only one; routes that want it can ask for it one by one instead (`stream_body`)."""

    max_connections: int = 16_384
    """With this many connections open, idle ones are closed to let new clients in; if there are none, those wait in the
    listen backlog until one is closed, and answers end their connection."""

    max_connections_per_client: int | None = None
    """Connections that one client may have open, by IPv4 address or IPv6 /64; more are closed when they come. Trusted peers
    and Unix sockets are not counted. `None`: no limit, for an office or a mobile network may be behind one address; against
    clients that keep connections for nothing, deadlines and `max_connections` help by themselves."""

    server_name: str = "demijohn"
    """The `Server` field of answers; empty for none."""

    access_log: bool = False
    """Write a line for each answer, and for each request that is refused."""

    access_log_file: str | None = None
    """Where these lines go: a path, appended to; `-` for standard output; `None` for the logger `demijohn.access` at INFO, whose
    handlers may keep the thread that answers waiting, as the file never does."""

    access_log_format: str | None = None
    """`timed` (the common log format and the duration), `common`, `combined`, `dev` (Werkzeug's), `json`, or text with atoms such
    as `%(h)s %(m)s %(U)s %(s)s %(queue_ms)s %({x-tenant}i)s`, see serve/README.md.
    `None`: `json` if `log_format` is; to a logger in debug mode, `dev`; else `timed`."""

    access_log_fields: Mapping[str, str] = field(default_factory=dict)
    """More fields of the format `json`: names, each with the atom that it says: `{"tenant": "{x-tenant}i"}`."""

    access_log_skip: Sequence[str] | Skip = ()
    """Paths whose answers below 500 have no line, `/healthz` or, for all below, `/static/`; or a function of the request's
    head and the status code that returns True for no line. It is called for each answer, on the thread that gave it."""

    on_answered: Tell | None = None
    """Called with each answer (an `Answered`) and each refusal, on the thread that gave it, whether there is an access log or
    not; one that returns True has seen to the line itself. Exceptions are logged."""

    error_log_file: str | None = None
    """Where what the server logs goes, beside the handlers of `logging`: a path, appended to; `-` for standard error."""

    log_format: Literal["text", "json"] = "text"
    """How lines of `error_log_file` are written."""

    log_queue_bytes: int = 4 << 20
    """How many bytes of lines wait for a file that takes none; further lines are dropped, and counted in the error log."""

    request_id_header: str = ""
    """Name of the field, such as `X-Request-ID`, that each answer says the request's id in; empty for none."""

    trust_request_id: bool = False
    """Take the client's value of `request_id_header`, if it is 1 to 128 letters, digits and `._~+/=:@-`, for the id. Only for
    a server whose clients are proxies of yours."""

    is_multiprocess: bool = False
    """Other processes serve the same listeners."""

    trusted_peers: tuple[str, ...] | str = LOCAL_PEERS
    """Proxies whose word about their clients counts, if `forwarded` or `proxy_protocol` asks for it: addresses, networks such as
    `10.0.0.0/8`, `unix` for all of a Unix socket, `*` for everybody; or text with commas between. List no clients in it."""

    forwarded: ForwardedFamily = "none"
    """Which fields of trusted peers say whom a request is for: `x-forwarded` (X-Forwarded-For, -Proto, -Host, -Port, -Prefix) or
    `rfc7239` (Forwarded). With either, such fields of other peers, and those of the other family, are taken away. `none`: they
    are passed on as they are and mean nothing here; `ProxyFix` may read them."""

    proxy_protocol: ProxyProtocol = "off"
    """Whether connections of trusted peers begin with a PROXY protocol line, v1 or v2: `required`, or they are closed; `auto`, if
    it looks like one: only for proxies that never pass on first bytes of their clients' making. Others' begin with none."""

    def __post_init__(self) -> None:
        if self.runner not in ("inline", "late", "pool"):
            raise ValueError(f"runner is {self.runner!r}; it must be 'inline', 'late' or 'pool'")
        if self.forwarded not in ("none", "x-forwarded", "rfc7239"):
            raise ValueError(f"forwarded is {self.forwarded!r}; it must be 'none', 'x-forwarded' or 'rfc7239'")
        if self.proxy_protocol not in ("off", "auto", "required"):
            raise ValueError(f"proxy_protocol is {self.proxy_protocol!r}; it must be 'off', 'auto' or 'required'")
        TrustedPeers(self.trusted_peers)  # raises
        if self.threads < 1:
            raise ValueError(f"threads is {self.threads}; it must be at least 1")
        for name in ("promote_after_ms", "hand_over_after_ms"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be more than 0")
        if self.tls_handshake_threads < 1:
            raise ValueError(f"tls_handshake_threads is {self.tls_handshake_threads}; it must be at least 1")
        if self.request_timeout is not None and self.request_timeout <= 0:
            raise ValueError(f"request_timeout is {self.request_timeout}; it must be more than 0, or None for no limit")
        if self.max_connections < 1:
            raise ValueError(f"max_connections is {self.max_connections}; it must be at least 1")
        for name in _POSITIVE_OR_NONE:
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} is {value}; it must be at least 1, or None for no limit")
        if not self.max_queue_age > 0:
            raise ValueError(f"max_queue_age is {self.max_queue_age}; it must be more than 0")
        for name in _NOT_NEGATIVE:
            if not getattr(self, name) >= 0:  # nor "not a number"
                raise ValueError(f"{name} is {getattr(self, name)}; it must not be negative")
        self._check_logs()

    def _check_logs(self) -> None:
        if self.log_format not in ("text", "json"):
            raise ValueError(f"log_format is {self.log_format!r}; it must be 'text' or 'json'")
        compile_format(self.access_line, self.access_log_fields)
        if not callable(self.access_log_skip):
            paths = [self.access_log_skip] if isinstance(self.access_log_skip, str) else self.access_log_skip
            for path in paths:
                if path[:1] != "/" or paths is not self.access_log_skip:
                    raise ValueError(
                        f"access_log_skip has {path!r}; it must be a function, or a list of paths from '/' on"
                    )
        if self.log_queue_bytes < 1:
            raise ValueError(f"log_queue_bytes is {self.log_queue_bytes}; it must be at least 1")
        if self.request_id_header and not _FIELD_NAME.fullmatch(self.request_id_header):
            raise ValueError(f"request_id_header is {self.request_id_header!r}, which cannot be the name of a field")
        if self.trust_request_id and not self.request_id_header:
            raise ValueError("trust_request_id has no effect without a request_id_header")

    @property
    def stop_seconds(self) -> float:
        """How long a graceful stop takes at most."""
        return self.drain_delay + self.drain_timeout

    @property
    def access_line(self) -> str:
        """`access_log_format`, the default resolved."""
        return self.access_log_format or ("json" if self.log_format == "json" else "timed")
