"""`OneAnswer`: serves until one request is answered, for `handle_request`. Made for each; its `stop` is for any thread."""

import socket
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..seam import Handler
from ..serve import Listener, Server, ServerOptions
from ..serve.answered import Answered


class OneAnswer:
    """See the file's description. Everything runs on the calling thread, one connection at a time."""

    def __init__(self, handler: Handler, listeners: Sequence[Listener], options: ServerOptions) -> None:
        self.was_stopped = False
        self._tell = options.on_answered
        self._is_answered = False
        self._gates = [_Gate(listener) for listener in listeners]
        # Who is not answered now is not accepted, and waits for the next call.
        options = replace(options, runner="inline", max_connections=1, keep_alive=0, on_answered=self._on_answered)
        self._server = Server(handler, [gate.listener for gate in self._gates], options)

    def serve(self, timeout: float | None) -> bool:
        """Wait for a request for so many seconds, `None`: for ever; answer it, and tell whether there was one.

        Raises:
            KeyboardInterrupt: one was raised meanwhile.
        """
        timer = None if timeout is None else threading.Timer(timeout, self._server.shutdown, (), {"is_patient": False})
        if timer is not None:
            timer.start()
        try:
            self._server.serve_forever()
        finally:
            if timer is not None:
                timer.cancel()
                timer.join()
            for gate in self._gates:
                gate.close()
        return self._is_answered

    def stop(self) -> None:
        """Wait no longer; a request that is being answered still is."""
        self.was_stopped = True
        self._server.shutdown(is_patient=False)

    def _on_answered(self, answered: Answered) -> object:
        self._is_answered = True
        for gate in self._gates:
            gate.is_shut = True
        self._server.shutdown(is_patient=False)
        return self._tell is not None and self._tell(answered)


class _Gate(socket.socket):
    """A listening socket that gives no more connections once it is shut: they stay with the system."""

    def __init__(self, listener: Listener) -> None:
        super().__init__(fileno=socket.dup(listener.sock.fileno()))
        self.is_shut = False
        self.listener = Listener(self)
        self.listener.certificates = listener.certificates
        self.listener.redirect_port = listener.redirect_port

    def accept(self) -> tuple[socket.socket, Any]:  # Any: as the standard library has it
        if self.is_shut:
            raise BlockingIOError
        return super().accept()
