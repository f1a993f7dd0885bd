"""Bodies of requests: streams, data, forms, parts, JSON."""

import io
import json

import pytest

from demijohn import seam
from demijohn.http.errors import BadRequest, ClientDisconnected, RequestEntityTooLarge, UnsupportedMediaType
from demijohn.http.multidict import CombinedMultiDict, ImmutableMultiDict, MultiDict
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


def length(body):
    return (b"Content-Length", str(len(body)).encode())


@pytest.fixture
def post(make_request):
    def make(body, *fields, method="POST", target="/", cls=Request):
        return make_request(method, target, [length(body), *fields], body, cls=cls)

    return make


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


# Forms


def test_an_urlencoded_form(post):
    request = post(b"a=1&b=%C3%B6&a=2", URLENCODED)
    assert type(request.form) is ImmutableMultiDict
    assert list(request.form.items(multi=True)) == [("a", "1"), ("a", "2"), ("b", "ö")]
    assert list(request.files) == []


def test_a_multipart_form(post):
    request = post(FORM, MULTIPART)
    assert request.form.getlist("a") == ["1", "ö"]
    file = request.files["f"]
    assert (file.filename, file.content_type, file.read()) == ("x.txt", "text/plain", b"file\r\ncontent")
    request.close()
    assert file.stream.closed


def test_a_request_closes_its_files_as_a_context(post):
    with post(FORM, MULTIPART) as request:
        file = request.files["f"]
    assert file.stream.closed
    with post(FORM, MULTIPART):
        pass


def test_no_form_without_a_content_type(post):
    request = post(b"a=1")
    assert request.want_form_data_parsed is False
    assert list(request.form) == list(request.files) == []
    assert request.get_data() == b"a=1"


def test_other_content_types_stay_in_the_stream(post):
    request = post(b"a=1", (b"Content-Type", b"text/plain"))
    assert list(request.form) == []
    assert request.data == b"a=1"


def test_values(post):
    request = post(b"a=form&b=2", URLENCODED, target="/?a=args")
    assert type(request.values) is CombinedMultiDict
    assert request.values.getlist("a") == ["args", "form"]
    request = post(b"a=form", URLENCODED, target="/?a=args", method="GET")
    assert request.values.getlist("a") == ["args"]
    assert request.form["a"] == "form"


def test_values_of_another_storage_class(post):
    class Plain(Request):
        parameter_storage_class = dict

    assert post(b"", target="/?a=1", method="GET", cls=Plain).values["a"] == "1"


def test_a_form_key_that_is_missing_is_a_bad_request(post):
    with pytest.raises(BadRequest):
        _ = post(b"a=1", URLENCODED).form["nope"]


def test_form_limits(post):
    class Strict(Request):
        max_form_parts = 2

    with pytest.raises(RequestEntityTooLarge):
        _ = post(FORM, MULTIPART, cls=Strict).form

    class Tiny(Request):
        max_form_memory_size = 1

    with pytest.raises(RequestEntityTooLarge):
        _ = post(FORM, MULTIPART, cls=Tiny).form


def test_uploads_go_where_the_class_says(post, tmp_path):
    class ToDisk(Request):
        def _get_file_stream(self, total_content_length, content_type, filename=None, content_length=None):
            self.asked = (total_content_length, content_type, filename)
            return (tmp_path / "upload").open("wb+")

    request = post(FORM, MULTIPART, cls=ToDisk)
    with request.files["f"].stream as file:
        assert file.name == str(tmp_path / "upload")
        assert file.read() == b"file\r\ncontent"
    assert request.asked == (len(FORM), "text/plain", "x.txt")


# Parts as they arrive


def test_parts(post):
    request = post(FORM, MULTIPART)
    seen = [
        (one.name, one.filename, one.headers.get("Content-Type"), b"".join(one.iter_chunks()))
        for one in request.iter_parts()
    ]
    assert seen == [
        ("a", None, None, b"1"),
        ("f", "x.txt", "text/plain", b"file\r\ncontent"),
        ("a", None, None, "ö".encode()),
    ]


def test_parts_of_kept_data(post):
    request = post(FORM, MULTIPART)
    request.get_data()
    assert [one.name for one in request.iter_parts()] == ["a", "f", "a"]


def test_a_huge_part_passes_in_constant_memory(exchange):
    head = b'--xyz\r\nContent-Disposition: form-data; name="f"; filename="big"\r\n\r\n'
    block = b"0123456789abcdef" * 1024

    class Endless(FailingBody):
        """As much as anybody reads, in blocks that are not kept."""

        blocks = 0

        def __init__(self):
            self._next = head

        def read(self, size=-1, /):
            data, self._next = self._next, block
            assert 0 < size
            if self.blocks == 2000:
                return b""
            if self.blocks == 1999:
                data = b"\r\n--xyz--"
            self.blocks += 1
            return data

    request = Request.from_exchange(exchange("POST", "/", [MULTIPART], Endless()))
    sizes = [[len(chunk) for chunk in one.iter_chunks()] for one in request.iter_parts()]
    assert sum(sizes[0]) == 1998 * len(block)
    assert max(sizes[0]) <= 4 * len(block)


def test_parts_of_what_is_no_multipart_form(post):
    with pytest.raises(UnsupportedMediaType):
        post(b"a=1", URLENCODED).iter_parts()


def test_parts_have_passed_once_the_form_was_parsed(post):
    with post(FORM, MULTIPART) as request:
        _ = request.form
        with pytest.raises(RuntimeError, match="parsed"):
            request.iter_parts()


def test_parts_without_a_boundary(post):
    with pytest.raises(BadRequest):
        list(post(FORM, (b"Content-Type", b"multipart/form-data")).iter_parts())


# JSON


def test_json(post):
    request = post(b'{"a": 1}', JSON)
    assert request.json == {"a": 1}
    assert request.get_json() is request.json
    assert request.get_data() == b'{"a": 1}'


def test_json_of_another_type(post):
    with pytest.raises(UnsupportedMediaType):
        _ = post(b"{}").json
    assert post(b"{}").get_json(silent=True) is None
    assert post(b"{}").get_json(force=True) == {}


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 200_000])
def test_json_that_is_none(post, body):
    with pytest.raises(BadRequest, match="JSON"):
        _ = post(body, JSON).json
    request = post(body, JSON)
    assert request.get_json(silent=True) is None
    assert request.get_json(silent=True) is None
    with pytest.raises(BadRequest):
        request.get_json()


def test_json_without_cache(post):
    request = post(b"[1]", JSON)
    first = request.get_json(cache=True)
    assert request.get_json() is first
    assert request.get_json(cache=False) is not first
    request = post(b"[1]", JSON)
    assert request.get_json(cache=False) == [1]
    assert request.get_data() == b""


def test_what_a_subclass_makes_of_bad_json(post):
    class Lenient(Request):
        def on_json_loading_failed(self, error):
            return {"error": type(error).__name__}

    assert post(b"{", JSON, cls=Lenient).json == {"error": "JSONDecodeError"}
    assert post(b"{", cls=Lenient).json == {"error": "NoneType"}
    request = post(b"{", JSON, cls=Lenient)
    assert request.get_json(silent=True) is None
    assert request.get_json() == {"error": "JSONDecodeError"}
    assert request.get_json(silent=True) is None


def test_another_json_module(post):
    class Upper:
        @staticmethod
        def loads(data):
            return data.decode().upper()

    class Mine(Request):
        json_module = Upper

    assert post(b"abc", JSON, cls=Mine).json == "ABC"


# Making one, answering with one


def test_application_decorator():
    from demijohn.http.errors import NotFound
    from demijohn.message import Response
    from demijohn.message.runwsgi import run_application

    @Request.application
    def application(request):
        """Doc."""
        if request.path == "/missing":
            raise NotFound
        return Response(request.path)

    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/x"}
    chunks, status, _ = run_application(application, environ)
    assert (b"".join(chunks), status, application.__doc__) == (b"/x", "200 OK", "Doc.")
    assert run_application(application, {**environ, "PATH_INFO": "/missing"})[1] == "404 NOT FOUND"

    class Site:
        @Request.application
        def application(self, request):
            return Response(f"{type(self).__name__} {type(request).__name__}")

    assert b"".join(run_application(Site().application, environ)[0]) == b"Site Request"


def test_from_values_needs_its_builder(monkeypatch):
    from demijohn.message import request as module

    monkeypatch.setattr(module, "environ_builder", None)
    with pytest.raises(RuntimeError, match="testing"):
        Request.from_values("/")

    class Builder:
        def __init__(self, path):
            self.path = path
            self.closed = False

        def get_request(self, cls):
            return cls({"PATH_INFO": self.path})

        def close(self):
            closed.append(self.path)

    closed = []
    monkeypatch.setattr(module, "environ_builder", Builder)
    assert Request.from_values("/x").path == "/x"
    assert closed == ["/x"]


def test_mutable_storage(post):
    class Mutable(Request):
        parameter_storage_class = MultiDict

    request = post(b"a=1", URLENCODED, cls=Mutable)
    request.form["b"] = "2"
    assert request.form["b"] == "2"


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
