"""Serves in its main thread, which signals interrupt, and asks itself whether a view that blocks still delays nobody; prints `served`."""

import signal
import socket
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from engines.serving import TIMEOUT, Client

from demijohn.serve import Listener, Server, ServerOptions

SIGNALS = 10
TICK = 0.003

entered = threading.Semaphore(0)
left = threading.Event()


class Handler:
    """Blocks on `/block/...`, each of which is another endpoint: of one that is known to block nobody has to be promoted away."""

    def label(self, head, root_path: str = "") -> str:
        return head.path

    def __call__(self, exchange) -> None:
        if exchange.head.path.startswith("/block"):
            entered.release()
            assert left.wait(2 * TIMEOUT)
        exchange.respond("200 OK", [], b"x")


class Running:
    def __init__(self) -> None:
        self.listener = Listener.tcp("127.0.0.1", 0)
        options = ServerOptions(runner="late", threads=2, promote_after_ms=TICK * 1000, drain_idle_grace=0)
        self.server = Server(Handler(), [self.listener], options)

    def connect(self) -> socket.socket:
        return socket.create_connection(self.listener.address, timeout=TIMEOUT)


def ask(running: Running) -> None:
    main = threading.main_thread().ident
    try:
        with Client(running) as blocked, Client(running) as other:
            for number in range(SIGNALS):
                left.clear()
                blocked.send(b"GET /block/%d HTTP/1.1\r\nHost: test\r\n\r\n" % number)
                assert entered.acquire(timeout=TIMEOUT)
                time.sleep(TICK * number / SIGNALS)  # in whatever part of the watcher's tick
                signal.pthread_kill(main, signal.SIGUSR1)
                assert other.get("/").body == b"x"
                left.set()
                assert blocked.read_answer().body == b"x"
            print("served")
    finally:
        left.set()
        running.server.shutdown()


if __name__ == "__main__":
    # Its handler is still at work when the tick is over.
    signal.signal(signal.SIGUSR1, lambda number, frame: time.sleep(TICK * 2))
    running = Running()
    thread = threading.Thread(target=ask, args=(running,))
    thread.start()
    running.server.serve_forever()
    thread.join()
