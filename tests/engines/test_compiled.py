"""The compiled twins do what the Python methods do: the same bytes from clients, the same bytes to them, the same counts."""

import contextlib
import ctypes
import functools
import gc
import json
import logging
import operator
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import weakref
from pathlib import Path

import pytest
from engines.launch_twins import DEEDS
from engines.oddities import links, wait_until
from engines.serving import TIMEOUT, Client, serving
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from demijohn._base.compiled import PURE
from demijohn.seam import EMPTY_BODY
from demijohn.serve import state
from demijohn.serve.compiled import TWINS
from demijohn.serve.exchange import H1Exchange
from demijohn.serve.link import Link
from demijohn.serve.runner.late import LateRunner
from demijohn.wire.h1 import answer as answers

HERE = Path(__file__).parent
_DATE = re.compile(rb"Date: [^\r]+ GMT\r\n")
_ID = re.compile(rb"<code>[^<]+</code>")

needs_twins = pytest.mark.skipif(
    not TWINS.are_used and shutil.which("cc") is None, reason="the package was built without a compiler"
)


class Server:
    """A server of its own process, `is_pure` or compiled."""

    def __init__(self, runner: str, *, is_pure: bool) -> None:
        environ = {name: value for name, value in os.environ.items() if name != PURE}
        environ |= {"PYTHONPATH": str(HERE.parent), **({PURE: "1"} if is_pure else {})}
        self.process = subprocess.Popen(
            [sys.executable, HERE / "launch_twins.py", runner],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        port, is_used = self.process.stdout.readline().split()
        self.address = "127.0.0.1", int(port)
        assert is_used == str(not is_pure), "the compiled module was not built, or is not used"

    def tell(self, pieces: list[bytes]) -> tuple[bytes, bool]:
        """Return all that is answered on one connection, without what differs from second to second; and whether it was cut."""
        received = b""
        is_cut = False
        with socket.create_connection(self.address, timeout=TIMEOUT) as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                for piece in pieces:
                    sock.sendall(piece)
                sock.shutdown(socket.SHUT_WR)
            except OSError:
                is_cut = True  # the server has closed: so is what it says, then
            try:
                while more := sock.recv(65536):
                    received += more
            except ConnectionResetError:
                is_cut = True
        return _ID.sub(b"<code/>", _DATE.sub(b"Date: now\r\n", received)), is_cut

    def stop(self) -> dict[str, int]:
        self.process.stdin.close()
        counts = json.loads(self.process.stdout.readline())
        assert self.process.wait(TIMEOUT) == 0
        self.process.stdout.close()
        return counts


class Twins:
    def __init__(self, runner: str) -> None:
        self.pure = Server(runner, is_pure=True)
        self.compiled = Server(runner, is_pure=False)

    def compare(self, pieces: list[bytes]) -> bytes:
        expected, is_pure_cut = self.pure.tell(pieces)
        told, is_cut = self.compiled.tell(pieces)
        if is_pure_cut or is_cut:
            # A reset takes with it what the client's system had received and the client had not read.
            assert told.startswith(expected) or expected.startswith(told)
        else:
            assert told == expected
        return told


@pytest.fixture(params=["inline", "late", "pool"], scope="module")
def twins(request):
    both = Twins(request.param)
    yield both
    pure, ours = both.pure.stop(), both.compiled.stop()
    # How a thread fared is luck, and how much of a refused stream was read; what became of requests is not.
    counted = ("connections_accepted", "requests", "rejects", "ended")
    assert [ours[name] for name in counted] == [pure[name] for name in counted]
    assert ours["requests"] == ours["ended"] > 0


names = st.sampled_from(
    ["X-A", "x-b", "Set-Cookie", "Content-Type", "Cache-Control", "ETag", "Content-Length", "Date", "Server", "Connection",
     "Transfer-Encoding", "Keep-Alive", "TE", "Vary", "bad name", "", "X-\u00e9"]
)  # fmt: skip
values = st.one_of(
    st.sampled_from(["text/html; charset=utf-8", "no-store", "close", "keep-alive", "chunked", "19", "5", "00", "-1", "1e3", " 7 "]),
    st.text(st.characters(max_codepoint=0x17F), max_size=20),
)  # fmt: skip
statuses = st.sampled_from(
    ["200 OK", "201 Created", "404 Not Found", "204 No Content", "205 Reset Content", "304 Not Modified", "426 Upgrade Required",
     "500 Oh", "299", "100 Continue", "600 x", "200 \u00e9", "200 a\r\nb", "OK"]
)  # fmt: skip
deeds = st.tuples(
    st.sampled_from(("respond",) * 10 + DEEDS),
    statuses,
    st.lists(st.tuples(names, values), max_size=4),
    st.text(max_size=30),
)
methods = st.sampled_from(
    ["GET", "GET", "GET", "POST", "HEAD", "OPTIONS", "PATCH", "CONNECT", "get", "G@T", "M-SEARCH"]
)
targets = st.one_of(
    st.sampled_from(
        ["/", "/a", "/a?b=c", "/%C3%A9//x", "*", "http://h/x", "h:443", "/a#b", "/a b", "", '/"<>\\^`{|}', "/\u00e9"]
    ),
    st.text(st.characters(max_codepoint=0x7F), max_size=8).map("/".__add__),
)
versions = st.sampled_from(["1.1"] * 8 + ["1.0", "1.2", "1.9", "2.0", "1.", "11", "1.1 "])
fields = st.sampled_from(
    ["", "", "", "A: b\r\n", "Connection: close\r\n", "Connection: keep-alive\r\n", "Upgrade: websocket\r\n", "X_Y: 1\r\n",
     "Cookie: a=b\r\nCookie: c=d\r\n", "Expect: 100-continue\r\n", "A : b\r\n", "A: b\x00\r\n", " A: b\r\n"]
)  # fmt: skip
bodies = st.sampled_from([None, None, None, b"", b"a=1&b=2", b"x" * 3000])


@st.composite
def requests(draw) -> bytes:
    more = draw(fields)
    deed = draw(st.one_of(st.none(), deeds))
    if deed is not None:
        more += f"X-Do: {json.dumps(deed)}\r\n"
    body = draw(bodies)
    if body is not None:
        more += f"Content-Length: {len(body)}\r\n"
    head = f"{draw(methods)} {draw(targets)} HTTP/{draw(versions)}\r\nHost: h\r\n{more}\r\n"
    return head.encode("latin-1") + (body or b"")


@st.composite
def dialogues(draw) -> list[bytes]:
    """Requests, most of them as the one before, in one piece or in several."""
    some = draw(st.lists(requests(), min_size=1, max_size=3))
    stream = b"".join(one * draw(st.integers(1, 3)) for one in some)
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=4)))
    return [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]


def deed(what: str, status: str = "200 OK", fields: tuple = (), body: str = "b") -> bytes:
    return f"GET / HTTP/1.1\r\nHost: h\r\nX-Do: {json.dumps([what, status, fields, body])}\r\n\r\n".encode()


@needs_twins
@pytest.mark.slow
@example([deed("respond", fields=(("X-A", "a\r\nb: c"),))] * 2)
@example([deed("respond", fields=(("Content-Length", "999999999999999999"),))] * 2)
@example([deed("respond", fields=(("Content-Length", "1"), ("Content-Length", "1")))] * 2)
@given(dialogues())
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_whatever_is_asked_both_answer_the_same(twins, pieces):
    twins.compare(pieces)


@needs_twins
@pytest.mark.slow
@pytest.mark.parametrize("what", DEEDS)
def test_whatever_a_handler_does_both_take_it_the_same(twins, what):
    plain = b"GET /next HTTP/1.1\r\nHost: h\r\n\r\n"
    for pieces in ([plain, deed(what), plain], [deed(what)] * 3, [plain * 40 + deed(what) + plain]):
        twins.compare(pieces)


@needs_twins
@pytest.mark.slow
@pytest.mark.parametrize(
    "dates",
    [["a"], ["a", "b"], ["Sun, 06 Nov 1994 08:49:37 GMT"], ["caf\xe9"], [""], ["a\tb"], ["a\r\nX: y"], ["a", "b\n"]],
)
@pytest.mark.parametrize("names", [("Date", "Date"), ("date", "DATE")])
def test_a_date_of_the_application_stands_in_the_place_of_the_servers(twins, dates, names):
    own = deed("respond", "200 OK", tuple(zip(names, dates, strict=False)))
    twins.compare([own, b"GET /next HTTP/1.1\r\nHost: h\r\n\r\n", own])


@pytest.mark.parametrize("is_pure", [True, pytest.param(False, marks=needs_twins)], ids=["pure", "compiled"])
@pytest.mark.slow
def test_all_bytes_are_counted(runner, is_pure):
    server = Server(runner, is_pure=is_pure)
    asked = [deed("respond"), *[b"GET /next HTTP/1.1\r\nHost: h\r\n\r\n"] * 30]
    told, is_cut = server.tell(asked)
    told = told.replace(b"Date: now", b"Date: Sun, 06 Nov 1994 08:49:37 GMT")
    counts = server.stop()
    assert not is_cut
    assert counts["received_bytes"] == sum(map(len, asked))
    assert counts["sent_bytes"] == len(told)
    assert counts["requests"] == counts["ended"] == 31


@needs_twins
@pytest.mark.slow
def test_a_known_head_is_not_taken_for_another(twins):
    """Whatever differs from the head before, in one octet or in length, is read anew."""
    head = b"GET /abc HTTP/1.1\r\nHost: h\r\nA: 1\r\n\r\n"
    for place in range(len(head)):
        for octet in (b"", b"\0", b" ", b"x", b"\r", b"\n", b"\xe9", b"11"):
            other = head[:place] + octet + head[place + 1 :]
            twins.compare([head, other])


# ---------------------------------------------------------------------------------------------------------------- in this process


@pytest.fixture
def used():
    if not TWINS.use():
        pytest.skip("the package was built without a compiler")
    yield
    TWINS.use()


@needs_twins
def test_the_twins_are_used_where_they_were_built(used):
    assert TWINS.are_used
    assert type(Link.__dict__["on_event"]).__name__ == "method_descriptor"


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="the module that makes interpreters has another name")
def test_another_interpreter_of_the_process_does_without(used):
    """As under mod_wsgi: what the twins look into is of the main one."""
    code = (
        "import _xxsubinterpreters as interpreters, demijohn\n"
        "from demijohn.serve import TWINS\n"
        "other = interpreters.create(isolated=False)\n"
        "interpreters.run_string(other, 'import demijohn; from demijohn.serve import TWINS;"
        " assert not demijohn._TWINS.are_used and not TWINS.are_used')\n"
        "app = demijohn.Demijohn('x')\n"
        "app.get('/')(lambda: 'here')\n"
        "assert app.test_client().get('/').text == 'here'\n"
        "assert demijohn._TWINS.are_used and TWINS.are_used\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_python_methods_can_be_put_back(used):
    TWINS.drop()
    assert not TWINS.are_used
    for kind, name in ((Link, "on_event"), (H1Exchange, "respond"), (LateRunner, "submit"), (Link, "complete")):
        assert getattr(kind, name).__code__.co_filename.endswith(".py")
    assert Link._advance.__qualname__ == "Intake._advance"
    assert "_advance" not in vars(Link)
    with serving(lambda exchange: exchange.respond("200 OK", [], b"x")) as running, Client(running) as client:
        assert client.get("/").body == b"x"
    assert TWINS.use()
    assert TWINS.are_used


@pytest.mark.parametrize("missing", ["Link", "NEW", "CELLS"])
def test_what_the_twins_were_not_written_for_is_refused(used, missing):
    from demijohn import _compiled

    TWINS.drop()
    classes = {name: kind for name, kind in TWINS.classes.items() if name != missing}
    constants = {name: value for name, value in TWINS.constants.items() if name != missing}
    with pytest.raises(TypeError, match=missing):
        _compiled.bind_server(classes, constants)
    assert _compiled.bind_server(TWINS.classes, TWINS.constants)
    TWINS.use()
    with serving(lambda exchange: exchange.respond("200 OK", [], b"x")) as running, Client(running) as client:
        assert client.get("/").body == b"x"


def test_a_class_without_the_slots_is_refused(used):
    from demijohn import _compiled

    TWINS.drop()
    with pytest.raises(TypeError, match=r"Loose\.size is not kept in a slot"):
        _compiled.bind_server({**TWINS.classes, "Outbox": type("Loose", (), {"size": 0})}, TWINS.constants)
    assert _compiled.bind_server(TWINS.classes, TWINS.constants)


def test_what_a_handler_raised_is_freed_without_the_garbage_collector(used, runner, monkeypatch):
    monkeypatch.setattr(
        logging.getLogger("demijohn.error"), "disabled", True
    )  # what pytest keeps of logs has tracebacks
    raised = []

    class Fault(Exception):
        pass

    def handle(exchange) -> None:
        error = Fault()
        raised.append(weakref.ref(error))
        try:
            raise error
        finally:
            del error

    gc.disable()
    try:
        with serving(handle, runner) as running, Client(running) as client:
            for _ in range(3):
                assert client.get("/").status == 500
        assert [one() for one in raised] == [None] * 3
    finally:
        gc.enable()


def test_the_watchers_pause_ends_when_nothing_is_begun_and_when_the_server_stops(used):
    with serving(
        lambda exchange: exchange.respond("200 OK", [], b"x"), "late", threads=2, promote_after_ms=30
    ) as running:
        engine = running.server._engine
        runner = engine.runner
        runner._pause()
        with Client(running) as client:
            over = threading.Event()
            pause = threading.Thread(target=lambda: [runner._pause(), over.set()])
            pause.start()
            while not over.is_set():  # also with handlers begun all the time: somebody may want to wake the watcher
                assert client.get("/").status == 200
            pause.join(TIMEOUT)
    runner._pause()
    assert engine.is_stopped


class _Struck:
    """A socket whose `recv` gives a request, and has an exception raised into the receiving thread at its next step of Python."""

    def __init__(self, sock: socket.socket, thread: threading.Thread, data: bytes) -> None:
        self._sock = sock
        self._requests = iter([data])
        strike = ctypes.pythonapi.PyThreadState_SetAsyncExc
        strikes = map(strike, [ctypes.c_ulong(thread.ident)], [ctypes.py_object(SystemExit)])
        # Not a step of it is Python.
        self.recv = functools.partial(next, map(operator.itemgetter(1), zip(strikes, self._requests, strict=True)))

    def has_struck(self) -> bool:
        return not operator.length_hint(self._requests)

    def __getattr__(self, name):
        return getattr(self._sock, name)


@pytest.mark.parametrize("is_compiled", [True, False], ids=["compiled", "pure"])
@pytest.mark.parametrize("is_plain", [True, False], ids=["plain", "not plain"])
def test_a_link_is_not_lost_with_a_thread_that_dies_after_it_received(used, is_compiled, is_plain):
    if not is_compiled:
        TWINS.drop()
    request = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"
    with serving(lambda exchange: exchange.respond("200 OK", [], b"x"), "late", threads=2) as running:
        with Client(running) as client:
            assert client.get("/").body == b"x"
            engine = running.server._engine
            wait_until(lambda: engine.reactor._is_polling and engine.runner._leader.thread)
            if not is_plain:
                engine.runner._blockers.known["another"] = None
            (link,) = links(running)
            sock = link.sock
            link.sock = struck = _Struck(sock, engine.runner._leader.thread, request)
            client.send(request)
            wait_until(struck.has_struck)
            link.sock = sock
            # The handler was struck, or the thread before it: never is there no answer and no end.
            with contextlib.suppress(ConnectionResetError, EOFError):
                assert client.read_answer().status == 500
        wait_until(lambda: not links(running))
        with Client(running) as client:
            assert client.get("/").body == b"x"


def test_no_reference_is_left_or_lost(used, runner):
    """Counted at what all requests share: one reference too few for each would end the process some day, one too many is a leak."""

    def handle(exchange) -> None:
        exchange.respond("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("X-A", "a")], b"x")

    shared = [
        *(EMPTY_BODY, state.NEW, state.DONE, handle, answers._steady_lines, answers._names, H1Exchange),
        *TWINS.constants.values(),
    ]
    shared = [one for one in shared if type(one) is not int]  # small ones are everybody's

    with serving(handle, runner) as running, Client(running) as client:

        def ask(count: int) -> list[int]:
            for number in range(count):
                assert client.get(f"/{number % 3}").body == b"x"
            return [sys.getrefcount(one) for one in shared]

        before = ask(20)
        after = ask(400)
    changed = {repr(one)[:60]: later - sooner for one, sooner, later in zip(shared, before, after, strict=True)}
    assert all(abs(change) < 50 for change in changed.values()), changed
