"""Environs that are built for tests, and clients that keep cookies and follow redirects."""

import pytest
from differential.profile import BATCH, steady
from hypothesis import given
from hypothesis import strategies as st

PATHS = ["/", "", "/a", "/a b", "/\u00fc", "/a?b=c", "/a%20b", "a", "http://other.org/x?y=z", "/?", "/a#f", "/a;b"]
builder_options = st.fixed_dictionaries(
    {},
    optional={
        "method": st.sampled_from(["GET", "POST", "PUT", "get"]),
        "base_url": st.sampled_from(
            [
                None,
                "http://example.com",
                "https://example.com:8443/app",
                "http://b\u00fccher.example/",
                "http://localhost:80/",
            ]
        ),
        "query_string": st.sampled_from([None, "x=y", {"x": "y z", "u": "\u00fc"}, {"l": ["1", "2"]}, "", "\u00fc=1"]),
        "headers": st.sampled_from(
            [
                None,
                {"X-A": "b"},
                [{"$tuple": ["X-A", "b"]}, {"$tuple": ["x-a", "c"]}],
                {"Host": "other"},
                {"Content-Type": "a/b"},
            ]
        ),
        "data": st.sampled_from(
            [
                None,
                "text",
                {"$bytes": "\xff"},
                {"a": "b", "\u00fc": "\u00fc"},
                {"a": ["b", "c"]},
                {"f": {"$tuple": [{"$file": "content"}, "name.txt"]}},
                {"n": 5},
            ]
        ),
        "content_type": st.sampled_from(
            [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
        ),
        "mimetype": st.sampled_from([None, "text/x"]),
        "environ_base": st.sampled_from([None, {"REMOTE_ADDR": "1.2.3.4"}, {"X": "y"}]),
        "environ_overrides": st.sampled_from([None, {"wsgi.url_scheme": "https"}]),
        "auth": st.sampled_from(
            [None, {"$tuple": ["u", "p"]}, {"$make": ["Authorization", ["bearer"], {"token": "t"}]}]
        ),
        "multithread": st.booleans(),
    },
)
READ = [
    "path",
    "script_root",
    "base_url",
    "host",
    "url_scheme",
    "query_string",
    "args",
    "method",
    "content_type",
    "content_length",
    "mimetype",
    "form",
    "server_name",
    "server_port",
]
builder_steps = st.lists(
    st.one_of(
        st.sampled_from([["get", name] for name in READ]),
        st.sampled_from(
            [
                ["set", "content_type", "x/y"],
                ["set", "query_string", "n=1"],
                ["set", "method", "PUT"],
                ["set", "content_length", 3],
                ["set", "mimetype", "z/z"],
            ]
        ),
    ),
    max_size=3,
)


@steady(80)
@given(
    st.lists(
        st.builds(
            lambda path, extra, steps: [[path], extra, steps], st.sampled_from(PATHS), builder_options, builder_steps
        ),
        min_size=1,
        max_size=BATCH,
    )
)
def test_builders(agree, batch):
    agree.all("clients.environ_of", batch)


@pytest.mark.parametrize("value", [{"a": 1}, [1], "x", None, {"u": "\u00fc"}, 5])
def test_json(agree, value):
    agree("clients.environ_of", ["/"], {"json": value})
    agree("clients.environ_of", ["/"], {"json": value, "method": "POST", "content_type": "application/x+json"})
    agree("clients.environ_of", ["/"], {"json": value, "data": "x"})


COOKIES = [
    "a=b",
    "a=c; Path=/x",
    "d=e; Domain=example.com",
    "a=; Max-Age=0",
    "s=1; Secure",
    "h=1; HttpOnly; SameSite=Lax",
    'q="x y"',
    "p=1; Path=/x/y",
    "x=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    "m=1; Max-Age=100",
]
visits = st.one_of(
    st.builds(
        lambda texts: ["open", "/", {"query_string": {"cookie": texts}}],
        st.lists(st.sampled_from(COOKIES), min_size=1, max_size=3),
    ),
    st.builds(
        lambda path, extra: ["open", path, extra],
        st.sampled_from(
            ["/", "/x", "/x/y", "/xy", "http://example.com/", "https://localhost/", "http://sub.example.com/"]
        ),
        st.sampled_from([{}, {"method": "POST", "data": {"f": "g"}}, {"headers": {"Cookie": "own=1"}}]),
    ),
    st.builds(
        lambda target, code, extra: [
            "open",
            "/from/here",
            {"query_string": {"to": target, "code": code}, "follow_redirects": True, **extra},
        ],
        st.sampled_from(["/x", "/", "/x?y=z", "http://localhost/abs", "/\u00fc", "/x#fragment"]),
        st.sampled_from(["301", "302", "303", "307", "308"]),
        st.sampled_from([{}, {"method": "POST"}, {"method": "PUT"}, {"method": "HEAD"}]),
    ),
    st.sampled_from(
        [
            [".set_cookie", ["k", "v"]],
            [".set_cookie", ["k", "v w"], {"domain": "example.com", "path": "/x", "origin_only": False}],
            [".set_cookie", ["k"], {"max_age": 0}],
            [".delete_cookie", ["k"]],
            [".delete_cookie", ["k"], {"domain": "example.com", "path": "/x"}],
            ["cookie", "k"],
            ["cookie", "a"],
            ["cookie", "d", "example.com"],
            ["cookie", "a", "localhost", "/x"],
            ["cookie", "h"],
        ]
    ),
)


@steady(60)
@given(
    st.sampled_from([{}, {}, {"use_cookies": False}, {"allow_subdomain_redirects": True}]),
    st.lists(visits, min_size=1, max_size=8),
)
def test_clients(agree, settings, steps):
    agree("clients.browse", settings, steps)


REDIRECTS = ["/x", "http://other.org/", "http://sub.localhost/", "/loop"]  # relative ones are a deviation


@pytest.mark.parametrize("target", REDIRECTS)
@pytest.mark.parametrize("code", ["301", "302", "303", "307", "308", "300", "305"])
def test_redirects(agree, target, code):
    for settings in ({}, {"allow_subdomain_redirects": True}):
        for extra in ({}, {"method": "POST"}, {"method": "HEAD"}):
            agree(
                "clients.browse",
                settings,
                [["open", "/", {"query_string": {"to": target, "code": code}, "follow_redirects": True, **extra}]],
            )
