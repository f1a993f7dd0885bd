"""Bodies of requests: streams, data, limits, errors."""

import io
import json

import pytest

from demijohn import seam
from demijohn.http.errors import ClientDisconnected, RequestEntityTooLarge
from demijohn.message import Request
from demijohn.message.bodystream import BodyStream

URLENCODED = (b"Content-Type", b"application/x-www-form-urlencoded")
JSON = (b"Content-Type", b"application/json")
MULTIPART = (b"Content-Type", b"multipart/form-data; boundary=xyz")


def part(disposition, content, *more):
    lines = [b"--xyz", b"Content-Disposition: form-data; " + disposition, *more, b"", content]
    return b"\r\n".join(lines) + b"\r\n"


FORM = (
    part(b'name="a"', b"1")
    + part(b'name="f"; filename="x.txt"', b"file\r\ncontent", b"Content-Type: text/plain")
    + part(b'name="a"', "ö".encode())
    + b"--xyz--\r\n"
)


class Summing:
    """A stream that somebody puts around another to see what is read."""

    def __init__(self, stream):
        self._stream = stream
        self.seen = b""

    def read(self, size=-1):
        data = self._stream.read(size)
        self.seen += data
        return data

    def readline(self, size=-1):
        line = self._stream.readline(size)
        self.seen += line
        return line


class FailingBody:
    """A body source that gives something, then fails."""

    remaining = None

    def __init__(self, data, error):
        self._file = io.BytesIO(data)
        self._error = error

    def read(self, size=-1, /):
        data = self._file.read(size)
        if not data or size < 0:
            raise self._error
        return data

    def readline(self, size=-1, /):
        line = self._file.readline(size)
        if not line:
            raise self._error
        return line


# Streams and data


def test_the_stream_is_a_binary_file(post):
    stream = post(b"one\ntwo\nthree").stream
    assert isinstance(stream, io.RawIOBase)
    assert stream.readable()
    assert stream.readline() == b"one\n"
    assert stream.readline(2) == b"tw"
    assert stream.tell() == 6
    assert next(stream) == b"o\n"
    buffer = bytearray(3)
    assert stream.readinto(buffer) == 3
    assert bytes(buffer) == b"thr"
    assert stream.read(0) == b""
    assert stream.read() == b"ee"
    assert stream.read(None) == stream.read() == stream.read(5) == stream.readline() == stream.exhaust() == b""
    assert list(stream) == []


def test_the_stream_takes_standard_wrappers(post):
    assert list(io.TextIOWrapper(post("ö\nb".encode()).stream, "utf-8")) == ["ö\n", "b"]
    assert json.load(post(b"[1]").stream) == [1]
    assert io.BufferedReader(post(b"abc").stream).peek(1)[:1] == b"a"


def test_the_stream_stays_the_same_object(post):
    request = post(b"abc")
    assert request.stream is request.stream


def test_data_is_kept_and_can_be_text(post):
    request = post("aö".encode() + b"\xff")
    assert request.get_data(as_text=True) == "aö\ufffd"
    assert request.get_data() == request.data == "aö".encode() + b"\xff"


def test_data_without_cache_is_gone(post):
    request = post(b"abc")
    assert request.get_data(cache=False) == b"abc"
    assert request.get_data() == b""


def test_data_of_a_form_is_empty_but_get_data_first_keeps_both(post):
    request = post(b"a=1", URLENCODED)
    assert request.data == b""
    assert request.form["a"] == "1"
    request = post(b"a=1", URLENCODED)
    assert request.get_data() == b"a=1"
    assert request.form["a"] == "1"
    request = post(b"a=1", URLENCODED)
    assert request.get_data(parse_form_data=True) == b""


def test_a_shallow_request_does_not_read():
    request = Request({"wsgi.input": io.BytesIO(b"abc"), "CONTENT_LENGTH": "3"}, shallow=True)
    with pytest.raises(RuntimeError, match="shallow"):
        request.get_data()
    with pytest.raises(RuntimeError):
        _ = request.form


# Limits and errors


class Small(Request):
    max_content_length = 5


def test_an_announced_length_above_the_limit_is_413_before_reading(post):
    request = post(b"abcdef", cls=Small)
    with pytest.raises(RequestEntityTooLarge):
        _ = request.stream
    with pytest.raises(RequestEntityTooLarge):
        _ = request.form


def test_a_body_as_long_as_the_limit_is_read(post):
    assert post(b"abcde", cls=Small).get_data() == b"abcde"


def chunked(exchange, body, cls=Small, *fields):
    return cls.from_exchange(exchange("POST", "/", [(b"Transfer-Encoding", b"chunked"), *fields], body))


@pytest.mark.parametrize(
    "read",
    [
        lambda request: request.get_data(),
        lambda request: request.stream.read(100),
        lambda request: list(iter(lambda: request.stream.read(2), b"")),
        lambda request: list(request.stream),
        lambda request: request.stream.readline(),
        lambda request: request.stream.readinto(bytearray(10)),
        lambda request: request.stream.readall(),
    ],
)
def test_a_body_without_a_length_is_413_when_it_is_found_to_be_too_long(exchange, read):
    with pytest.raises(RequestEntityTooLarge):
        read(chunked(exchange, b"abcdef"))
    read(chunked(exchange, b"abcde"))


def test_limits_can_be_set_on_the_one_request(exchange):
    request = chunked(exchange, b"abcdef")
    request.max_content_length = None
    assert request.get_data() == b"abcdef"
    assert request.stream.limit is None
    assert chunked(exchange, b"abc").stream.limit == 5


def limited(request):
    request.max_content_length = 1000
    return request


@pytest.mark.parametrize(
    ("raised", "seen", "code"),
    [
        (seam.ClientDisconnected("gone"), ClientDisconnected, 400),
        (seam.BodyError("framing"), ClientDisconnected, 400),
        (seam.BodyTooLarge("big"), RequestEntityTooLarge, 413),
        (OSError("reset"), ClientDisconnected, 400),
    ],
)
@pytest.mark.parametrize(
    "read",
    [
        lambda request: request.get_data(),
        lambda request: list(request.stream),
        lambda request: list(limited(request).stream),
        lambda request: limited(request).get_data(),
        lambda request: request.form,
        lambda request: request.get_json(force=True),
        lambda request: [list(one.iter_chunks()) for one in request.iter_parts()],
    ],
)
def test_a_body_that_breaks_off_is_an_http_error(exchange, raised, seen, code, read):
    for body in (FORM[:40], FORM[:120]):
        request = Request.from_exchange(exchange("POST", "/", [MULTIPART], FailingBody(body, raised)))
        with pytest.raises(seen) as error:
            read(request)
        assert error.value.code == code
        assert error.value.__cause__ is raised


def test_an_environ_whose_input_ends_early_is_an_http_error():
    request = Request({"wsgi.input": io.BytesIO(b"abc"), "CONTENT_LENGTH": "9"})
    with pytest.raises(ClientDisconnected):
        request.get_data()


def test_the_errors_of_our_own_server_come_through_an_environ_too(exchange):
    error = seam.ClientDisconnected("gone")
    made = Request.from_exchange(exchange("POST", "/", [MULTIPART], FailingBody(b"--xyz\r\n", error)))
    with pytest.raises(ClientDisconnected):
        _ = Request(made.environ).form


def test_a_body_stream_over_an_exact_limit_reads_no_further():
    class Exact:
        remaining = 3
        asked = []

        def read(self, size=-1, /):
            self.asked.append(size)
            return b"abc"[:size] if len(self.asked) == 1 else b""

    body = Exact()
    assert BodyStream(body, 3).read() == b"abc"
    assert body.asked == [4, 1]


@pytest.mark.parametrize(
    ("body", "kind", "ask"),
    [
        (b"a=1&b=2", URLENCODED, lambda request: request.form["b"] == "2"),
        (FORM, MULTIPART, lambda request: request.files["f"].read() == b"file\r\ncontent"),
        (b"[1]", JSON, lambda request: request.json == [1]),
        (b"raw", (b"Content-Type", b"text/plain"), lambda request: request.get_data() == b"raw"),
        (b"raw", (b"Content-Type", b"text/plain"), lambda request: request.stream.readline() == b"raw"),
    ],
    ids=["form", "files", "json", "data", "stream"],
)
def test_a_stream_put_into_the_environ_is_the_one_that_is_read(post, body, kind, ask):
    with post(body, kind) as request:
        summing = request.environ["wsgi.input"] = Summing(request.environ["wsgi.input"])
        assert ask(request)
    assert summing.seen == body


def test_a_stream_put_into_the_environ_is_held_to_the_limit(post):
    request = post(b"a=1&b=2", URLENCODED)
    request.max_content_length = 3
    request.environ["wsgi.input"] = Summing(request.environ["wsgi.input"])
    with pytest.raises(RequestEntityTooLarge):
        request.form["a"]
