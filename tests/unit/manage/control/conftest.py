"""A control server that a test turns by itself, and clients that say what they like."""

import json
import socket

import pytest

from demijohn._base.clock import FakeClock
from demijohn.manage.control.peer import Credentials
from demijohn.manage.control.place import ControlListener
from demijohn.manage.control.server import ControlServer


class Wire:
    """A client, byte by byte."""

    def __init__(self, controlled) -> None:
        self._controlled = controlled
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(controlled.server.path)
        self.sock.setblocking(False)
        self.data = b""

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)
        self._controlled.turn()

    def ask(self, **message) -> None:
        self.send(json.dumps(message).encode() + b"\n")

    def read(self) -> None:
        """Take in what has come."""
        while True:
            try:
                data = self.sock.recv(1 << 20)
            except (BlockingIOError, ConnectionError):
                return
            if not data:
                return
            self.data += data

    def answers(self) -> list:
        self._controlled.turn()
        self.read()
        *lines, self.data = self.data.split(b"\n")
        return [json.loads(line) for line in lines]

    def is_closed(self) -> bool:
        """The server has hung up."""
        self._controlled.turn()
        self.read()
        try:
            return self.sock.recv(1) == b""
        except BlockingIOError:
            return False
        except ConnectionError:
            return True


class Controlled:
    """A control server whose questions are kept, or answered by `dispatch`."""

    def __init__(self, path: str) -> None:
        self.clock = FakeClock()
        self.asked = []
        self.peer = None
        self.dispatch = lambda message, reply: self.asked.append((message, reply))
        self.server = ControlServer(
            ControlListener.open(path), lambda message, reply: self.dispatch(message, reply), self.clock, self.identify
        )
        self.wires = []

    def identify(self, sock) -> Credentials:
        from demijohn.manage.control.peer import credentials_of

        return credentials_of(sock) if self.peer is None else self.peer

    def turn(self) -> None:
        for _ in range(4):  # what is sent is there at once on a Unix socket
            self.server.turn()

    def connect(self) -> Wire:
        self.wires.append(Wire(self))
        self.turn()
        return self.wires[-1]

    def close(self) -> None:
        self.server.close()
        for wire in self.wires:
            wire.sock.close()


@pytest.fixture
def controlled(tmp_path):
    controlled = Controlled(str(tmp_path / "control"))
    yield controlled
    controlled.close()
