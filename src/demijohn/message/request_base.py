"""`RequestBase`: where a request's parts come from, an exchange or a WSGI environ, and what each is made of.

The lowest of the files that make up `Request` (base, target, headers, body, request: each builds on the one before).
Nothing is parsed here that a request may not need. A request belongs to the thread that handles it.
"""

from collections.abc import Callable
from typing import IO, Any, ClassVar, TypeVar
from urllib.parse import unquote

from demijohn.http.headers import EnvironHeaders, Headers, RequestHeaders
from demijohn.http.multidict import ImmutableList, ImmutableMultiDict, MultiDict
from demijohn.seam import BodySource, Exchange, Peer, RequestHead, new_request_id

from .environ import (
    EXCHANGE_KEY,
    REQUEST_ID_KEY,
    Environ,
    body_from_environ,
    decode_text,
    environ_from_head,
    peer_from_environ,
    server_of,
)
from .properties import cached_property, environ_property
from .user_agent import UserAgent

F = TypeVar("F", bound=Callable[[], object])


class RequestBase:
    """Head, body and peer of a request, or the environ that stands for them. Either is made from the other when asked for."""

    # Any: values are text in some, files in others.
    parameter_storage_class: type[MultiDict[str, Any]] = ImmutableMultiDict
    """The class of `args`, `form` and `files`."""

    dict_storage_class: type[MultiDict[str, Any]] = ImmutableMultiDict
    """The class of `cookies`."""

    list_storage_class: type[list[Any]] = ImmutableList
    """The class of `access_route`."""

    user_agent_class: type[UserAgent] = UserAgent
    """The class of `user_agent`."""

    trusted_hosts: list[str] | None = None
    """Hosts that `host` accepts, `.example.com` with all subdomains; `None` accepts every well-formed one."""

    shallow: bool = False
    """Reading the body raises a `RuntimeError`; for middleware that must leave it to the application."""

    method: str
    """The request's method, in upper case."""

    root_path: str = ""
    """The prefix the application is mounted under, decoded, without a slash at its end."""

    _made_from_environ = False

    _head: RequestHead
    """What stood before the body, as it was sent; only of a request that was made of an exchange."""

    _has_own_headers: ClassVar[bool] = False
    """A subclass replaced `headers`."""

    def __init_subclass__(cls, **kwargs: Any) -> None:  # Any: what other bases take
        super().__init_subclass__(**kwargs)
        cls._has_own_headers = cls.headers is not RequestBase.headers

    _exchange: Exchange | None = None
    """What the request came by, where the server is demijohn's; of both doors."""

    _after_response: Any = None  # Any: `app.afterwards.AfterResponse`, two rooms above
    """What the door has to see to once the answer is out; set by the application."""

    _mounts: object = None
    """Of a request that came natively to a mounted application: what it came through; for the application."""

    def __init__(self, environ: Environ, populate_request: bool = True, shallow: bool = False) -> None:
        """Make a request of a WSGI environ, which stays available as `environ`.

        With `populate_request` the request puts itself into it as `werkzeug.request`, unless it is `shallow`.
        """
        self._made_from_environ = True
        self.environ = environ
        if shallow:
            self.shallow = True
        self.method = environ.get("REQUEST_METHOD", "GET").upper()
        self.scheme = environ.get("wsgi.url_scheme", "http")
        self.query_string = environ.get("QUERY_STRING", "").encode("latin-1")
        root = environ.get("SCRIPT_NAME")
        if root:
            self.root_path = decode_text(root).rstrip("/")
        path = environ.get("PATH_INFO") or ""
        self.path = "/" + (path if path.isascii() else decode_text(path)).lstrip("/")
        self._exchange = environ.get(EXCHANGE_KEY)
        if populate_request and not shallow:
            environ["werkzeug.request"] = self

    @cached_property
    def environ(self) -> Environ:
        """The WSGI environ: the one the request was made of, or one built at first touch and then kept."""
        if self._exchange is None:
            raise AttributeError("The request has neither an environ nor a head: was super().__init__() called?")
        root_path = self.root_path.removeprefix(self._peer.root_path)
        environ = environ_from_head(self._head, self._body, self._peer, root_path=root_path)
        environ["werkzeug.request"] = self
        return environ

    @cached_property
    def _body(self) -> BodySource:
        """The body as it arrives, with the seam's errors; `stream` is the one to read."""
        if not self._made_from_environ and self._exchange is not None:
            return self._exchange.body
        return body_from_environ(self.environ)

    @cached_property
    def _peer(self) -> Peer:
        """The two ends of the connection."""
        if not self._made_from_environ and self._exchange is not None:
            return self._exchange.peer
        return peer_from_environ(self.environ)

    @property
    def peer(self) -> Peer:
        """The two ends of the connection."""
        return self._peer

    @property
    def disconnected(self) -> bool:
        """The client has gone, or ended its side of the connection: nobody waits for the answer. May be asked from any thread.

        Always false under a server that does not tell (demijohn's and waitress do), and in tests.
        """
        if self._exchange is not None:
            return self._exchange.disconnected
        ask = self.environ.get("waitress.client_disconnected")
        return ask is not None and bool(ask())

    def on_disconnect(self, function: F) -> F:
        """Call `function()` when the client goes away before its answer is out; for the thread that handles the request.

        It runs on a thread of its own, in a copy of the context variables of this call, so it sees the same request. Usable as a
        decorator. Never called under servers other than demijohn's, nor in tests.
        """
        if self._exchange is not None:
            self._exchange.on_disconnect(function)
        return function

    @property
    def deadline(self) -> float | None:
        """When the view will be interrupted, on the scale of `time.monotonic()`; `None` if it may take as long as it likes."""
        limit = None if self._exchange is None else self._exchange.time_limit
        return None if limit is None or limit.is_over else limit.deadline

    @cached_property
    def request_id(self) -> str:
        """What names this request in logs: the server's choice, or `demijohn.request_id` of the environ the request was made of.

        Under a server of another make one is made here, and put there.
        """
        if self._exchange is not None:
            return self._exchange.request_id
        environ = self.environ
        if REQUEST_ID_KEY not in environ:
            environ[REQUEST_ID_KEY] = new_request_id()
        request_id: str = environ[REQUEST_ID_KEY]
        return request_id

    @cached_property
    def scheme(self) -> str:
        """The URL scheme, `http` or `https`."""
        return self._peer.scheme

    @cached_property
    def server(self) -> tuple[str, int | None] | None:
        """Host and port of our end, (path, `None`) of a Unix socket, `None` if unknown."""
        if self._made_from_environ:
            return server_of(self.environ)
        local = self._peer.local
        return (local, None) if isinstance(local, str) else local

    @cached_property
    def remote_addr(self) -> str | None:
        """The client's address; `None` on a Unix socket."""
        if self._made_from_environ:
            return self.environ.get("REMOTE_ADDR") or None
        remote = self._peer.remote
        return None if remote is None else remote[0]

    @cached_property
    def path(self) -> str:
        """The decoded path below `root_path`, with exactly one slash in front. What is not UTF-8 becomes U+FFFD."""
        target = self._head.target
        path = target.partition("?")[0] if target[:1] == "/" else self._head.path
        if "%" in path:
            path = unquote(path, errors="replace")
        root = self.root_path
        if root and path.startswith(root):
            path = path[len(root) :]
        return "/" + path.lstrip("/")

    @cached_property
    def query_string(self) -> bytes:
        """The raw bytes behind the `?`."""
        target = self._head.target
        return (target.partition("?")[2] if target[:1] == "/" else self._head.query).encode("latin-1")

    @cached_property
    def headers(self) -> Headers:
        """The header fields, read-only."""
        if self._made_from_environ:
            return EnvironHeaders(self.environ)
        head = self._head
        return RequestHeaders(head.fields, head._index or head.index)

    @property
    def is_multithread(self) -> bool:
        """Whether another thread of this process may handle a request at the same time."""
        return bool(self._flag("wsgi.multithread", "is_multithread"))

    @property
    def is_multiprocess(self) -> bool:
        """Whether another process may handle a request at the same time."""
        return bool(self._flag("wsgi.multiprocess", "is_multiprocess"))

    def _flag(self, variable: str, attribute: str) -> object:
        if self._made_from_environ:
            return self.environ.get(variable)
        return getattr(self._peer, attribute)

    remote_user = environ_property[str](
        "REMOTE_USER", doc="The name of the user the server has authenticated; `None` if it has not."
    )
    is_run_once = environ_property[bool](
        "wsgi.run_once", doc="Whether the process handles this one request only, as with CGI."
    )
    input_stream = environ_property[IO[bytes]](
        "wsgi.input", doc="The raw `wsgi.input`, which may never end. Use `stream`, which always does."
    )
