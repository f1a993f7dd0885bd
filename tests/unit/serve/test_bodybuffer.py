"""What a body costs while it arrives: about its size, however it is cut, and nothing once it is given up."""

import os
import tracemalloc

import pytest

from demijohn.serve.bodybuffer import BodyBuffer


@pytest.mark.parametrize("memory", [1000, 100], ids=["memory", "file"])
@pytest.mark.parametrize("size", [1, 3, 7, 500])
def test_a_body_is_whole_however_it_was_cut(memory, size, tmp_path):
    data = bytes(range(250)) * 2
    body = BodyBuffer(memory, str(tmp_path))
    for at in range(0, len(data), size):
        body.append(data[at : at + size])
    assert body.size == len(data)
    source = body.finish()
    assert source.read() == data
    source.close()
    assert os.listdir(tmp_path) == []


def test_tiny_pieces_take_no_more_than_large_ones():
    """A client decides how its body is cut; each piece of its own would be forty times its size."""
    count = 100_000
    pieces = [bytes(2) for _ in range(10)]  # not the cached ones of one byte
    tracemalloc.start()
    try:
        body = BodyBuffer(1 << 20)
        for _ in range(count // 10):
            for piece in pieces:
                body.append(bytes(bytearray(piece)))
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert body.size == 2 * count
    assert held < 2 * body.size


def test_what_is_given_up_is_freed(tmp_path):
    for memory in (10, 10_000):
        body = BodyBuffer(memory, str(tmp_path))
        tracemalloc.start()
        try:
            for _ in range(200):
                body.append(bytes(20))
            body.discard()
            assert tracemalloc.get_traced_memory()[0] < 2000
        finally:
            tracemalloc.stop()


def test_much_is_asked_for_only_of_who_sends_much():
    body = BodyBuffer(1 << 20)
    few = body.wanted
    body.append(bytes(100))
    assert body.wanted == few
    body.append(bytes(few))
    assert body.wanted > few
    body.append(b"x")
    assert body.wanted == few
