"""Applications: the same source gives the same answers and calls its hooks in the same order."""

import json

import pytest
from differential.profile import steady
from hypothesis import given
from hypothesis import strategies as st

ACTIONS = st.sampled_from([None, None, None, None, "answer", "raise", "quiet", "key", 404, 500, 418, "after"])
AFTER_ACTIONS = st.sampled_from([None, None, None, "raise", 403])
VALUE_ACTIONS = st.sampled_from([None, None, None, None, "raise", 404])
VIEWS = st.sampled_from([None, None, None, "raise", "quiet", "key", 404, 410, 500, "after"])
HANDLED = st.tuples(
    st.sampled_from(["boom", "quiet", "key", "exception", 404, 404, 405, 410, 418, 500]),
    st.sampled_from([None, None, None, "raise", "same", "return"]),
).map(list)
AGAIN = st.sampled_from(["r1", "r2"])  # registered again, under this name


def hooks(is_root):
    kinds = {
        "before_request": ACTIONS,
        "after_request": AFTER_ACTIONS,
        "teardown_request": st.none(),
        "url_value_preprocessor": VALUE_ACTIONS,
    }
    if not is_root:
        kinds |= {
            "before_app_request": ACTIONS,
            "after_app_request": AFTER_ACTIONS,
            "teardown_app_request": st.none(),
            "app_url_value_preprocessor": VALUE_ACTIONS,
        }
    most = 2 if is_root else 1
    return st.fixed_dictionaries({kind: st.lists(actions, max_size=most) for kind, actions in kinds.items()})


def scopes(is_root=True, depth=0):
    children = st.just([]) if depth == 2 else st.lists(scopes(is_root=False, depth=depth + 1), max_size=2 - depth // 2)
    return st.fixed_dictionaries(
        {
            "hooks": hooks(is_root),
            "handlers": st.lists(HANDLED, max_size=2, unique_by=lambda pair: pair[0]),
            "views": st.lists(VIEWS, min_size=1, max_size=2),
            "children": children,
            "prefix": st.sampled_from([None, "/p", "/q"]),
        },
        optional={"async": st.just(True), **({"propagate": st.just(True)} if is_root else {"again": AGAIN})},
    )


def paths_of(spec, prefix=""):
    """Every path of a generated application."""
    found = [prefix + path for number in range(len(spec["views"])) for path in (f"/v{number}", f"/v{number}/5")]
    for child in spec["children"]:
        found += paths_of(child, prefix + (child["prefix"] or ""))
        if "again" in child:
            found += paths_of(child, f"{prefix}/{child['again']}")
    return found


def requests_of(spec):
    paths = sorted(set(paths_of(spec)))
    asked = [["GET", path, {}] for path in paths]
    return [
        *asked,
        ["POST", paths[-1], {}],
        ["DELETE", paths[0], {}],
        ["GET", "/missing", {}],
        ["HEAD", paths[0], {}],
        ["OPTIONS", paths[0], {}],
    ]


@steady(150)
@given(scopes())
def test_hooks(agree, spec):
    agree("apps.traced", spec, requests_of(spec))


OUTCOMES = (
    """text bytes bytearray dict list none number empty tuple2 tuple2headers tuple2list tuple3 tuple1 tuple4
response werkzeug generator iterator stream jsonify make_response redirect error aborted raised html streamed set
date object""".split()
    + [
        "status text",
        "dict status",
        "none tuple",
        "response tuple",
        "jsonify list",
        "jsonify none",
        "aborted response",
        "nested error",
        "missing",
    ]
)


@pytest.mark.parametrize("kind", OUTCOMES)
@pytest.mark.parametrize(
    "config", [{}, {"PROPAGATE_EXCEPTIONS": True}, {"TRAP_HTTP_EXCEPTIONS": True}, {"DEBUG": True}], ids=str
)
def test_results(agree, kind, config):
    asked = [[method, f"/{kind}", {}] for method in ("GET", "HEAD", "POST", "OPTIONS", "PUT")]
    agree("apps.served", "outcomes", config, asked)


SESSION_PATHS = [
    "/set/a/1",
    "/set/b/\u00fc",
    "/get/a",
    "/get/b",
    "/nested",
    "/touch",
    "/permanent",
    "/clear",
    "/pop/a",
    "/untouched",
    "/rich",
    "/rich/read",
    "/flash/hello",
    "/flashed",
    "/flashed/warning",
]
SESSION_CONFIGS = [
    {},
    {"SESSION_COOKIE_NAME": "other", "SESSION_COOKIE_PATH": "/get", "SESSION_COOKIE_SECURE": True},
    {"SESSION_COOKIE_SAMESITE": "Lax", "SESSION_COOKIE_HTTPONLY": False, "SESSION_COOKIE_PARTITIONED": True},
    {"SESSION_COOKIE_DOMAIN": "localhost", "SESSION_REFRESH_EACH_REQUEST": False},
    {"APPLICATION_ROOT": "/root"},
    {"PERMANENT_SESSION_LIFETIME": 60},
    {"secret_key": None},
]


@steady(25)
@given(st.lists(st.sampled_from(SESSION_PATHS), min_size=1, max_size=8), st.sampled_from(SESSION_CONFIGS))
def test_sessions(agree, paths, config):
    ((_, theirs, ours),) = agree.outcomes("apps.served", [["sessions", config, [["GET", path, {}] for path in paths]]])
    assert [unsigned(answer) for answer in theirs] == [unsigned(answer) for answer in ours]


def unsigned(answer):
    """Without the signature of a session cookie, which counts seconds."""
    if "headers" not in answer["answer"]:
        return answer
    fields = [[name, unsign(value) if name == "Set-Cookie" else value] for name, value in answer["answer"]["headers"]]
    return {**answer, "answer": {**answer["answer"], "headers": fields}}


def unsign(cookie):
    value, semicolon, attributes = cookie.partition(";")
    head, _, _ = value.removesuffix('"').rpartition(".")
    return head.rpartition(".")[0] + semicolon + attributes


session_values = st.dictionaries(
    st.text(min_size=1, max_size=5),
    st.recursive(
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(-(2**40), 2**40),
            st.text(max_size=5),
            st.floats(allow_nan=False, allow_infinity=False),
        ),
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
        max_leaves=5,
    ),
    min_size=1,
    max_size=4,
)


@steady(25)
@given(session_values)
def test_each_reads_the_other_ones_sessions(agree, values):
    ((_, theirs, ours),) = agree.outcomes("apps.session_cookie", [[values]])
    for cookie in (theirs, ours):
        ((_, read_there, read_here),) = agree.outcomes("apps.read_session", [[cookie]])
        assert read_there == read_here
        assert len(read_here["dict"]) == len(values)


URL_CONFIGS = [{}, {"SERVER_NAME": "example.com"}, {"PREFERRED_URL_SCHEME": "https"}, {"APPLICATION_ROOT": "/root"}]


@pytest.mark.parametrize("config", URL_CONFIGS, ids=str)
@pytest.mark.parametrize(
    "path", ["/urls", "/bp/view", "/bp/in/x", "/again/x", "/shared/1", "/shared", "/item/5", "/", "/nope", "/only/post"]
)
def test_urls(agree, path, config):
    agree(
        "apps.served",
        "urls",
        config,
        [
            ["GET", path, {}],
            ["GET", path, {"base_url": "https://other.org:8443/root/"}],
            ["GET", path, {"query_string": "a=b"}],
        ],
    )


ERROR_PATHS = [
    f"{prefix}{path}"
    for prefix in ("", "/bp")
    for path in [
        "/abort/404",
        "/abort/403",
        "/abort/500",
        "/abort/418",
        "/abort/405",
        "/abort/999",
        "/raise/key",
        "/raise/index",
        "/raise/boom",
        "/raise/quiet",
        "/raise/value",
        "/form",
        "/json",
        "/arg",
        "/missing",
        "/abort/x",
    ]
]


@pytest.mark.parametrize("path", ERROR_PATHS)
def test_errors(agree, path):
    for config in (
        {},
        {"PROPAGATE_EXCEPTIONS": True},
        {"TRAP_BAD_REQUEST_ERRORS": True},
        {"TRAP_HTTP_EXCEPTIONS": True},
        {"DEBUG": True},
    ):
        asked = [[method, path, {}] for method in ("GET", "POST", "HEAD")]
        asked += [
            ["POST", path, {"json": [1]}],
            ["POST", path, {"data": "{", "content_type": "application/json"}],
            ["POST", path, {"data": {"missing": "x"}}],
        ]
        agree("apps.served", "errors", config, asked)


ECHOES = [
    {},
    {"query_string": {"a": "b c", "\u00fc": "\u00e4"}},
    {"query_string": "a=1&a=2"},
    {"data": {"a": "1", "b": "\u00fc"}},
    {"data": {"f": {"$file": "x"}}},
    {"data": "raw \xff"},
    {"data": "x=y", "content_type": "application/x-www-form-urlencoded"},
    {"json": {"a": [1, None]}},
    {"headers": {"X-A": "b", "Cookie": "a=b"}},
    {"base_url": "https://example.com:8443/app/"},
    {"environ_base": {"REMOTE_ADDR": "9.9.9.9"}},
    {"environ_overrides": {"SCRIPT_NAME": "/over"}},
    {"mimetype": "text/x", "data": "y"},
]
METHOD_PATHS = [
    "/thing",
    "/thing/5",
    "/thing/x",
    "/echo",
    "/echo/a/b",
    "/echo/a%20b",
    "/echo/\u00fc",
    "/slash",
    "/slash/",
    "/options",
    "/none",
    "/later",
    "/cookies",
    "/file",
    "/template",
    "//echo",
    "/echo/../x",
]


@pytest.mark.parametrize("path", METHOD_PATHS)
def test_methods(agree, path):
    asked = [[method, path, {}] for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "X")]
    agree("apps.served", "methods", {}, asked)
    agree("apps.served", "methods", {"PROVIDE_AUTOMATIC_OPTIONS": False}, asked)


@pytest.mark.parametrize("options", ECHOES, ids=str)
def test_requests(agree, options):
    options = {key: value for key, value in options.items() if "$file" not in str(value)}
    asked = [[method, path, options] for method in ("GET", "POST", "PUT") for path in ("/echo", "/echo/a/b", "/slash")]
    asked += [
        ["POST", "/slash", {**options, "follow_redirects": True}],
        ["GET", "/slash", {**options, "follow_redirects": True}],
    ]
    for config in (
        {},
        {"MAX_CONTENT_LENGTH": 4},
        {"TRUSTED_HOSTS": ["example.com", "localhost"]},
        {"MAX_FORM_PARTS": 1},
    ):
        agree("apps.served", "methods", config, asked)


@pytest.mark.parametrize(
    "host", ["evil example", "", "b\u00fccher.example", "localhost:80", "a.localhost", "[::1]:5000"]
)
def test_hosts(agree, host):
    asked = [
        [method, path, {"headers": {"Host": host}}]
        for method in ("GET", "POST")
        for path in ("/echo", "/slash", "/template")
    ]
    for config in ({}, {"SERVER_NAME": "localhost"}, {"TRUSTED_HOSTS": [".localhost"]}):
        agree("apps.served", "methods", config, asked)


FILE_REQUESTS = [
    {},
    {"headers": {"Range": "bytes=0-9"}},
    {"headers": {"Range": "bytes=-5"}},
    {"headers": {"If-None-Match": '"fixed"'}},
    {"headers": {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}},
]


@pytest.mark.parametrize("name", ["apps.py", "../plain.py", "missing", "a/b", "%2e%2e/plain.py", "."])
def test_static_files(agree, name):
    folder = __file__.rpartition("/")[0] + "/probes"
    asked = [
        [method, path, extra]
        for method in ("GET", "HEAD", "POST")
        for path in (f"/file/{name}", f"/probes/{name}")
        for extra in FILE_REQUESTS
        if method == "GET" or not extra
    ]
    agree("apps.served", "methods", {"FOLDER": folder, "static_folder": folder}, asked)
    agree("apps.served", "methods", {"FOLDER": folder, "static_folder": folder, "SEND_FILE_MAX_AGE_DEFAULT": 50}, asked)


CONFIGS = [
    [["from_mapping", [{"A": 1, "b": 2}], {"C": 3, "d": 4}]],
    [["from_mapping", [[["A", 1]]]], ["from_mapping", [{}, {}]]],
    [["from_object", ["differential.plain"]]],
    [["from_object", ["nope.nope"]]],
    [["file", "A = 1\nb = 2\nC = [x for x in range(3)]\n"]],
    [["file", "syntax error"]],
    [["json", '{"A": 1, "b": 2}']],
    [["json", "{"]],
    [["from_pyfile", ["/nonexistent"]], ["from_pyfile", ["/nonexistent"], {"silent": True}]],
    [["from_envvar", ["DIFFERENTIAL_MISSING"]], ["from_envvar", ["DIFFERENTIAL_MISSING"], {"silent": True}]],
    [
        [
            "environ",
            {
                "FLASK_A": "1",
                "FLASK_B": "x",
                "FLASK_C": '{"d": 1}',
                "FLASK_D__e": "true",
                "FLASK_D__f__g": "[1]",
                "FLASK_h": "null",
            },
        ],
        ["from_prefixed_env", []],
    ],
    [["environ", {"X_A": "1", "X_B__c": "text", "FLASK_A": "2"}], ["from_prefixed_env", ["X"]]],
    [
        ["from_mapping", [{"MAIL_HOST": 1, "MAIL_PORT": 2, "MAILER": 3}]],
        ["get_namespace", ["MAIL_"]],
        ["get_namespace", ["MAIL_"], {"lowercase": False, "trim_namespace": False}],
    ],
]


@pytest.mark.parametrize("steps", CONFIGS, ids=lambda steps: steps[-1][0])
def test_configuration(agree, steps):
    agree("apps.config", steps)


@steady(30)
@given(session_values)
def test_tagged_json(agree, values):
    agree("apps.tagged", values, False)
    agree("apps.tagged", json.dumps(values), True)


@pytest.mark.parametrize(
    "text",
    [
        '{" t":[1,2]}',
        '{" b":"/w=="}',
        '{" d":"Sun, 06 Nov 1994 08:49:37 GMT"}',
        '{" u":"00000000000000000000000000000007"}',
        '{" di":{" t__":1}}',
        '{" x":1}',
        '{" m":"<b>"}',
        '{" t":1,"a":2}',
    ],
)
def test_tags(agree, text):
    agree("apps.tagged", text, True)
