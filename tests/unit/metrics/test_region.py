"""Rows of numbers in shared memory."""

import mmap
import os
import signal

from hypothesis import given
from hypothesis import strategies as st

from demijohn.metrics.region import Region


@given(st.lists(st.tuples(st.text(max_size=40), st.lists(st.floats(allow_nan=False), max_size=5)), max_size=20))
def test_what_is_written_is_read(records):
    region = Region.private(8192)
    for key, values in records:
        numbers = region.append(key, len(values))
        assert list(numbers) == [0.0] * len(values)
        for at, value in enumerate(values):
            numbers[at] = value
    assert [(key, list(numbers)) for key, numbers in region.records()] == records


def test_a_full_region_takes_no_more_and_keeps_what_it_has():
    region = Region.private(128)
    kept = []
    while (numbers := region.append("key of sixteen..", 2)) is not None:
        numbers[0] = len(kept)
        kept.append(numbers)
    assert len(kept) == 3
    assert region.append("k", 4) is None
    kept[1][1] = 7.0
    assert [list(numbers) for _, numbers in region.records()] == [[0.0, 0.0], [1.0, 7.0], [2.0, 0.0]]


def test_old_numbers_are_not_seen_after_clear():
    region = Region.private(256)
    region.append("a", 1)[0] = 5.0
    region.clear()
    assert list(region.records()) == []
    assert list(region.append("b", 1)) == [0.0]


def test_it_is_read_by_other_processes_and_outlives_its_writer():
    memory = memoryview(mmap.mmap(-1, 4096))
    reader = Region(memory)
    pid = os.fork()
    if pid == 0:
        try:
            numbers = Region(memory).append("é", 2)
            numbers[0] += 41
            numbers[0] += 1
            numbers[1] = -0.5
            os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    assert [(key, list(numbers)) for key, numbers in reader.records()] == [("é", [42.0, -0.5])]
