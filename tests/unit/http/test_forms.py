import io
import time

import pytest

from demijohn.http.errors import BadRequest, ClientDisconnected, RequestEntityTooLarge
from demijohn.http.forms import FormDataParser, FormLimits, MultiPartParser, parse_form, parse_form_data
from demijohn.http.multidict import ImmutableMultiDict, MultiDict
from demijohn.http.multipart import MalformedForm, TruncatedForm
from demijohn.http.uploads import SPOOL_BYTES, default_stream_factory

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"
END = b"--x--\r\n"


def field(name, content=b"v", extra=b""):
    return b'--x\r\nContent-Disposition: form-data; name="' + name + b'"' + extra + b"\r\n\r\n" + content + b"\r\n"


@pytest.fixture
def parse():
    """`parse_form` on bytes; closes the files afterwards."""
    opened = []

    def run(body, content_type=MULTIPART, **limits):
        stream, form, files = parse_form(io.BytesIO(body), content_type, len(body), FormLimits(**limits))
        opened.extend(file for name in files for file in files.getlist(name))
        assert type(form) is type(files) is ImmutableMultiDict
        return stream, list(form.items(multi=True)), list(files.items(multi=True))

    yield run
    for file in opened:
        file.close()


@pytest.mark.parametrize("content_type", [URLENCODED, URLENCODED.upper(), URLENCODED + "; charset=latin-1"])
def test_urlencoded(parse, content_type):
    stream, form, files = parse(b"a=1&b=%C3%A4&a=2", content_type)
    assert form == [("a", "1"), ("a", "2"), ("b", "ä")]
    assert files == []
    assert stream.read() == b""


def test_multipart(parse):
    body = (
        field(b"a", b"1")
        + field(b"f", b"data", b'; filename="x.txt"\r\nContent-Type: text/plain')
        + field(b"a", b"")
        + END
    )
    stream, form, files = parse(body + b"epilogue")
    assert form == [("a", "1"), ("a", "")]
    ((name, file),) = files
    assert name == file.name == "f"
    assert file.filename == "x.txt"
    assert file.content_type == "text/plain"
    assert file.read() == b"data"
    assert dict(file.headers) == {
        "Content-Disposition": 'form-data; name="f"; filename="x.txt"',
        "Content-Type": "text/plain",
    }
    assert stream.read() == b""


@pytest.mark.parametrize(
    "content_type", ["", None, "text/plain", "multipart/mixed; boundary=x", "application/x-url-encoded", "garbage;;="]
)
def test_what_is_no_form_stays_in_the_stream(parse, content_type):
    stream, form, files = parse(b"a=b", content_type)
    assert form == files == []
    assert stream.read() == b"a=b"


def test_fields_are_decoded_by_their_charset(parse):
    latin = b"\r\nContent-Type: text/plain; charset=iso-8859-1"
    unknown = b"\r\nContent-Type: text/plain; charset=idna"
    _, form, _ = parse(
        field(b"a", b"\xc3\xa4\xff") + field(b"b", b"\xe4", latin) + field(b"c", b"\xc3\xa4", unknown) + END
    )
    assert form == [("a", "ä\ufffd"), ("b", "ä"), ("c", "ä")]


@pytest.mark.parametrize("size", [1, SPOOL_BYTES - 1, SPOOL_BYTES, SPOOL_BYTES + 1, 3 << 20])
def test_large_files_go_to_disk(parse, size):
    content = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    _, _, ((_, file),) = parse(field(b"f", content, b'; filename="x"') + END)
    assert file.stream._rolled is (size > SPOOL_BYTES)
    assert file.tell() == 0
    assert file.read() == content


def test_a_stream_factory_is_told_what_is_known():
    calls = []

    def factory(total_content_length, content_type, filename, content_length=None):
        calls.append((total_content_length, content_type, filename, content_length))
        return io.BytesIO()

    body = (
        field(b"f", b"d", b"; filename=a\r\nContent-Type: text/x; a=b\r\nContent-Length: 1")
        + field(b"g", b"", b"; filename=b")
        + END
    )
    _, _, files = parse_form(io.BytesIO(body), MULTIPART, 99, stream_factory=factory)
    assert calls == [(99, "text/x; a=b", "a", 1), (99, None, "b", 0)]
    assert files["f"].read() == b"d"


class Tracking:
    def __init__(self):
        self.files = []

    def __call__(self, *args, **kwargs):
        self.files.append(default_stream_factory(None, None, None))
        return self.files[-1]


@pytest.mark.parametrize(
    ("rest", "error"),
    [
        (b"", TruncatedForm),
        (b"--x\r\nbroken\r\n\r\n", MalformedForm),
        (field(b"a", b"1" * 11), RequestEntityTooLarge),
        (field(b"b") * 3, RequestEntityTooLarge),
    ],
)
def test_files_are_closed_if_the_form_fails(rest, error):
    factory = Tracking()
    body = field(b"f", b"d", b"; filename=a") + field(b"g", b"x" * (SPOOL_BYTES + 1), b"; filename=b") + rest
    with pytest.raises(error):
        parse_form(io.BytesIO(body), MULTIPART, None, FormLimits(None, 10, 4), factory)
    assert len(factory.files) == 2
    assert all(file.closed for file in factory.files)


def test_max_form_memory_size_is_for_each_field(parse):
    body = field(b"a", b"1" * 10) + field(b"b", b"2" * 10) + field(b"f", b"3" * 100, b"; filename=x") + END
    _, form, _ = parse(body, max_form_memory_size=10)
    assert form == [("a", "1" * 10), ("b", "2" * 10)]
    with pytest.raises(RequestEntityTooLarge, match="'a'"):
        parse(body, max_form_memory_size=9)
    _, form, _ = parse(body, max_form_memory_size=None)
    assert len(form) == 2


def test_the_default_limits(parse):
    _, form, _ = parse(field(b"a", b"1" * 500_000) + END)
    assert len(form[0][1]) == 500_000
    with pytest.raises(RequestEntityTooLarge):
        parse(field(b"a", b"1" * 500_001) + END)
    _, form, _ = parse(field(b"a") * 1000 + END)
    assert len(form) == 1000
    with pytest.raises(RequestEntityTooLarge):
        parse(field(b"a") * 1001 + END)


def test_urlencoded_is_limited_by_the_body_s_length_alone(parse):
    _, form, _ = parse(b"a=" + b"1" * 600_000, URLENCODED, max_form_memory_size=5, max_form_parts=1)
    assert len(form[0][1]) == 600_000


@pytest.mark.parametrize(("body", "content_type"), [(b"a=12345", URLENCODED), (field(b"a") + END, MULTIPART)])
@pytest.mark.parametrize("announced", [True, False])
def test_max_content_length(body, content_type, announced):
    length = len(body) if announced else None
    _, form, _ = parse_form(io.BytesIO(body), content_type, length, FormLimits(max_content_length=len(body)))
    assert "a" in form
    with pytest.raises(RequestEntityTooLarge):
        parse_form(io.BytesIO(body), content_type, length, FormLimits(max_content_length=len(body) - 1))


def test_max_content_length_is_for_forms(parse):
    stream, _, _ = parse(b"a long text", "text/plain", max_content_length=1)
    assert stream.read() == b"a long text"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"x", "multipart/form-data"),
        (b"x", "multipart/form-data; boundary=é"),
        (b"x", 'multipart/form-data; boundary=""'),
        (b"--x\r\nbroken\r\n\r\n" + END, MULTIPART),
        (b"--xy", MULTIPART),
    ],
)
def test_malformed_forms(body, content_type):
    with pytest.raises(MalformedForm) as caught:
        parse_form(io.BytesIO(body), content_type, len(body))
    assert isinstance(caught.value, BadRequest)
    assert isinstance(caught.value, ValueError)


def options_of(content_type):
    return {"boundary": content_type.partition("boundary=")[2]} if "boundary=" in content_type else {}


@pytest.mark.parametrize("content_type", ["multipart/form-data", MULTIPART])
def test_silent_gives_an_empty_form(content_type):
    body = b"--x\r\nbroken\r\n\r\n" + END
    stream, form, files = FormDataParser().parse(
        io.BytesIO(body), "multipart/form-data", None, options_of(content_type)
    )
    assert form == files == MultiDict()
    with pytest.raises(MalformedForm):
        FormDataParser(silent=False).parse(io.BytesIO(body), "multipart/form-data", None, options_of(content_type))


@pytest.mark.parametrize("silent", [True, False])
def test_a_cut_body_is_never_silent(silent):
    body = field(b"a") + field(b"b")
    with pytest.raises(TruncatedForm):
        FormDataParser(silent=silent).parse(io.BytesIO(body), "multipart/form-data", None, {"boundary": "x"})


def test_the_storage_class():
    class Own(MultiDict):
        pass

    _, form, files = FormDataParser(cls=Own).parse(io.BytesIO(b"a=b"), URLENCODED, 3, {})
    assert type(form) is type(files) is Own
    _, form, files = FormDataParser(cls=Own).parse(
        io.BytesIO(field(b"a") + END), "multipart/form-data", 3, {"boundary": "x"}
    )
    assert type(form) is type(files) is Own
    assert form["a"] == "v"


def test_the_multipart_parser_alone():
    form, files = MultiPartParser(buffer_size=16).parse(io.BytesIO(field(b"a") * 2 + END), b"x", None)
    assert form.getlist("a") == ["v", "v"]
    assert not files
    with pytest.raises(RequestEntityTooLarge):
        MultiPartParser(max_form_parts=1).parse(io.BytesIO(field(b"a") * 2 + END), b"x", None)
    with pytest.raises(RequestEntityTooLarge):
        MultiPartParser(max_form_memory_size=3, buffer_size=2).parse(io.BytesIO(field(b"a", b"1234") + END), b"x", None)


def environ_of(body, content_type, **more):
    return {"wsgi.input": io.BytesIO(body), "CONTENT_TYPE": content_type, **more}


def test_from_an_environ():
    _, form, _ = parse_form_data(environ_of(b"a=1&b=2", URLENCODED, CONTENT_LENGTH="3"))
    assert form == MultiDict({"a": "1"})
    _, form, _ = parse_form_data(environ_of(field(b"a") + END, MULTIPART, **{"wsgi.input_terminated": True}))
    assert form == MultiDict({"a": "v"})
    _, form, _ = parse_form_data({"wsgi.input": io.BytesIO(b"a=1")})
    assert form == MultiDict()


@pytest.mark.parametrize(("body", "content_type"), [(b"a=12345", URLENCODED), (field(b"a") + END, MULTIPART)])
def test_from_an_environ_cut_short_or_too_long(body, content_type):
    with pytest.raises(ClientDisconnected):
        parse_form_data(environ_of(body, content_type, CONTENT_LENGTH=str(len(body) + 1)))
    with pytest.raises(RequestEntityTooLarge):
        parse_form_data(environ_of(body, content_type, CONTENT_LENGTH=str(len(body))), max_content_length=5)
    with pytest.raises(RequestEntityTooLarge):
        parse_form_data(environ_of(body, content_type, **{"wsgi.input_terminated": True}), max_content_length=5)


@pytest.mark.parametrize(
    "body",
    [
        b"&" * 1_000_000,
        b"a&" * 300_000,
        b"%" * 1_000_000,
        b"%ff" * 300_000,
        b"=" * 1_000_000,
        b"\xff" * 1_000_000,
        b"+" * 1_000_000,
        b"a=" + b"\xed\xa0\x80" * 300_000,
    ],
)
def test_hostile_urlencoded_bodies_take_linear_time(parse, body):
    began = time.perf_counter()
    parse(body, URLENCODED)
    assert time.perf_counter() - began < 5


def test_parts_stop_at_the_limit():
    class Counting(io.BytesIO):
        def read(self, size=-1):
            data = super().read(size)
            self.sent = self.tell()
            return data

    one = b"--x\r\nContent-Disposition: form-data; name=" + b"n" * 4000 + b"\r\n\r\n\r\n"
    stream = Counting(one * 10_000)
    with pytest.raises(RequestEntityTooLarge):
        parse_form(stream, MULTIPART, None)
    assert stream.sent < len(one) * 1100


def test_a_field_above_the_limit_stops_before_it_is_all_in_memory():
    class Endless:
        sent = 0

        def read(self, size):
            self.sent += size
            return field(b"a", b"")[:-2] if self.sent == size else b"1" * size

    stream = Endless()
    with pytest.raises(RequestEntityTooLarge):
        parse_form(stream, MULTIPART, None)
    assert stream.sent < 1 << 20


# What clients send, head by head: (content type, body with LF for CRLF, fields, files).
CLIENTS = {
    "chrome": (
        "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
        """------WebKitFormBoundary7MA4YWxkTrZu0gW
Content-Disposition: form-data; name="text"

Grüße
aus Köln
------WebKitFormBoundary7MA4YWxkTrZu0gW
Content-Disposition: form-data; name="quote%22d"

x
------WebKitFormBoundary7MA4YWxkTrZu0gW
Content-Disposition: form-data; name="file"; filename="snow☃ %22man%22.png"
Content-Type: image/png

\x89PNG
------WebKitFormBoundary7MA4YWxkTrZu0gW
Content-Disposition: form-data; name="none"; filename=""
Content-Type: application/octet-stream


------WebKitFormBoundary7MA4YWxkTrZu0gW--
""",
        [("text", "Grüße\r\naus Köln"), ('quote"d', "x")],
        [("file", 'snow☃ "man".png', "image/png", "\x89PNG"), ("none", "", "application/octet-stream", "")],
    ),
    "firefox": (
        "multipart/form-data; boundary=----geckoformboundary2b4e1a9c",
        """------geckoformboundary2b4e1a9c
Content-Disposition: form-data; name="a[]"

1
------geckoformboundary2b4e1a9c
Content-Disposition: form-data; name="a[]"

2
------geckoformboundary2b4e1a9c
Content-Disposition: form-data; name="f"; filename="x.txt"
Content-Type: text/plain

line

------geckoformboundary2b4e1a9c--
""",
        [("a[]", "1"), ("a[]", "2")],
        [("f", "x.txt", "text/plain", "line\r\n")],
    ),
    "firefox before 2021": (
        "multipart/form-data; boundary=---------------------------9051914041544843365972754266",
        """-----------------------------9051914041544843365972754266
Content-Disposition: form-data; name="f"; filename="say \\"hi\\".txt"
Content-Type: text/plain

x
-----------------------------9051914041544843365972754266--
""",
        [],
        [("f", 'say "hi".txt', "text/plain", "x")],
    ),
    "curl": (
        "multipart/form-data; boundary=------------------------d74496d66958873e",
        """--------------------------d74496d66958873e
Content-Disposition: form-data; name="person"

anonymous
--------------------------d74496d66958873e
Content-Disposition: attachment; name="secret"; filename="file.txt"
Content-Type: text/plain

contents
--------------------------d74496d66958873e--
""",
        [("person", "anonymous")],
        [("secret", "file.txt", "text/plain", "contents")],
    ),
    ".NET": (
        'multipart/form-data; boundary="5f9e3b1c-8a57-4a8e-9a60-0c1e2f3a4b5c"',
        """--5f9e3b1c-8a57-4a8e-9a60-0c1e2f3a4b5c
Content-Type: text/plain; charset=utf-8
Content-Disposition: form-data; name=field

välue
--5f9e3b1c-8a57-4a8e-9a60-0c1e2f3a4b5c
Content-Type: application/pdf
Content-Disposition: form-data; name=f; filename="=?utf-8?B?w7wucGRm?="; filename*=utf-8''%C3%BC.pdf

%PDF
--5f9e3b1c-8a57-4a8e-9a60-0c1e2f3a4b5c--
""",
        [("field", "välue")],
        [("f", "ü.pdf", "application/pdf", "%PDF")],
    ),
    "OkHttp": (
        "multipart/form-data; boundary=a5f3c1d2-1e4b-4c69-8f6e-b2f9a0c1d2e3",
        """--a5f3c1d2-1e4b-4c69-8f6e-b2f9a0c1d2e3
Content-Disposition: form-data; name="field"
Content-Transfer-Encoding: binary
Content-Type: text/plain; charset=UTF-8
Content-Length: 6

välue
--a5f3c1d2-1e4b-4c69-8f6e-b2f9a0c1d2e3--
""",
        [("field", "välue")],
        [],
    ),
    "Apache HttpClient": (
        "multipart/form-data; boundary=o-BnJc4ZlLLPsWqNxQk0x4aMSyFeaQ; charset=ISO-8859-1",
        """--o-BnJc4ZlLLPsWqNxQk0x4aMSyFeaQ
Content-Disposition: form-data; name="field"
Content-Type: text/plain; charset=US-ASCII
Content-Transfer-Encoding: 8bit

value
--o-BnJc4ZlLLPsWqNxQk0x4aMSyFeaQ
Content-Disposition: form-data; name="f"; filename="x.bin"
Content-Type: application/octet-stream
Content-Transfer-Encoding: binary

\x00\x01
--o-BnJc4ZlLLPsWqNxQk0x4aMSyFeaQ--
""",
        [("field", "value")],
        [("f", "x.bin", "application/octet-stream", "\x00\x01")],
    ),
}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("step", [1, 10, 1 << 20])
def test_what_clients_send(client, step):
    class Dripping(io.BytesIO):
        def read(self, size=-1):
            return super().read(min(size, step))

    content_type, text, fields, expected = CLIENTS[client]
    body = text.replace("\n", "\r\n").encode()
    _, form, files = parse_form(Dripping(body), content_type, len(body))
    assert list(form.items(multi=True)) == fields
    read = [(name, one.filename, one.content_type, one.read().decode()) for name, one in files.items(multi=True)]
    for name in files:
        files[name].close()
    assert read == expected
