"""`Ops`: the process that serves the endpoints: a small server of its own, which no worker's trouble reaches."""

import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from ..._base.clock import SystemClock
from ...serve import Listener, Server, ServerOptions
from ...wire.limits import H1Limits
from ..board import Board
from .handler import OpsHandler
from .rules import Rules

_OPTIONS: Final = ServerOptions(
    # One thread, which never waits for anything but clients: its handler looks at memory.
    runner="inline",
    max_connections=256,
    keep_alive=75.0,
    head_timeout=5.0,
    body_timeout=5.0,
    write_timeout=10.0,
    drain_timeout=1.0,
    drain_idle_grace=0.0,
    limits=H1Limits(body_bytes=1024),
)


@dataclass(frozen=True, slots=True)
class Ops:
    """What is served, and where."""

    listeners: Sequence[Listener]
    rules: Rules = field(default_factory=Rules)

    def run(self, board: Board, lifeline: socket.socket, let_go: Callable[[], None]) -> None:
        """Serve until `lifeline` ends. In a process that was forked for it.

        Args:
            board: what is told of.
            lifeline: its other end is the supervisor's.
            let_go: closes what this process has inherited and does not need.
        """
        let_go()
        clock = SystemClock()
        server = Server(OpsHandler(board, self.rules, clock), self.listeners, _OPTIONS, clock)
        watcher = threading.Thread(target=_watch, args=(lifeline, server), name="demijohn-lifeline", daemon=True)
        watcher.start()
        server.serve_forever()

    def close(self) -> None:
        """Stop listening in this process."""
        for listener in self.listeners:
            listener.close()


def _watch(lifeline: socket.socket, server: Server) -> None:
    """Wait for the supervisor's end, or for its word; whatever it says means that."""
    lifeline.recv(1)
    server.shutdown(is_patient=False)
