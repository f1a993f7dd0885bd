"""`Herald`: tells others what becomes of the supervisor's workers: systemd, and whoever waits for the first to serve.

Told the table before and after each event; it has no knowledge of its own but what it has told already. The arbiter's thread.
"""

from collections.abc import Callable

from .notify import Notifier
from .supervisor.rows import State
from .supervisor.table import WorkerTable


class Herald:
    """One per run."""

    def __init__(self, notifier: Notifier, on_up: Callable[[], None]) -> None:
        """`on_up` is called once, when as many workers serve as are wanted."""
        self._notifier = notifier
        self._on_up = on_up
        self._is_up = False
        self._status = ""

    def __call__(self, before: WorkerTable, after: WorkerTable) -> None:
        """Tell what has changed."""
        notifier = self._notifier
        status = status_of(after)
        if after.stop_requests:
            if not before.stop_requests and not after.is_replaced:
                notifier.stopping()
        elif not self._is_up:
            self._is_up = count_serving(after) >= after.wanted
            if self._is_up:
                self._on_up()
                notifier.ready(status)
        elif after.last_number != before.last_number:
            notifier.reloading()
            if after.coming is None:
                notifier.ready(status)
        elif before.coming is not None and after.coming is None:
            notifier.ready(status)
        elif status != self._status:
            notifier.tell(f"STATUS={status}")
        self._status = status
        notifier.pulse()


def count_serving(table: WorkerTable) -> int:
    """Return how many workers take traffic."""
    return sum(one.state is State.SERVING and not one.is_leaving for one in table.workers)


def status_of(table: WorkerTable) -> str:
    """Say how it goes, in a line."""
    if table.stop_requests:
        return "Stopping"
    text = f"{count_serving(table)} of {table.wanted} workers serve, generation {table.current.number}"
    if table.coming is not None:
        return f"{text}; generation {table.coming.number} boots"
    if table.last_failure:
        return f"{text}; the last reload came to nothing: {table.last_failure.splitlines()[0]}"
    return text
