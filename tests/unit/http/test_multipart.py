import io
import time
import tracemalloc

import pytest

from demijohn.http.errors import BadRequest, RequestEntityTooLarge
from demijohn.http.multipart import CHUNK_BYTES, MalformedForm, TruncatedForm, iter_parts

END = b"--x--\r\n"


def part(head, content=b"v", boundary=b"x"):
    return b"--" + boundary + b"\r\n" + head + b"\r\n\r\n" + content + b"\r\n"


def field(name, content=b"v", extra=b""):
    return part(b'Content-Disposition: form-data; name="' + name + b'"' + extra, content)


def read(body, boundary="x", **options):
    return [(p.name, p.filename, b"".join(p.iter_chunks())) for p in iter_parts(io.BytesIO(body), boundary, **options)]


class Dripping(io.BytesIO):
    """Gives `step` bytes at a time, whatever is asked for."""

    def __init__(self, data, step):
        super().__init__(data)
        self.step = step

    def read(self, size=-1):
        return super().read(self.step if size < 0 else min(size, self.step))


def test_fields_and_files_in_order():
    body = field(b"a", b"1") + field(b"f", b"data", b'; filename="x.txt"') + field(b"a", b"") + END
    assert read(body) == [("a", None, b"1"), ("f", "x.txt", b"data"), ("a", None, b"")]


@pytest.mark.parametrize("step", [1, 2, 3, 5, 7, 64])
def test_any_split_gives_the_same_parts(step):
    body = b"before\r\n" + field(b"a", b"\r\n--\r\n--y\r") + field(b"f", b"-" * 100, b'; filename="x"') + END + b"after"
    parts = [(p.name, p.filename, p.read(1000)) for p in iter_parts(Dripping(body, step), "x")]
    assert parts == [("a", None, b"\r\n--\r\n--y\r"), ("f", "x", b"-" * 100)]


def test_what_a_part_tells():
    head = b'Content-Disposition: form-data; name="f"; filename="x"\r\nContent-Type: text/plain; charset=ISO-8859-1\r\nX-Own: 1'
    (one,) = iter_parts(io.BytesIO(part(head, b"\xe4") + END), b"x")
    assert one.content_type == "text/plain; charset=ISO-8859-1"
    assert one.headers["x-own"] == "1"
    assert one.headers["Content-Disposition"] == 'form-data; name="f"; filename="x"'


@pytest.mark.parametrize(
    ("content_type", "text"),
    [
        (b"text/plain; charset=iso-8859-1", "Ã¤ÿ"),
        (b"text/plain; charset=UTF-8", "ä\ufffd"),
        (b"text/plain; charset=ascii", "\ufffd\ufffd\ufffd"),
        (b"text/plain; charset=utf-16", "ä\ufffd"),
        (b"text/plain; charset=rot13", "ä\ufffd"),
        (b"text/plain; charset=idna", "ä\ufffd"),
        (b"text/plain; charset=\xc3\xa4", "ä\ufffd"),
        (b"", "ä\ufffd"),
    ],
)
def test_text_by_charset(content_type, text):
    head = b"Content-Disposition: form-data; name=a\r\nContent-Type: " + content_type
    for one in iter_parts(io.BytesIO(part(head, b"\xc3\xa4\xff") + END), "x"):
        assert one.text(100) == text


@pytest.mark.parametrize(
    ("disposition", "name", "filename"),
    [
        (b'form-data; name="a"', "a", None),
        (b"form-data; name=a", "a", None),
        (b'form-data; name="\xc3\xa4"; filename="\xe2\x98\x83.txt"', "ä", "☃.txt"),
        (b'form-data; name="a"; filename=""', "a", ""),
        (b'form-data; name=""', "", None),
        (b"form-data", "", None),
        (b"form-data; filename=q", "", "q"),
        (b"attachment; name=q", "q", None),
        (b'form-data; name="a%22b"', 'a"b', None),
        (b'form-data; name="a\\"b"', 'a"b', None),
        (b"form-data; name=\"f\"; filename*=UTF-8''%e2%98%83.txt", "f", "☃.txt"),
        (b'form-data; name="f"; filename="../../etc/passwd"', "f", "../../etc/passwd"),
        (b'form-data;name="f";filename="x"', "f", "x"),
        (b'form-data; filename="x"; name="f"', "f", "x"),
        (b'form-data; name="f"; filename="a;b=c.txt"', "f", "a;b=c.txt"),
    ],
)
def test_names(disposition, name, filename):
    assert read(part(b"Content-Disposition: " + disposition) + END) == [(name, filename, b"v")]


def test_header_names_in_any_case_and_folded():
    assert read(part(b"content-disposition: form-data;\r\n name=q") + END) == [("q", None, b"v")]


def test_what_is_not_read_is_skipped():
    body = field(b"a", b"1" * 200_000) + field(b"b", b"2") + END
    assert [p.name for p in iter_parts(Dripping(body, 1000), "x")] == ["a", "b"]
    first = [(one.name, len(next(one.iter_chunks()))) for one in iter_parts(Dripping(body, 1000), "x")]
    assert first == [("a", 1000 - len(field(b"a", b"")) + 2), ("b", 1)]


def test_content_can_be_read_once():
    for one in iter_parts(io.BytesIO(field(b"a") + END), "x"):
        assert one.read(1) == b"v"
        assert one.read(1) == b""
        assert list(one.iter_chunks()) == []


def test_a_part_above_the_limit_of_its_reader():
    for one in iter_parts(io.BytesIO(field(b"a", b"12345") + END), "x"):
        with pytest.raises(RequestEntityTooLarge, match="'a'"):
            one.read(4)


def test_a_body_without_parts():
    assert read(END) == []
    assert read(b"--x--") == []
    assert read(b"") == []


WHOLE = field(b"a", b"1") + field(b"f", b"data", b"; filename=y") + b"--x--"


@pytest.mark.parametrize("length", range(1, len(WHOLE)))
def test_a_cut_body_is_never_whole(length):
    with pytest.raises(TruncatedForm) as caught:
        read(WHOLE[:length])
    assert caught.value.code == 400


def test_the_parts_before_a_cut_arrive():
    parts = iter_parts(io.BytesIO(WHOLE[:-10]), "x")
    assert next(parts).read(10) == b"1"
    with pytest.raises(TruncatedForm):
        next(parts).read(10)


@pytest.mark.parametrize(
    "body",
    [
        b"--x\nContent-Disposition: form-data; name=q\n\nv\n--x--\n",
        b"--xContent-Disposition: form-data; name=q\r\n\r\nv\r\n--x--\r\n",
        part(b"") + END,
        part(b"X-Other: 1") + END,
        part(b"broken") + END,
        part(b"Content-Disposition : form-data; name=q") + part(b"X Y: z") + END,
        part(b": form-data; name=q") + END,
        part(b"Content-Disposition: form-data; name=\xff") + END,
        part(b"Content-Disposition: form-data; name=q\nX: y") + END,
        part(b"Content-Disposition: form-data; name=q\rX: y") + END,
        part(b"Content-Disposition: form-data; name=q\0") + END,
        part(b" Content-Disposition: form-data; name=q") + END,
        part(b"Content-Disposition: form-data; name=q\r\nContent-Length: 5") + END,
        part(b"Content-Disposition: form-data; name=q\r\nContent-Length: 0") + END,
        part(b"Content-Disposition: form-data; name=q\r\nContent-Length: -1") + END,
        part(b"Content-Disposition: form-data; name=q\r\nContent-Length: " + b"9" * 5000) + END,
        field(b"a", b"--xy\r\n--xy") + END,
        field(b"a", b"--x") + END,
        field(b"a")[:-3] + END,
        field(b"a")[:-3] + field(b"b") + END,
    ],
)
@pytest.mark.parametrize("step", [1, 100_000])
def test_what_is_no_form_is_refused(body, step):
    with pytest.raises(MalformedForm) as caught:
        for one in iter_parts(Dripping(body, step), "x"):
            one.read(1000)
    assert caught.value.code == 400
    assert isinstance(caught.value, BadRequest)
    assert caught.value.description.endswith(".")


@pytest.mark.parametrize("preamble", [b"\r\n", b"text\r\n", b"--y\r\n\r\n", b"\r\n" * 50_000])
@pytest.mark.parametrize("step", [1, 2, 3, 100_000])
def test_a_preamble_is_skipped(preamble, step):
    body = preamble + field(b"q") + END
    if step > 1 or len(body) < 1000:
        assert [p.name for p in iter_parts(Dripping(body, step), "x")] == ["q"]


@pytest.mark.parametrize("before", [b"junk", b"\r", b"\n", b"-", b"\r\n\r", b"x" * 1000])
@pytest.mark.parametrize("step", [1, 2, 3, 4, 5, 100_000])
def test_a_boundary_begins_a_line(before, step):
    for body in (before + END, before + field(b"a") + field(b"b") + END):
        with pytest.raises(MalformedForm, match="begin a line"):
            list(iter_parts(Dripping(body, step), "x"))


@pytest.mark.parametrize("boundary", ["", b"", "é", "a\nb", "a\r", "a\0", "a ", "\ud800", "x" * 257, b"\xff"])
def test_boundaries_that_are_none(boundary):
    with pytest.raises(MalformedForm, match="boundary"):
        read(b"--" + b"x" * 257 + b"--", boundary)


@pytest.mark.parametrize("boundary", ["x y", "----WebKitFormBoundary7MA4YWxkTrZu0gW", "'()+_,-./:=?", "x" * 256])
def test_unusual_boundaries(boundary):
    raw = boundary.encode()
    body = part(b"Content-Disposition: form-data; name=q", boundary=raw) + b"--" + raw + b"--"
    assert read(body, boundary) == [("q", None, b"v")]


def test_the_number_of_parts_is_limited():
    assert len(read(field(b"a") * 3 + END, max_parts=3)) == 3
    with pytest.raises(RequestEntityTooLarge):
        read(field(b"a") * 4 + END, max_parts=3)


@pytest.mark.parametrize(
    "head", [b"X: " + b"y" * 10_000, b"X: y\r\n" * 20 + b"X: y", b"X: y" + b"\r\n z" * 10_000, b"X" * 10_000]
)
@pytest.mark.parametrize("step", [100, 100_000])
def test_the_head_of_a_part_is_limited(head, step):
    body = part(b"Content-Disposition: form-data; name=q\r\n" + head) + END
    with pytest.raises(RequestEntityTooLarge):
        list(iter_parts(Dripping(body, step), "x"))


class Endless:
    """A body that never ends: one chunk, again and again, after a beginning."""

    def __init__(self, start, chunk, total):
        self.pieces = [start]
        self.chunk = chunk
        self.left = total

    def read(self, size):
        assert size == CHUNK_BYTES
        if self.pieces:
            return self.pieces.pop()
        if self.left <= 0:
            return b""
        self.left -= len(self.chunk)
        return self.chunk


@pytest.mark.parametrize(
    ("start", "chunk"),
    [
        (b"no boundary", b"-" * CHUNK_BYTES),
        (b"no boundary", b"\r" * CHUNK_BYTES),
        (b"no boundary", b"\r\n-" * 20_000),
        (field(b"f", b"", b"; filename=x")[:-2], b"\r\n--" * 16_000),
        (field(b"f", b"", b"; filename=x")[:-2], b"\r\n--longboundar" * 4000),
        (field(b"f", b"", b"; filename=x")[:-2], b"\r" * CHUNK_BYTES),
        (field(b"f", b"", b"; filename=x")[:-2], bytes(CHUNK_BYTES)),
        (WHOLE + b"\r\n", b"epilogue" * 8000),
    ],
)
def test_endless_bodies_take_constant_memory_and_linear_time(start, chunk):
    total = 32 << 20
    start = start.replace(b"--x", b"--longboundary")
    tracemalloc.start()
    began = time.perf_counter()
    size = 0
    try:
        for one in iter_parts(Endless(start, chunk, total), "longboundary"):
            size += sum(map(len, one.iter_chunks()))
    except TruncatedForm:
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 << 20
    assert time.perf_counter() - began < 10
    if b"name=" in start and b"data" not in start:
        assert size > total - 100


def test_ten_thousand_parts_take_linear_time():
    began = time.perf_counter()
    assert len(read(field(b"a") * 10_000 + END)) == 10_000
    assert time.perf_counter() - began < 5


def test_chunks_are_as_the_body_arrives():
    body = field(b"f", b"z" * 300_000, b"; filename=x") + END
    (one,) = [list(p.iter_chunks()) for p in iter_parts(io.BytesIO(body), "x")]
    assert all(one)
    assert max(map(len, one)) <= CHUNK_BYTES + len(b"\r\n--x\r\n")
