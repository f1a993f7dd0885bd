import io

import pytest

from demijohn.http.errors import ClientDisconnected, RequestEntityTooLarge
from demijohn.http.stream import LimitedStream, get_content_length, get_input_stream, parse_content_length

DIGITS = b"0123456789"


def limited(limit, is_max=False, data=DIGITS):
    return LimitedStream(io.BytesIO(data), limit, is_max)


class Strict(io.BytesIO):
    """A socket without an end: asking it for more than was announced would block for ever."""

    def __init__(self, data, announced):
        super().__init__(data)
        self.left = announced

    def read(self, size=-1):
        assert 0 <= size <= self.left, "would block"
        data = super().read(size)
        self.left -= len(data)
        return data

    def readline(self, size=-1):
        assert 0 <= size <= self.left, "would block"
        data = super().readline(size)
        self.left -= len(data)
        return data


def test_reads_up_to_the_limit_and_no_further():
    stream = LimitedStream(Strict(DIGITS, 5), 5)
    assert stream.read(2) == b"01"
    assert stream.tell() == 2
    assert not stream.is_exhausted
    assert stream.read() == b"234"
    assert stream.is_exhausted
    assert stream.read() == stream.read(1) == stream.readline() == b""
    assert stream.tell() == stream.limit == 5
    assert stream.readable()
    assert not stream.seekable()
    assert not stream.writable()


def test_lines():
    def make():
        return LimitedStream(Strict(b"a\nbc\ndefg", 7), 7)

    assert list(make()) == [b"a\n", b"bc\n", b"de"]
    assert make().readlines() == [b"a\n", b"bc\n", b"de"]
    assert make().readline(1) == b"a"
    assert make().readline(0) == b""
    assert make().readline(None) == b"a\n"


def test_readinto_and_exhaust():
    stream = limited(5)
    buffer = bytearray(3)
    assert stream.readinto(buffer) == 3
    assert buffer == b"012"
    assert stream.readinto(buffer) == 2
    assert buffer == b"342"
    assert stream.readinto(buffer) == 0
    stream = limited(5)
    stream.exhaust()
    assert stream.is_exhausted
    assert io.BufferedReader(limited(5)).read() == b"01234"


@pytest.mark.parametrize("read", [lambda s: s.read(), lambda s: s.readall(), lambda s: s.exhaust(), lambda s: list(s)])
def test_a_stream_that_ends_early_was_cut_short(read):
    with pytest.raises(ClientDisconnected):
        read(limited(15))


def test_what_came_before_the_cut_may_be_read():
    stream = limited(15)
    assert stream.read(10) == DIGITS
    with pytest.raises(ClientDisconnected):
        stream.read(1)


@pytest.mark.parametrize("error", [OSError("reset"), ValueError("I/O operation on closed file")])
def test_a_stream_that_breaks_was_cut_short(error):
    class Broken:
        def read(self, size):
            raise error

    with pytest.raises(ClientDisconnected) as caught:
        LimitedStream(Broken(), 5).read()
    assert caught.value.__cause__ is error


def test_an_override_may_take_a_cut_body_as_it_is():
    class Lenient(LimitedStream):
        def on_disconnect(self, error=None):
            self.error = error

    stream = Lenient(io.BytesIO(DIGITS), 15)
    assert stream.read() == DIGITS
    assert stream.error is None


def test_a_maximum_may_be_reached():
    assert limited(10, True).read() == DIGITS
    assert limited(11, True).read() == DIGITS
    stream = limited(10, True)
    assert stream.read(10) == DIGITS
    assert stream.read(10) == b""


@pytest.mark.parametrize(
    "read", [lambda s: s.read(), lambda s: s.exhaust(), lambda s: list(s), lambda s: (s.read(9), s.read(1))]
)
def test_a_maximum_must_not_be_passed(read):
    with pytest.raises(RequestEntityTooLarge):
        read(limited(9, True))


def test_an_override_may_end_at_the_maximum():
    class Cutting(LimitedStream):
        def on_exhausted(self):
            pass

    assert Cutting(io.BytesIO(DIGITS), 9, True).read() == DIGITS[:9]


@pytest.mark.parametrize(
    ("value", "length"),
    [(None, None), ("5", 5), (" 5 ", 5), ("05", 5), ("0", 0)]
    + [(bad, 0) for bad in ("-5", "+5", "x", "", "5_0", "\uff15", "0x5", "5.0", "5,5", "9" * 5000, "\xb2")],
)
def test_content_length(value, length):
    environ = {} if value is None else {"CONTENT_LENGTH": value}
    assert get_content_length(environ) == length
    assert parse_content_length(value) == length
    assert get_content_length({**environ, "HTTP_TRANSFER_ENCODING": "Chunked"}) is None


def environ_of(data=DIGITS, **more):
    return {"wsgi.input": io.BytesIO(data), **more}


def test_input_ends_at_the_announced_length():
    assert get_input_stream(environ_of(CONTENT_LENGTH="5")).read() == b"01234"
    assert get_input_stream(environ_of(CONTENT_LENGTH="x")).read() == b""


def test_input_of_unknown_length():
    environ = environ_of()
    assert get_input_stream(environ).read() == b""
    assert get_input_stream(environ, safe_fallback=False) is environ["wsgi.input"]


def test_input_that_the_server_terminates():
    environ = environ_of(**{"wsgi.input_terminated": True})
    assert get_input_stream(environ) is environ["wsgi.input"]
    assert get_input_stream(environ, max_content_length=10).read() == DIGITS
    environ = environ_of(**{"wsgi.input_terminated": True})
    with pytest.raises(RequestEntityTooLarge):
        get_input_stream(environ, max_content_length=9).read()
    assert get_input_stream(environ_of(**{"wsgi.input_terminated": False})).read() == b""


@pytest.mark.parametrize("terminated", [True, False])
def test_input_that_is_announced_too_long(terminated):
    environ = environ_of(CONTENT_LENGTH="10", **{"wsgi.input_terminated": terminated})
    with pytest.raises(RequestEntityTooLarge):
        get_input_stream(environ, max_content_length=9)
    assert get_input_stream(environ, max_content_length=10).read() == DIGITS


def test_reading_nothing():
    stream = limited(5)
    assert stream.read(0) == b""
    assert stream.tell() == 0


def test_an_override_may_end_at_an_error():
    class Broken:
        def read(self, size):
            raise OSError("reset")

    class Lenient(LimitedStream):
        def on_disconnect(self, error=None):
            assert isinstance(error, OSError)

    assert Lenient(Broken(), 5).read() == b""
