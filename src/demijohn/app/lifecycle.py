"""`Lifecycle`: what an application does when serving begins and ends: functions by moment, and whether they have run.

Who serves calls `startup`, `worker_start`, `worker_stop` and `shutdown` (`manage/appserver.py` does). Under a server that does
not know of them, `start_here` runs the first two before the first request, and the end of the process runs the others.
"""

import atexit
import os
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any, Final

MOMENTS: Final = ("startup", "worker_start", "worker_stop", "shutdown")

# Any throughout: functions may be sync or async, and application.py, which has the application's type, is above this file.
Function = Callable[[], Any]


class Lifecycle:
    """The functions of one application, and of those mounted in it.

    Each moment comes once, however often it is asked for; after `shutdown`, serving may begin again. Functions run one by one,
    each in a context of the application; those of the end last registered first, and the mounted applications' before.
    """

    def __init__(self, app: Any) -> None:
        # COMPAT: an application that is dropped is gone at once, with no circle for the garbage collector.
        self._reference = weakref.ref(app)
        self._held: Any = None  # the application, from its start to its end
        self._functions: dict[str, list[Function]] = {moment: [] for moment in MOMENTS}
        self._parts: list[Lifecycle] = []
        self._lock = threading.RLock()
        # All of the following: under the lock.
        self._is_started = False
        self._is_worker_started = False
        self._is_starting_here = False
        self.wants_start = False
        """There is something to run before the first request, and nobody has said yet that he will. PERF: a plain attribute."""

    def add(self, moment: str, function: Function) -> None:
        """Register a function.

        Raises:
            AssertionError: it is too late for it.
        """
        with self._lock:
            is_late = {"startup": self._is_started, "worker_start": self._is_worker_started}.get(moment, False)
            if is_late:
                raise AssertionError(
                    f"{function!r} would never be called: the application {self._app.name!r} has had its {moment} already."
                )
            self._functions[moment].append(function)
            self.wants_start = not self._is_started

    def include(self, part: "Lifecycle") -> None:
        """Let another application, which is mounted in this one, start and end with it."""
        with self._lock:
            self._parts.append(part)
            self.wants_start = self.wants_start or (part.wants_start and not self._is_started)

    # ------------------------------------------------------------------ for who serves

    def startup(self) -> None:
        """Run what belongs before any worker and any request, in the process that has loaded the application.

        Raises:
            BaseException: what a function raised; the rest did not run.
        """
        with self._lock:
            if not self._is_started:
                self._begin("startup")
                self._is_started = True
                self.wants_start = False
            for part in self._parts:
                part.startup()

    def before_fork(self) -> None:
        """End the thread of the event loop that async functions may have begun: threads do not survive a fork."""
        asyncs = sys.modules.get("demijohn.app.asyncs")
        if asyncs is not None:
            asyncs.stop_loop()

    def worker_start(self) -> None:
        """Run what belongs in each process that answers requests, before the first.

        Raises:
            BaseException: what a function raised; the rest did not run.
        """
        with self._lock:
            if not self._is_worker_started:
                self._begin("worker_start")
                self._is_worker_started = True
            for part in self._parts:
                part.worker_start()

    def worker_stop(self) -> None:
        """Run what belongs in each process after its last request. What a function raises is logged."""
        with self._lock:
            for part in reversed(self._parts):
                part.worker_stop()
            if self._is_worker_started:
                self._is_worker_started = False
                self._end("worker_stop")

    def shutdown(self) -> None:
        """Run what belongs at the very end, in the process of `startup`. What a function raises is logged."""
        with self._lock:
            for part in reversed(self._parts):
                part.shutdown()
            if self._is_started:
                self._is_started = False
                self.wants_start = any(self._functions.values())
                self._end("shutdown")
                self._held = None

    # ------------------------------------------------------------------ under a server that does not know of this

    def start_here(self) -> None:
        """Run both beginnings if nobody has; other threads wait. The ends run when the process exits.

        Raises:
            BaseException: what a function raised. The next request tries again.
        """
        with self._lock:
            if self._is_starting_here or not self.wants_start:
                return  # done meanwhile; or a function of the start is asking its own application something
            self._is_starting_here = True
            try:
                self.startup()
                self.worker_start()
            finally:
                self._is_starting_here = False
                self.wants_start = not self._is_worker_started
        pid = os.getpid()
        # A child that is forked later is not where this started.
        atexit.register(lambda: self._stop_here() if os.getpid() == pid else None)

    def _stop_here(self) -> None:
        self.worker_stop()
        self.shutdown()

    # ------------------------------------------------------------------ inside

    @property
    def _app(self) -> Any:
        return self._reference()

    def _begin(self, moment: str) -> None:
        self._held = self._app
        for function in self._functions[moment]:
            self._call(function)

    def _end(self, moment: str) -> None:
        for function in reversed(self._functions[moment]):
            try:
                self._call(function)
            except BaseException:
                # Nothing that one of them does may keep the others from cleaning up.
                self._app.logger.exception("%r, called at the application's %s, failed", function, moment)

    def _call(self, function: Function) -> None:
        with self._app.app_context():
            self._app.ensure_sync(function)()
