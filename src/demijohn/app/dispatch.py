"""`AppDispatch`: a request's way through the application. One path; every step may be overridden, under Flask's name for it.

`respond` -> push the context (matches) -> `full_dispatch_request` -> `preprocess_request` -> `dispatch_request` (the view) ->
`finalize_request` (`make_response`, `process_response`) -> pop the context (teardown). Errors: `handle_user_exception` while
dispatching, `handle_exception` for what is left. Any number of threads may be in here; each has its own context.
PERF: hooks come in tuples of the endpoint's plan. A teardown that nobody has replaced and that has nothing to do is not called.
"""

import sys
from collections.abc import Callable, Iterable
from typing import Any

from .._base.sentinel import MISSING, Missing
from ..message.request import Request as MessageRequest
from ..seam import Exchange
from . import slot
from .context import AppContext, RequestContext
from .failures import AppFailures
from .globals import current_request_context, request
from .plan import plan_for
from .rendering import default_variables
from .requests import Response
from .results import make_response
from .signals import appcontext_tearing_down, request_finished, request_started, request_tearing_down
from .slot import current, make_current
from .teardown import run_all
from .timelimits import begin_limit, end_limit

Environ = dict[str, Any]
StartResponse = Callable[..., Any]


class AppDispatch(AppFailures):
    """From a request to its response."""

    def respond(
        self,
        request: MessageRequest,
        /,
        *,
        ctx: AppContext | None = None,
        wsgi: tuple[Environ, StartResponse] | None = None,
        preserve: Callable[[Any], Any] | None = None,
        rest: Callable[[], Any] | None = None,
    ) -> Any:  # Any: the response, or the body it answers WSGI with
        """Answer a request, from beginning to end; its context is gone when this returns (but see `stream_with_context`).

        `ctx` is the request's context if there is one already. With `wsgi` the response is called with that inside of the
        context, and its result returned. `preserve(ctx)` may push the context once more before it is popped; the test client
        does. With `rest` the context has been pushed, and `rest()` is what is left to do for the response: for the compiled
        twin of this (src/c/dispatch.c), which does the plain case.

        Raises:
            Exception: what was not handled, in debug and test mode; what a teardown function raised.
        """
        if ctx is None:
            ctx = RequestContext(self, None, request)
        error: BaseException | None = None
        response: Response | None = None
        exchange = request._exchange
        try:
            try:
                if rest is None:
                    ctx.push()
                    if exchange is not None and (ctx.plan.timeout is not MISSING or exchange.time_limit is not None):
                        begin_limit(exchange, ctx.plan.timeout)
                    response = self.full_dispatch_request()
                else:
                    response = rest()
            except Exception as raised:  # noqa: BLE001 - handle_exception answers it, or raises it again
                error = raised
                response = self.handle_exception(raised)
            return response if wsgi is None else response(*wsgi)
        except BaseException as raised:
            error = error or raised
            raise
        finally:
            if exchange is not None and exchange.time_limit is not None:
                end_limit(exchange)
            if preserve is not None:
                preserve(ctx)
            if error is not None and self.should_ignore_error(error):
                error = None
            if current(None) is not ctx:
                self.pop_left_over(ctx)
            if request._after_response is not None:
                request._after_response.hold()
            try:
                ctx.pop(error)
            except BaseException:
                # The answer is lost: what it has open is closed.
                if response is not None:
                    response.close()
                raise
            finally:
                # Its traceback has this frame.
                error = rest = None

    def _answer_unmatched(self, ctx: AppContext, error: BaseException) -> Response:
        """Matching the request raised this."""
        ctx.plan = plan_for(self, None)
        try:
            raise error
        finally:
            del error  # its traceback has this frame; so below

    def _answer_within_limit(self, ctx: AppContext, exchange: Exchange) -> Response:
        """The request was matched, and there is a limit of time."""
        begin_limit(exchange, ctx.plan.timeout)
        return self.full_dispatch_request()

    def _answer_error(self, error: BaseException) -> Response:
        """A function before the view, or the view, raised this."""
        try:
            raise error  # noqa: TRY301 - for `sys.exc_info` in an error handler
        except Exception as raised:  # noqa: BLE001 - raised again if nobody handles it
            rv = self.handle_user_exception(raised)
        finally:
            del error
        return self.finalize_request(rv)

    def _answer_failure(self, error: BaseException) -> Response:
        """What followed the view raised this."""
        try:
            raise error
        finally:
            del error

    def _answer_as_it_is(self, response: Response) -> Response:
        """There is a response, and something to tear down."""
        return response

    current_context: Callable[[object], Any] = current
    """The context that is current in this thread or task; `current_context(None)` where there may be none."""

    def pop_left_over(self, ctx: Any) -> None:
        """Pop what was pushed and left while a request was answered, until `ctx` is current: the next one would find it."""
        while (left := current(None)) is not ctx:
            where = getattr(left, "_pushed_at", None)
            self.logger.error(
                "%r was pushed while %r was at work, and was not popped%s; it is popped now. Push contexts with `with`.",
                left,
                ctx,
                "" if where is None else f" (pushed at {where[0]}:{where[1]})",
            )
            if left is None or left._token is None:
                make_current(ctx)
                return
            try:
                left.pop(None)
            except Exception:
                # Its teardown failed, or it was pushed by another thread or task: this request still gets its own.
                self.logger.exception("Popping %r failed", left)

    def full_dispatch_request(self) -> Response:
        """Answer the request of the current context, hooks and error handlers included."""
        self._got_first_request = True
        try:
            if request_started.receivers:
                request_started.send(self, _async_wrapper=self.ensure_sync)
            early = self.preprocess_request()
            rv = self.dispatch_request() if early is None else early
        except Exception as error:  # noqa: BLE001 - raised again if nobody handles it
            rv = self.handle_user_exception(error)
        return self.finalize_request(rv)

    def preprocess_request(self) -> Any:  # Any: what a view may return
        """Call the URL value preprocessors and the before-request functions; return the first value that is not `None`."""
        ctx = current()
        plan = ctx.plan
        for function in plan.url_values:
            function(ctx.request.endpoint, ctx.request.view_args)
        for function in plan.before:
            rv = function()
            if rv is not None:
                return rv
        return None

    def dispatch_request(self) -> Any:  # Any: what a view may return
        """Call the view of the request and return what it returns.

        Raises:
            HTTPException: no rule matched.
            KeyError: the endpoint has no view.
        """
        ctx = current()
        request = ctx.request
        if request.routing_exception is not None:
            self.raise_routing_exception(request)
        rule = request.url_rule
        if request.method == "OPTIONS" and getattr(rule, "provide_automatic_options", False):
            return self.make_default_options_response()
        plan = ctx.plan
        if rule is not None and rule.endpoint != plan.endpoint:
            # COMPAT: a before-request function chose another rule.
            ctx.plan = plan = plan_for(self, rule.endpoint)
        view = plan.view
        if view is None:
            raise KeyError(request.endpoint)
        arguments = request.view_args
        # PERF: a call with a dict takes three times as long.
        return view(**arguments) if arguments else view()

    def make_default_options_response(self) -> Response:
        """Return the answer to OPTIONS: the methods that the path takes, in `Allow`."""
        methods = current_request_context().url_adapter.allowed_methods()
        response = self.response_class()
        response.allow.update(methods)
        return response

    def finalize_request(self, rv: Any, from_error_handler: bool = False) -> Response:
        """Make a response of a return value, run the after-request functions and save the session.

        With `from_error_handler` an exception of theirs is logged and the response goes out as it is.
        """
        response: Response = self.make_response(rv)
        try:
            response = self.process_response(response)
            if request_finished.receivers:
                request_finished.send(self, _async_wrapper=self.ensure_sync, response=response)
        except Exception:
            if not from_error_handler:
                raise
            self.logger.exception("After-request work failed while an error was being answered")
        return response

    def make_response(self, rv: Any) -> Any:  # Any: of `response_class`
        """Return the response for what a view returned; see `results.py` for what that may be.

        Raises:
            TypeError: a view may not return that.
        """
        # PERF: most views return text, or data.
        kind = type(rv)
        if kind is str:
            response_class = self.response_class
            if response_class is Response:
                return Response(rv)
            # COMPAT: named, as a class of the application's own may insist on them.
            return response_class(rv, status=None, headers=None)
        if kind is dict or kind is list:
            return self.json.response(rv)
        ctx = current(None)
        # Without a request most values work; what needs one says so.
        return make_response(self, rv, ctx.request if ctx is not None and ctx.has_request else request)

    def process_response(self, response: Any) -> Any:  # Any: of `response_class`
        """Call the after-request functions, those of `after_this_request` first, and save the session."""
        ctx = current()
        ctx = ctx._outer or ctx
        for function in ctx._after_request_functions:
            response = self.ensure_sync(function)(response)
        for function in ctx.plan.after:
            response = function(response)
        session = ctx._held_session
        if (
            session is None
            # Nobody touched it, but it may be a permanent one whose cookie has to be refreshed.
            and ctx.request._has_cookies
            and self.config["SESSION_REFRESH_EACH_REQUEST"]
        ):
            session = ctx._open_session()
        if session is not None:
            interface = self.session_interface
            if not interface.is_null_session(session):
                interface.save_session(self, session, response)
        return response

    def do_teardown_request(self, exc: BaseException | Missing | None = MISSING) -> None:
        """Call the teardown functions of the request, all of them whatever they raise, and send the signal."""
        ctx = current()
        functions = ctx.plan.teardown
        if functions or request_tearing_down.receivers:
            error = _active(exc)
            signal = (lambda error: request_tearing_down.send(self, _async_wrapper=self.ensure_sync, exc=error),)
            run_all((*functions, *signal), error, doing="tearing down a request")

    slot.plain_teardown_request = do_teardown_request

    def do_teardown_appcontext(self, exc: BaseException | Missing | None = MISSING) -> None:
        """Call the teardown functions of the application, all of them whatever they raise, and send the signal."""
        functions = self.teardown_appcontext_funcs
        if functions or appcontext_tearing_down.receivers:
            error = _active(exc)
            signal = (lambda error: appcontext_tearing_down.send(self, _async_wrapper=self.ensure_sync, exc=error),)
            wrapped = [self.ensure_sync(function) for function in reversed(functions)]
            run_all((*wrapped, *signal), error, doing="tearing down an application context")

    slot.plain_teardown_appcontext = do_teardown_appcontext

    def update_template_context(self, context: dict[str, Any]) -> None:
        """Add the variables of the context processors to those a template is rendered with, which win."""
        ctx = current(None)
        given = context.copy()
        scopes: Iterable[str | None] = (None,)
        if ctx is not None and ctx.has_request:
            scopes = reversed(ctx.plan.scopes)
        for scope in scopes:
            for function in self.template_context_processors.get(scope, ()):
                # PERF: of our own it is known, and to find it out takes five calls.
                plain = function if function is default_variables else self.ensure_sync(function)
                context.update(plain())
        context.update(given)

    def request_context(self, environ: Environ) -> RequestContext:
        """Return the context of the request of a WSGI environ."""
        return RequestContext(self, environ)


def _active(exc: BaseException | Missing | None) -> BaseException | None:
    return sys.exc_info()[1] if exc is MISSING else exc
