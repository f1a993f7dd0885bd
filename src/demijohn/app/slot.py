"""The one `ContextVar` of the framework: which `AppContext` this thread, task or greenlet works in.

Everything of this package that needs "the current one" reads it; only `AppContext.push` and `pop` write it.
"""

from contextvars import ContextVar
from typing import Any, Final

_cv_app: Final[ContextVar[Any]] = ContextVar(
    "demijohn.app_ctx"
)  # Any: context.py, which has the type, imports this file

NO_APP_CONTEXT: Final = (
    "Working outside of application context.\n\n"
    "This code asked for the current application (through current_app, g, url_for or an extension), but none is at work"
    " in this thread or task. Push one around it: `with app.app_context(): ...`. A function that a request hands to another"
    " thread gets the request's context from @copy_current_request_context."
)

NO_REQUEST_CONTEXT: Final = (
    "Working outside of request context.\n\n"
    "This code asked for the current request (through request, session, flash or an extension), but none is being handled"
    " in this thread or task. In a test, push one: `with app.test_request_context('/path'): ...`. A function that a request"
    " hands to another thread gets the request's context from @copy_current_request_context; a generator that is sent as"
    " an answer gets it from stream_with_context."
)
