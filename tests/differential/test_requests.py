"""Requests from environs: every attribute, and bodies read in any order."""

import pytest
from differential.profile import BATCH, steady
from hypothesis import given
from hypothesis import strategies as st

NAMES = [
    "method",
    "scheme",
    "path",
    "full_path",
    "root_path",
    "script_root",
    "query_string",
    "args",
    "url",
    "base_url",
    "root_url",
    "url_root",
    "host_url",
    "host",
    "is_secure",
    "remote_addr",
    "remote_user",
    "access_route",
    "headers",
    "cookies",
    "content_type",
    "content_length",
    "content_encoding",
    "mimetype",
    "mimetype_params",
    "is_json",
    "referrer",
    "origin",
    "date",
    "max_forwards",
    "pragma",
    "accept_mimetypes",
    "accept_charsets",
    "accept_encodings",
    "accept_languages",
    "cache_control",
    "if_match",
    "if_none_match",
    "if_modified_since",
    "if_unmodified_since",
    "if_range",
    "range",
    "authorization",
    "user_agent",
    "access_control_request_headers",
    "access_control_request_method",
    "values",
    "form",
    "files",
    "data",
    "json",
    "server",
    "want_form_data_parsed",
    "is_multithread",
    "is_multiprocess",
    "is_run_once",
]
ENVIRONS = {
    "SCRIPT_NAME": ["/app", "/a b", "/\u00c3\u00bc", "/app/"],
    "PATH_INFO": ["", "/a", "/a b", "/\u00c3\u00bc", "/\u00ff", "//x", "/a%20b", "/a?b", "/a/../b", "/;=@:&"],
    "QUERY_STRING": ["a=b", "a=b&a=c", "a", "a=%C3%BC", "a=+%2B", "&&a=b&", "a=b;c=d", "=x", "\u00c3\u00bc=1", None],
    "REQUEST_METHOD": ["POST", "get", "PUT", "X"],
    "wsgi.url_scheme": ["https"],
    "SERVER_NAME": ["10.0.0.1", "::1", "unix"],
    "SERVER_PORT": ["443", "8080"],
    "REMOTE_ADDR": ["1.2.3.4", "::1"],
    "REMOTE_USER": ["someone"],
    "HTTP_HOST": ["example.com:8080", "example.com:80", "example.com:443", "b\u00fccher", "a b", None, "[::1]:80"],
    "CONTENT_TYPE": ["text/plain", "application/json", "application/x+json; charset=utf-8", "TEXT/HTML; Charset=X", ""],
    "CONTENT_LENGTH": ["0", "5", "", "x", "-1", " 3"],
    "HTTP_CONTENT_ENCODING": ["gzip"],
    "HTTP_COOKIE": ["a=b; c=d", 'x="y z"'],
    "HTTP_REFERER": ["http://x/"],
    "HTTP_ORIGIN": ["null"],
    "HTTP_DATE": ["Sun, 06 Nov 1994 08:49:37 GMT", "bogus"],
    "HTTP_MAX_FORWARDS": ["5", "x"],
    "HTTP_PRAGMA": ["no-cache, x"],
    "HTTP_ACCEPT": ["text/html;q=0.5, */*"],
    "HTTP_ACCEPT_CHARSET": ["utf-8, latin1;q=0.3"],
    "HTTP_ACCEPT_ENCODING": ["gzip, br;q=0"],
    "HTTP_ACCEPT_LANGUAGE": ["de-CH, de;q=0.5"],
    "HTTP_CACHE_CONTROL": ["no-cache, max-age=0"],
    "HTTP_IF_MATCH": ['"a", W/"b"'],
    "HTTP_IF_NONE_MATCH": ["*", '"x"'],
    "HTTP_IF_MODIFIED_SINCE": ["Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT; length=5"],
    "HTTP_IF_UNMODIFIED_SINCE": ["Sun, 06 Nov 1994 08:49:37 GMT"],
    "HTTP_IF_RANGE": ['"a"', "Sun, 06 Nov 1994 08:49:37 GMT"],
    "HTTP_RANGE": ["bytes=0-4", "bogus"],
    "HTTP_AUTHORIZATION": ["Basic dXNlcjpwYXNz", "Bearer x", "bogus"],
    "HTTP_USER_AGENT": ["Mozilla/5.0"],
    "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": ["X-A, X-B"],
    "HTTP_ACCESS_CONTROL_REQUEST_METHOD": ["PUT"],
    "HTTP_X_FORWARDED_FOR": ["1.1.1.1, 2.2.2.2"],
    "HTTP_X_A": ["y", "\u00fc"],
    "wsgi.multithread": [True],
    "wsgi.multiprocess": [True],
    "wsgi.run_once": [True],
}


@pytest.mark.parametrize("variable", ENVIRONS)
def test_one_variable(agree, variable):
    agree.all("messages.attributes", [[{variable: value}, NAMES] for value in ENVIRONS[variable]])


@st.composite
def environs(draw):
    names = draw(st.lists(st.sampled_from(sorted(ENVIRONS)), unique=True, max_size=8))
    return {name: draw(st.sampled_from(ENVIRONS[name])) for name in names}


@steady(40)
@given(st.lists(environs(), min_size=1, max_size=BATCH))
def test_attributes(agree, batch):
    agree.all("messages.attributes", [[environ, NAMES] for environ in batch])


# --- bodies

PLAIN = "application/x-www-form-urlencoded"
MULTI = "multipart/form-data; boundary=b"


def part(name, content, filename=None, content_type=None, extra=""):
    head = f'Content-Disposition: form-data; name="{name}"' + (
        f'; filename="{filename}"' if filename is not None else ""
    )
    lines = [head, *([f"Content-Type: {content_type}"] if content_type else []), *([extra] if extra else [])]
    return "--b\r\n" + "\r\n".join(lines) + f"\r\n\r\n{content}\r\n"


BODIES = {
    "fields": (PLAIN, "a=1&b=2&a=3"),
    "odd fields": (PLAIN, "a&=x&&b=%C3%BC+c&d=%zz&%61=%"),
    "charset": (PLAIN + "; charset=latin-1", "a=%FC"),
    "utf-8": (PLAIN, "\u00c3\u00bc=\u00c3\u00bc"),
    "no fields": (PLAIN, ""),
    "json": ("application/json", '{"a": [1, null, "\u00c3\u00bc"]}'),
    "bad json": ("application/json", "{"),
    "text": ("text/plain", "a=1"),
    "no type": (None, "a=1"),
    "multipart": (MULTI, part("a", "1") + part("a", "2") + part("f", "content", "name.txt", "text/x") + "--b--\r\n"),
    "multipart without last break": (MULTI, part("a", "1") + "--b--"),
    "multipart preamble": (MULTI, "preamble\r\n" + part("a", "1") + "--b--\r\nepilogue"),
    "multipart empty": (MULTI, "--b--\r\n"),
    "multipart utf-8": (
        MULTI,
        part("\u00c3\u00bc", "\u00c3\u00bc", None) + part("f", "x", "\u00c3\u00bc.txt") + "--b--\r\n",
    ),
    "multipart charset": (MULTI, part("a", "\u00fc", None, "text/plain; charset=latin-1") + "--b--\r\n"),
    "multipart empty file": (MULTI, part("f", "", "", "application/octet-stream") + "--b--\r\n"),
    "multipart file without type": (MULTI, part("f", "x", "a.png") + "--b--\r\n"),
    "multipart path": (MULTI, part("f", "x", "C:\\\\dir\\\\a.txt") + part("g", "x", "../a") + "--b--\r\n"),
    "multipart quotes": (MULTI, part('a\\"b', "x") + part("c%22d", "y") + "--b--\r\n"),
    "multipart header": (MULTI, part("f", "x", "a", "text/plain", "X-Extra: yes") + "--b--\r\n"),
    "multipart quoted boundary": ('multipart/form-data; boundary="b"', part("a", "1") + "--b--\r\n"),
    "multipart dashes": (MULTI, part("a", "-b") + part("c", "\r\n--bx\r\n") + "--b--\r\n"),
    "multipart newlines": (MULTI, part("a", "\r\n\r\n") + part("b", "\n") + "--b--\r\n"),
    "multipart mixed": ("multipart/mixed; boundary=b", part("a", "1") + "--b--\r\n"),
}
LIMITS = [
    {},
    {"max_content_length": 5},
    {"max_content_length": 1000},
    {"max_form_memory_size": 2},
    {"max_form_memory_size": 0},
    {"max_form_parts": 1},
    {"max_form_parts": 0},
]
READS = [
    ["get", "form"],
    ["get", "files"],
    ["get", "values"],
    ["get", "data"],
    ["get", "json"],
    [".get_data"],
    [".get_data", [], {"as_text": True}],
    [".get_data", [], {"cache": False}],
    [".get_data", [], {"parse_form_data": True}],
    [".get_data", [], {"cache": False, "parse_form_data": True}],
    [".get_json", [], {"silent": True}],
    [".get_json", [], {"force": True, "silent": True}],
    [".get_json", [], {"cache": False, "force": True}],
    ["read"],
    ["read", 3],
    ["get", "content_length"],
    ["get", "want_form_data_parsed"],
    ["get", "is_json"],
    [".close"],
]


def reading(name, method, settings, steps, **variables):
    content_type, body = BODIES[name]
    environ = {"REQUEST_METHOD": method, **({"CONTENT_TYPE": content_type} if content_type else {}), **variables}
    return [environ, body, settings, steps]


@pytest.mark.parametrize("name", BODIES)
def test_bodies(agree, name):
    for steps in (
        [["get", "form"], ["get", "files"], ["get", "data"]],
        [["get", "data"], ["get", "form"]],
        [["get", "values"], ["read"]],
    ):
        agree.all("messages.read", [reading(name, "POST", settings, steps) for settings in LIMITS])


@steady(50)
@given(
    st.lists(
        st.builds(
            reading,
            st.sampled_from(sorted(BODIES)),
            st.sampled_from(["POST", "GET", "PUT"]),
            st.sampled_from(LIMITS),
            st.lists(st.sampled_from(READS), min_size=1, max_size=5),
        ),
        max_size=BATCH,
    )
)
def test_reading_in_any_order(agree, batch):
    agree.all("messages.read", batch)


@pytest.mark.parametrize("length", ["0", "1", "3", "", "x", "-3", "100", None])
def test_content_lengths(agree, length):
    for steps in ([["get", "data"]], [["get", "form"]], [["read", 2], ["read"]]):
        agree("messages.read", *reading("fields", "POST", {}, steps, CONTENT_LENGTH=length))
    ended = {"CONTENT_LENGTH": None, "wsgi.input_terminated": True}
    agree("messages.read", *reading("fields", "POST", {}, [["get", "form"]], **ended))


@steady(40)
@given(
    st.lists(
        st.lists(
            st.sampled_from(["a", "b", "=", "&", "+", "%20", "%C3%BC", "%zz", ";", "\u00c3\u00bc", "x=y", "&a=b"]),
            max_size=10,
        ).map("".join),
        max_size=BATCH,
    )
)
def test_urlencoded(agree, batch):
    agree.all(
        "messages.read",
        [[{"REQUEST_METHOD": "POST", "CONTENT_TYPE": PLAIN}, text, {}, [["get", "form"]]] for text in batch],
    )
    agree.all(
        "messages.attributes",
        [[{"QUERY_STRING": text}, ["args", "full_path", "url", "query_string"]] for text in batch],
    )


@steady(40)
@given(
    st.lists(
        st.lists(
            st.builds(
                part,
                st.sampled_from(["a", "b", "\u00c3\u00bc", "x y", ""]),
                st.sampled_from(["", "1", "\r\n", "--", "-b", "\n--", "x" * 100, "\u00fc", "\r", "\r\n-"]),
                st.sampled_from([None, "", "f.txt", "a b", "\u00c3\u00bc.png", "x;y", "x=y"]),
                st.sampled_from([None, "text/plain", "image/png; a=b", "text/plain; charset=utf-8"]),
            ),
            max_size=4,
        ).map("".join),
        max_size=BATCH,
    )
)
def test_multipart(agree, batch):
    steps = [["get", "form"], ["get", "files"], ["read"]]
    agree.all(
        "messages.read",
        [[{"REQUEST_METHOD": "POST", "CONTENT_TYPE": MULTI}, body + "--b--\r\n", {}, steps] for body in batch],
    )


uploads = [
    ["save"],
    [".read", []],
    [".read", [2]],
    [".seek", [0]],
    ["bool"],
    ["get", "filename"],
    ["get", "name"],
    ["get", "content_type"],
    ["get", "content_length"],
    ["get", "mimetype"],
    ["get", "mimetype_params"],
    ["get", "headers"],
    ["repr"],
    ["list"],
    [".close"],
]


@steady(20)
@given(
    st.sampled_from(
        [
            {},
            {"filename": "a.txt"},
            {"filename": "a", "name": "n", "content_type": "text/x; y=z"},
            {"content_length": 5},
            {"headers": {"X": "y"}},
        ]
    ),
    st.lists(st.sampled_from(uploads), max_size=6),
)
def test_file_storage(agree, options, steps):
    options = {key: {"$make": ["Headers", [value]]} if key == "headers" else value for key, value in options.items()}
    agree(
        "messages.upload",
        [{"$file": "line 1\nline 2"}],
        options,
        ["save" if step == ["save"] else step for step in steps],
    )
