"""The fork audit finds what is planted at import, by file and line, and nothing else."""

import asyncio
import gc
import importlib
import socket
import sys
import threading

import pytest

from demijohn.manage.forkaudit import ForkAudit

PLANTED = """\
import asyncio
import socket
import threading

here = threading.Event()

POLLER = threading.Thread(target=here.wait, name="poller", daemon=True)
POLLER.start()
SERVER = socket.create_server(("127.0.0.1", 0))
CLIENT = socket.create_connection(SERVER.getsockname())
LOOP = asyncio.new_event_loop()
LOCK = threading.Lock()
LOCK.acquire()
FREE = threading.RLock()
MANY = {"a": [threading.Lock(), threading.Lock()]}
MANY["a"][1].acquire()


class Pool:
    _shared = threading.RLock()

    def __init__(self):
        self._guard = threading.Lock()
        self._free = threading.Lock()
        self._guard.acquire()


POOL = Pool()
Pool._shared.acquire()


class Slotted:
    __slots__ = ("gate", "nothing")

    def __init__(self):
        self.gate = threading.Lock()
        self.gate.acquire()


SLOTTED = Slotted()


def make():
    closed = threading.Lock()
    closed.acquire()
    return lambda: closed


MADE = make()
"""


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Load a module with some code under the audit's eyes."""
    monkeypatch.syspath_prepend(tmp_path)
    # What is there already is not looked at: the run of all tests has millions of objects in memory, none of them planted.
    gc.collect()
    gc.freeze()

    def load_module(code, audit):
        (tmp_path / "planted.py").write_text(code)
        importlib.invalidate_caches()
        with audit:
            return importlib.import_module("planted")

    yield load_module
    gc.unfreeze()
    sys.modules.pop("planted", None)


def test_what_is_planted_is_found_with_its_line(load, tmp_path):
    audit = ForkAudit()
    planted = load(PLANTED, audit)
    try:
        found = {(finding.what, finding.place.rpartition("/")[2]) for finding in audit.findings()}
        port = planted.SERVER.getsockname()[1]
        assert found == {
            ('A thread, "poller",', "planted.py:8"),
            ("A socket", "planted.py:9"),
            (f"A socket to ('127.0.0.1', {port})", "planted.py:10"),
            ("An event loop", "planted.py:11"),
            ("A lock, planted.LOCK,", "planted.py:12"),
            ("A lock, planted.MANY['a'][1],", "planted.py:15"),
            ("A lock, Pool._shared,", "planted.py:20"),
            ("A lock, Pool._guard,", "planted.py:23"),
            ("A lock, Slotted.gate,", "planted.py:36"),
            ("A lock, make.<locals>.<lambda>.closed,", "planted.py:44"),
        }
        free = audit.free_locks().removeprefix(
            "Fork audit: Of these locks each worker has its own; they keep out no other worker: "
        )
        assert {part.replace(f"{tmp_path}/", "") for part in free.removesuffix(".").split(", ")} == {
            "planted.FREE (planted.py:14)",
            "planted.MANY['a'][0] (planted.py:15)",
            "Pool._free (planted.py:24)",
        }
        text = str(audit.findings()[0])
        assert text.startswith(f"Fork audit: A socket made at {tmp_path}/planted.py:9, is shared by all workers")
        assert "app.on_worker_start()" in text
    finally:
        planted.CLIENT.close()
        planted.SERVER.close()
        planted.LOOP.close()
        planted.LOCK.release()
        planted.POOL._guard.release()
        planted.Pool._shared.release()
        planted.MANY["a"][1].release()
        planted.SLOTTED.gate.release()
        planted.MADE().release()
        planted.here.set()
        planted.POLLER.join()
    assert audit.findings() == []


def test_what_has_ended_again_is_no_finding(load):
    audit = ForkAudit()
    load(
        "import asyncio, socket, threading\n"
        "async def nothing(): pass\n"
        "asyncio.run(nothing())\n"
        "thread = threading.Thread(target=print)\nthread.start()\nthread.join()\n"
        "with socket.socket(): pass\n"
        "lock = threading.Lock()\n",
        audit,
    )
    assert audit.findings() == []


def test_a_socket_that_python_does_not_know_of(load):
    audit = ForkAudit()
    planted = load("import _socket\nraw = _socket.socket()\n", audit)
    try:
        (finding,) = audit.findings()
        assert f"descriptor {planted.raw.fileno()}" in finding.what
        assert finding.place == ""
    finally:
        planted.raw.close()


def test_nothing_is_noted_any_more_afterwards():
    methods = (socket.socket.__init__, threading.Thread.start, asyncio.BaseEventLoop.__init__)
    with ForkAudit():
        pass
    assert methods == (socket.socket.__init__, threading.Thread.start, asyncio.BaseEventLoop.__init__)
