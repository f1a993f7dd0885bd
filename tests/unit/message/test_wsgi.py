"""Iterables and small readers for WSGI."""

import io

import pytest

from demijohn.http.errors import SecurityError
from demijohn.message import Response
from demijohn.message.runwsgi import run_application
from demijohn.message.wsgi import (
    ClosingIterator,
    FileWrapper,
    RangeWrapper,
    get_current_url,
    get_environ,
    get_host,
    get_path_info,
    responder,
    wrap_file,
)

ENVIRON = {
    "REQUEST_METHOD": "GET",
    "wsgi.url_scheme": "http",
    "SERVER_NAME": "h.example",
    "SERVER_PORT": "80",
    "SCRIPT_NAME": "/app",
    "PATH_INFO": "/a b\xc3\xb6",
    "QUERY_STRING": "x=1",
}


def test_a_closing_iterator_closes_in_order():
    seen = []

    class Body(list):
        def close(self):
            seen.append("body")

    one = ClosingIterator(Body([b"a", b"b"]), [lambda: seen.append(1), lambda: seen.append(2)])
    assert list(one) == [b"a", b"b"]
    one.close()
    assert seen == ["body", 1, 2]
    ClosingIterator([], lambda: seen.append(3)).close()
    assert seen[-1] == 3


def test_every_callback_of_a_closing_iterator_runs_and_the_first_error_is_raised():
    seen = []

    def fail(error):
        raise error

    one = ClosingIterator([], [lambda: fail(KeyError(1)), lambda: seen.append(1), lambda: fail(ValueError(2))])
    with pytest.raises(KeyError):
        one.close()
    assert seen == [1]


def test_a_file_wrapper_reads_in_blocks():
    file = io.BytesIO(b"abcde")
    wrapper = wrap_file({}, file, 2)
    assert isinstance(wrapper, FileWrapper)
    assert (wrapper.seekable(), wrapper.tell()) == (True, 0)
    assert list(wrapper) == [b"ab", b"cd", b"e"]
    wrapper.seek(1)
    assert next(wrapper) == b"bc"
    wrapper.close()
    assert file.closed


def test_a_file_wrapper_over_less_than_a_file():
    class Reader:
        def read(self, size):
            return b""

    wrapper = FileWrapper(Reader())
    assert (wrapper.seekable(), wrapper.tell(), list(wrapper)) == (False, None, [])
    wrapper.seek(3)
    wrapper.close()


def test_the_wrapper_of_the_server_is_preferred():
    assert wrap_file({"wsgi.file_wrapper": lambda file, size: (file, size)}, "file", 5) == ("file", 5)


@pytest.mark.parametrize("blocks", [[b"0123456789"], [b"01", b"2345", b"", b"6789"], [b"%d" % i for i in range(10)]])
@pytest.mark.parametrize(("start", "count"), [(0, 4), (3, None), (3, 0), (2, 1), (9, 1), (0, 100), (10, 5), (12, None)])
def test_a_range_of_an_iterable(blocks, start, count):
    whole = b"0123456789"
    assert b"".join(RangeWrapper(iter(blocks), start, count)) == whole[start:][:count]


@pytest.mark.parametrize(("start", "count"), [(0, 4), (3, None), (2, 1), (9, 1), (0, 100), (12, 1)])
def test_a_range_of_a_file_seeks(start, count):
    file = FileWrapper(io.BytesIO(b"0123456789"), 3)
    wrapper = RangeWrapper(file, start, count)
    assert iter(wrapper) is wrapper
    assert b"".join(wrapper) == b"0123456789"[start:][:count]
    wrapper.close()
    assert file.file.closed


def test_a_range_stops_reading_when_it_has_all():
    def blocks():
        yield b"abc"
        raise AssertionError("read too far")

    assert b"".join(RangeWrapper(blocks(), 1, 2)) == b"bc"


def test_urls_of_an_environ():
    assert get_path_info(ENVIRON) == "/a bö"
    assert get_host(ENVIRON) == "h.example"
    assert get_current_url(ENVIRON) == "http://h.example/app/a%20bö?x=1"
    assert get_current_url(ENVIRON, strip_querystring=True) == "http://h.example/app/a%20bö"
    assert get_current_url(ENVIRON, root_only=True) == "http://h.example/app/"
    assert get_current_url(ENVIRON, host_only=True) == "http://h.example/"
    with pytest.raises(SecurityError):
        get_current_url(ENVIRON, trusted_hosts=["other.example"])


def test_environs_of_whatever_has_one():
    assert get_environ(ENVIRON) is ENVIRON
    with pytest.raises(TypeError):
        get_environ("environ")


def test_responder():
    @responder
    def application(environ, start_response):
        """Doc."""
        return Response(environ["PATH_INFO"])

    chunks, status, _ = run_application(application, ENVIRON)
    assert (b"".join(chunks), status, application.__doc__) == (b"/a b\xc3\x83\xc2\xb6", "200 OK", "Doc.")


def test_running_an_application_that_answers_late():
    closed = []

    def application(environ, start_response):
        environ["changed"] = True
        yield b""
        start_response("200 OK", [("X-A", "1")])
        try:
            yield b"one"
            yield b"two"
        finally:
            closed.append(True)

    chunks, status, headers = run_application(application, ENVIRON)
    assert (status, headers["x-a"]) == ("200 OK", "1")
    assert b"".join(chunks) == b"onetwo"
    chunks.close()
    assert closed == [True]
    assert "changed" not in ENVIRON


@pytest.mark.parametrize("buffered", [True, False])
def test_running_an_application_that_writes(buffered):
    def application(environ, start_response):
        write = start_response("200 OK", [])
        write(b"one")
        return [b"two"]

    assert b"".join(run_application(application, ENVIRON, buffered)[0]) == b"onetwo"


def test_running_an_application_buffered_closes_it():
    closed = []

    class Body:
        def __iter__(self):
            return iter([b"a"])

        def close(self):
            closed.append(True)

    def application(environ, start_response):
        start_response("200 OK", [])
        return Body()

    assert list(run_application(application, ENVIRON, buffered=True)[0]) == [b"a"]
    assert closed == [True]


def test_running_an_application_that_changes_its_mind():
    def application(environ, start_response):
        start_response("200 OK", [])
        try:
            raise ValueError
        except ValueError as error:
            start_response("500 X", [], (type(error), error, error.__traceback__))
        return [b"failed"]

    assert run_application(application, ENVIRON)[1] == "500 X"


def test_running_an_application_that_changes_its_mind_too_late():
    def application(environ, start_response):
        start_response("200 OK", [])(b"sent")
        try:
            raise ZeroDivisionError
        except ZeroDivisionError as error:
            start_response("500 X", [], (type(error), error, error.__traceback__))

    with pytest.raises(ZeroDivisionError):
        run_application(application, ENVIRON)


@pytest.mark.parametrize("buffered", [True, False])
def test_running_an_application_that_never_answers(buffered):
    with pytest.raises(RuntimeError, match="start_response"):
        run_application(lambda environ, start_response: [], ENVIRON, buffered)
