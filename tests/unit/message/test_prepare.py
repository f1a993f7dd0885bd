"""What a response hands to an exchange."""

import gzip
import io
import sys

import pytest

from demijohn.message import Request, Response, redirect, send_file
from demijohn.message.segment import SegmentFile
from demijohn.message.wsgi import FileWrapper
from demijohn.seam import FileSegment


def no_url():
    raise AssertionError("nobody needs the URL")


def prepare(response, method="GET", url=no_url, environ=None):
    return response.prepare(method, url, environ)


def test_bytes():
    response = Response("hello")
    assert prepare(response) == (
        "200 OK",
        [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", "5")],
        b"hello",
    )


def test_plain_fields_are_not_copied():
    response = Response("hello")
    assert prepare(response)[1] is response.headers._list


@pytest.mark.parametrize("body", [[], ["a", b"b", "ö"], ("a", "b"), [b"a"], ["a"]])
def test_sequences_become_bytes_with_a_length(body):
    response = Response(body)
    _, fields, data = prepare(response)
    assert data == response.get_data()
    assert dict(fields)["Content-Length"] == str(len(data))
    assert "Content-Length" not in response.headers


def test_no_length_where_the_class_wants_none():
    class Bare(Response):
        automatically_set_content_length = False

    assert "Content-Length" not in dict(prepare(Bare("abc"))[1])


@pytest.mark.parametrize("body", ["abc", ["a", "bc"]])
def test_head_has_the_fields_of_get_and_no_body(body):
    _, fields, data = prepare(Response(body), "HEAD")
    assert dict(fields)["Content-Length"] == "3"
    assert data == b""


@pytest.mark.parametrize("status", [100, 204, 304])
def test_some_answers_have_no_body(status):
    _, fields, data = prepare(Response("abc", status))
    assert data == b""
    assert "Content-Length" not in dict(fields)


def test_streams_are_encoded_and_close_the_response():
    closed = []

    def body():
        try:
            yield "ö"
            yield b"b"
        finally:
            closed.append("body")

    response = Response(body())
    response.call_on_close(lambda: closed.append("response"))
    _, fields, chunks = prepare(response)
    assert "Content-Length" not in dict(fields)
    assert iter(chunks) is chunks
    assert list(chunks) == ["ö".encode(), b"b"]
    chunks.close()
    assert closed == ["body", "response"]


def test_a_stream_that_is_never_pulled_is_closed_too():
    closed = []

    class Body:
        def __iter__(self):
            return iter(())

        def close(self):
            closed.append(True)

    prepare(Response(Body()))[2].close()
    assert closed == [True]


def test_head_of_a_stream():
    assert prepare(Response(iter(["a"])), "HEAD")[2] == b""


def test_locations():
    _, fields, data = prepare(redirect("/ä"))
    assert dict(fields)["Location"] == "/%C3%A4"
    assert dict(fields)["Content-Length"] == str(len(data))

    class Absolute(Response):
        autocorrect_location_header = True

    _, fields, _ = prepare(redirect("b", Response=Absolute), url=lambda: "http://h/ö/a")
    assert dict(fields)["Location"] == "http://h/%C3%B6/b"
    _, fields, _ = prepare(Response("", headers={"Content-Location": "/ä"}))
    assert dict(fields)["Content-Location"] == "/%C3%A4"


# Files


@pytest.fixture
def path(tmp_path):
    (tmp_path / "file.txt").write_bytes(b"0123456789")
    return tmp_path / "file.txt"


def test_a_file_is_a_segment(path):
    response = send_file(path, {"REQUEST_METHOD": "GET"})
    _, fields, segment = prepare(response)
    assert isinstance(segment, FileSegment)
    assert (segment.offset, segment.count) == (0, 10)
    assert dict(fields)["Content-Length"] == "10"
    response.close()
    assert not segment.file.closed
    segment.file.close()


def test_a_range_of_a_file_is_a_segment(path):
    response = send_file(path, {"REQUEST_METHOD": "GET", "HTTP_RANGE": "bytes=2-4"})
    status, fields, segment = prepare(response)
    assert status == "206 PARTIAL CONTENT"
    assert (segment.offset, segment.count) == (2, 3)
    assert dict(fields)["Content-Range"] == "bytes 2-4/10"
    segment.file.close()


def test_closing_the_file_closes_the_response(path):
    seen = []
    response = send_file(path, {"REQUEST_METHOD": "GET"})
    response.call_on_close(lambda: seen.append(segment.file.closed))
    segment = prepare(response)[2]
    assert isinstance(segment.file, SegmentFile)
    assert segment.file.fileno() >= 0
    segment.file.seek(3)
    assert (segment.file.tell(), segment.file.read(2)) == (3, b"34")
    segment.file.close()
    segment.file.close()
    assert seen == [True]


def test_closing_the_file_calls_the_close_of_a_subclass(path):
    closed = []

    class Mine(Response):
        def close(self):
            closed.append(True)
            super().close()

    prepare(send_file(path, {"REQUEST_METHOD": "GET"}, response_class=Mine))[2].file.close()
    assert closed == [True]


def test_head_of_a_file(path):
    response = send_file(path, {"REQUEST_METHOD": "HEAD"})
    _, fields, data = prepare(response, "HEAD")
    assert (dict(fields)["Content-Length"], data) == ("10", b"")
    file = response.response.file
    response.close()
    assert file.closed


def test_a_file_that_was_read_from_starts_where_it_stands(path):
    file = path.open("rb")
    file.read(4)
    _, fields, segment = prepare(Response(FileWrapper(file), direct_passthrough=True))
    assert (segment.offset, segment.count, dict(fields)["Content-Length"]) == (4, 6, "6")
    segment.file.close()


def test_a_file_that_was_just_written_is_flushed(tmp_path):
    file = (tmp_path / "new").open("wb+")
    file.write(b"abc")
    file.seek(0)
    file.read(1)
    segment = prepare(Response(FileWrapper(file), direct_passthrough=True))[2]
    assert (segment.offset, segment.count) == (1, 2)
    segment.file.close()


def test_an_empty_file_is_no_segment(tmp_path):
    (tmp_path / "empty").write_bytes(b"")
    response = send_file(tmp_path / "empty", {"REQUEST_METHOD": "GET"})
    _, fields, data = prepare(response)
    assert (dict(fields)["Content-Length"], data) == ("0", b"")
    response.close()


def test_a_file_that_grew_is_cut_at_its_content_length(path):
    response = send_file(path, {"REQUEST_METHOD": "GET"})
    path.write_bytes(b"0123456789 and more")
    segment = prepare(response)[2]
    assert segment.count == 10
    segment.file.close()


@pytest.mark.parametrize(
    "opened",
    [
        lambda path: io.BytesIO(b"0123456789"),
        lambda path: gzip.GzipFile(path),
        lambda path: open("/dev/zero", "rb"),
    ],
)
def test_what_is_no_plain_file_is_streamed(tmp_path, opened):
    with gzip.open(tmp_path / "x.gz", "wb") as file:
        file.write(b"0123456789")
    body = opened(tmp_path / "x.gz")
    chunks = prepare(Response(FileWrapper(body, 10), direct_passthrough=True))[2]
    assert next(chunks) in {b"0123456789", bytes(10)}
    chunks.close()
    assert body.closed


def test_a_passed_through_iterable_is_closed_once():
    closed = []

    class Body:
        def __iter__(self):
            return iter([b"a"])

        def close(self):
            closed.append(True)

    chunks = prepare(Response(Body(), direct_passthrough=True))[2]
    assert list(chunks) == [b"a"]
    chunks.close()
    assert closed == [True]


# Subclasses that speak WSGI


def test_overridden_wsgi_methods_are_honoured():
    class Mine(Response):
        def get_wsgi_headers(self, environ):
            headers = super().get_wsgi_headers(environ)
            headers["X-Path"] = environ["PATH_INFO"]
            return headers

    _, fields, chunks = prepare(Mine("abc"), environ=lambda: {"REQUEST_METHOD": "GET", "PATH_INFO": "/p"})
    assert (dict(fields)["X-Path"], list(chunks)) == ("/p", [b"abc"])
    _, fields, chunks = prepare(Mine("abc"), "HEAD", environ=lambda: {"REQUEST_METHOD": "HEAD", "PATH_INFO": "/p"})
    assert (dict(fields)["Content-Length"], list(chunks)) == ("3", [])


@pytest.mark.parametrize("body", ["a", iter(["a"])])
@pytest.mark.parametrize(("method", "sent"), [("GET", [b"A"]), ("HEAD", [])])
def test_overridden_iter_encoded_is_honoured_and_the_response_closed_once(body, method, sent):
    class Upper(Response):
        def iter_encoded(self):
            return (chunk.upper() for chunk in super().iter_encoded())

    closed = []
    response = Upper(["a"] if isinstance(body, str) else iter(["a"]))
    response.call_on_close(lambda: closed.append(True))
    chunks = prepare(response, method)[2]
    assert list(chunks) == sent
    chunks.close()
    assert closed == [True]


def test_a_class_that_says_its_body_is_no_sequence_gets_no_length():
    class Streamed(Response):
        is_sequence = False

    _, fields, chunks = prepare(Streamed(["abc"]))
    assert ("Content-Length" in dict(fields), list(chunks)) == (False, [b"abc"])


def test_an_overridden_call_is_honoured():
    class Whole(Response):
        def __call__(self, environ, start_response):
            start_response("299 MINE", [("X-A", "1")])
            return [b"mine"]

    assert prepare(Whole("abc")) == ("299 MINE", [("X-A", "1")], [b"mine"])


# The budget


def count_calls(function):
    calls = []

    def profile(frame, event, argument):
        if event == "call":
            calls.append(frame.f_code.co_qualname)

    function()
    sys.setprofile(profile)
    try:
        function()
    finally:
        sys.setprofile(None)
    return calls[1:]


def test_hello_world_takes_three_python_calls(exchange):
    class Page(Response):
        default_mimetype = "text/html"

    hello = exchange("GET", "/hello", [(b"Host", b"h")])
    fields = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", "5")]

    def answer():
        request = Request.from_exchange(hello)
        assert request.path == "/hello"
        assert Page("Hello").prepare_block(request.method) == ("200 OK", fields, b"Hello")

    calls = count_calls(answer)
    assert calls == ["Request.from_exchange", "ResponseBody.__init__", "Response.prepare_block"]
