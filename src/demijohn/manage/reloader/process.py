"""`ChildProcess`: one child as its parent sees it: started, heard, stopped, killed if need be. The parent's thread."""

import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Mapping
from typing import Final

from .channel import Channel, Connection, Message
from .commandline import Command
from .failure import Failure
from .handshake import Handshake

KILL_SECONDS: Final = 3.0
"""How long it may take a child that is told to leave at once."""

MOST_TOLD: Final = 1000
"""Changes that are kept for processes that ask for them later."""


class ChildProcess:
    """Runs from the moment it is made."""

    def __init__(self, command: Command, channel: Channel, handshake: Handshake, environ: Mapping[str, str]) -> None:
        """Start it.

        Raises:
            OSError: that is not possible.
        """
        self.channel = channel
        self.connections: list[Connection] = []
        self.listening: list[Connection] = []
        """Those that want to hear of changes."""
        self._told: deque[Message] = deque(maxlen=MOST_TOLD)
        self.started_ns = time.time_ns()
        self.failure: Failure | None = None
        """What it has told of its end."""
        self.is_ready = False
        self.ready_ns = 1 << 63
        """When it was, by its own clock; far away until then."""
        self.is_stopping = False
        """It has begun to stop."""
        for fd in handshake.descriptors:
            os.set_inheritable(fd, True)
        try:
            self._process = subprocess.Popen(  # noqa: S603 - what we were started with ourselves
                command.words,
                cwd=command.directory,
                env=command.environ(environ, handshake.environ()),
                pass_fds=handshake.descriptors,
            )
        finally:
            for fd in handshake.descriptors:
                os.set_inheritable(fd, False)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def exit_code(self) -> int | None:
        """Return the exit code, or the negative number of the signal that ended it; `None` while it runs."""
        return self._process.poll()

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if it is still there."""
        self._process.send_signal(number)

    def hear(self, connection: Connection) -> list[Message]:
        """Return what one of its processes has said, but for what only matters here."""
        messages = []
        for message in connection.receive():
            if "listens" in message:
                # From the first on: processes that number the changes the same way agree on what a page has heard of.
                for told in self._told:
                    connection.send(told)
                self.listening.append(connection)
            elif "stopping" in message:
                self.is_stopping = True
            elif "failure" in message:
                self.failure = Failure.from_message(message["failure"])
                messages.append(message)
            else:
                messages.append(message)
        return messages

    def tell(self, message: Message) -> None:
        """Tell all its processes that want to hear of changes, now or later."""
        self._told.append(message)
        for connection in self.listening:
            if connection.is_open:
                connection.send(message)

    def close(self) -> None:
        """Forget it: it has ended."""
        for connection in self.connections:
            connection.close()
        self.channel.close()
