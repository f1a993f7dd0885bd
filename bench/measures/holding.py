"""Many idle keep-alive connections, held by a process of their own: `python -m bench.measures.holding PORT COUNT`.

Each has one request answered, and is held then. `ready N` is printed once they are open; at the end of the input each is asked
once more, and `alive N` says how many still answered. Sources are several addresses of the loopback interface, so that ports do
not run out.
"""

import contextlib
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

SOURCES = 8
PATIENCE = 30.0  # seconds, for all connections together: a server that stops answering must not hold up the run for each of them
SPARE_FILES = 500

_REQUEST = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
_BODY = b"Hello, World!"


class Holder:
    """The process, seen from the one that measures."""

    def __init__(self, port: int, count: int, cpu: str) -> None:
        command = ["taskset", "-c", cpu, sys.executable, "-m", "bench.measures.holding", str(port), str(count)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.opened = self._read("ready")

    def close(self) -> int:
        """Ask each once more, and let go: how many were still open."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        alive = self._read("alive")
        self._process.wait(10)
        return alive

    def kill(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.wait()

    def _read(self, word: str) -> int:
        if self._process.stdout is None:
            raise RuntimeError("it was started with pipes")
        line = self._process.stdout.readline()
        if not line.startswith(word):
            raise RuntimeError(f"the process that holds connections ended: {line!r}")
        return int(line.split()[1])


@contextlib.contextmanager
def holding(port: int, count: int, cpu: str) -> Iterator[Holder]:
    """Yield a holder whose connections are open, and have it ended."""
    holder = Holder(port, count, cpu)
    try:
        yield holder
    finally:
        holder.kill()


def allow_files(count: int) -> None:
    """Let this process and those that it starts open so many files, and some. An `OSError` if the system does not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    need = count + SPARE_FILES
    if hard != resource.RLIM_INFINITY and hard < need:
        raise OSError(f"{need} open files are needed, and {hard} allowed: ulimit -Hn")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, need), hard))


def hold(port: int, count: int) -> None:
    """Be that process."""
    allow_files(count)
    until = time.monotonic() + PATIENCE
    open_ones: list[socket.socket] = []
    for number in range(count):
        if time.monotonic() > until:
            break
        sock = socket.socket()
        try:
            sock.bind((f"127.0.0.{2 + number % SOURCES}", 0))
            sock.settimeout(10)
            sock.connect(("127.0.0.1", port))
        except OSError:
            sock.close()
            continue
        if is_answered(sock):
            open_ones.append(sock)
    print("ready", len(open_ones), flush=True)
    sys.stdin.read()
    until = time.monotonic() + PATIENCE
    print("alive", sum(time.monotonic() < until and is_answered(sock) for sock in open_ones), flush=True)


def is_answered(sock: socket.socket) -> bool:
    """Send a request and take its answer."""
    data = b""
    with contextlib.suppress(OSError):
        sock.sendall(_REQUEST)
        while not data.endswith(_BODY) and (part := sock.recv(4096)):
            data += part
    return data.startswith(b"HTTP/1.1 200")


if __name__ == "__main__":
    hold(*map(int, sys.argv[1:3]))
