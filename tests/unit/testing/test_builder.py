"""EnvironBuilder: what a description of a request becomes."""

import gc
import io
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demijohn.http.headers import Headers
from demijohn.http.multidict import MultiDict
from demijohn.message.request import Request
from demijohn.testing import EnvironBuilder, create_environ, encode_multipart, stream_encode_multipart


def received(request):
    """The files of a request as a multi dict of (filename, type, data); closed."""
    files = MultiDict()
    for name, file in request.files.items(multi=True):
        files.add(name, (file.filename, file.mimetype, file.read()))
        file.close()
    return files


def body(environ):
    return environ["wsgi.input"].read()


def test_defaults():
    environ = create_environ()
    assert environ.pop("wsgi.input").read() == b""
    assert hasattr(environ.pop("wsgi.errors"), "write")
    assert environ == {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "REQUEST_URI": "/",
        "RAW_URI": "/",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "HTTP_HOST": "localhost",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


@pytest.mark.parametrize(
    ("path", "path_info", "query"),
    [
        ("/foo?a=b", "/foo", "a=b"),
        ("/foo?", "/foo", ""),
        ("/a%20b%2Fc", "/a b/c", ""),
        ("/ä?ü=ö", "/ä".encode().decode("latin-1"), "ü=ö".encode().decode("latin-1")),
        ("http://elsewhere/p?q#f", "/p", "q"),
    ],
)
def test_path(path, path_info, query):
    environ = create_environ(path)
    assert (environ["PATH_INFO"], environ["QUERY_STRING"]) == (path_info, query)
    assert environ["REQUEST_URI"] == environ["RAW_URI"] == path.encode().decode("latin-1")


@pytest.mark.parametrize(
    ("base_url", "scheme", "host", "name", "port", "script"),
    [
        ("https://x.com/root/", "https", "x.com", "x.com", "443", "/root"),
        ("http://x:8080", "http", "x:8080", "x", "8080", ""),
        ("http://[::1]:81/", "http", "[::1]:81", "::1", "81", ""),
        ("http://exämple.com/", "http", "xn--exmple-cua.com", "xn--exmple-cua.com", "80", ""),
        ("http://x/ä", "http", "x", "x", "80", "/ä".encode().decode("latin-1")),
    ],
)
def test_base_url(base_url, scheme, host, name, port, script):
    environ = create_environ("/", base_url)
    assert environ["wsgi.url_scheme"] == scheme
    assert environ["HTTP_HOST"] == host
    assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == (name, port)
    assert environ["SCRIPT_NAME"] == script


def test_base_url_is_read_back_and_set():
    builder = EnvironBuilder(base_url="https://x.com/root")
    assert builder.base_url == "https://x.com/root/"
    builder.base_url = "http://y"
    assert (builder.url_scheme, builder.host, builder.script_root) == ("http", "y", "")
    builder.base_url = None
    assert builder.base_url == "http://localhost/"
    for bad in ("http://x/?a", "http://x/#a"):
        with pytest.raises(ValueError, match="neither"):
            builder.base_url = bad


def test_query_string_from_pairs():
    builder = EnvironBuilder(query_string={"a": "b c", "d": ["1", 2]})
    assert builder.query_string == "a=b+c&d=1&d=2"
    builder.args.add("e", "ü")
    assert builder.get_environ()["QUERY_STRING"] == "a=b+c&d=1&d=2&e=%C3%BC"
    assert create_environ(query_string=[("a", "1"), ("a", "2")])["QUERY_STRING"] == "a=1&a=2"


def test_query_string_as_text_has_no_args():
    builder = EnvironBuilder(query_string="a=b")
    with pytest.raises(AttributeError, match="args"):
        builder.args.add("x", "y")
    builder.args = MultiDict({"c": "d"})
    assert builder.query_string == "c=d"
    builder.query_string = "e"
    assert builder.get_environ()["QUERY_STRING"] == "e"


def test_two_query_strings():
    with pytest.raises(ValueError, match="query string"):
        EnvironBuilder("/?a=b", query_string={"c": "d"})


@pytest.mark.parametrize("data", [b"x\xc3\xbc", "xü", io.BytesIO(b"x\xc3\xbc"), io.StringIO("xü")])
def test_raw_data(data):
    environ = create_environ(method="POST", data=data)
    assert environ["CONTENT_LENGTH"] == "3"
    assert "CONTENT_TYPE" not in environ
    assert body(environ) == b"x\xc3\xbc"


def test_form_data():
    environ = create_environ(method="POST", data={"a": ["1", 2], "b": "ü&", "c": None})
    assert environ["CONTENT_TYPE"] == "application/x-www-form-urlencoded"
    assert body(environ) == b"a=1&a=2&b=%C3%BC%26"
    assert environ["CONTENT_LENGTH"] == "19"


def test_multi_dict_as_data():
    assert body(create_environ(data=MultiDict([("a", "1"), ("b", "2"), ("a", "3")]))) == b"a=1&a=3&b=2"


def test_wrong_data():
    with pytest.raises(TypeError, match="'int'"):
        create_environ(data=3)


def test_json():
    environ = create_environ(method="POST", json={"a": [1, None]})
    assert environ["CONTENT_TYPE"] == "application/json"
    assert body(environ) == b'{"a": [1, null]}'
    assert create_environ(json=0)["CONTENT_LENGTH"] == "1"
    assert create_environ(json=[], content_type="application/x+json")["CONTENT_TYPE"] == "application/x+json"


def test_two_bodies():
    with pytest.raises(TypeError, match="one body"):
        EnvironBuilder(json=1, data=b"")
    with pytest.raises(TypeError, match="one body"):
        EnvironBuilder(input_stream=io.BytesIO(), data=b"x")


def test_mimetype_and_its_parameters():
    assert create_environ(mimetype="text/plain")["CONTENT_TYPE"] == "text/plain; charset=utf-8"
    assert create_environ(mimetype="application/json")["CONTENT_TYPE"] == "application/json"
    builder = EnvironBuilder(mimetype="text/html")
    builder.mimetype_params["charset"] = "x"
    assert builder.content_type == "text/html; charset=x"
    assert builder.mimetype == "text/html"
    builder.content_type = None
    assert builder.mimetype is None


def test_auth():
    assert create_environ(auth=("u", "pä"))["HTTP_AUTHORIZATION"] == "Basic dTpww6Q="

    class Token:
        def to_header(self):
            return "Bearer x"

    assert create_environ(auth=Token())["HTTP_AUTHORIZATION"] == "Bearer x"


def test_headers():
    environ = create_environ(
        headers=[
            ("X-A", "1"),
            ("x-a", "2"),
            ("Cookie", "a=1"),
            ("Cookie", "b=2"),
            ("Host", "h"),
            ("Content-Type", "t/t"),
        ]
    )
    assert environ["HTTP_X_A"] == "1, 2"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert environ["HTTP_HOST"] == "h"
    assert environ["CONTENT_TYPE"] == "t/t"
    assert "HTTP_CONTENT_TYPE" not in environ
    assert create_environ(headers={"X-A": "1"})["HTTP_X_A"] == "1"


def test_environ_base_loses_and_overrides_win():
    environ = create_environ(
        environ_base={"REMOTE_ADDR": "1.1.1.1", "REQUEST_METHOD": "X"}, environ_overrides={"PATH_INFO": "/z"}
    )
    assert environ["REMOTE_ADDR"] == "1.1.1.1"
    assert environ["REQUEST_METHOD"] == "GET"
    assert environ["PATH_INFO"] == "/z"


def test_flags():
    environ = create_environ(multithread=True, multiprocess=True, run_once=True, errors_stream="e")
    assert environ["wsgi.multithread"] is environ["wsgi.multiprocess"] is environ["wsgi.run_once"] is True
    assert environ["wsgi.errors"] == "e"


def test_input_stream_excludes_form_and_files():
    builder = EnvironBuilder(method="POST", data={"a": "b"})
    builder.input_stream = stream = io.BytesIO(b"..yy")
    stream.read(2)
    for name in ("form", "files"):
        with pytest.raises(AttributeError, match=name):
            getattr(builder, name)
    environ = builder.get_environ()
    assert environ["CONTENT_LENGTH"] == "2"
    assert body(environ) == b"yy"
    builder.form = MultiDict({"c": "d"})
    assert body(builder.get_environ()) == b"c=d"


def test_input_stream_that_cannot_seek():
    class Stream:
        def read(self, size=-1):
            return b"abc"

    assert create_environ(input_stream=Stream(), content_length=3)["CONTENT_LENGTH"] == "3"
    assert "CONTENT_LENGTH" not in create_environ(input_stream=Stream())


def test_files_of_every_kind(tmp_path):
    path = tmp_path / "p.html"
    path.write_bytes(b"on disk")
    builder = EnvironBuilder(
        method="POST",
        data={
            "text": "t",
            "plain": io.BytesIO(b"plain"),
            "named": (io.BytesIO(b"named"), "n.txt"),
            "typed": (io.BytesIO(b"typed"), "n.txt", "x/y"),
            "two": [(io.BytesIO(b"1"), "1"), (io.BytesIO(b"2"), "2")],
        },
    )
    builder.files.add_file("path", path)
    assert builder.content_type == "multipart/form-data"
    request = builder.get_request()
    assert request.form.to_dict() == {"text": "t"}
    files = received(request)
    assert files["plain"][2] == b"plain"
    assert files["named"] == ("n.txt", "text/plain", b"named")
    assert files["typed"] == ("n.txt", "x/y", b"typed")
    assert files["path"] == (str(path), "text/html", b"on disk")
    assert [file[2] for file in files.getlist("two")] == [b"1", b"2"]
    opened = builder.files["path"].stream
    builder.close()
    assert opened.closed
    assert builder.closed
    builder.close()


def test_forgotten_builder_closes_its_files(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        builder = EnvironBuilder()
        builder.files.add_file("f", str(path))
        stream = builder.files["f"].stream
        del builder
        gc.collect()
    assert stream.closed


def test_from_environ_is_the_way_back():
    first = create_environ(
        "/ä b%3F?x=1&ö",
        "https://a.b:8/c d",
        method="PUT",
        data=b"hello",
        headers={"X-A": "1", "Cookie": "a=b", "Content-Type": "t/t"},
    )
    again = EnvironBuilder.from_environ(first).get_environ()
    for name in first:
        if name not in {"REQUEST_URI", "RAW_URI"}:
            assert again[name] == first[name], name
    assert EnvironBuilder.from_environ(first, method="POST").method == "POST"


def test_from_environ_keeps_two_slashes_at_the_beginning():
    environ = create_environ(environ_overrides={"PATH_INFO": "//host/path"})
    assert EnvironBuilder.from_environ(environ).get_environ()["PATH_INFO"] == "//host/path"


def test_headers_of_the_caller_stay_his():
    headers = Headers({"X-A": "1"})
    EnvironBuilder(headers=headers, json=1)
    assert headers == Headers({"X-A": "1"})


def test_get_request():
    class Special(Request):
        pass

    builder = EnvironBuilder("/x", data={"a": "b"}, method="POST")
    assert type(builder.get_request()) is Request
    assert type(builder.get_request(Special)) is Special
    assert builder.get_request().form["a"] == "b"


def test_request_from_values():
    assert Request.from_values("/x?a=b", "http://h/").args["a"] == "b"


# ---- multipart


def test_encode_multipart_exactly():
    boundary, data = encode_multipart({"a": ["1", "ü"], 'q"\r\n': b"\xff"}, boundary="XX")
    assert boundary == "XX"
    assert data == (
        b'--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
        b'--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xc3\xbc\r\n'
        b'--XX\r\nContent-Disposition: form-data; name="q%22%0D%0A"\r\n\r\n\xff\r\n'
        b"--XX--\r\n"
    )


def test_large_multipart_moves_to_a_file():
    stream, length, _ = stream_encode_multipart({"a": "x" * 2000}, threshold=1000)
    with stream:
        assert not isinstance(stream, io.BytesIO)
        assert stream.fileno() > 0
        assert len(stream.read()) == length
    stream, _, _ = stream_encode_multipart({"a": "x" * 2000}, threshold=1000, use_tempfile=False)
    assert isinstance(stream, io.BytesIO)


names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


@given(fields=st.lists(st.tuples(names, st.text(st.characters(codec="utf-8"), max_size=30)), max_size=5))
def test_law_urlencoded_form_comes_back(fields):
    request = EnvironBuilder(method="POST", data=MultiDict(fields)).get_request()
    assert request.form == MultiDict(fields)


simple = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters='"\\%'), min_size=1, max_size=20
)


@given(
    fields=st.lists(st.tuples(simple, st.text(st.characters(codec="utf-8"), max_size=30)), max_size=4),
    files=st.lists(st.tuples(simple, simple, st.binary(max_size=100)), min_size=1, max_size=4),
)
def test_law_multipart_form_comes_back(fields, files):
    builder = EnvironBuilder(method="POST")
    for name, value in fields:
        builder.form.add(name, value)
    for name, filename, data in files:
        builder.files.add_file(name, io.BytesIO(data), filename)
    request = builder.get_request()
    assert request.form == MultiDict(fields)
    expected = MultiDict((name, (filename, data)) for name, filename, data in files)
    assert MultiDict((name, (file[0], file[2])) for name, file in received(request).items(multi=True)) == expected
    builder.close()
