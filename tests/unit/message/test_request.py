"""What a request says of its head, the same over an exchange and over an environ."""

import datetime as dt

import pytest

from demijohn.http.errors import SecurityError
from demijohn.http.multidict import ImmutableMultiDict, MultiDict
from demijohn.message import Request
from demijohn.message.user_agent import UserAgent
from demijohn.seam import Peer


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/", "/"),
        ("/a/b", "/a/b"),
        ("/a%20b/%C3%B6", "/a b/ö"),
        ("/%ff", "/\ufffd"),
        ("//a//b", "/a//b"),
        ("/a?b=/c%20", "/a"),
        ("/a%3Fb", "/a?b"),
        ("/a%2Fb", "/a/b"),
        ("http://h/x%20y?z", "/x y"),
        ("http://h", "/"),
        ("*", "/*"),
    ],
)
def test_path(make_request, target, path):
    request = make_request("OPTIONS", target)
    assert request.path == path


def test_the_parts_of_a_url(make_request):
    request = make_request("GET", "/a%20b/%C3%B6?x=1&y=%20", [(b"Host", b"Example.com:8080")])
    assert request.method == "GET"
    assert request.scheme == "http"
    assert request.is_secure is False
    assert request.server == ("192.0.2.1", 8080)
    assert request.root_path == request.script_root == ""
    assert request.query_string == b"x=1&y=%20"
    assert request.full_path == "/a b/ö?x=1&y=%20"
    assert request.host.lower() == "example.com:8080"
    assert request.url.lower() == "http://example.com:8080/a%20b/ö?x=1&y=%20"
    assert request.base_url.lower() == "http://example.com:8080/a%20b/ö"
    assert request.root_url == request.url_root == request.host_url
    assert request.host_url.lower() == "http://example.com:8080/"
    assert request.remote_addr == "10.0.0.7"
    assert request.peer == Peer(("10.0.0.7", 51234), ("192.0.2.1", 8080))


def test_full_path_always_has_a_question_mark(make_request):
    assert make_request("GET", "/a").full_path == "/a?"


def test_a_method_is_upper_case(make_request):
    assert make_request("get").method == "GET"


def test_rfc9112_s3_2_2_the_host_of_an_absolute_target_goes_before_the_field(make_request):
    assert make_request("GET", "http://right.example/", [(b"Host", b"wrong.example")]).host == "right.example"


def test_trusted_hosts(make_request):
    class Picky(Request):
        trusted_hosts = [".example.com"]

    assert make_request(fields=[(b"Host", b"a.example.com")], cls=Picky).host == "a.example.com"
    with pytest.raises(SecurityError):
        _ = make_request(fields=[(b"Host", b"evil.org")], cls=Picky).host
    assert "invalid URL" in repr(make_request(fields=[(b"Host", b"evil.org")], cls=Picky))


def test_a_request_over_a_unix_socket(exchange):
    request = Request.from_exchange(exchange(peer=Peer(None, "/run/x.sock", "https")))
    assert request.remote_addr is None
    assert request.server == ("/run/x.sock", None)
    assert request.is_secure is True
    assert Request(request.environ).remote_addr is None


def test_args(make_request):
    args = make_request("GET", "/?a=1&b=%C3%B6&a=2&c&d=%FF&e=+").args
    assert type(args) is ImmutableMultiDict
    assert list(args.items(multi=True)) == [("a", "1"), ("a", "2"), ("b", "ö"), ("c", ""), ("d", "%FF"), ("e", " ")]


def test_storage_classes(make_request):
    class Mutable(Request):
        parameter_storage_class = MultiDict
        dict_storage_class = MultiDict
        list_storage_class = list

    request = make_request("GET", "/?a=1", [(b"Cookie", b"a=b")], cls=Mutable)
    assert type(request.args) is type(request.cookies) is MultiDict
    assert type(request.access_route) is list


def test_headers(make_request):
    request = make_request(fields=[(b"X-One", b"1"), (b"x-two", b"\xe9")])
    assert request.headers["x-one"] == "1"
    assert request.headers.get("X-Two") == "é"
    assert "x-three" not in request.headers
    with pytest.raises(TypeError):
        request.headers["x-one"] = "2"


def test_cookies(make_request):
    fields = [(b"Cookie", b'a=1; b="x\\073y"'), (b"Cookie", b"a=2; c=\xc3\xb6")]
    cookies = make_request(fields=fields).cookies
    assert type(cookies) is ImmutableMultiDict
    assert list(cookies.items(multi=True)) == [("a", "1"), ("a", "2"), ("b", "x;y"), ("c", "ö")]
    assert not make_request().cookies


def test_plain_fields(make_request):
    request = make_request(
        fields=[
            (b"Content-Type", b'Text/HTML; charset=x; a="b c"'),
            (b"Content-Encoding", b"gzip"),
            (b"Content-MD5", b"zzz"),
            (b"Referer", b"http://a/"),
            (b"Origin", b"http://b"),
            (b"Date", b"Sun, 06 Nov 1994 08:49:37 GMT"),
            (b"Max-Forwards", b"3"),
            (b"User-Agent", b"curl/8"),
            (b"Access-Control-Request-Method", b"PUT"),
            (b"Sec-Fetch-Site", b"same-origin"),
            (b"Sec-Fetch-Mode", b"navigate"),
            (b"Sec-Fetch-Dest", b"document"),
            (b"Sec-Fetch-User", b"?1"),
        ]
    )
    assert request.content_type == 'Text/HTML; charset=x; a="b c"'
    assert request.mimetype == "text/html"
    assert request.mimetype_params == {"charset": "x", "a": "b c"}
    assert request.content_encoding == "gzip"
    assert request.content_md5 == "zzz"
    assert request.referrer == "http://a/"
    assert request.origin == "http://b"
    assert request.date == dt.datetime(1994, 11, 6, 8, 49, 37, tzinfo=dt.UTC)
    assert request.max_forwards == 3
    assert str(request.user_agent) == request.user_agent.string == request.user_agent.to_header() == "curl/8"
    assert request.access_control_request_method == "PUT"
    assert (request.sec_fetch_site, request.sec_fetch_mode) == ("same-origin", "navigate")
    assert (request.sec_fetch_dest, request.sec_fetch_user) == ("document", True)
    with pytest.raises(AttributeError):
        request.content_type = "text/plain"
    with pytest.raises(AttributeError):
        del request.content_type


def test_plain_fields_that_are_missing_or_bad(make_request):
    request = make_request(fields=[(b"Max-Forwards", b"many"), (b"Date", b"yesterday")])
    assert request.content_type is None
    assert request.mimetype == ""
    assert request.mimetype_params == {}
    assert request.max_forwards is None
    assert request.date is None
    assert request.content_length is None
    assert request.sec_fetch_user is False
    assert request.is_json is False
    assert not request.user_agent
    assert repr(request.user_agent) == "<UserAgent None/None>"


@pytest.mark.parametrize(("text", "length"), [(b"12", 12), (b"0", 0), (b"+5", 0), (b"5_0", 0), (b"-1", 0), (b"x", 0)])
def test_content_length(make_request, text, length):
    assert make_request(fields=[(b"Content-Length", text)]).content_length == length


def test_the_content_length_of_a_chunked_body_is_unknown(exchange):
    fields = [(b"Transfer-Encoding", b"chunked")]
    assert Request.from_exchange(exchange("POST", "/", fields)).content_length is None


@pytest.mark.parametrize(
    ("mimetype", "is_json"),
    [
        (b"application/json", True),
        (b"Application/JSON; charset=utf-8", True),
        (b"application/vnd.api+json", True),
        (b"text/json", False),
        (b"application/jsonp", False),
    ],
)
def test_is_json(make_request, mimetype, is_json):
    assert make_request(fields=[(b"Content-Type", mimetype)]).is_json is is_json


def test_access_route(make_request):
    assert make_request().access_route == ["10.0.0.7"]
    assert make_request(fields=[(b"X-Forwarded-For", b"1.1.1.1, 2.2.2.2")]).access_route == ["1.1.1.1", "2.2.2.2"]
    assert Request({}).access_route == []


def test_a_user_agent_class_of_ones_own(make_request):
    class Parsed(UserAgent):
        def __init__(self, string):
            super().__init__(string)
            self.browser, _, self.version = string.partition("/")

    class Mine(Request):
        user_agent_class = Parsed

    agent = make_request(fields=[(b"User-Agent", b"curl/8")], cls=Mine).user_agent
    assert agent
    assert repr(agent) == "<Parsed curl/8>"


def test_concurrency_flags(exchange):
    request = Request.from_exchange(exchange(peer=Peer(None, "s", is_multithread=True)))
    assert (request.is_multithread, request.is_multiprocess) == (True, False)
    assert (request.environ["wsgi.multithread"], request.is_run_once) == (True, False)
    request = Request({"wsgi.multiprocess": True})
    assert (request.is_multithread, request.is_multiprocess, request.is_run_once) == (False, True, None)


def test_an_environ_is_kept_as_it_is():
    environ = {"REQUEST_METHOD": "POST", "REMOTE_USER": "ann", "SCRIPT_NAME": "/\xc3\xb6/", "PATH_INFO": "x"}
    request = Request(environ)
    assert request.environ is environ
    assert environ["werkzeug.request"] is request
    assert request.remote_user == "ann"
    assert request.root_path == "/ö"
    assert request.path == "/x"
    environ["HTTP_X_LATER"] = "1"
    assert request.headers["X-Later"] == "1"


def test_an_empty_environ_makes_a_request():
    request = Request({})
    assert (request.method, request.path, request.host, request.scheme) == ("GET", "/", "", "http")
    assert request.remote_addr is request.server is request.remote_user is None
    assert request.get_data() == b""


@pytest.mark.parametrize("how", [{"populate_request": False}, {"shallow": True}])
def test_an_environ_that_must_not_know_the_request(how):
    environ = {}
    Request(environ, **how)
    assert environ == {}


def test_the_environ_of_an_exchange_is_built_once_and_knows_the_request(exchange):
    request = Request.from_exchange(exchange("POST", "/x", body=b"abc"))
    assert "environ" not in vars(request)
    environ = request.environ
    assert request.environ is environ
    assert environ["werkzeug.request"] is request
    assert environ["PATH_INFO"] == "/x"
    assert request.input_stream.read() == b"abc"


def test_a_subclass_with_an_init_gets_an_environ(exchange):
    class Mine(Request):
        def __init__(self, environ, *args, **kwargs):
            super().__init__(environ, *args, **kwargs)
            self.tenant = environ["HTTP_X_TENANT"]

    request = Mine.from_exchange(exchange("GET", "/a?b", [(b"X-Tenant", b"t1")]))
    assert request.tenant == "t1"
    assert (request.path, request.query_string) == ("/a", b"b")


def test_a_subclass_takes_attributes(make_request):
    class Mine(Request):
        url_rule = None

    request = make_request(cls=Mine)
    request.url_rule = "rule"
    request.whatever = 1
    assert (request.url_rule, request.whatever) == ("rule", 1)


def test_attributes_can_be_replaced(make_request):
    request = make_request("GET", "/a?b=1")
    request.path, request.method = "/other", "PUT"
    request.args = {"c": "2"}
    assert (request.path, request.method, request.args) == ("/other", "PUT", {"c": "2"})


def test_a_request_made_without_anything_says_so():
    class Broken(Request):
        def __init__(self):
            pass

    with pytest.raises(AttributeError, match="super"):
        _ = Broken().environ


def test_making_a_request_of_an_exchange_touches_nothing_else(exchange):
    parts = {"_after_response", "_exchange", "_head", "_made_from_environ", "method"}
    made = Request.from_exchange(exchange("GET", "/plain"))
    assert set(vars(made)) == {*parts, "path"}
    made = Request.from_exchange(exchange("GET", "/a%20b"))
    assert set(vars(made)) == parts


def test_repr(make_request):
    assert repr(make_request("PUT", "/x", [(b"Host", b"h")])) == "<Request 'http://h/x' [PUT]>"
