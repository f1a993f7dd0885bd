"""Async views and hooks: coroutines are run on one event loop per process, which lives on a thread of its own.

`run` is called from the threads that handle requests and waits there; tasks a coroutine leaves behind go on after it returned.
"""

import asyncio
import concurrent.futures
import contextlib
import contextvars
import functools
import os
import threading
import time
import traceback
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from ..seam import TimeLimit
from .slot import _cv_app, current
from .timelimits import current_limit, lift_limit

T = TypeVar("T")


class LoopThread:
    """An event loop and its daemon thread, started at first use, and again in a child after fork."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None  # set and read under the lock
        self._thread: threading.Thread | None = None

    def loop(self) -> asyncio.AbstractEventLoop:
        """Return the running loop."""
        with self._lock:
            if self._loop is None or self._loop.is_closed():
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="demijohn-async", daemon=True)
                self._thread.start()
            return self._loop

    def forget(self) -> None:
        """Drop the loop without touching it: after fork its thread is the parent's."""
        # The lock may have been held by another thread of the parent.
        self._lock = threading.Lock()
        self._loop = None
        self._thread = None

    def stop(self) -> None:
        """End the loop and its thread; the next use starts another. Tasks that are still running are cancelled."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(_cancel_all(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine with the context variables of the caller, and wait for it. What it sets is set here afterwards.

        Raises:
            RuntimeError: called on the loop's own thread, which would wait for itself: `await` there instead.
            BaseException: what the coroutine raises.
        """
        loop = self.loop()
        if self._thread is threading.current_thread():
            coroutine.close()
            raise RuntimeError(
                "Async code cannot wait for a sync call of async code on the same loop; await it directly."
            )
        context = contextvars.copy_context()
        done: concurrent.futures.Future[T] = concurrent.futures.Future()
        task: list[asyncio.Task[T]] = []

        def start() -> None:
            task.append(loop.create_task(coroutine, context=context))
            task[0].add_done_callback(functools.partial(_hand_over, done))

        def give_up() -> None:
            if task:
                task[0].cancel()
            else:
                coroutine.close()

        try:
            loop.call_soon_threadsafe(start)
            limit = current_limit()
            return done.result() if limit is None else _result_in_time(done, task, limit)
        except BaseException:
            # The waiting thread was interrupted: nobody wants the result any more.
            if not done.done():
                loop.call_soon_threadsafe(give_up)
            raise
        finally:
            _bring_back(context)


def _result_in_time(done: "concurrent.futures.Future[T]", task: "list[asyncio.Task[T]]", limit: TimeLimit) -> T:
    """Wait for a result no longer than until `limit.deadline`: a thread that waits here cannot be interrupted.

    Raises:
        BaseException: `limit.error`, here instead of by way of an interruption; or what the task raised.
    """
    with contextlib.suppress(limit.error):  # the interruption may come first
        concurrent.futures.wait([done], timeout=max(0.0, limit.deadline - time.monotonic()))
    if done.done():
        return done.result()
    lift_limit(limit)
    frames = task[0].get_stack() if task else []
    where = "".join(line for frame in frames for line in traceback.format_list(traceback.extract_stack(frame, 1)))
    logger = current().app.logger
    logger.error("An async function did not return within its time limit, and is cancelled. It was here:\n%s", where)
    raise limit.error


def _hand_over(done: "concurrent.futures.Future[T]", task: "asyncio.Task[T]") -> None:
    if task.cancelled():
        done.set_exception(asyncio.CancelledError())
        return
    error = task.exception()
    if error is not None:
        done.set_exception(error)
    else:
        done.set_result(task.result())


def _bring_back(context: contextvars.Context) -> None:
    """Set the variables a coroutine changed; but not which application context is current: that is the caller's."""
    here = contextvars.copy_context()
    for variable, value in context.items():
        if variable is not _cv_app and here.get(variable, context) is not value:
            variable.set(value)


async def _cancel_all() -> None:
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


_loop_thread = LoopThread()
os.register_at_fork(after_in_child=_loop_thread.forget)


def stop_loop() -> None:
    """End the event loop and its thread, if they were ever begun; the next coroutine begins them again."""
    _loop_thread.stop()


def async_to_sync(func: Callable[..., Coroutine[Any, Any, T]]) -> Callable[..., T]:
    """Return a sync function that runs the coroutine function `func` on this process's loop and waits for it."""

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> T:
        return _loop_thread.run(func(*args, **kwargs))

    return call
