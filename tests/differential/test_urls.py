"""URLs, hosts, cookies, file names: one text in, one value out."""

import pytest
from differential.profile import BATCH, steady
from differential.test_fields import one_each, texts
from hypothesis import given
from hypothesis import strategies as st

COOKIES = [
    None,
    "",
    "a=b",
    "a=b; c=d",
    "a=b;c=d",
    "a=b ; c = d",
    "a",
    "a=",
    "=b",
    ";",
    "a=b; a=c",
    'a="b c"',
    'a="b\\"c"',
    'a="\\303\\274"',
    'a="b; c=d',
    "a=b=c",
    "a=%20",
    "a=\u00c3\u00bc",
    "a=b,c=d",
    "$Version=1; a=b; $Path=/",
    "a=b;;c=d",
    " a=b",
    "a=b; ",
    'a="b"c',
    "a\tb=c",
    "__Host-x=1; __Secure-y=2",
]


@pytest.mark.parametrize("text", COOKIES)
def test_cookies_known(agree, text):
    agree("values.call", "parse_cookie", text)


@steady(40)
@given(
    st.lists(
        texts('ab=;"\\, ', ["a=b", "; ", '"x y"', "\\303\\274", "\u00c3\u00bc", "%20"]), min_size=1, max_size=BATCH
    )
)
def test_cookies(agree, batch):
    one_each(agree, batch, "parse_cookie")


dump_options = st.fixed_dictionaries(
    {},
    optional={
        "max_age": st.sampled_from([None, 0, 5, -1, {"$seconds": 90}]),
        "expires": st.sampled_from(
            [None, 0, 784111777, {"$datetime": "1994-11-06T08:49:37"}, "Sun, 06 Nov 1994 08:49:37 GMT"]
        ),
        "path": st.sampled_from([None, "/", "/a b", "/\u00fc", "/a;b", ""]),
        "domain": st.sampled_from(
            [None, "example.com", ".example.com", "ex.com:80", "b\u00fccher.example", "localhost"]
        ),
        "secure": st.booleans(),
        "httponly": st.booleans(),
        "sync_expires": st.just(False),
        "samesite": st.sampled_from([None, "Lax", "strict", "NONE", "x", ""]),
        "partitioned": st.booleans(),
    },
)


@steady(60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "a b", "key", "__Host-x"]),
            st.one_of(texts('ab", ;\\=%', ["\u00fc", "\u20ac", "\t"], 5), st.just("")),
            dump_options,
        ),
        max_size=BATCH,
    )
)
def test_writing_cookies(agree, batch):
    agree.all("values.call_with", [["dump_cookie", [key, value], options] for key, value, options in batch])


URLS = [
    "",
    "/",
    "http://example.com/",
    "http://example.com",
    "http://b\u00fccher.example/\u00fc?\u00e4=\u00f6#\u00df",
    "http://xn--bcher-kva.example/%C3%BC?%C3%A4=%C3%B6",
    "http://user:p%40ss@host:8080/a%2Fb?c=%26d#e%20f",
    "http://[::1]:80/",
    "/a b",
    "/%2F%20%25%E2%82%AC",
    "/%ff%fe",
    "/a?b?c#d#e",
    "//host/x",
    "?x=y",
    "#f",
    "mailto:a@b",
    "javascript:void(0)",
    "http://host:port/",
    "http://h/%zz",
    "http://h/a;b=c,d!$'()*+",
    'http://h/<>"{}|\\^`',
    "http://h/\u4f60\u597d",
    "HTTP://EXAMPLE.COM/Path",
    "itms-services://?action=download",
    "http://h/?a=%3D%26%2B+",
    "http://\u4f60\u597d.example:99/",
    "http://h/\x01",
    "http://h//x//y",
]


@pytest.mark.parametrize("text", URLS)
def test_urls_known(agree, text):
    agree("values.call", "iri_to_uri", text)
    agree("values.call", "uri_to_iri", text)


@steady(50)
@given(
    st.lists(
        texts("ab/?#%&=+: @;\u00fc", ["%20", "%C3%BC", "%2F", "http://h", "%e2%82%ac", "%", "x=y"]).map(
            lambda text: "/" + text.lstrip("/")
        ),
        max_size=BATCH,
    )
)
def test_urls(agree, batch):
    one_each(agree, batch, "iri_to_uri")
    one_each(agree, batch, "uri_to_iri")


HOSTS = [
    None,
    "",
    "example.com",
    "example.com:80",
    "example.com:443",
    "example.com:8080",
    "EXAMPLE.com",
    "sub.example.com",
    "a.sub.example.com",
    "evil-example.com",
    "example.com.",
    "example.com:99999",
    "example.com:abc",
    "example.com:",
    "exa mple.com",
    "example.com/path",
    "user@example.com",
    "[::1]",
    "[::1]:8080",
    "::1",
    "127.0.0.1:5000",
    "b\u00fccher.example",
    "xn--bcher-kva.example",
    "localhost",
    "a_b.example",
    "-a.example",
    ".example.com",
    "example.com,evil.com",
    "exa\nmple.com",
]
TRUSTED = [
    None,
    [],
    ["example.com"],
    [".example.com"],
    ["localhost", "127.0.0.1"],
    ["b\u00fccher.example"],
    ["example.com:8080"],
    ["EXAMPLE.COM"],
]


@pytest.mark.parametrize("host", HOSTS)
def test_hosts(agree, host):
    servers = [None, ["10.0.0.1", 80], ["10.0.0.1", 8080], ["::1", 80], ["unix", None], ["/run/x.sock", None]]
    tuples = [server and {"$tuple": server} for server in servers]
    agree.all("values.call", [["host_is_trusted", host, trusted] for trusted in TRUSTED])
    agree.all(
        "values.call",
        [
            ["get_host", scheme, host, server, trusted]
            for scheme in ("http", "https", "ws", "wss", "x")
            for server in tuples
            for trusted in TRUSTED
        ],
    )


@steady(30)
@given(
    st.sampled_from(["http", "https"]),
    st.sampled_from(["example.com", "example.com:8080", "xn--bcher-kva.example", "[::1]"]),
    st.one_of(st.none(), texts("ab/%\u00fc ;", ["%20", "//"], 5)),
    st.one_of(st.none(), texts("ab/%\u00fc ;?#", ["%20", "//"], 5)),
    st.one_of(
        st.none(), st.sampled_from(["", "a=b", "a=%20&b", "\u00fc", "a=%ff", "a b"]).map(lambda text: {"$bytes": text})
    ),
)
def test_current_urls(agree, scheme, host, root, path, query):
    agree("values.call", "get_current_url", scheme, host, root, path, query)


NAMES = [
    "",
    ".",
    "..",
    "a",
    "../a",
    "a/../b",
    "a//b",
    "/a",
    "a/",
    "./a",
    "a\\b",
    "..\\a",
    "\u00fc",
    "a/./b",
    "con",
    "a:b",
    "~",
    "a/../../b",
    " ",
    "..a",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("base", ["/var/www", "", "rel", "/", ".", "a/"])
def test_joining(agree, base, name):
    agree("values.call", "safe_join", base, name)
    agree("values.call", "safe_join", base, "x", name)


@steady(30)
@given(
    st.lists(
        texts("a./\\ -_\u00fc\u00df:*?\t", ["..", "CON", "file.txt", "\u4f60", "My cool"]), min_size=1, max_size=BATCH
    )
)
def test_file_names(agree, batch):
    one_each(agree, batch, "secure_filename")
    agree.all("values.call", [["safe_join", "/srv", text] for text in batch])


@pytest.mark.parametrize(
    "name",
    [
        "My cool movie.mov",
        "../../../etc/passwd",
        "i contain cool \xfcml\xe4uts.txt",
        "con.txt",
        "COM1",
        "",
        "...",
        ".htaccess",
        "a b",
        "\ufb01",
    ],
)
def test_file_names_known(agree, name):
    agree("values.call", "secure_filename", name)


PASSWORDS = [
    "pbkdf2:sha256:1000",
    "pbkdf2:sha1:1000",
    "pbkdf2",
    "scrypt",
    "scrypt:16:8:1",
    "plain",
    "pbkdf2:nope",
    "scrypt:1",
    "md5",
    "scrypt:a:b:c",
]


@pytest.mark.parametrize("method", PASSWORDS[:2] + PASSWORDS[4:5])
def test_each_checks_the_other_ones_password_hashes(agree, method):
    ((_, theirs, ours),) = agree.outcomes("values.call", [["generate_password_hash", "secret \u00fc", method]])
    for hashed in (theirs, ours):
        agree("values.call", "check_password_hash", hashed, "secret \u00fc")
        agree("values.call", "check_password_hash", hashed, "wrong")


@pytest.mark.parametrize("hashed", ["", "x", "a$b$c", "pbkdf2:sha256:10$salt$00", "$$"])
def test_broken_password_hashes(agree, hashed):
    agree("values.call", "check_password_hash", hashed, "secret")


MODIFIED = [
    {},
    {"HTTP_IF_NONE_MATCH": '"a"'},
    {"HTTP_IF_NONE_MATCH": 'W/"a"'},
    {"HTTP_IF_NONE_MATCH": "*"},
    {"HTTP_IF_NONE_MATCH": '"b"'},
    {"HTTP_IF_MATCH": '"a"'},
    {"HTTP_IF_MATCH": '"b"'},
    {"HTTP_IF_MATCH": "*"},
    {"HTTP_IF_MODIFIED_SINCE": "Sun, 06 Nov 1994 08:49:37 GMT"},
    {"HTTP_IF_MODIFIED_SINCE": "Sun, 06 Nov 1994 08:49:36 GMT"},
    {"HTTP_IF_MODIFIED_SINCE": "bogus"},
    {"HTTP_IF_UNMODIFIED_SINCE": "Sun, 06 Nov 1994 08:49:36 GMT"},
    {"HTTP_IF_NONE_MATCH": '"b"', "HTTP_IF_MODIFIED_SINCE": "Sun, 06 Nov 1994 08:49:38 GMT"},
    {"HTTP_IF_NONE_MATCH": '"a"', "REQUEST_METHOD": "POST"},
    {"HTTP_RANGE": "bytes=0-1", "HTTP_IF_RANGE": '"a"'},
    {"HTTP_RANGE": "bytes=0-1", "HTTP_IF_RANGE": '"b"'},
    {"HTTP_RANGE": "bytes=0-1", "HTTP_IF_RANGE": "Sun, 06 Nov 1994 08:49:37 GMT"},
]


@pytest.mark.parametrize("environ", MODIFIED)
def test_is_resource_modified(agree, environ):
    moment = {"$datetime": "1994-11-06T08:49:37"}
    for options in ({}, {"etag": "a"}, {"etag": '"a"'}, {"data": {"$bytes": "x"}}, {"last_modified": moment}):
        for extra in ({}, {"ignore_if_range": False}, {"last_modified": moment}):
            agree(
                "values.call_with", "is_resource_modified", [{"REQUEST_METHOD": "GET", **environ}], {**options, **extra}
            )
    agree("values.call_with", "is_resource_modified", [environ], {"etag": "a", "data": {"$bytes": "x"}})


@pytest.mark.parametrize(
    "name", ["Content-Type", "expires", "Connection", "keep-alive", "X", "transfer-encoding", "Content-Location", "TE"]
)
def test_kinds_of_fields(agree, name):
    for function in ("is_entity_header", "is_hop_by_hop_header"):
        agree("values.call", function, name)
