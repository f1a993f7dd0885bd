"""What an application wants to do when serving begins and ends, as the processes here see it: `Lifecycle`, `HookedServer`.

An application (or whatever is served) may have an attribute `lifecycle` with the five methods of the protocol; a `Demijohn` has.
"""

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

from .supervisor.stopwatch import Serving


@runtime_checkable
class Lifecycle(Protocol):
    """The moments of serving. The first three may raise, which is a failed start; the last two see to their errors themselves."""

    def startup(self) -> None:
        """Before any worker is made and any request read, in the process that loaded the application."""

    def before_fork(self) -> None:
        """Behind `startup`, if workers are going to be forked."""

    def worker_start(self) -> None:
        """Before the first request, in each process that answers requests."""

    def worker_stop(self) -> None:
        """After the last request, in each process that answered requests."""

    def shutdown(self) -> None:
        """When all workers have stopped, in the process of `startup`."""


class _NoLifecycle:
    """Of an application that has nothing to do then."""

    def startup(self) -> None:
        pass

    before_fork = worker_start = worker_stop = shutdown = startup


def lifecycle_of(application: Any) -> Lifecycle:  # Any: checked here
    """Return the lifecycle of what is going to be served."""
    lifecycle = getattr(application, "lifecycle", None)
    return lifecycle if isinstance(lifecycle, Lifecycle) else _NoLifecycle()


class HookedServer:
    """A server, and what comes after its last request. Stopped in haste (`shutdown_now`), it leaves that out."""

    def __init__(self, server: Serving, afterwards: Callable[[], None]) -> None:
        self._server = server
        self._afterwards = afterwards
        self._is_hurried = False

    def serve_forever(self) -> None:
        """Serve; return when stopped and done."""
        try:
            self._server.serve_forever()
        finally:
            if not self._is_hurried:
                self._afterwards()

    def shutdown(self, *, is_patient: bool = True) -> None:
        """Stop in good order. Any thread."""
        self._server.shutdown(is_patient=is_patient)

    def shutdown_now(self) -> None:
        """Stop without waiting for anything. Any thread."""
        self._is_hurried = True
        self._server.shutdown_now()
