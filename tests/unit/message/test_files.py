"""Sending files."""

import io
import os
import pathlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest

from demijohn.http.errors import NotFound, RequestedRangeNotSatisfiable
from demijohn.message import Request, Response, send_file, send_from_directory
from demijohn.message.wsgi import FileWrapper

GET = {"REQUEST_METHOD": "GET"}


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "file.txt"
    file.write_bytes(b"0123456789")
    os.utime(file, (1_000_000_000, 1_000_000_000))
    return file


@pytest.fixture
def send():
    """Send a file and close the response in the end."""
    made = []

    def send(what, environ=GET, **kwargs):
        response = send_file(what, environ, **kwargs)
        made.append(response)
        return response

    yield send
    for response in made:
        response.close()


def body(response):
    return b"".join(response.response)


def test_a_path(send, path):
    response = send(path)
    assert response.status_code == 200
    assert response.direct_passthrough is True
    assert body(response) == b"0123456789"
    headers = dict(response.headers)
    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    assert headers["Content-Length"] == "10"
    assert headers["Content-Disposition"] == "inline; filename=file.txt"
    assert headers["Last-Modified"] == "Sun, 09 Sep 2001 01:46:40 GMT"
    assert headers["Cache-Control"] == "no-cache"
    assert headers["Accept-Ranges"] == "bytes"
    assert {"ETag", "Date"} <= set(headers)


def test_paths_of_other_kinds(send, path, monkeypatch):
    assert body(send(str(path))) == b"0123456789"
    assert body(send("file.txt", _root_path=path.parent)) == b"0123456789"
    monkeypatch.chdir(path.parent)
    assert body(send("file.txt")) == b"0123456789"
    assert body(send(pathlib.PurePath("file.txt"))) == b"0123456789"


def test_a_request_gets_no_environ_for_it(send, path, exchange):
    request = Request.from_exchange(exchange(fields=[(b"Range", b"bytes=1-2")]))
    response = send(path, request)
    assert (response.status_code, body(response)) == (206, b"12")
    assert "environ" not in vars(request)


def test_the_wrapper_of_the_server_is_used(send, path):
    class Wrapper(FileWrapper):
        pass

    response = send(path, {**GET, "wsgi.file_wrapper": Wrapper})
    assert type(response.response) is Wrapper
    response = send(path, Request({**GET, "wsgi.file_wrapper": Wrapper}))
    assert type(response.response) is Wrapper


def test_files(send):
    response = send(io.BytesIO(b"abc"), mimetype="text/plain")
    assert body(response) == b"abc"
    assert response.headers["Content-Length"] == "3"
    assert not {"ETag", "Last-Modified", "Content-Disposition"} & {name for name, _ in response.headers}
    assert send(io.BytesIO(b"abc"), download_name="a.png").mimetype == "image/png"


def test_a_file_that_was_read_from_is_sent_from_there(send):
    file = io.BytesIO(b"abcdef")
    file.read(2)
    response = send(file, {**GET, "HTTP_RANGE": "bytes=0-1"}, mimetype="a/b")
    assert (response.status_code, body(response)) == (200, b"cdef")
    assert "Content-Length" not in response.headers


@pytest.mark.parametrize("kwargs", [{}, {"mimetype": "a/b", "as_attachment": True}])
def test_a_file_without_a_name_that_needs_one(kwargs):
    with pytest.raises(TypeError, match="download_name"):
        send_file(io.BytesIO(), GET, **kwargs)


def test_text_files_are_refused(path):
    with pytest.raises(ValueError, match="binary"):
        send_file(io.StringIO("x"), GET, mimetype="a/b")
    with path.open() as file, pytest.raises(ValueError, match="binary"):
        send_file(file, GET, mimetype="a/b")


def test_paths_that_cannot_be_opened(tmp_path):
    with pytest.raises(FileNotFoundError):
        send_file(tmp_path / "none", GET)
    with pytest.raises(OSError):
        send_file(tmp_path, GET)


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ("x.txt", "attachment; filename=x.txt"),
        ("x y.txt", 'attachment; filename="x y.txt"'),
        ('a"b.txt', 'attachment; filename="a\\"b.txt"'),
        ("ü.txt", "attachment; filename=u.txt; filename*=UTF-8''%C3%BC.txt"),
        ("日本 語.txt", "attachment; filename=\" .txt\"; filename*=UTF-8''%E6%97%A5%E6%9C%AC%20%E8%AA%9E.txt"),
        ("ü'()*%;.txt", None),
        ("\udc80.txt", None),
    ],
)
def test_rfc6266_names_of_attachments(send, path, name, disposition):
    sent = send(path, as_attachment=True, download_name=name).headers["Content-Disposition"]
    assert sent.isascii()
    assert disposition is None or sent == disposition
    _, _, exact = sent.partition("filename*=UTF-8''")
    assert not set(exact) & set("'()*; \"")


def test_a_name_cannot_start_another_line(path):
    with pytest.raises(ValueError):
        send_file(path, GET, download_name="a\r\nX: y")


def test_codings_by_name(send, tmp_path):
    packed = tmp_path / "a.tar.gz"
    packed.write_bytes(b"x")
    assert send(packed).headers["Content-Encoding"] == "gzip"
    assert send(packed).mimetype == "application/x-tar"
    assert "Content-Encoding" not in send(packed, as_attachment=True).headers
    assert "Content-Encoding" not in send(packed, mimetype="application/gzip").headers
    unknown = tmp_path / "unknown"
    unknown.write_bytes(b"x")
    assert send(unknown).mimetype == "application/octet-stream"


def test_ages(send, path):
    response = send(path, max_age=60)
    assert response.headers["Cache-Control"] == "public, max-age=60"
    age = parsedate_to_datetime(response.headers["Expires"]) - datetime.now(UTC)
    assert 55 < age.total_seconds() < 65
    assert send(path, max_age=0).headers["Cache-Control"] == "no-cache, max-age=0"
    assert "Expires" not in send(path).headers
    seen = []
    assert send(path, max_age=lambda name: seen.append(name) or 5).cache_control.max_age == 5
    assert send(io.BytesIO(), mimetype="a/b", max_age=lambda name: seen.append(name)).cache_control.max_age is None
    assert seen == [str(path), None]


def test_validators(send, path):
    assert "ETag" not in send(path, etag=False).headers
    assert send(path, etag="mine").get_etag() == ("mine", False)
    assert send(io.BytesIO(b""), mimetype="a/b", etag="mine").get_etag() == ("mine", False)
    first = send(path).get_etag()
    assert send(path).get_etag() == first
    path.write_bytes(b"changed")
    assert send(path).get_etag() != first
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    assert send(path, last_modified=moment).last_modified == moment
    assert send(path, last_modified=5).headers["Last-Modified"] == "Thu, 01 Jan 1970 00:00:05 GMT"


def test_conditions(send, path):
    etag = send(path).headers["ETag"]
    response = send(path, {**GET, "HTTP_IF_NONE_MATCH": etag})
    assert response.status_code == 304
    assert b"".join(response(GET, lambda *args: None)) == b""
    response = send(path, {**GET, "HTTP_IF_NONE_MATCH": etag}, conditional=False)
    assert response.status_code == 200
    assert not {"Accept-Ranges", "Date"} & {name for name, _ in response.headers}
    assert send(path, {**GET, "HTTP_IF_MODIFIED_SINCE": "Sun, 09 Sep 2001 01:46:40 GMT"}).status_code == 304


@pytest.mark.parametrize(
    ("text", "part"),
    [("bytes=0-3", b"0123"), ("bytes=4-", b"456789"), ("bytes=-2", b"89"), ("bytes=0-99", b"0123456789")],
)
def test_ranges(send, path, text, part):
    for what in (path, io.BytesIO(b"0123456789")):
        response = send(what, {**GET, "HTTP_RANGE": text}, mimetype="a/b")
        assert (response.status_code, body(response)) == (206, part)
        assert response.headers["Content-Length"] == str(len(part))


def test_a_range_outside_closes_the_file(path):
    file = io.BytesIO(b"0123456789")
    with pytest.raises(RequestedRangeNotSatisfiable) as error:
        send_file(file, {**GET, "HTTP_RANGE": "bytes=99-"}, mimetype="a/b")
    assert file.closed
    assert error.value.length == 10
    with pytest.raises(RequestedRangeNotSatisfiable):
        send_file(path, {**GET, "HTTP_RANGE": "bytes=99-"})


def test_an_empty_file_has_no_ranges(send, tmp_path):
    (tmp_path / "empty").write_bytes(b"")
    response = send(tmp_path / "empty", {**GET, "HTTP_RANGE": "bytes=0-"})
    assert (response.status_code, response.headers["Content-Length"], body(response)) == (200, "0", b"")


def test_x_sendfile(send, path):
    response = send(path, use_x_sendfile=True)
    assert response.headers["X-Sendfile"] == str(path)
    assert body(response) == b""
    assert dict(response.prepare("GET", str)[1])["Content-Length"] == "0"
    etag = response.headers["ETag"]
    response = send(path, {**GET, "HTTP_IF_NONE_MATCH": etag}, use_x_sendfile=True)
    assert response.status_code == 304
    assert "X-Sendfile" not in response.headers
    assert send(path, {**GET, "HTTP_RANGE": "bytes=0-1"}, use_x_sendfile=True).status_code == 200
    assert "X-Sendfile" not in send(io.BytesIO(), mimetype="a/b", use_x_sendfile=True).headers


def test_a_class_of_ones_own(send, path):
    class Mine(Response):
        pass

    assert type(send(path, response_class=Mine)) is Mine


def test_from_a_directory(path):
    with send_from_directory(path.parent, "file.txt", GET) as response:
        assert body(response) == b"0123456789"
    with send_from_directory(path.parent.name, "file.txt", GET, _root_path=path.parent.parent) as response:
        assert body(response) == b"0123456789"
    with send_from_directory(path.parent, pathlib.PurePath("file.txt"), GET, as_attachment=True) as response:
        assert response.headers["Content-Disposition"] == "attachment; filename=file.txt"


@pytest.mark.parametrize(
    "name", ["../file.txt", "none", "", ".", "sub", "/etc/passwd", "a\0b", "sub/../../x", "\udc80"]
)
def test_not_out_of_a_directory(path, name):
    (path.parent / "sub").mkdir()
    with pytest.raises(NotFound):
        send_from_directory(path.parent, name, GET)
