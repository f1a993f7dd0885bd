"""Environs from heads and back (PEP 3333)."""

import sys

import pytest

from demijohn.message.environ import environ_from_head, head_from_environ
from demijohn.seam import EMPTY_BODY, BufferedBody, ClientDisconnected, Peer, RequestHead

PEER = Peer(("10.0.0.7", 51234), ("192.0.2.1", 8080), is_multithread=True)


def environ(method="GET", target="/", fields=(), body=EMPTY_BODY, peer=PEER, **kwargs):
    return environ_from_head(RequestHead(method, target, (1, 1), list(fields)), body, peer, **kwargs)


def test_an_environ_has_what_pep_3333_asks_for():
    made = environ("POST", "/a%20b/%C3%B6?x=%20&y", [(b"Host", b"example.com"), (b"Content-Type", b"text/plain")])
    assert made["REQUEST_METHOD"] == "POST"
    assert made["SCRIPT_NAME"] == ""
    assert made["PATH_INFO"] == "/a b/\xc3\xb6"
    assert made["QUERY_STRING"] == "x=%20&y"
    assert made["REQUEST_URI"] == made["RAW_URI"] == "/a%20b/%C3%B6?x=%20&y"
    assert made["SERVER_PROTOCOL"] == "HTTP/1.1"
    assert (made["SERVER_NAME"], made["SERVER_PORT"]) == ("192.0.2.1", "8080")
    assert (made["REMOTE_ADDR"], made["REMOTE_PORT"]) == ("10.0.0.7", "51234")
    assert made["HTTP_HOST"] == "example.com"
    assert made["CONTENT_TYPE"] == "text/plain"
    assert "HTTP_CONTENT_TYPE" not in made
    assert "CONTENT_LENGTH" not in made
    assert made["wsgi.version"] == (1, 0)
    assert made["wsgi.url_scheme"] == "http"
    assert made["wsgi.input"] is EMPTY_BODY
    assert made["wsgi.input_terminated"] is True
    assert made["wsgi.errors"] is sys.stderr
    assert (made["wsgi.multithread"], made["wsgi.multiprocess"], made["wsgi.run_once"]) == (True, False, False)
    assert all(type(value) is str for key, value in made.items() if not key.startswith("wsgi."))


@pytest.mark.parametrize("order", [1, -1])
def test_names_with_underscores_replace_nothing_and_frame_nothing(order):
    fields = [
        (b"X-Real-IP", b"real"), (b"X_Real_IP", b"forged"), (b"X_Real-IP", b"forged"), (b"Content_Length", b"9"), (b"Host", b"a"),
        (b"Transfer_Encoding", b"chunked"), (b"Content_Type", b"x"), (b"Content-Length", b"5"), (b"X_User", b"1"), (b"x_user", b"2"),
    ][::order]  # fmt: skip
    made = environ(fields=fields)
    assert made["HTTP_X_REAL_IP"] == "real"
    assert made["CONTENT_LENGTH"] == "5"
    assert made["HTTP_X_USER"] == {1: "1, 2", -1: "2, 1"}[order]
    assert not {"CONTENT_TYPE", "HTTP_CONTENT_LENGTH", "HTTP_CONTENT_TYPE", "HTTP_TRANSFER_ENCODING"} & made.keys()
    assert "HTTP_HOST" not in environ(fields=[(b"Ho_st", b"x")])


def test_a_repeated_field_beside_its_alias_is_joined():
    fields = [(b"X_A", b"0"), (b"X-A", b"1"), (b"X_A", b"2"), (b"X-A", b"3")]
    assert environ(fields=fields)["HTTP_X_A"] == "1, 3"


def test_a_proxy_field_does_not_become_http_proxy():
    assert not [key for key in environ(fields=[(b"Proxy", b"http://evil")]) if "PROXY" in key]


def test_repeated_fields_are_joined():
    made = environ(fields=[(b"Accept", b"a"), (b"Cookie", b"x=1"), (b"accept", b"b"), (b"COOKIE", b"y=2")])
    assert made["HTTP_ACCEPT"] == "a, b"
    assert made["HTTP_COOKIE"] == "x=1; y=2"


def test_field_values_are_latin_1():
    assert environ(fields=[(b"X-A", b"\xc3\xb6")])["HTTP_X_A"] == "\xc3\xb6"


def test_a_root_path_is_cut_off_the_path():
    made = environ(target="/%C3%B6/x", root_path="/ö/")
    assert (made["SCRIPT_NAME"], made["PATH_INFO"]) == ("/\xc3\xb6", "/x")
    made = environ(target="/other", root_path="/app")
    assert (made["SCRIPT_NAME"], made["PATH_INFO"]) == ("/app", "/other")
    made = environ(target="/app", root_path="/app")
    assert (made["SCRIPT_NAME"], made["PATH_INFO"]) == ("/app", "")


def test_rfc9112_s3_2_2_the_authority_of_an_absolute_target_goes_before_host():
    made = environ(target="http://right.example:81/p?q", fields=[(b"Host", b"wrong.example")])
    assert (made["HTTP_HOST"], made["PATH_INFO"], made["QUERY_STRING"]) == ("right.example:81", "/p", "q")


def test_the_asterisk_target():
    assert environ("OPTIONS", "*")["PATH_INFO"] == "*"


def test_a_chunked_body_of_known_length_gets_a_content_length_and_loses_its_coding():
    made = environ(fields=[(b"Transfer-Encoding", b"chunked")], body=BufferedBody(b"abcde"))
    assert made["CONTENT_LENGTH"] == "5"
    assert "HTTP_TRANSFER_ENCODING" not in made


def test_a_chunked_body_of_unknown_length_has_no_content_length():
    class Endless:
        remaining = None

    made = environ(fields=[(b"Transfer-Encoding", b"chunked"), (b"Content-Length", b"3")], body=Endless())
    assert "CONTENT_LENGTH" not in made
    assert made["HTTP_TRANSFER_ENCODING"] == "chunked"


def test_a_unix_socket_has_a_name_and_a_port_all_the_same():
    made = environ(peer=Peer(None, "/run/app.sock", scheme="https"))
    assert (made["SERVER_NAME"], made["SERVER_PORT"], made["REMOTE_ADDR"]) == ("localhost", "443", "")
    assert "REMOTE_PORT" not in made


def test_many_equal_names_take_linear_time():
    made = environ(fields=[(b"X-A", b"v" * 10)] * 20_000)
    assert len(made["HTTP_X_A"]) == 20_000 * 12 - 2


def test_a_head_comes_back_out_of_an_environ():
    fields = [(b"Host", b"example.com"), (b"X-A-B", b"1"), (b"Content-Length", b"3")]
    body = BufferedBody(b"abc")
    head, source, peer = head_from_environ(environ("PUT", "/a%2Fb?c=%20", fields, body))
    assert (head.method, head.target, head.version) == ("PUT", "/a%2Fb?c=%20", (1, 1))
    assert sorted(head.fields) == sorted(fields)
    assert source is body
    assert peer == PEER


def test_the_target_is_quoted_anew_where_middleware_moved_the_path():
    made = environ(target="/app/a%20b?x=1")
    made["SCRIPT_NAME"], made["PATH_INFO"] = "/other", "/\xc3\xb6 ?"
    assert head_from_environ(made)[0].target == "/other/%C3%B6%20%3F?x=1"


def test_a_target_that_is_not_ascii_is_quoted_anew():
    made = {"PATH_INFO": "/\xc3\xb6", "QUERY_STRING": "q=\xc3\xb6", "REQUEST_URI": "/\xc3\xb6?q=\xc3\xb6"}
    assert head_from_environ(made)[0].target == "/%C3%B6?q=%C3%B6"


class Socket:
    """A `wsgi.input` that would wait forever for bytes that nobody sends."""

    def __init__(self, data):
        self._data = data

    def read(self, size=-1):
        if size < 0 or size > len(self._data):
            if not self._data:
                raise AssertionError("read past the body")
            size = len(self._data)
        data, self._data = self._data[:size], self._data[size:]
        return data

    def readline(self, size=-1):
        at = self._data.find(b"\n") + 1 or len(self._data)
        return self.read(at if size < 0 else min(at, size))


def test_a_foreign_input_is_not_read_past_content_length():
    made = {"CONTENT_LENGTH": "7", "wsgi.input": Socket(b"ab\ncd\nefgh")}
    body = head_from_environ(made)[1]
    assert body.remaining == 7
    assert body.readline() == b"ab\n"
    assert body.readlines() == [b"cd\n", b"e"]
    assert body.read() == body.read(3) == body.readline() == b""
    body = head_from_environ({"CONTENT_LENGTH": "5", "wsgi.input": Socket(b"abcdefg")})[1]
    assert [body.read(2), body.read()] == [b"ab", b"cde"]


def test_a_foreign_input_without_a_length_is_empty():
    assert head_from_environ({"wsgi.input": Socket(b"")})[1].read() == b""
    assert head_from_environ({})[1].read() == b""


def test_a_foreign_input_that_ends_early_is_an_error():
    class Ended(Socket):
        def read(self, size=-1):
            return self._data and super().read(size)

    for how in (lambda body: body.read(), lambda body: body.read(9), lambda body: body.readlines()):
        body = head_from_environ({"CONTENT_LENGTH": "9", "wsgi.input": Ended(b"abc")})[1]
        with pytest.raises(ClientDisconnected):
            while how(body):
                pass


def test_a_foreign_input_that_the_server_ends_is_read_to_its_end():
    made = {"CONTENT_LENGTH": "2", "wsgi.input": Socket(b"abc"), "wsgi.input_terminated": True}
    assert head_from_environ(made)[1].read(3) == b"abc"
    made["wsgi.input"] = Socket(b"ab\ncd\nef")
    body = head_from_environ(made)[1]
    assert body.remaining is None
    assert body.readline() == b"ab\n"
    assert body.readlines(2) == [b"cd\n"]


def test_peers_of_environs():
    assert head_from_environ({"SERVER_NAME": "h", "SERVER_PORT": "x"})[2] == Peer(None, "h")
    assert head_from_environ({"REMOTE_ADDR": "a"})[2] == Peer(("a", 0), ("", 0))
