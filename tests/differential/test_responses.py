"""Responses: how they are made, changed, made conditional and sent; files, redirects and errors."""

import os

import pytest
from differential.profile import BATCH, steady
from hypothesis import given
from hypothesis import strategies as st

bodies = st.sampled_from(
    [
        [],
        [None],
        [""],
        ["text"],
        ["\u00fc"],
        [{"$bytes": "by\xfftes"}],
        [["a", "b"]],
        [[{"$bytes": "x"}, "y"]],
        [{"$tuple": ["a"]}],
    ]
)
statuses = [
    None,
    200,
    201,
    204,
    304,
    404,
    418,
    299,
    999,
    "200 OK",
    "404",
    "404 Gone Fishing",
    "wow",
    "",
    "0 x",
    " 201 Made",
    "500 \u00fc",
]
types = [
    None,
    "text/plain",
    "text/html; charset=latin-1",
    "application/json",
    "image/png",
    "application/xml",
    "application/x+xml",
    "",
]
options = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(statuses),
        "headers": st.sampled_from(
            [
                None,
                {"X-A": "b"},
                {"Content-Type": "text/x"},
                {"Content-Length": "3"},
                {"$make": ["Headers", [{"X": "y"}]]},
                [{"$tuple": ["Set-Cookie", "a"]}, {"$tuple": ["Set-Cookie", "b"]}],
                {"Location": "/\u00fc"},
                {"X-List": ["a", "b"]},
            ]
        ),
        "mimetype": st.sampled_from(types),
        "content_type": st.sampled_from(types),
    },
)
MOMENT = {"$datetime": "1994-11-06T08:49:37"}
TEXT_NAMES = [
    "location",
    "content_location",
    "content_encoding",
    "content_type",
    "mimetype",
    "accept_ranges",
    "access_control_allow_origin",
]
VALUE_NAMES = [
    "age",
    "content_length",
    "date",
    "expires",
    "last_modified",
    "retry_after",
    "vary",
    "content_language",
    "allow",
    "cache_control",
    "content_range",
    "www_authenticate",
    "content_security_policy",
    "content_security_policy_report_only",
    "access_control_allow_credentials",
    "access_control_allow_headers",
    "access_control_allow_methods",
    "access_control_expose_headers",
    "access_control_max_age",
    "cross_origin_opener_policy",
    "cross_origin_embedder_policy",
]
READ_NAMES = [
    "status",
    "status_code",
    "data",
    "is_json",
    "is_streamed",
    "is_sequence",
    "mimetype_params",
    "json",
    "headers",
]
DATE_NAMES = ["date", "expires", "last_modified"]
SET_NAMES = ["vary", "allow", "content_language", "access_control_allow_headers", "access_control_allow_methods"]
steps = st.one_of(
    st.sampled_from([["get", name] for name in TEXT_NAMES + VALUE_NAMES + READ_NAMES]),
    st.builds(
        lambda name, value: ["set", name, value],
        st.sampled_from(TEXT_NAMES),
        st.sampled_from(["/a", "/\u00fc", "text/xml", "", "*"]),
    ),
    st.builds(
        lambda name, value: ["set", name, value],
        st.sampled_from(DATE_NAMES),
        st.sampled_from([MOMENT, 784111777, None]),
    ),
    st.builds(
        lambda name, value: ["set", name, value],
        st.sampled_from(SET_NAMES),
        st.sampled_from([["a", "b"], "a, b", None, [], {"$tuple": ["GET"]}]),
    ),
    st.builds(
        lambda value: ["set", "status", value], st.sampled_from([status for status in statuses if status is not None])
    ),
    st.builds(lambda value: ["set", "status_code", value], st.sampled_from([200, 404, 299, 777])),
    st.builds(lambda value: ["set", "data", value], st.sampled_from(["new", "", {"$bytes": "\xff"}])),
    st.builds(lambda value: [".set_data", [value]], st.sampled_from(["new", "\u00fc", {"$bytes": "x"}])),
    st.sampled_from(
        [
            ["set", "age", {"$seconds": 5}],
            ["set", "age", 7],
            ["set", "content_length", 5],
            ["set", "access_control_max_age", 5],
            ["set", "access_control_allow_credentials", True],
            ["set", "access_control_allow_credentials", False],
            ["set", "retry_after", MOMENT],
            ["set", "mimetype_params", {}],
            ["set", "content_range", "bytes 0-1/2"],
            ["set", "content_range", None],
            ["set", "content_security_policy", "default-src x"],
            ["set", "www_authenticate", {"$make": ["WWWAuthenticate", ["basic", {"realm": "x"}]]}],
            ["set", "www_authenticate", None],
            [".cache_control.to_header"],
            ["cache_control.set", "max_age", 5],
            ["cache_control.set", "no_store", True],
            ["cache_control.set", "private", "x"],
            [".vary.add", ["X-Vary"]],
            [".vary.remove", ["x-vary"]],
            [".allow.update", [["GET", "PUT"]]],
            ["content_security_policy.set", "default_src", "'self'"],
            [".content_range.set", [0, 5, 10]],
            [".headers.add", ["X-Extra", "1"]],
            ["headers.setitem", "Content-Type", "a/b"],
            ["mimetype_params.setitem", "charset", "x"],
            [".set_etag", ["e"]],
            [".set_etag", ["e", True]],
            [".get_etag"],
            [".add_etag"],
            [".add_etag", [], {"weak": True, "overwrite": True}],
            [".freeze"],
            [".make_sequence"],
            [".calculate_content_length"],
            [".iter_encoded"],
            [".get_data", [True]],
            [".get_json", [], {"silent": True}],
            [".get_json", [], {"force": True}],
            [".get_wsgi_headers"],
            [".set_cookie", ["a", "b"]],
            [".set_cookie", ["a", "b c"], {"max_age": 5, "path": "/x", "httponly": True, "samesite": "Lax"}],
            [".set_cookie", ["a"], {"expires": MOMENT, "domain": "x.example", "secure": True, "partitioned": True}],
            [".delete_cookie", ["a"], {"path": "/x"}],
            [".stream.write", ["more"]],
            [".stream.writelines", [["x", "y"]]],
            [".stream.tell"],
            ["repr"],
            [".close"],
        ]
    ),
)
conditions = st.sampled_from(
    [
        {},
        {"REQUEST_METHOD": "HEAD"},
        {"REQUEST_METHOD": "POST"},
        {"HTTP_IF_NONE_MATCH": '"e"'},
        {"HTTP_IF_NONE_MATCH": 'W/"e", "x"'},
        {"HTTP_IF_NONE_MATCH": "*"},
        {"HTTP_IF_MATCH": '"other"'},
        {"HTTP_IF_MODIFIED_SINCE": "Sun, 06 Nov 1994 08:49:37 GMT"},
        {"HTTP_HOST": "example.com:8080", "SCRIPT_NAME": "/root", "PATH_INFO": "/x/y"},
        {"wsgi.url_scheme": "https"},
    ]
)
cases = st.builds(
    lambda body, extra, done, environ: [["Response", body, extra], done, environ],
    bodies,
    options,
    st.lists(steps, max_size=6),
    conditions,
)


@steady(100)
@given(st.lists(cases, min_size=1, max_size=BATCH))
def test_responses(agree, batch):
    agree.all("messages.respond", batch)


@pytest.mark.parametrize("status", statuses)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_statuses(agree, status, method):
    for body in (["x"], [["a", "b"]], []):
        agree(
            "messages.respond",
            ["Response", body, {"status": status}],
            [["get", "status_code"], ["get", "status"]],
            {"REQUEST_METHOD": method},
        )


@pytest.mark.parametrize("mimetype", types)
@pytest.mark.parametrize("content_type", types)
def test_content_types(agree, mimetype, content_type):
    agree(
        "messages.respond",
        ["Response", ["x"], {"mimetype": mimetype, "content_type": content_type}],
        [["get", "mimetype"], ["get", "mimetype_params"]],
        {},
    )


@pytest.mark.parametrize(
    "location",
    [
        "/a",
        "a",
        "../a",
        "//x/y",
        "http://x/\u00fc",
        "?a=b",
        "#f",
        "/a b",
        "/%20",
        "",
        "javascript:x",
        "/\u20ac?\u20ac#\u20ac",
        "http://\u00fc/",
        "//x\\y",
    ],
)
def test_locations(agree, location):
    made = ["Response", [], {"headers": {"Location": location}}]
    for environ in ({}, {"SCRIPT_NAME": "/r", "PATH_INFO": "/p/q", "QUERY_STRING": "x=y"}):
        agree("messages.respond", made, [], environ)
        agree("messages.respond", made, [["set", "autocorrect_location_header", True]], environ)
        agree("messages.redirect", "redirect", [location], environ)
        agree("messages.redirect", "redirect", [location, 303], environ)
        agree("messages.redirect", "redirect", [location, 200], environ)


@pytest.mark.parametrize("path", ["/a", "/a/b", "/", "", "//x", "/a/b/"])
def test_append_slash(agree, path):
    for query in ("", "a=b"):
        agree("messages.redirect", "append_slash_redirect", [], {"PATH_INFO": path, "QUERY_STRING": query})
        agree(
            "messages.redirect",
            "append_slash_redirect",
            [301],
            {"SCRIPT_NAME": "/r", "PATH_INFO": path, "QUERY_STRING": query},
        )


MOMENTS = ["Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:36 GMT"]
ranges = st.builds(
    lambda wanted, if_range: {"HTTP_RANGE": wanted, **({"HTTP_IF_RANGE": if_range} if if_range else {})},
    st.sampled_from(["bytes=0-4", "bytes=-3", "bytes=5-", "bytes=9-20", "bytes=99-", "bytes=0-0", "bytes=5-3"]),
    st.sampled_from([None, None, '"e"', '"x"', *MOMENTS]),
)


@steady(60)
@given(
    st.lists(
        st.builds(
            lambda body, marks, extra, environ: [["Response", [body]], [*marks, ["make_conditional", extra]], environ],
            st.sampled_from(["0123456789", ["01234", "56789"]]),
            st.lists(
                st.sampled_from([[".set_etag", ["e"]], [".add_etag"], ["set", "last_modified", MOMENT]]), max_size=2
            ),
            st.sampled_from(
                [
                    {},
                    {"accept_ranges": True},
                    {"accept_ranges": True, "complete_length": 10},
                    {"accept_ranges": "bytes", "complete_length": 10},
                ]
            ),
            st.one_of(conditions, ranges),
        ),
        max_size=BATCH,
    )
)
def test_conditional(agree, batch):
    agree.all("messages.respond", batch)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("files")
    for name, content in {
        "a.txt": b"0123456789",
        "empty.bin": b"",
        "\u00fc.html": b"<p>",
        "a.tar.gz": b"x",
        "noext": b"x",
        'quo"te.txt': b"q",
        "picture.svg": b"x",
        "site.webmanifest": b"x",
        "code.wasm": b"x",
    }.items():
        (made / name).write_bytes(content)
        os.utime(made / name, (784111777, 784111777))
    (made / "sub").mkdir()
    (made / "link.txt").symlink_to(made / "a.txt")
    (made / "circle").symlink_to(made / "circle")
    return str(made)


FILE_OPTIONS = [
    {},
    {"mimetype": "text/x"},
    {"as_attachment": True},
    {"as_attachment": True, "download_name": "b.pdf"},
    {"as_attachment": True, "download_name": "\u00fc \u20ac.txt"},
    {"download_name": 'a"b;c.txt'},
    {"download_name": "b.json"},
    {"etag": False},
    {"etag": "given"},
    {"conditional": False},
    {"last_modified": 1},
    {"last_modified": MOMENT},
    {"max_age": 60},
    {"max_age": 0},
]
FILE_REQUESTS = [
    {},
    {"REQUEST_METHOD": "HEAD"},
    {"HTTP_RANGE": "bytes=2-4"},
    {"HTTP_RANGE": "bytes=-2"},
    {"HTTP_RANGE": "bytes=50-"},
    {"HTTP_RANGE": "bytes=5-2"},
    {"HTTP_IF_MODIFIED_SINCE": "Sun, 06 Nov 1994 08:49:37 GMT"},
    {"HTTP_IF_MODIFIED_SINCE": "Sun, 06 Nov 1994 08:49:36 GMT"},
    {"HTTP_IF_NONE_MATCH": '"given"'},
    {"HTTP_IF_NONE_MATCH": "*"},
    {"HTTP_RANGE": "bytes=2-4", "HTTP_IF_RANGE": "Sun, 06 Nov 1994 08:49:37 GMT"},
    {"HTTP_RANGE": "bytes=2-4", "HTTP_IF_RANGE": '"x"'},
]


@pytest.mark.parametrize(
    "name", ["a.txt", "empty.bin", "\u00fc.html", "a.tar.gz", "noext", 'quo"te.txt', "missing", "sub"]
)
def test_files(agree, folder, name):
    path = os.path.join(folder, name)
    agree.all(
        "messages.send", [["send_file", [path], extra, asked] for extra in FILE_OPTIONS for asked in FILE_REQUESTS[:3]]
    )


@pytest.mark.parametrize(
    "name",
    [
        "a.txt",
        "../x",
        "sub/../a.txt",
        "",
        "a.txt/",
        "missing",
        "sub",
        ".",
        "./a.txt",
        "a.txt\0",
        "/a.txt",
        "\u00fc.html",
        "link.txt",
        "circle",
        "sub/..",
        "a.txt/x",
        "..\\a.txt",
        "%2e%2e/a.txt",
        "picture.svg",
        "site.webmanifest",
        "code.wasm",
    ],
)
def test_files_in_a_directory(agree, folder, name):
    agree.all("messages.send", [["send_from_directory", [folder, name], {}, asked] for asked in FILE_REQUESTS])


@pytest.mark.parametrize("options", FILE_OPTIONS)
def test_file_options(agree, folder, options):
    agree.all(
        "messages.send", [["send_file", [os.path.join(folder, "a.txt")], options, asked] for asked in FILE_REQUESTS]
    )
    named = {"download_name": "x.txt", **options}
    agree.all("messages.send", [["send_file", [{"$file": "0123456789"}], named, asked] for asked in FILE_REQUESTS])
    agree("messages.send", "send_file", [{"$file": "x"}], options, {})


CODES = [
    400,
    401,
    403,
    404,
    405,
    406,
    408,
    409,
    410,
    411,
    412,
    413,
    414,
    415,
    416,
    417,
    418,
    421,
    422,
    423,
    424,
    428,
    429,
    431,
    451,
]
CODES += [500, 501, 502, 503, 504, 505, 200, 302, 402, 599, 0]


@pytest.mark.parametrize("code", CODES)
def test_errors(agree, code):
    for method in ("GET", "HEAD"):
        agree("messages.error", code, [], {}, {"REQUEST_METHOD": method})
        agree("messages.error", code, [None], {}, {"REQUEST_METHOD": method})


@pytest.mark.parametrize(
    ("code", "options"),
    [
        (401, {"www_authenticate": {"$make": ["WWWAuthenticate", ["basic", {"realm": "x"}]]}}),
        (
            401,
            {
                "www_authenticate": [
                    {"$make": ["WWWAuthenticate", ["basic"]]},
                    {"$make": ["WWWAuthenticate", ["bearer"]]},
                ]
            },
        ),
        (405, {"valid_methods": ["GET", "HEAD"]}),
        (416, {"length": 10}),
        (416, {"length": 10, "units": "items"}),
        (429, {"retry_after": 5}),
        (503, {"retry_after": {"$datetime": "1994-11-06T08:49:37"}}),
        (404, {"description": "<b>why</b>"}),
        (404, {"response": {"$make": ["Response", ["own", 402]]}}),
        (500, {"original_exception": None}),
    ],
)
def test_errors_with_options(agree, code, options):
    agree("messages.error", code, [], options, {})
