"""`AfterResponse`: what one request leaves to be done once its answer is out.

Filled by the view and the hooks through `app.after_response`. The context stays until the last function has returned, then its
teardown runs. A door calls it when the answer is out; nobody else needs to know.
"""

import sys
from collections import deque
from collections.abc import Callable
from typing import Any

from .context import AppContext


class AfterResponse:
    """The functions of one request. Belongs to the thread that handles it, and then to the one that the door calls it on."""

    __slots__ = ("_ctx", "_functions", "_is_holding")

    def __init__(self, ctx: AppContext) -> None:
        self._ctx: AppContext | None = ctx
        self._functions: deque[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = deque()
        self._is_holding = False

    def add(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Append a function."""
        self._functions.append((function, args, kwargs))

    def hold(self) -> None:
        """Keep the context, which is about to be popped, until the answer is out."""
        if self._ctx is not None:
            self._is_holding = True
            self._ctx._hold()

    def __call__(self) -> None:
        """The answer is out: let the context go, which runs the functions and then the teardown. A second call does nothing.

        Raises:
            BaseException: what a teardown function raised; and what is no `Exception`, of a function.
        """
        if self._ctx is not None and self._is_holding:
            self._is_holding = False
            self._ctx._release()

    def run(self) -> None:
        """Call the functions, in order, in the context that is current. What they raise is logged, and the others still run."""
        ctx, self._ctx = self._ctx, None
        if ctx is None:
            return
        app = ctx.app
        while self._functions:
            function, args, kwargs = self._functions.popleft()
            try:
                app.ensure_sync(function)(*args, **kwargs)
            except Exception:  # noqa: BLE001 - logged, as the application logs its exceptions
                app.log_exception(sys.exc_info())
        # No circle of objects stays behind.
        ctx.request._after_response = None

    def __del__(self) -> None:
        # A body that nobody closed, or a door that does not know of this.
        if getattr(self, "_is_holding", False):
            self()
