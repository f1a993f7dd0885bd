"""The writer: nobody waits for it, whatever its file does; what it cannot write is counted."""

import logging
import os
import threading
import time

import pytest

from demijohn.serve import logwriter
from demijohn.serve.logwriter import LogWriter, reopen_logs

TIMEOUT = 20.0


def wait_until(condition) -> None:
    until = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.005)


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "log"
    writer = LogWriter(str(path))
    yield writer, path
    writer.close()


def test_lines_are_appended_in_order(written):
    writer, path = written
    path.write_text("before\n")
    for number in range(10_000):
        writer.write(f"line {number}")
    assert writer.flush(TIMEOUT)
    assert path.read_text() == "before\n" + "".join(f"line {number}\n" for number in range(10_000))


def test_close_writes_what_waits_and_what_comes_later_is_no_error(written):
    writer, path = written
    writer.write("a")
    writer.write("\ud800 not UTF-8")
    writer.close()
    writer.close()
    writer.write("late")
    assert writer.flush(0)
    assert path.read_text() == "a\n\\ud800 not UTF-8\n"


def test_a_file_that_was_moved_away_is_opened_anew(written, tmp_path):
    writer, path = written
    writer.write("old")
    assert writer.flush(TIMEOUT)
    path.rename(tmp_path / "log.1")
    reopen_logs()
    writer.write("new")
    assert writer.flush(TIMEOUT)
    assert (tmp_path / "log.1").read_text() == "old\n"
    assert path.read_text() == "new\n"


def test_a_file_that_cannot_be_opened_anew_goes_on_where_it_was(written, tmp_path, caplog):
    writer, path = written
    (tmp_path / "log").rename(tmp_path / "log.1")
    path.mkdir()
    writer.write("a")
    writer.reopen()
    writer.write("b")
    assert writer.flush(TIMEOUT)
    assert (tmp_path / "log.1").read_text() == "a\nb\n"
    assert f"Cannot write the log {path}" in caplog.text


def test_a_path_that_cannot_be_opened_is_an_error_at_once(tmp_path):
    with pytest.raises(FileNotFoundError):
        LogWriter(str(tmp_path / "no" / "log"))


def test_a_pipe_that_nobody_reads_costs_lines_and_nothing_else(caplog):
    reading, writing = os.pipe()
    writer = LogWriter("-", dash_fd=writing, queue_bytes=100_000)
    line = "x" * 999
    for _ in range(1000):
        writer.write(line)  # more than pipe and queue can hold; would never return if it waited
    assert not writer.flush(0.01)
    collected = bytearray()

    def read() -> None:
        while data := os.read(reading, 65536):
            collected.extend(data)

    reader = threading.Thread(target=read)
    reader.start()
    wait_until(lambda: "were dropped" in caplog.text)
    writer.write("and on it goes")
    assert writer.flush(TIMEOUT)
    writer.close()
    os.close(writing)
    reader.join(TIMEOUT)
    os.close(reading)
    lines = collected.decode().splitlines()
    assert lines.pop() == "and on it goes"
    assert set(lines) == {line}
    dropped = sum(record.args[0] for record in caplog.records if "were dropped" in record.getMessage())
    assert len(lines) + dropped == 1000
    assert 100 <= len(lines) < 500


def test_a_writer_that_is_stuck_does_not_hold_up_the_end():
    reading, writing = os.pipe()
    writer = LogWriter("-", dash_fd=writing)
    for _ in range(200):
        writer.write("x" * 999)
    writer.close(0.01)
    assert writer._thread.is_alive()
    left = 200 * 1000
    while left:
        left -= len(os.read(reading, 65536))
    writer._thread.join(TIMEOUT)
    assert not writer._thread.is_alive()
    os.close(reading)
    os.close(writing)


def test_a_full_disk_costs_lines_and_nothing_else(monkeypatch, caplog):
    monkeypatch.setattr(logwriter, "RETRY_SECONDS", 0.005)
    writer = LogWriter("/dev/full", queue_bytes=10_000)
    for number in range(1000):
        writer.write(f"line {number}")
    wait_until(lambda: "No space left" in caplog.text)
    assert not writer.flush(0.02)
    assert caplog.text.count("No space left") == 1  # it is tried again and again; that is said once
    writer.close()
    assert not writer._thread.is_alive()


def test_a_disk_that_has_room_again_gets_what_was_kept(monkeypatch, caplog, tmp_path):
    monkeypatch.setattr(logwriter, "RETRY_SECONDS", 0.005)
    real, is_full = os.write, threading.Event()

    def write(fd, data):
        if is_full.is_set():
            raise OSError(28, "No space left on device")
        return real(fd, data[:7])  # and it takes little at a time

    monkeypatch.setattr(logwriter.os, "write", write)
    path = tmp_path / "log"
    writer = LogWriter(str(path), queue_bytes=1000)
    is_full.set()
    for number in range(1000):
        writer.write(f"line {number:04d}")
    wait_until(lambda: "No space left" in caplog.text)
    is_full.clear()
    wait_until(lambda: "900 lines of the log" in caplog.text)
    assert writer.flush(TIMEOUT)
    writer.close()
    assert path.read_text() == "".join(f"line {number:04d}\n" for number in range(100))


def test_a_descriptor_that_does_not_block_is_waited_for():
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    writer = LogWriter("-", dash_fd=writing)
    for number in range(300):
        writer.write(f"{number:03d} " + "x" * 995)
    collected = b""
    while collected.count(b"\n") < 300:
        collected += os.read(reading, 65536)
    writer.close()
    assert [int(line[:3]) for line in collected.splitlines()] == list(range(300))
    os.close(reading)
    os.close(writing)


def test_each_process_after_a_fork_has_its_own_thread(written):
    writer, path = written
    writer.write("parent before")
    assert writer.flush(TIMEOUT)
    children = []
    for number in range(3):
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                for line in range(500):
                    writer.write(f"child {number} {line} " + "x" * 50)
                code = 0 if writer.flush(TIMEOUT) else 2
            finally:
                os._exit(code)
        children.append(pid)
    for line in range(500):
        writer.write(f"parent {line}")
    assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children] == [0, 0, 0]
    assert writer.flush(TIMEOUT)
    lines = path.read_text().splitlines()
    expected = {f"child {number} {line} " + "x" * 50 for number in range(3) for line in range(500)}
    assert set(lines) == expected | {f"parent {line}" for line in range(500)} | {"parent before"}
    assert len(lines) == 2001


def test_the_error_log_may_be_the_one_that_fails(monkeypatch, caplog):
    from demijohn.serve.errorlog import LineFormatter, WriterHandler

    monkeypatch.setattr(logwriter, "RETRY_SECONDS", 0.005)
    handler = WriterHandler(LogWriter("/dev/full", queue_bytes=500), LineFormatter())
    logger = logging.getLogger("demijohn")
    logger.addHandler(handler)
    try:
        for number in range(100):
            logging.getLogger("demijohn.error").error("error %d", number)
        wait_until(lambda: "No space left" in caplog.text)
    finally:
        logger.removeHandler(handler)
        handler.close()
    assert caplog.text.count("No space left") == 1
