"""Raw connections, one or many at once from one thread: each sends its pieces one by one, and all that comes back is kept.

Between two pieces of a connection all others have their turn, so that a server sees most pieces on their own.
"""

import selectors
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

TIMEOUT = 20.0
"""Seconds without a byte on any connection after which the test fails."""


@dataclass
class Script:
    """What one connection sends; `ends`: and then ends its side."""

    pieces: list[bytes]
    ends: bool
    received: bytearray = field(default_factory=bytearray)


def talk(running, data: bytes) -> bytes:
    """Send requests on one connection, end our side, and return every byte that comes back."""
    with running.connect() as sock:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: sock.recv(1 << 16), b""))


def converse(address, scripts: Iterable[Script], width: int = 64) -> None:
    """Play all scripts, `width` at a time, each until the server closes."""
    waiting = iter(scripts)
    with selectors.DefaultSelector() as selector:
        for _ in range(width):
            open_next(selector, address, waiting)
        while selector.get_map():
            ready = selector.select(TIMEOUT)
            assert ready, f"{len(selector.get_map())} connections wait for the server"
            for key, mask in ready:
                script, left = key.data
                if mask & selectors.EVENT_READ and not receive(key.fileobj, script):
                    selector.unregister(key.fileobj)
                    key.fileobj.close()
                    open_next(selector, address, waiting)
                elif mask & selectors.EVENT_WRITE:
                    send(selector, key.fileobj, script, left)


def open_next(selector, address, waiting: Iterator[Script]) -> None:
    script = next(waiting, None)
    if script is not None:
        sock = socket.create_connection(address, timeout=TIMEOUT)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
        selector.register(
            sock, selectors.EVENT_READ | selectors.EVENT_WRITE, (script, [memoryview(piece) for piece in script.pieces])
        )


def receive(sock: socket.socket, script: Script) -> bool:
    """Take what has come; False at the end."""
    try:
        data = sock.recv(1 << 16)
    except ConnectionError:
        return False
    script.received += data
    return bool(data)


def send(selector, sock: socket.socket, script: Script, left: list[memoryview]) -> None:
    """Send the next piece, or as much of it as goes."""
    try:
        if left:
            sent = sock.send(left[0])
            left[0] = left[0][sent:]
            if not left[0]:
                del left[0]
        if not left and script.ends:
            sock.shutdown(socket.SHUT_WR)
    except OSError:
        left.clear()  # refused before all of it was sent; what the server said may still be there
    if not left:
        selector.modify(sock, selectors.EVENT_READ, (script, left))
