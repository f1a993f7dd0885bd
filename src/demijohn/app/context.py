"""`AppContext`: what an application needs while it works: itself, the request, session, `g`, URL adapter, endpoint plan.

Call flow: `respond` -> `RequestContext(...)` -> `push` (matches the request) -> hooks and view -> `pop` (teardown).
A context belongs to the thread, task or greenlet that pushed it; `copy` gives another one a context of the same request.
PERF: what every request uses is in slots, which the interpreter reads without a look at the class; the parts that most requests
do not touch are made at first touch. A `__getattr__` would make each read of any attribute ten times as slow.
"""

import sys
from collections.abc import Callable
from contextlib import suppress
from contextvars import Token
from types import TracebackType
from typing import Any, Self

from .._base.sentinel import MISSING, Missing
from ..http.errors import HTTPException, SecurityError
from ..message.properties import cached_property
from ..message.request import Request
from ..routing import RedirectNeeded
from . import slot
from .plan import EndpointPlan, plan_for
from .signals import appcontext_popped, appcontext_pushed, appcontext_tearing_down, request_tearing_down
from .slot import NO_REQUEST_CONTEXT, current, make_current, make_current_again
from .teardown import raise_all

_plain_close = Request.close

_BORROWED = ("request", "session", "url_adapter", "plan")
"""What a context of the application takes from the request's context around it."""


class AppContext:
    """An application at work. With a request it is a `RequestContext`. Use it in `with`, or `push` and `pop` it."""

    __slots__ = (
        "__dict__", "__weakref__", "_after_request_functions", "_closes_request", "_held_error", "_held_session", "_holds",
        "_host", "_is_matched", "_later_tokens", "_outer", "_pushed_at", "_token", "app", "flashes", "has_request", "plan",
    )  # fmt: skip

    app: Any
    """The application. Any: application.py imports this file."""

    has_request: bool
    """Whether this is the context of a request."""

    _pushed_at: tuple[str, int]
    """File and line that pushed it last, for the message about a context that nobody popped; only where it is pushed by hand."""

    plan: EndpointPlan
    """Hooks and view of the endpoint; there once the request was matched."""

    flashes: list[tuple[str, str]] | None
    """Messages that were taken out of the session by `get_flashed_messages`; owned by flashing.py."""

    _token: Token[Any] | None
    """Of the first push that was not popped yet."""

    _later_tokens: tuple[Token[Any], ...]
    """Of the pushes after it."""

    _token_below: Token[Any] | None = None
    """Of a push that was undone while a request's context in it was current; that one's pop makes use of it."""

    _after_request_functions: tuple[Callable[[Any], Any], ...]

    def __init__(self, app: Any) -> None:
        self.app = app
        self.has_request = False
        self._is_matched = False
        self.flashes = None
        self._held_session: Any = None
        self._host: AppContext | None = None
        self._closes_request = True
        self._outer: AppContext | None = None
        self._after_request_functions = ()
        self._token = None
        self._later_tokens = ()
        self._holds = 0
        self._held_error: BaseException | None = None

    @cached_property
    def g(self) -> Any:
        """Namespace of this context, an `app.app_ctx_globals_class`."""
        return self.app.app_ctx_globals_class()

    @cached_property
    def request(self) -> Any:  # Any: `app.request_class` is its class
        """The request; touching it in a context without one raises `RuntimeError`."""
        raise RuntimeError(str(NO_REQUEST_CONTEXT))

    @cached_property
    def session(self) -> Any:  # Any: the session interface makes it
        """The session; opened when it is first touched, which marks it as accessed."""
        if self._outer is not None:
            return self._outer.session
        session = self._open_session()
        session.accessed = True
        return session

    @cached_property
    def url_adapter(self) -> Any:
        """What builds and matches URLs here, made by `app.create_url_adapter`; `None` if that needs a request or SERVER_NAME."""
        if self._outer is not None:
            return self._outer.url_adapter
        return self.app.create_url_adapter(self.request if self.has_request else None)

    def __repr__(self) -> str:
        if not self.has_request:
            return f"<{type(self).__name__} of {self.app.name!r}>"
        return f"<{type(self).__name__} {self.request.url!r} [{self.request.method}] of {self.app.name!r}>"

    def _open_session(self) -> Any:
        """Open the session, without marking it as accessed."""
        session = self._held_session
        if session is None:
            app = self.app
            session = app.session_interface.open_session(app, self.request)
            if session is None:
                session = app.session_interface.make_null_session(app)
            self._held_session = session
        return session

    @property
    def _session(self) -> Any:
        """COMPAT: the session, not marked as accessed; opened if nobody has. Flask-SocketIO puts its own in its place."""
        return self._open_session()

    @_session.setter
    def _session(self, session: Any) -> None:  # Any: what an application's session interface makes
        self._held_session = session
        with suppress(AttributeError):  # nobody has asked for it yet
            del self.session

    def copy(self) -> "AppContext":
        """Return a context of the same application, request and session, with a `g` of its own, to push elsewhere."""
        if not self.has_request:
            return type(self)(self.app)
        ctx = RequestContext(self.app, None, self.request, self._open_session())
        ctx._is_matched = True
        ctx.plan = plan_for(self.app, self.request.endpoint)
        # The request's own context closes it: its uploads are still in use there.
        ctx._closes_request = False
        return ctx

    def match_request(self) -> None:
        """Find the request's rule; what goes wrong is kept in `request.routing_exception`, to be raised in dispatch."""
        self._is_matched = True
        app = self.app
        cls = type(app)
        request = self.request
        url_map = app.url_map
        # PERF: attributes of the instance are found sooner than those of the class, and these are read several times.
        request.routing_exception = None
        try:
            if request._made_from_environ:
                environ = request.environ
                is_upgrade = "HTTP_UPGRADE" in environ
                method = environ.get("REQUEST_METHOD", "GET").upper()
            else:
                head = request._head
                is_upgrade = b"upgrade" in (head._index or head.index)
                method = head.method.upper()
            if (
                cls.create_url_adapter is slot.plain_url_adapter
                and url_map.binds_plainly
                and "create_url_adapter" not in app.__dict__
                and not is_upgrade
                and not (url_map.host_matching or app.subdomain_matching)
                and app.config["TRUSTED_HOSTS"] is None
                and request.trusted_hosts is None
            ):
                # PERF: no adapter, which most requests never need.
                try:
                    rule, view_args = url_map.match_path(url_map.default_subdomain, request.path, method)
                except RedirectNeeded:
                    rule, view_args = self.url_adapter.match(return_rule=True)
            else:
                rule, view_args = self.url_adapter.match(return_rule=True)
        except HTTPException as error:
            request.routing_exception = error
            if isinstance(error, SecurityError):
                # The page that says so may have links: they are built for no host in particular.
                self.url_adapter = app._adapter_for_nobody(request)
            self.plan = plan_for(app, None)
            return
        request.url_rule = rule
        request.view_args = view_args
        self.plan = app._revision.plans.get(rule.endpoint) or plan_for(app, rule.endpoint)

    def push(self) -> None:
        """Make this the current context of the thread or task. May be nested: each push needs its pop."""
        outer = current(None)
        token = make_current(self)
        is_first = self._token is None
        if is_first:
            self._token = token
        else:
            self._later_tokens += (token,)
        if outer is not None or not self.has_request:  # not by who serves
            self._push_by_hand(outer, is_first)
        if appcontext_pushed.receivers and is_first and self._host is None:
            appcontext_pushed.send(self.app, _async_wrapper=self.app.ensure_sync)
        if not self._is_matched and self.has_request:
            try:
                if not self.app.session_interface.is_lazy:
                    # COMPAT: before matching, whose converters may want it.
                    self._open_session()
                self.match_request()
            except BaseException:
                # The application's own error handlers answer it.
                self.plan = plan_for(self.app, None)
                raise
            if type(self) is not RequestContext:
                # It may match in a way of its own.
                self.plan = plan_for(self.app, self.request.endpoint)

    def _push_by_hand(self, outer: "AppContext | None", is_first: bool) -> None:
        """What else a push is where a context is current already, or of a context without a request."""
        self._pushed_at = _place_of_push()
        if outer is None or outer.app is not self.app:
            return
        if not self.has_request:
            if outer.has_request:
                self._borrow_request(outer)
        elif is_first and (self._closes_request or not outer.has_request):
            # COMPAT: a context of the application that is there already is the request's, too, with all it has in `g`.
            self._host = outer._host or outer
            self.g = self._host.g

    def pop(self, exc: BaseException | Missing | None = MISSING) -> None:
        """Undo one push; the last one runs every teardown function with `exc` (by default, the exception being handled).

        Raises:
            AssertionError: this is not the current context.
            BaseException: what a teardown function raised, after all have run; a group if several did.
        """
        token = self._token
        here = current(None)
        # COMPAT: a request that a test client keeps may outlive the context of the application that it was made in; as with
        # `with app.test_client() as client, app.app_context(): client.get("/")`. Flask 3.1 has two stacks.
        is_below = here is not self and getattr(here, "_host", None) is self and not self._later_tokens
        if token is None or not (here is self or is_below):
            raise AssertionError(f"{self!r} was popped, but the current context is {here!r}.")
        if self._later_tokens:
            *kept, token = self._later_tokens
            self._later_tokens = tuple(kept)
            make_current_again(token)
            return
        error = sys.exc_info()[1] if exc is MISSING else exc
        try:
            if self._holds:
                # A stream goes on in this context and does the rest when it ends.
                self._held_error = error
            else:
                self._tear_down(error)
        finally:
            self._token = None
            if is_below:
                self._token_below = token
            else:
                make_current_again(token)
            if self._outer is not None:
                self._give_request_back()
        if self._host is not None:
            if self._host._token_below is not None and current(None) is self._host:
                make_current_again(self._host._token_below)
                self._host._token_below = None
            if not self._holds:
                self._leave_host()
            return
        if appcontext_popped.receivers and not self._holds:
            appcontext_popped.send(self.app, _async_wrapper=self.app.ensure_sync)

    def _tear_down(self, error: BaseException | None) -> None:
        """Run all clean-up, in the current context, whatever fails on the way."""
        app = self.app
        cls = type(app)
        replaced = app.__dict__
        errors: list[BaseException] = []
        if self.has_request and self._outer is None:
            request = self.request
            if self._closes_request and request._after_response is not None:
                try:
                    request._after_response.run()
                except BaseException as raised:  # noqa: BLE001 - collected, and raised below
                    errors.append(raised)
            try:
                if (
                    self.plan.teardown
                    or request_tearing_down.receivers
                    or cls.do_teardown_request is not slot.plain_teardown_request
                    or "do_teardown_request" in replaced
                ):
                    app.do_teardown_request(error)
            except BaseException as raised:  # noqa: BLE001 - collected, and raised below
                errors.append(raised)
            if self._closes_request:
                parts = request.__dict__
                try:
                    # PERF: a request without files has nothing to close.
                    if "files" in parts or "close" in parts or type(request).close is not _plain_close:
                        request.close()
                except BaseException as raised:  # noqa: BLE001 - as above
                    errors.append(raised)
                # PERF: no circles of objects for the garbage collector, which would stop all threads to find them.
                environ = parts.get("environ")
                if environ is not None and environ.get("werkzeug.request") is request:
                    environ["werkzeug.request"] = None
                failure = request.routing_exception
                if failure is not None:
                    failure.__traceback__ = failure.__context__ = None
        try:
            if self._host is None and (
                app.teardown_appcontext_funcs
                or appcontext_tearing_down.receivers
                or cls.do_teardown_appcontext is not slot.plain_teardown_appcontext
                or "do_teardown_appcontext" in replaced
            ):
                app.do_teardown_appcontext(error)
        except BaseException as raised:  # noqa: BLE001 - as above
            errors.append(raised)
        if errors:
            raise_all(errors, "tearing down a context")

    def _borrow_request(self, outer: "AppContext") -> None:
        """Show the request of the context this one is pushed in. COMPAT: in Flask 3.1 a context of the application hides none."""
        self._outer = owner = outer._outer or outer
        self.has_request = True
        self.request = owner.request
        self.plan = owner.plan

    def _give_request_back(self) -> None:
        self._outer = None
        self.has_request = False
        for name in _BORROWED:
            # Not all have been asked for.
            with suppress(AttributeError):
                delattr(self, name)

    def _leave_host(self) -> None:
        """Be a context with a `g` of its own again."""
        self._host = None
        with suppress(AttributeError):  # taken away by hand
            del self.g

    def _hold(self) -> None:
        """Put the teardown off until `_release`; for a stream that outlives the view."""
        self._holds += 1

    def _release(self) -> None:
        """End a `_hold`; the last one tears the context down if it was popped meanwhile. Any thread, any context."""
        self._holds -= 1
        if self._holds or self._token is not None:
            return
        token = make_current(self)
        try:
            self._tear_down(self._held_error)
        finally:
            make_current_again(token)
            self._held_error = None
        if self._host is not None:
            self._leave_host()
        elif appcontext_popped.receivers:
            appcontext_popped.send(self.app, _async_wrapper=self.app.ensure_sync)

    def __enter__(self) -> Self:
        self.push()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.pop(error)


class RequestContext(AppContext):
    """The context of a request. COMPAT: one object is both of Flask's contexts."""

    __slots__ = ("request",)

    request: Any
    """The request. Any: `app.request_class` is its class."""

    def __init__(self, app: Any, environ: Any, request: Any = None, session: Any = None) -> None:
        # PERF: no call of the base; this runs for each request.
        self.app = app
        self.has_request = True
        self._is_matched = False
        self.request = app.request_class(environ) if request is None else request
        self.flashes = None
        self._held_session = session
        self._host = None
        self._closes_request = True
        self._outer = None
        self._after_request_functions = ()
        self._token = None
        self._later_tokens = ()
        self._holds = 0
        self._held_error = None


def _place_of_push() -> tuple[str, int]:
    """Return file and line of whoever called `push`, or entered the `with` block."""
    frame = sys._getframe(3)
    if frame.f_code is AppContext.__enter__.__code__ and frame.f_back is not None:
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno
