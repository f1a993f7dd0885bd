"""A server in a thread, and a client that shows every byte: what the engine tests are made of."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

from engines import certs

from demijohn.seam import Exchange
from demijohn.serve import Listener, Server, ServerOptions

TIMEOUT = 20.0
"""Seconds after which a test that waits for something fails; nothing takes nearly as long."""


class Running:
    """A server that serves in its own thread until it is stopped."""

    def __init__(
        self, handler: Callable[[Exchange], None], options: ServerOptions, clock=None, certificates=None, listener=None
    ) -> None:
        self.listener = listener or Listener.tcp("127.0.0.1", 0)
        self.listener.certificates = certificates
        self.server = Server(handler, [self.listener], options, clock)
        self.address = self.listener.address
        self.thread = threading.Thread(target=self.server.serve_forever, name="serve_forever")
        self.thread.start()

    def connect(self) -> socket.socket:
        sock = self.connect_plain()
        if self.listener.certificates is None:
            return sock
        # A cut must not look like an end.
        return certs.client_context().wrap_socket(sock, server_hostname="localhost", suppress_ragged_eofs=False)

    def connect_plain(self) -> socket.socket:
        """Connect without TLS, whatever is spoken there."""
        if isinstance(self.address, str):
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(TIMEOUT)
            sock.connect(self.address)
            return sock
        sock = socket.create_connection(self.address, timeout=TIMEOUT)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join(TIMEOUT)
        assert not self.thread.is_alive(), "the server did not stop"
        self.listener.close()


@contextlib.contextmanager
def serving(
    handler: Callable[[Exchange], None], runner: str = "late", clock=None, certificates=None, listener=None, **options
) -> Iterator[Running]:
    """Serve in a thread; `runner` is one of the options, `+tls` behind it makes it an HTTPS server."""
    runner, _, tls = runner.partition("+")
    if tls and certificates is None:
        certificates = certs.certificates()
    # A test that ends need not wait for what its clients might still send; those about the grace say so.
    options.setdefault("drain_idle_grace", 0)
    running = Running(handler, ServerOptions(runner=runner, **options), clock, certificates, listener)
    try:
        yield running
    finally:
        running.stop()


class Answer:
    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body


class Client:
    """One connection, HTTP/1.1, answers read strictly by their framing. Independent of the code under test."""

    def __init__(self, running) -> None:
        self.running = running
        self.sock = running.connect()
        self.file = self.sock.makefile("rb")

    def reconnect(self) -> None:
        self.close()
        self.__init__(self.running)

    def __enter__(self):
        return self

    def __exit__(self, *exc) -> None:
        self.close()

    def close(self) -> None:
        self.file.close()
        self.sock.close()

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, **headers)

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        lines = [f"{method} {path} HTTP/1.1", "Host: test"]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b""))
        return self.read_answer(method)

    def read_head(self) -> tuple[int, dict[str, str]]:
        line = self.file.readline()
        if not line:
            raise EOFError("the server closed the connection")
        assert line.startswith(b"HTTP/1.1 "), line
        status = int(line.split()[1])
        headers: dict[str, str] = {}
        while (line := self.file.readline()) not in (b"\r\n", b""):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        assert line, "the head ended early"
        return status, headers

    def read_answer(self, method: str = "GET") -> Answer:
        status, headers = self.read_head()
        if method == "HEAD" or status in (204, 304) or status < 200:
            return Answer(status, headers, b"")
        if headers.get("transfer-encoding") == "chunked":
            return Answer(status, headers, b"".join(self.chunks()))
        if "content-length" in headers:
            length = int(headers["content-length"])
            body = self.file.read(length)
            assert len(body) == length, "the body ended early"
            return Answer(status, headers, body)
        return Answer(status, headers, self.file.read())

    def chunks(self) -> Iterator[bytes]:
        while True:
            line = self.file.readline()
            if not line:
                raise EOFError("the answer was cut before its last chunk")
            size = int(line, 16)
            data = self.file.read(size)
            assert self.file.readline() == b"\r\n"
            if not size:
                return
            yield data

    def is_closed(self) -> bool:
        """Wait for the end; True if nothing but the end came."""
        try:
            return self.file.read(1) == b""
        except ConnectionResetError:
            return True
