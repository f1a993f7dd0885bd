"""What tests of odd connections need: time that jumps, clients that reset, and waiting for a state instead of sleeping."""

import contextlib
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

from engines.serving import TIMEOUT, Client, Running

from demijohn._base.clock import SystemClock


class JumpingClock(SystemClock):
    """The machine's clock; `jump` makes the server believe that time has passed."""

    __slots__ = ("ahead",)

    def __init__(self) -> None:
        super().__init__()
        self.ahead = 0.0
        machine = self.monotonic
        self.monotonic = lambda: machine() + self.ahead

    def jump(self, seconds: float, running: Running | None = None) -> None:
        """Let time pass; for a server that waits, once it waits: then it is woken to see it. Otherwise it was busy so long."""
        if running is not None:
            reactor = running.server._engine.reactor
            wait_until(lambda: reactor._is_polling, "the server waits")
            self.ahead += seconds
            reactor.wake()
        else:
            self.ahead += seconds


class StandingClock(SystemClock):
    """Time passes when a test says so."""

    __slots__ = ("at",)

    def __init__(self) -> None:
        super().__init__()
        self.at = self.monotonic()
        self.monotonic = lambda: self.at


@contextlib.contextmanager
def nobody_polls(running: Running) -> Iterator[None]:
    """Keep the server from polling: what is sent meanwhile is found in one round."""
    entered, left = threading.Event(), threading.Event()
    running.server._engine.reactor.call_soon(lambda mask: entered.set() or left.wait(TIMEOUT))
    assert entered.wait(TIMEOUT)
    try:
        yield
    finally:
        left.set()


def wait_until(condition: Callable[[], object], what: str = "") -> None:
    """Wait for a state that nobody announces."""
    until = time.monotonic() + TIMEOUT
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < until, f"never happened: {what or condition}"
        pause.wait(0.002)


def wait_until_readable(sock: socket.socket) -> None:
    assert select.select([sock], [], [], TIMEOUT)[0]


def reset(client: Client) -> None:
    """Close with a reset (RST) instead of an end (FIN)."""
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def links(running: Running) -> list:
    """The connections that the server has."""
    return list(running.server._engine.connections)


def let_turn(running: Running) -> None:
    """Wait until the server has done what it was asked to do before."""
    turned = threading.Event()

    def callback(mask: int) -> bool:
        turned.set()
        return True

    running.server._engine.reactor.call_soon(callback)
    running.server._engine.reactor.wake()
    assert turned.wait(TIMEOUT)
