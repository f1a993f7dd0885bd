"""The one `ContextVar` of the framework: which `AppContext` this thread, task or greenlet works in.

Everything of this package that needs "the current one" reads it; only `AppContext.push` and `pop` write it.
"""

import sys
import threading
from contextvars import ContextVar
from typing import Any, Final

_cv_app: Final[ContextVar[Any]] = ContextVar(
    "demijohn.app_ctx"
)  # Any: context.py, which has the type, imports this file


# PERF: bound once. The compiler takes `imported_name.method(...)` for a function of a module, and makes a bound method each time.
current: Final = _cv_app.get
make_current: Final = _cv_app.set
make_current_again: Final = _cv_app.reset


# Steps as `Demijohn` has them, which a context leaves out as long as nobody has replaced them and they have nothing to do. Set
# once, by the files that define them, which are above those that compare. Any: functions, only ever compared.
plain_url_adapter: Any = None
plain_teardown_request: Any = None
plain_teardown_appcontext: Any = None


def has_app_context() -> bool:
    """Tell whether an application is at work in this thread or task."""
    return current(None) is not None


def has_request_context() -> bool:
    """Tell whether a request is being handled in this thread or task."""
    ctx = current(None)
    return ctx is not None and bool(ctx.has_request)


class _PlacedMessage(str):
    """A message that, as `str(message)`, also says in which thread or task it is raised, and how that was started."""

    __slots__ = ()

    def __str__(self) -> str:
        return f"{self[:]}\n\nIt happened in {_whereabouts()}."


def _whereabouts() -> str:
    """Describe the thread or task that is running."""
    thread = threading.current_thread()
    target = getattr(thread, "_target", None)
    if thread is threading.main_thread():
        place = "the main thread"
    elif target is None:
        place = f"the thread {thread.name!r}"
    else:
        place = f"the thread {thread.name!r}, started to run {_name_of(target)}"
    # Not imported by who has none: asyncio is slow to import.
    asyncio = sys.modules.get("asyncio")
    if asyncio is None or asyncio._get_running_loop() is None:
        return place
    task = asyncio.current_task()
    if task is None:
        return f"a callback of the event loop of {place}"
    return f"the task {task.get_name()!r}, made of {_name_of(task.get_coro())}, in {place}"


def _name_of(function: Any) -> str:  # Any: a function, a method, a coroutine, or something else that can be called
    name = getattr(function, "__qualname__", None) or type(function).__qualname__
    module = getattr(function, "__module__", None)
    return f"{module}.{name}" if module else str(name)


NO_APP_CONTEXT: Final = _PlacedMessage(
    "Working outside of application context.\n\n"
    "This code asked for the current application (through current_app, g, url_for or an extension), but none is at work"
    " in this thread or task. Push one around it: `with app.app_context(): ...`. A function that a request hands to another"
    " thread gets the request's context from @copy_current_request_context."
)

NO_REQUEST_CONTEXT: Final = _PlacedMessage(
    "Working outside of request context.\n\n"
    "This code asked for the current request (through request, session, flash or an extension), but none is being handled"
    " in this thread or task. In a test, push one: `with app.test_request_context('/path'): ...`. A function that a request"
    " hands to another thread gets the request's context from @copy_current_request_context; a generator that is sent as"
    " an answer gets it from stream_with_context."
)
