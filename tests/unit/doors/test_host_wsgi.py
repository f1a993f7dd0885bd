"""The hosting door: PEP 3333 on an exchange, with an exchange that records and holds the door to the rules."""

import io
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from itertools import cycle

import pytest

from demijohn.doors import wsgi_handler
from demijohn.local import Local
from demijohn.seam import Peer
from demijohn.testing import RecordingExchange

HEADERS = [("Content-Type", "text/plain")]


def serve(application, *args, **kwargs):
    return RecordingExchange(*args, **kwargs).run(wsgi_handler(application))


def answering(body, status="200 OK", headers=HEADERS):
    def application(environ, start_response):
        start_response(status, list(headers))
        return body

    return application


class Body:
    """An iterable that counts its closings, and fails where told to."""

    def __init__(self, *chunks, close_error=None):
        self.chunks = chunks
        self.closed = 0
        self.pulled = 0
        self.close_error = close_error

    def __iter__(self):
        for chunk in self.chunks:
            self.pulled += 1
            if isinstance(chunk, Exception):
                raise chunk
            yield chunk

    def close(self):
        self.closed += 1
        if self.close_error:
            raise self.close_error


# ---- lists


@pytest.mark.parametrize("body", [[b"hello"], (b"hello",), [b"hel", b"", b"lo"], [bytearray(b"hello")]])
def test_list_goes_out_in_one_write(body):
    exchange = serve(answering(body))
    assert exchange.calls == ["respond"]
    assert exchange.status == "200 OK"
    assert exchange.headers == [*HEADERS, ("Content-Length", "5")]
    assert exchange.body_sent == b"hello"


def test_empty_list():
    exchange = serve(answering([]))
    assert exchange.calls == ["respond"]
    assert exchange.header("Content-Length") == "0"


def test_head_keeps_content_length_of_a_list():
    exchange = serve(answering([b"hello"]), "HEAD")
    assert exchange.header("Content-Length") == "5"
    assert exchange.pieces == []


def test_head_with_the_body_left_away_claims_no_length():
    exchange = serve(answering([]), "HEAD")
    assert exchange.header("Content-Length") is None


# ---- iterables


def test_iterable_is_streamed_and_closed_once():
    body = Body(b"a", b"", b"b")
    exchange = serve(answering(body))
    assert exchange.calls == ["stream"]
    assert exchange.body_sent == b"ab"
    assert body.closed == 1


def test_head_is_sent_with_the_first_chunk_only():
    seen = []
    exchange = RecordingExchange()

    def body():
        seen.append(exchange.has_started)
        yield b""
        seen.append(exchange.has_started)
        yield b"x"
        seen.append(exchange.has_started)

    exchange.run(wsgi_handler(answering(body())))
    assert seen == [False, False, True]


def test_generator_that_calls_start_response_itself():
    def application(environ, start_response):
        start_response("201 Created", [])
        yield b"late"

    exchange = serve(application)
    assert (exchange.status, exchange.body_sent) == ("201 Created", b"late")


def test_generator_with_return_only():
    def application(environ, start_response):
        start_response("204 No Content", [])
        return
        yield

    exchange = serve(application)
    assert (exchange.status, exchange.calls) == ("204 No Content", ["respond"])


def test_iterable_of_empty_chunks_only():
    body = Body(b"", b"")
    exchange = serve(answering(body))
    assert exchange.header("Content-Length") == "0"
    assert body.closed == 1


def test_code_behind_the_last_yield_runs():
    ran = []

    def body():
        yield b"x"
        ran.append(True)

    serve(answering(body(), headers=[("Content-Length", "1")]))
    assert ran == [True]


def test_error_before_the_first_byte_leaves_the_answer_open_and_closes():
    body = Body(b"", ValueError("boom"))
    exchange = RecordingExchange()
    with pytest.raises(ValueError, match="boom"):
        exchange.run(wsgi_handler(answering(body)))
    assert not exchange.has_started
    assert body.closed == 1


def test_error_after_the_first_byte_escapes_and_closes():
    body = Body(b"x", ValueError("boom"))
    exchange = RecordingExchange()
    with pytest.raises(ValueError, match="boom"):
        exchange.run(wsgi_handler(answering(body)))
    assert exchange.has_started
    assert body.closed == 1


def test_client_that_goes_away_stops_the_pulling():
    body = Body(b"x", b"y", b"z")
    exchange = serve(answering(body), gone_after=2)
    assert exchange.body_sent == b"xy"
    assert (body.pulled, body.closed) == (2, 1)


def test_invalid_field_closes_the_body_once_and_leaves_the_answer_open():
    for body in (Body(b"x"), Body()):
        exchange = RecordingExchange()
        with pytest.raises(ValueError, match="value"):
            exchange.run(wsgi_handler(answering(body, headers=[("X", "a\r\nb")])))
        assert not exchange.has_started
        assert body.closed == 1


def test_error_of_close_escapes():
    with pytest.raises(OSError, match="close"):
        serve(answering(Body(b"x", close_error=OSError("close"))))


def test_head_of_a_stream_has_no_body_but_closes():
    body = Body(b"x", b"y")
    exchange = serve(answering(body), "HEAD")
    assert exchange.pieces == []
    assert body.closed == 1


# ---- start_response


def test_missing_start_response():
    for body in ([b"x"], Body(b"x"), Body()):
        with pytest.raises(RuntimeError, match=r"without calling start_response"):
            serve(lambda environ, start_response, body=body: body)
        assert getattr(body, "closed", 1) == 1


def test_start_response_twice():
    def application(environ, start_response):
        start_response("200 OK", [])
        start_response("200 OK", [])

    with pytest.raises(RuntimeError, match="called again"):
        serve(application)


def test_exc_info_replaces_status_and_headers_before_the_first_byte():
    def application(environ, start_response):
        start_response("200 OK", [("X-A", "1")])
        try:
            raise KeyError("x")
        except KeyError as error:
            start_response("500 Oops", [("X-B", "2")], (type(error), error, error.__traceback__))
        return [b"sorry"]

    exchange = serve(application)
    assert exchange.status == "500 Oops"
    assert exchange.headers == [("X-B", "2"), ("Content-Length", "5")]


def test_exc_info_as_keyword_and_first_call():
    def application(environ, start_response):
        error = KeyError("x")
        start_response("500 Oops", [], exc_info=(KeyError, error, None))
        return [b""]

    assert serve(application).status == "500 Oops"


def test_exc_info_is_raised_once_the_head_is_out():
    error = KeyError("too late")
    body = None

    def application(environ, start_response):
        start_response("200 OK", [])
        yield b"x"
        start_response("500 Oops", [], (KeyError, error, None))

    exchange = RecordingExchange()
    with pytest.raises(KeyError) as caught:
        exchange.run(wsgi_handler(application))
    assert caught.value is error
    assert exchange.status == "200 OK"
    assert body is None


@pytest.mark.parametrize(
    ("status", "headers", "error", "text"),
    [
        (b"200 OK", [], TypeError, "'bytes' as status"),
        (200, [], TypeError, "'int' as status"),
        ("200 OK", {}, TypeError, "'dict' as headers"),
        ("200 OK", [("a",)], TypeError, "tuple"),
        ("200 OK", ["ab"], TypeError, "tuple"),
        ("200 OK", [("a", 1)], TypeError, "must be str"),
        ("200 OK", [(b"a", b"b")], TypeError, "must be str"),
        ("200 OK", [("Upgrade", "h2c")], ValueError, "hop-by-hop"),
        ("200 OK", [("TE", "trailers")], ValueError, "hop-by-hop"),
    ],
)
def test_wrong_arguments_of_start_response(status, headers, error, text):
    with pytest.raises(error, match=text):
        serve(answering([b"x"], status, headers) if isinstance(headers, list) else raw(status, headers))


def raw(status, headers):
    def application(environ, start_response):
        start_response(status, headers)
        return [b""]

    return application


@pytest.mark.parametrize("body", [["text"], ["a", b"b"], Body("text"), Body(b"a", "text")])
def test_str_in_the_body_says_what_to_do(body):
    with pytest.raises(TypeError, match="encode"):
        serve(answering(body))
    assert getattr(body, "closed", 1) == 1


@pytest.mark.parametrize(("body", "text"), [(None, "returned None"), (5, "'int'"), ([5], "'int'"), ([None], "None")])
def test_wrong_bodies(body, text):
    with pytest.raises(TypeError, match=text):
        serve(answering(body))


def test_str_as_body():
    with pytest.raises(TypeError, match="encode"):
        serve(answering("text"))


# ---- write()


def test_write_pushes_at_once_and_the_rest_follows():
    exchange = RecordingExchange()
    seen = []

    def application(environ, start_response):
        write = start_response("200 OK", HEADERS)
        seen.append(exchange.has_started)
        write(b"a")
        seen.append(exchange.body_sent)
        write(b"")
        write(b"b")
        return [b"c"]

    exchange.run(wsgi_handler(application))
    assert seen == [False, b"a"]
    assert exchange.body_sent == b"abc"
    assert exchange.calls == ["start", "write", "write", "write", "finish"]


def test_write_and_an_iterable():
    body = Body(b"b", b"", b"c")

    def application(environ, start_response):
        start_response("200 OK", [])(b"a")
        return body

    exchange = serve(application)
    assert exchange.body_sent == b"abc"
    assert exchange.calls[-1] == "finish"
    assert body.closed == 1


def test_write_inside_a_generator_before_its_first_chunk():
    def application(environ, start_response):
        write = start_response("200 OK", [])
        write(b"a")
        yield b"b"
        yield b"c"

    exchange = serve(application)
    assert exchange.body_sent == b"abc"


def test_write_then_error_closes_nothing_it_was_not_given_and_escapes():
    def application(environ, start_response):
        start_response("200 OK", [])(b"a")
        raise ValueError("boom")

    exchange = RecordingExchange()
    with pytest.raises(ValueError, match="boom"):
        exchange.run(wsgi_handler(application))
    assert exchange.body_sent == b"a"


def test_write_of_str():
    def application(environ, start_response):
        start_response("200 OK", [])("text")

    with pytest.raises(TypeError, match="encode"):
        serve(application)


def test_write_to_a_client_that_went_away_closes_the_body():
    body = Body(b"b")

    def application(environ, start_response):
        start_response("200 OK", [])(b"a")
        return body

    from demijohn.seam import ClientDisconnected

    with pytest.raises(ClientDisconnected):
        serve(application, gone_after=1)
    assert body.closed == 1


# ---- files


@pytest.fixture
def file():
    with tempfile.TemporaryFile() as file:
        file.write(b"0123456789")
        file.flush()
        file.seek(0)
        yield file


def wrapping(file, headers=(), block=4):
    def application(environ, start_response):
        start_response("200 OK", list(headers))
        return environ["wsgi.file_wrapper"](file, block)

    return application


def test_file_wrapper_over_a_plain_file_is_sent_as_a_file(file):
    exchange = serve(wrapping(file))
    assert exchange.calls == ["send_file"]
    assert exchange.body_sent == b"0123456789"
    assert exchange.header("Content-Length") == "10"
    assert file.closed


def test_file_is_sent_from_where_it_stands_and_up_to_content_length(file):
    file.seek(2)
    exchange = serve(wrapping(file, [("content-length", "3")]))
    assert exchange.calls == ["send_file"]
    assert exchange.body_sent == b"234"


def test_file_wrapper_over_something_else_is_streamed():
    file = io.BytesIO(b"0123456789")
    exchange = serve(wrapping(file))
    assert exchange.calls == ["stream"]
    assert exchange.pieces == [b"0123", b"4567", b"89"]
    assert file.closed


def test_file_wrapper_that_was_wrapped_again_is_streamed(file):
    def application(environ, start_response):
        start_response("200 OK", [])
        return map(bytes.upper, environ["wsgi.file_wrapper"](file))

    exchange = serve(application)
    assert exchange.calls == ["stream"]
    assert exchange.body_sent == b"0123456789"


# ---- environ


def test_environ_has_the_request():
    seen = {}

    def application(environ, start_response):
        seen.update(environ, body=environ["wsgi.input"].read())
        start_response("200 OK", [])
        return []

    peer = Peer(("192.0.2.1", 1234), ("192.0.2.2", 443), "https", is_multithread=True, is_multiprocess=True)
    serve(application, "POST", "/a%20b?c=d", {"X-Y": "z", "Content-Type": "text/x"}, b"body", peer=peer)
    assert seen["REQUEST_METHOD"] == "POST"
    assert (seen["SCRIPT_NAME"], seen["PATH_INFO"], seen["QUERY_STRING"]) == ("", "/a b", "c=d")
    assert (seen["HTTP_X_Y"], seen["CONTENT_TYPE"], seen["CONTENT_LENGTH"]) == ("z", "text/x", "4")
    assert seen["body"] == b"body"
    assert seen["wsgi.url_scheme"] == "https"
    assert seen["wsgi.multithread"] is True
    assert seen["wsgi.multiprocess"] is True
    assert seen["wsgi.run_once"] is False
    assert seen["wsgi.version"] == (1, 0)


def test_early_hints_go_before_the_answer():
    def application(environ, start_response):
        environ["wsgi.early_hints"]([("Link", "</s.css>; rel=preload")])
        start_response("200 OK", [])
        return [b"x"]

    exchange = serve(application)
    assert exchange.informed == [("103 Early Hints", [("Link", "</s.css>; rel=preload")])]
    assert exchange.calls == ["inform", "respond"]


def test_wsgiref_validator_is_content():
    """The environ and the calls pass the standard library's own check of PEP 3333."""
    from wsgiref.validate import validator

    def application(environ, start_response):
        environ["wsgi.input"].read(2)
        environ["wsgi.input"].readline(5)
        list(environ["wsgi.input"])
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"fine"]

    exchange = serve(validator(application), "POST", "/x?y", body=b"one\ntwo\n")
    assert exchange.body_sent == b"fine"


# ---- context variables


def test_what_a_call_leaves_in_context_variables_is_gone_at_the_next():
    local = Local()

    def application(environ, start_response):
        start_response("200 OK", [])
        seen = getattr(local, "x", "nothing")
        local.x = "left over"
        return [seen.encode()]

    handler = wsgi_handler(application)
    for _ in range(2):
        assert RecordingExchange().run(handler).body_sent == b"nothing"
    assert not hasattr(local, "x")


class ThreadedExchange(RecordingExchange):
    """Pulls each chunk, and closes, on another thread, as the server may."""

    def stream(self, status, headers, chunks):
        with ThreadPoolExecutor(1) as first, ThreadPoolExecutor(1) as second:

            def pull():
                for pool in cycle((first, second)):
                    try:
                        yield pool.submit(lambda: next(chunks, None)).result(10)
                    except StopIteration:
                        return

            super().stream(status, headers, iter(pull().__next__, None))
            first.submit(chunks.close).result(10)


def test_a_stream_keeps_its_context_from_thread_to_thread():
    variable = ContextVar("variable", default="unset")
    at_close = []

    class Body:
        def __init__(self):
            self.token = variable.set("by the application")
            self.left = 4

        def __iter__(self):
            return self

        def __next__(self):
            if not self.left:
                raise StopIteration
            self.left -= 1
            seen = variable.get()
            variable.set(str(self.left))
            return seen.encode() + b";"

        def close(self):
            at_close.append(variable.get())
            variable.reset(self.token)  # fails in any other context than that of `set`
            at_close.append(variable.get())

    def application(environ, start_response):
        start_response("200 OK", [])
        return Body()

    exchange = ThreadedExchange().run(wsgi_handler(application))
    assert exchange.body_sent == b"by the application;3;2;1;"
    assert at_close == ["0", "unset"]
    assert variable.get() == "unset"
