"""How much of the processor another thread has used."""

import sys
import threading
import time

import pytest

from demijohn.serve.runner.threadclock import seconds_used

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it cannot be told elsewhere")


def test_what_a_thread_computes_counts_and_what_it_waits_does_not():
    go, stop = threading.Event(), threading.Event()
    used = []

    def work():
        go.wait(20)
        until = time.thread_time() + 0.02
        while time.thread_time() < until:
            pass
        used.append(time.thread_time())
        stop.wait(20)

    thread = threading.Thread(target=work)
    thread.start()
    before = seconds_used(thread)
    go.set()
    deadline = time.monotonic() + 20
    while not used and time.monotonic() < deadline:
        time.sleep(0.001)
    after = seconds_used(thread)
    stop.set()
    thread.join(20)
    assert after - before >= 0.015
    assert after == pytest.approx(used[0], abs=0.01)


def test_a_thread_that_has_ended_or_not_begun_has_no_clock():
    thread = threading.Thread(target=lambda: None)
    assert seconds_used(thread) is None
    thread.start()
    thread.join()
    # Joined is not gone: the kernel may still be at it.
    deadline = time.monotonic() + 20
    while seconds_used(thread) is not None:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    assert seconds_used(None) is None
