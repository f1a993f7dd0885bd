"""`AppFailures`: what becomes of an exception: a handler's answer, the error as the answer, a logged 500, or the caller's."""

import sys
from types import TracebackType
from typing import Any, NoReturn

from ..http.errors import BadRequest, BadRequestKeyError, HTTPException, InternalServerError
from ..routing import RoutingException
from .debughints import refuse_form_redirect
from .globals import current_request_context
from .registry import Hook
from .requests import Request, Response
from .sessions import SessionUnavailable
from .signals import got_request_exception
from .timelimits import RequestTimedOut
from .urls import AppUrls

ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class AppFailures(AppUrls):
    """Error handling. Names and order are Flask's, so that subclasses may override each step."""

    def _find_error_handler(self, e: Exception, scopes: tuple[str | None, ...] | list[str]) -> Hook | None:
        """Return the handler of an exception: by code before by class, blueprint before application, class before its bases."""
        if not self.error_handler_spec:
            return None
        exception_class = type(e)
        code = type(e).code if isinstance(e, HTTPException) else None
        names = scopes if None in scopes else (*scopes, None)
        for wanted in (None,) if code is None else (code, None):
            for name in names:
                # Not by subscript: that would create the scope, while other threads read.
                handlers = self.error_handler_spec.get(name, {}).get(wanted)
                if handlers:
                    for cls in exception_class.__mro__:
                        handler = handlers.get(cls)
                        if handler is not None:
                            return handler
        return None

    def trap_http_exception(self, e: Exception) -> bool:
        """Tell whether an HTTP error is treated like any other exception; `TRAP_HTTP_EXCEPTIONS`, `TRAP_BAD_REQUEST_ERRORS`."""
        config = self.config
        if config["TRAP_HTTP_EXCEPTIONS"]:
            return True
        trap_bad_requests = config["TRAP_BAD_REQUEST_ERRORS"]
        if trap_bad_requests is None:
            # A missing form field is usually the programmer's mistake: debug mode shows where it was asked for.
            return self.debug and isinstance(e, BadRequestKeyError)
        return bool(trap_bad_requests) and isinstance(e, BadRequest)

    def handle_user_exception(self, e: Exception) -> Any:  # Any: what a view may return
        """Return what answers an exception of a hook or view; a handler's, or for HTTP errors the error itself.

        Raises:
            Exception: `e`, if nobody handles it.
        """
        if isinstance(e, BadRequestKeyError) and (self.debug or self.config["TRAP_BAD_REQUEST_ERRORS"]):
            e.show_exception = True
        if isinstance(e, HTTPException) and not self.trap_http_exception(e):
            return self.handle_http_exception(e)
        handler = self._find_error_handler(e, current_request_context().plan.scopes)
        if handler is None:
            raise  # noqa: PLE0704 - called where the exception is handled
        return self.ensure_sync(handler)(e)

    def handle_http_exception(self, e: HTTPException) -> Any:  # Any: what a view may return
        """Return what answers an HTTP error: its handler's, else the error, which is a WSGI application."""
        # Without a code it is an answer in disguise. Redirects of the map are for slashes and the like, not errors of the user.
        if e.code is None or isinstance(e, RoutingException):
            return e
        handler = self._find_error_handler(e, current_request_context().plan.scopes)
        return e if handler is None else self.ensure_sync(handler)(e)

    def handle_exception(self, e: Exception) -> Response:
        """Answer an exception that nobody handled: logged, 500 by the handler of `InternalServerError` or 500.

        The handler gets an `InternalServerError` whose `original_exception` is `e`.

        Raises:
            Exception: `e`, in debug and test mode, or as `PROPAGATE_EXCEPTIONS` says.
        """
        if isinstance(e, RequestTimedOut | SessionUnavailable):
            # While the answer was being finished. Who raised it has logged why.
            return self.finalize_request(e, from_error_handler=True)
        active = sys.exc_info()
        got_request_exception.send(self, _async_wrapper=self.ensure_sync, exception=e)
        wanted = self.config["PROPAGATE_EXCEPTIONS"]
        if self.testing or self.debug if wanted is None else wanted:
            if active[1] is not e:
                raise e
            raise  # noqa: PLE0704 - called where the exception is handled: its traceback stays as it is
        self.log_exception(active)
        answer: Any = InternalServerError(original_exception=e)  # Any: what a view may return
        handler = self._find_error_handler(answer, current_request_context().plan.scopes)
        if handler is not None:
            answer = self.ensure_sync(handler)(answer)
        return self.finalize_request(answer, from_error_handler=True)

    def finalize_request(self, rv: Any, from_error_handler: bool = False) -> Response:
        """Return the finished response; see `AppDispatch`."""
        raise NotImplementedError

    def log_exception(self, exc_info: ExceptionInfo) -> None:
        """Log an exception that became a 500."""
        request = current_request_context().request
        path, method = request.path, request.method
        if not (path.isprintable() and method.isprintable()):
            # SECURITY: a line break in the path is no line of ours in the log.
            path, method = ascii(path)[1:-1], ascii(method)[1:-1]
        self.logger.error("Exception on %s [%s]", path, method, exc_info=exc_info)

    def raise_routing_exception(self, request: Request) -> NoReturn:
        """Raise what matching a request ended in; in debug mode, explain a redirect that would lose a form."""
        if self.debug:
            refuse_form_redirect(request)
        raise request.routing_exception  # type: ignore[misc]  # only called for a request that has one

    def should_ignore_error(self, error: BaseException | None) -> bool:
        """Tell whether teardown functions are not to hear of an exception. No; for subclasses."""
        return False
