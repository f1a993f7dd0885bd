"""`Escort`: what goes along with the arbiter of a run: companions, the herald, the control socket, a successor.

Here: who is there, and who is told by whom. Not here: what they do. The arbiter's thread.
"""

import subprocess
from collections.abc import Callable, Sequence
from functools import partial

from ..serve import Listener
from .control.place import ControlListener
from .control.server import ControlServer
from .control.supervised import control_arbiter
from .handover import start_successor
from .herald import Herald
from .identity import STARTED_IN
from .notify import Notifier
from .onchange import ReloadOnChange, Watched
from .ops.process import Ops
from .supervisor.arbiter import Arbiter
from .supervisor.companions import Companion


class Escort:
    """Of one run."""

    def __init__(
        self,
        listeners: Sequence[Listener],
        stop_listening: Callable[[], None],
        *,
        ops: Ops | None = None,
        notifier: Notifier | None = None,
        watched: Watched | None = None,
    ) -> None:
        """Prepare.

        Args:
            listeners: for the application; a successor gets them.
            stop_listening: closes these in the calling process.
            ops: endpoints for operators.
            notifier: is told how it goes.
            watched: files that make it reload when they change; `None`: nobody looks.
        """
        self._listeners = listeners
        self._stop_listening = stop_listening
        self._ops = ops
        self._notifier = notifier
        self._watch = None if watched is None else ReloadOnChange(watched, stop_listening)
        self._control: ControlServer | None = None

    @property
    def companions(self) -> list[Companion]:
        """Return what the arbiter is to run beside the workers."""
        companions = []
        if self._ops is not None:
            companions.append(Companion("ops", partial(self._ops.run, let_go=self._stop_listening), self._ops.close))
        if self._watch is not None:
            companions.append(self._watch.companion)
        return companions

    def join(self, arbiter: Arbiter, on_up: Callable[[], None], *, is_successor: bool) -> None:
        """Be told by the arbiter that runs `companions`. `on_up` is called when as many workers serve as are wanted.

        Of a successor, the companions wait until then: those of another supervisor are there.
        """
        if self._notifier is not None:

            def come_up() -> None:
                arbiter.companions.is_held = False
                on_up()

            arbiter.on_change = Herald(self._notifier, come_up)
            arbiter.companions.is_held = is_successor
        if self._watch is not None:
            self._watch.attach(arbiter)

    def answer(self, arbiter: Arbiter, listener: ControlListener, urls: list[str]) -> None:
        """Answer on a control socket. Behind `join`."""
        self._control = control_arbiter(arbiter, listener, urls)

    def start_successor(self, ready_fd: int) -> subprocess.Popen[bytes]:
        """Start a new supervisor; see `Successor`."""
        environ = {} if self._notifier is None else self._notifier.for_successor
        return start_successor(self._listeners, ready_fd, STARTED_IN, environ, self._ops_listeners)

    def disown(self) -> None:
        """The listeners are a successor's now."""
        for listener in (*self._listeners, *self._ops_listeners):
            listener.disown()

    def close(self) -> None:
        """Be done, when the arbiter is."""
        if self._control is not None:
            self._control.close()
        if self._watch is not None:
            self._watch.close()

    @property
    def _ops_listeners(self) -> Sequence[Listener]:
        return () if self._ops is None else self._ops.listeners
