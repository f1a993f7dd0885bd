"""Contexts that leave the view: into other threads and tasks, into streams, and functions that run behind the view.

What is handed on never depends on the thread it ends up on: copies are pushed per call, a stream steps in a `Context` of its own.
"""

import functools
import sys
from collections.abc import Callable, Iterable, Iterator
from contextvars import copy_context
from inspect import iscoroutinefunction
from typing import Any, TypeVar, overload

from .context import AppContext
from .globals import current_request_context
from .slot import NO_REQUEST_CONTEXT

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


def after_this_request(f: F) -> F:
    """Call `f(response)` behind the view of this request, before all after-request functions; it returns a response.

    Raises:
        RuntimeError: there is no request context.
    """
    current_request_context()._after_request_functions += (f,)
    return f


def copy_current_request_context(f: F) -> F:
    """Decorate a function that is to run elsewhere (a thread, a pool, a task) in the context of this request.

    Each call pushes a context of its own, with the same request and session and a fresh `g`, so it may run in any number of
    threads at once. A coroutine function called where an event loop runs gives a coroutine, to be awaited or made a task.

    Raises:
        RuntimeError: there is no request context.
    """
    original = current_request_context().copy()

    if iscoroutinefunction(f):

        async def run(*args: Any, **kwargs: Any) -> Any:
            with original.copy():
                return await f(*args, **kwargs)

    @functools.wraps(f)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if iscoroutinefunction(f) and _is_in_event_loop():
            return run(*args, **kwargs)
        with original.copy() as ctx:
            return ctx.app.ensure_sync(f)(*args, **kwargs)

    return wrapper  # type: ignore[return-value]  # functools.wraps: called like `f`


def _is_in_event_loop() -> bool:
    # Not imported by who has none: asyncio is slow to import.
    asyncio = sys.modules.get("asyncio")
    return asyncio is not None and asyncio._get_running_loop() is not None


class ContextStream(Iterator[T]):
    """An iterator whose every step runs in the context of the request that made it, on whatever thread that is.

    The steps share one `contextvars.Context`, which is no thread's own: abandoned anywhere, it leaves nothing behind there.
    The request's teardown waits for its end: exhaustion, an error, or `close`. One thread steps at a time.
    """

    __slots__ = ("_app_context", "_context", "_iterator")

    def __init__(self, iterable: Iterable[T], ctx: AppContext) -> None:
        self._app_context: AppContext | None = ctx
        self._context = copy_context()
        self._iterator = iter(iterable)
        ctx._hold()

    def __iter__(self) -> "ContextStream[T]":
        return self

    def __next__(self) -> T:
        try:
            return self._context.run(next, self._iterator)
        except BaseException:
            # StopIteration, or what the generator raised: it will not go on in either case.
            self.close()
            raise

    def close(self) -> None:
        """End the generator (its `finally` blocks run now) and then the context. Safe to call again."""
        close = getattr(self._iterator, "close", None)
        try:
            if close is not None and self._app_context is not None:
                self._context.run(close)
        finally:
            self._finish()

    def _finish(self) -> None:
        ctx, self._app_context = self._app_context, None
        if ctx is not None:
            self._context.run(ctx._release)

    def __del__(self) -> None:
        # Nobody closed it. `_app_context` is missing if `__init__` failed.
        if getattr(self, "_app_context", None) is not None:
            self.close()


@overload
def stream_with_context(generator_or_function: Iterable[T]) -> Iterator[T]: ...
@overload
def stream_with_context(generator_or_function: Callable[..., Iterable[T]]) -> Callable[..., Iterator[T]]: ...


def stream_with_context(
    generator_or_function: Iterable[T] | Callable[..., Iterable[T]],
) -> Iterator[T] | Callable[..., Iterator[T]]:
    """Keep the context of the request for a generator that is sent as the answer; also decorates a generator function.

    The context's teardown functions run when the stream ends, also when it ends because the client went away.

    Raises:
        RuntimeError: there is no request context.
    """
    if isinstance(generator_or_function, Iterable):
        return ContextStream(generator_or_function, _streaming_context())
    function = generator_or_function

    @functools.wraps(function)
    def decorated(*args: Any, **kwargs: Any) -> Iterator[T]:
        return ContextStream(function(*args, **kwargs), _streaming_context())

    return decorated


def _streaming_context() -> AppContext:
    try:
        return current_request_context()
    except RuntimeError:
        raise RuntimeError(
            f"stream_with_context was called where there is no context to keep; call it in the view.\n\n{NO_REQUEST_CONTEXT}"
        ) from None
