"""The grammar of field values: what one side reads or writes, the other does too."""

import pytest
from differential.profile import BATCH, steady
from hypothesis import given
from hypothesis import strategies as st


def texts(alphabet, words=(), size=12):
    """Texts of single characters and of whole words that a grammar knows."""
    return st.lists(st.sampled_from([*alphabet, *words]), max_size=size).map("".join)


def one_each(agree, batch, name):
    agree.all("values.call", [[name, text] for text in batch])


LISTS = [
    "",
    ",",
    "a,b",
    ' a , "b, c" ,d',
    'a, "b\\"c"',
    '"a" b, c',
    '"open',
    "a=b, c",
    '"", x',
    "a,,b",
    "\u00fc, b",
    "a;b=c, d",
]
list_texts = st.one_of(st.sampled_from(LISTS), texts('ab,=" ', ["foo", ", "]))


def is_set(text):
    names = [name.strip(' "').lower() for name in text.split(",")]
    return len(set(names)) == len(names)


@steady(30)
@given(st.lists(list_texts, min_size=1, max_size=BATCH))
def test_lists_and_dicts(agree, batch):
    one_each(agree, batch, "parse_list_header")
    one_each(agree, batch, "parse_dict_header")
    agree.all("values.call", [["parse_set_header", text] for text in batch if is_set(text)])
    one_each(agree, batch, "unquote_header_value")


DICTS = [
    "a=1, b=2",
    'a="1, 2"',
    "a",
    "a=",
    "=a",
    "a*=UTF-8''%e2%82%ac",
    "a*=utf-8'en'x%20y",
    "a = 1",
    "a=b=c",
    'a="b',
    "*=1",
    "a*=x",
]


@pytest.mark.parametrize("text", [*LISTS, *DICTS])
def test_lists_and_dicts_known(agree, text):
    for name in ("parse_list_header", "parse_dict_header", "parse_set_header", "parse_options_header"):
        agree("values.call", name, text)


OPTIONS = [
    None,
    "",
    "text/html",
    "text/html; charset=utf-8",
    'text/html; charset="utf-8"',
    "TEXT/HTML; Charset=UTF-8",
    'form-data; name=a; filename="b;c"',
    'form-data; filename="a\\"b"',
    'form-data; filename="a\\\\b"',
    'form-data; filename="C:\\dir\\file.txt"',
    "attachment; filename*=UTF-8''na%C3%AFve.txt",
    "attachment; filename=a.txt; filename*=UTF-8''b.txt",
    "attachment; filename*=iso-8859-1'en'%A3.txt",
    "attachment; filename*=bogus''x",
    "attachment; filename*0=a; filename*1=b",
    "attachment; filename*0*=UTF-8''a%20; filename*1=b",
    "a; b",
    "a; b=",
    "a; =b",
    ";a=b",
    "a;;b=c",
    "a; b=c d; e=f",
    "a; b = c",
    'a; b="c',
    "a; b='c'",
    "a; b=c; b=d",
    "a/b;c=d;e",
    'multipart/form-data; boundary="x y"',
    "text/plain;charset=ü",
    "a; name%22=x",
]
options_texts = st.one_of(
    st.sampled_from(OPTIONS),
    texts('ab;= "\\', ["a=b", "; ", "name", "filename*=", "UTF-8''", "%20", "%e9", "*0=", "*1*="]).filter(
        lambda text: text.count("*0=") < 2  # which of two first parts counts is anybody's guess
    ),
)


@pytest.mark.parametrize("text", OPTIONS)
def test_options_known(agree, text):
    agree("values.call", "parse_options_header", text)


@steady(50)
@given(st.lists(options_texts, min_size=1, max_size=BATCH))
def test_options(agree, batch):
    one_each(agree, batch, "parse_options_header")


written = st.one_of(texts('ab"\\ ;,=*üé€%', ["utf-8", "x y"], 6), st.integers(0, 99))


@steady(40)
@given(
    st.lists(written, max_size=4),
    st.dictionaries(st.sampled_from(["a", "b", "name*", "file name", "_"]), st.one_of(st.none(), written), max_size=3),
    st.booleans(),
)
def test_writing(agree, values, options, is_token):
    agree.all(
        "values.call",
        [
            *[["quote_header_value", value] for value in values],
            *[["quote_header_value", value, is_token] for value in values],
            ["dump_header", values],
            ["dump_header", options],
            ["dump_options_header", "text/plain", options],
            ["dump_options_header", None, options],
        ],
    )


ACCEPTS = [
    "",
    "*/*",
    "*",
    "text/html",
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "text/html;level=1;q=0.5, text/html;level=2",
    "text/*;q=0.3, text/html;q=0.7, text/html;level=1, text/html;level=2;q=0.4, */*;q=0.5",
    "en-US,en;q=0.5",
    "da, en-gb;q=0.8, en;q=0.7",
    "zh-Hans-CN, zh;q=0.4",
    "gzip, deflate, br, zstd",
    "gzip;q=0, *;q=0.1",
    "identity;q=0",
    "utf-8, iso-8859-1;q=0.5, *;q=0.1",
    "latin1, utf8",
    "a;q=2",
    "a;q=-1",
    "a;q=abc",
    "a;q=",
    "a;q=0.0001",
    "a;q=1.000",
    "a;q=.5",
    "a;q=1e-1",
    "a;q=nan",
    "a;q=inf",
    "a; q = 0.5",
    "a;Q=0.5",
    "a;q=0.5;x=y",
    ",,a",
    '"quoted";q=0.4',
    'text/plain; charset="utf, 8"; q=0.2',
    "text/html; charset=UTF-8",
    "a/b/c",
    "text",
    "*/html",
    "en_US, en-gb",
    "x-foo;q=0.3, *",
]
offers = {
    "Accept": ["a", "A", "gzip", "identity", "*", "br", "", "x-foo"],
    "MIMEAccept": [
        "text/html",
        "application/json",
        "text/plain",
        "text/html;level=1",
        "TEXT/HTML",
        "image/webp",
        "*/*",
        "text/*",
    ],
    "LanguageAccept": ["en", "en-US", "en_US", "en-GB", "da", "zh", "zh-Hans", "zh-TW", "*", "pt-BR"],
    "CharsetAccept": ["utf-8", "UTF8", "latin1", "iso-8859-1", "*", "ascii", "bogus"],
}


def accept_steps(offered):
    found = st.sampled_from(offered)
    return st.lists(
        st.one_of(
            st.builds(lambda value: ["in", value], found),
            st.builds(lambda value: ["item", value], found),
            st.builds(lambda value: [".quality", [value]], found),
            st.builds(lambda value: [".find", [value]], found),
            st.builds(lambda value: [".index", [value]], found),
            st.builds(lambda values: [".best_match", [values]], st.lists(found, max_size=4)),
            st.builds(
                lambda values, value: [".best_match", [values], {"default": value}], st.lists(found, max_size=2), found
            ),
            st.sampled_from(
                [
                    ["get", "best"],
                    ["bool"],
                    ["len"],
                    [".values"],
                    [".to_header"],
                    ["str"],
                    ["repr"],
                    ["list"],
                    ["copied"],
                    ["item", 0],
                ]
            ),
            st.sampled_from(
                [
                    ["get", "accept_html"],
                    ["get", "accept_xhtml"],
                    ["get", "accept_json"],
                    [".append", ["x"]],
                    ["item", -1],
                ]
            ),
        ),
        max_size=8,
    )


weights = st.sampled_from(["", ";q=0.5", ";q=0", ";q=1", ";q=0.9", "; q=0.8", ";level=1", ";q=0.5"])
accept_cases = st.sampled_from(sorted(offers)).flatmap(
    lambda kind: st.tuples(
        st.one_of(
            st.sampled_from(ACCEPTS),
            st.lists(st.builds(str.__add__, st.sampled_from(offers[kind]), weights), max_size=5).map(", ".join),
        ).map(lambda text: ["parse_accept_header", [text, {"$name": kind}]]),
        accept_steps(offers[kind]),
    ).map(list)
)


@steady(80)
@given(st.lists(accept_cases, min_size=1, max_size=BATCH))
def test_accept(agree, batch):
    agree.all("values.operate", batch)


@pytest.mark.parametrize("text", ACCEPTS)
def test_accept_known(agree, text):
    for kind, offered in offers.items():
        steps = [["list"], [".best_match", [offered]], *([".quality", [value]] for value in offered), ["str"]]
        agree("values.operate", ["parse_accept_header", [text, {"$name": kind}]], steps)


CACHE = [
    "",
    "no-cache",
    "max-age=5",
    "max-age=-1",
    "max-age=abc",
    "max-age=",
    "max-age",
    "private, max-age=0, no-transform",
    'no-cache="set-cookie", private="x"',
    "max-stale, min-fresh=3, only-if-cached",
    "max-stale=7",
    "public, s-maxage=10, stale-while-revalidate=3, stale-if-error=4, immutable, must-understand",
    "custom=1, other",
    "max-age=1.5",
    "max_age=3",
]
directives = [
    "no_cache",
    "no_store",
    "max_age",
    "no_transform",
    "stale_if_error",
    "max_stale",
    "min_fresh",
    "only_if_cached",
    "public",
    "private",
    "must_revalidate",
    "proxy_revalidate",
    "s_maxage",
    "immutable",
    "must_understand",
    "stale_while_revalidate",
]
settable = st.sampled_from(directives)
directive_values = st.sampled_from([None, True, False, 0, 5, "x", "5", "", "a, b"])
cache_steps = st.lists(
    st.one_of(
        st.builds(lambda name: ["get", name], settable),
        st.builds(lambda name, value: ["set", name, value], settable, directive_values),
        st.sampled_from(
            [
                ["str"],
                ["repr"],
                ["len"],
                [".to_header"],
                [".get", ["max-age"]],
                ["in", "no-cache"],
                ["copied"],
                [".keys"],
            ]
        ),
        st.sampled_from(
            [
                ["setitem", "x", "y"],
                ["delitem", "no-cache"],
                [".pop", ["max-age", None]],
                [".update", [{"a": "b"}]],
                ["list"],
            ]
        ),
    ),
    max_size=6,
)


@steady(50)
@given(
    st.lists(
        st.tuples(
            st.builds(
                lambda text, kind: ["parse_cache_control_header", [text, None, {"$name": kind}]],
                st.sampled_from(CACHE),
                st.sampled_from(["RequestCacheControl", "ResponseCacheControl"]),
            ),
            cache_steps,
        ).map(list),
        max_size=BATCH,
    )
)
def test_cache_control(agree, batch):
    agree.all("values.operate", batch)


@pytest.mark.parametrize("kind", ["RequestCacheControl", "ResponseCacheControl"])
@pytest.mark.parametrize("text", CACHE)
def test_cache_control_known(agree, text, kind):
    steps = [["get", name] for name in directives] + [["str"]]
    agree("values.operate", ["parse_cache_control_header", [text, None, {"$name": kind}]], steps)


POLICIES = [
    "",
    "default-src 'self'",
    "default-src 'self'; script-src a b",
    ";;",
    "a b;b c",
    " img-src  * ; x y",
    "default-src 'self'; default-src b",
]
policy_names = st.sampled_from(
    ["default_src", "script_src", "img_src", "report_uri", "sandbox", "frame_ancestors", "base_uri"]
)


@steady(20)
@given(
    st.sampled_from(POLICIES),
    st.lists(
        st.one_of(
            st.builds(lambda name: ["get", name], policy_names),
            st.builds(lambda name, value: ["set", name, value], policy_names, st.sampled_from(["x", "'self' a", None])),
            st.sampled_from([["str"], [".to_header"], ["len"], ["list"], ["repr"], ["setitem", "x-y", "z"]]),
        ),
        max_size=5,
    ),
)
def test_content_security_policy(agree, text, steps):
    agree("values.operate", ["parse_csp_header", [text]], steps)
    agree("values.operate", ["ContentSecurityPolicy"], steps)


ETAGS = [
    "",
    "*",
    '"a"',
    'W/"a"',
    '"a", W/"b"',
    "a",
    "a, b",
    '"a" "b"',
    'w/"a"',
    '"a',
    ',"a",,',
    '"a,b"',
    "W/a",
    'W/"',
    "W/*",
]


@pytest.mark.parametrize("text", ETAGS)
def test_etags(agree, text):
    steps = [
        ["bool"],
        ["len"],
        [".as_set"],
        [".as_set", [True]],
        *(
            [name, [tag]]
            for name in (".contains", ".contains_weak", ".is_weak", ".is_strong")
            for tag in ("a", "b", "")
        ),
        *([".contains_raw", [tag]] for tag in ('"a"', 'W/"a"', 'W/"b"', "a")),
        ["in", "a"],
        ["get", "star_tag"],
    ]
    agree("values.operate", ["parse_etags", [text]], steps)
    agree("values.call", "unquote_etag", text)
    agree("values.call", "quote_etag", text)
    agree("values.call", "quote_etag", text, True)
    agree("values.call", "generate_etag", {"$bytes": text})


@steady(20)
@given(
    st.lists(texts('ab"W/, ', ['"a"', 'W/"b"', ", "]).filter(lambda text: '""' not in text), min_size=1, max_size=BATCH)
)
def test_etag_texts(agree, batch):
    agree.all("values.operate", [[["parse_etags", [text]], [[".as_set"], [".contains", ["a"]]]] for text in batch])
    one_each(agree, batch, "unquote_etag")


DATES = [
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994",
    "Sun, 06 Nov 1994 08:49:37 +0200",
    "Sun, 06 Nov 1994 08:49:37 -0000",
    "Sun, 06 Nov 1994 08:49:37 EST",
    "06 Nov 1994 08:49 GMT",
    "Sun, 06 Nov 1994 25:49:37 GMT",
    "Sun, 31 Feb 1994 08:49:37 GMT",
    "Mon, 06 Nov 1994 08:49:37 GMT",
    "",
    "nonsense",
    "0",
    "1994-11-06",
    "Sun, 06 Nov 94 08:49:37 GMT",
    "Sun, 06 Nov 0001 00:00:00 GMT",
    "Sun, 06 Nov 9999 23:59:59 GMT",
    "Sun, 06 Nov 99999 23:59:59 GMT",
    "Thu, 01 Jan 1970 00:00:00 GMT",
    "Sun, 06 Nov 1994 08:49:60 GMT",
    "Sun, 06 Nov 1994 08:49:37",
]


@pytest.mark.parametrize("text", DATES)
def test_dates(agree, text):
    agree("values.call", "parse_date", text)


@steady(30)
@given(
    st.lists(
        st.one_of(
            st.datetimes().map(lambda moment: {"$datetime": moment.isoformat()}),
            st.datetimes().map(lambda moment: {"$datetime": moment.isoformat() + "+02:00"}),
            st.dates().map(lambda day: {"$date": day.isoformat()}),
            st.integers(0, 2**33),
            st.integers(0, 2**34).map(lambda quarters: quarters / 4),
        ),
        max_size=BATCH,
    )
)
def test_writing_dates(agree, batch):
    one_each(agree, batch, "http_date")


@pytest.mark.parametrize("age", [None, "", "0", "5", "-1", "x", "1.5", "99999999999999999", " 7 ", "+3"])
def test_ages(agree, age):
    agree("values.call", "parse_age", age)


@pytest.mark.parametrize("age", [None, 0, 5, -1, {"$seconds": 65}, {"$seconds": -1}, {"$seconds": 1.5}])
def test_writing_ages(agree, age):
    agree("values.call", "dump_age", age)


RANGES = [
    "",
    "bytes=0-",
    "bytes=0-0",
    "bytes=-5",
    "bytes=5-1",
    "bytes=0-4,6-9",
    "bytes=0-4, 2-9",
    "bytes=10-, 0-1",
    "bytes= 0 - 4",
    "bytes",
    "bytes=",
    "bytes=-",
    "bytes=a-b",
    "bytes=--1",
    "items=0-1",
    "BYTES=0-1",
    "bytes=0-4,",
    "bytes=-0",
    "bytes=0-1,-5",
    "bytes=-5,0-1",
    "bytes=+1-2",
    "bytes=1_0-20",
    "bytes=٣-٤",
]


@pytest.mark.parametrize("text", RANGES)
def test_ranges(agree, text):
    steps = [["str"], [".to_header"], ["get", "ranges"], ["get", "units"]]
    for length in (5, 10, 100, None):
        steps += [
            [".range_for_length", [length]],
            [".make_content_range", [length]],
            [".to_content_range_header", [length]],
        ]
    agree("values.operate", ["parse_range_header", [text]], steps)
    agree("values.operate", ["parse_range_header", [text], {"make_inclusive": False}], steps)


CONTENT_RANGES = [
    "",
    "bytes 0-4/10",
    "bytes */10",
    "bytes 0-4/*",
    "bytes 0-4",
    "bytes 5-1/10",
    "bytes a-b/c",
    "bytes",
    "bytes 0-10/10",
    "x 0-1/2",
]


@pytest.mark.parametrize("text", CONTENT_RANGES)
def test_content_ranges(agree, text):
    steps = [["str"], ["bool"], ["repr"], *(["get", name] for name in ("units", "start", "stop", "length"))]
    steps += [[".set", [0, 5, 10]], ["str"], [".set", [0, 5, None]], ["str"], [".unset", []], ["str"], ["bool"]]
    agree("values.operate", ["parse_content_range_header", [text]], steps)


@pytest.mark.parametrize("text", ["", '"a"', "Sun, 06 Nov 1994 08:49:37 GMT", "a", "*"])
def test_if_ranges(agree, text):
    agree("values.operate", ["parse_if_range_header", [text]], [["str"], ["get", "etag"], ["get", "date"], ["repr"]])


@pytest.mark.parametrize(
    "case",
    [
        [0, 5, 10],
        [None, None, 5],
        [None, 3, 5],
        [3, None, 5],
        [5, 3, 9],
        [0, 0, 0],
        [-1, 3, 5],
        [4, 9, 5],
        [9, 10, 5],
        [0, 1, None],
    ],
)
def test_range_bounds(agree, case):
    agree("values.call", "is_byte_range_valid", *case)


AUTHORIZATIONS = [
    "",
    "Basic dXNlcjpwYXNz",
    "basic dXNlcjpwYXNz",
    "Basic dXNlcjpwYTpzcw==",
    "Basic dXNlcg==",
    "Basic !!!",
    "Basic",
    "Basic ",
    "Basic w7w6w7w=",
    "Basic /w==",
    "Bearer abc.def",
    "Bearer",
    "Token a=b, c=d",
    'Digest username="u", realm="r", nonce="n", uri="/", response="x", qop=auth, nc=00000001, cnonce="c"',
    "Negotiate abc==",
    "Custom token==",
    "Custom a",
]


@pytest.mark.parametrize("text", AUTHORIZATIONS)
def test_authorization(agree, text):
    names = ["type", "token", "parameters", "username", "password", "realm", "missing"]
    steps = [["str"], ["repr"], [".to_header"], *(["get", name] for name in names)]
    steps += [["item", "username"], ["item", "nope"], [".get", ["realm"]], ["in", "username"], ["eq", 1]]
    agree("values.operate_on_parsed", "Authorization", text, steps)


WWW = [
    "",
    'Basic realm="x"',
    "Basic realm=x",
    'Digest realm="r", qop="auth, auth-int", nonce="n", opaque="o", algorithm=MD5, stale=TRUE',
    "Bearer",
    'Bearer realm="a", error="invalid_token"',
    "Negotiate abc==",
    "Basic",
    'basic realm="ü"',
    'Basic realm="quo\\"te"',
]


@pytest.mark.parametrize("text", WWW)
def test_www_authenticate(agree, text):
    steps = [
        ["str"],
        ["repr"],
        [".to_header"],
        *(["get", name] for name in ("type", "token", "parameters", "realm", "qop", "stale")),
    ]
    steps += [
        ["item", "realm"],
        ["setitem", "realm", "new"],
        ["str"],
        ["delitem", "realm"],
        ["str"],
        ["set", "type", "custom"],
        ["str"],
    ]
    steps += [["set", "token", "abc"], ["str"], ["set", "nonce", "n"], ["get", "nonce"], ["in", "nonce"]]
    agree("values.operate_on_parsed", "WWWAuthenticate", text, steps)


@pytest.mark.parametrize(
    "recipe",
    [
        ["WWWAuthenticate", ["basic", {"realm": "a b"}]],
        [
            "WWWAuthenticate",
            ["digest", {"realm": "r", "nonce": "n", "qop": "auth", "stale": "TRUE", "algorithm": "MD5"}],
        ],
        ["WWWAuthenticate", ["bearer"], {"token": "x"}],
        ["WWWAuthenticate", ["basic"]],
        ["WWWAuthenticate", ["custom", {"a": "b", "c": "d e"}]],
        ["Authorization", ["basic", {"username": "u", "password": "p"}]],
        ["Authorization", ["basic", {"username": "ü", "password": "p:q"}]],
        ["Authorization", ["bearer"], {"token": "t"}],
        ["Authorization", ["digest", {"username": "u", "qop": "auth", "nc": "1", "uri": "/x y"}]],
    ],
)
def test_writing_authorization(agree, recipe):
    agree(
        "values.operate",
        recipe,
        [["str"], ["repr"], [".to_header"], ["get", "realm"], ["eq", {"$make": recipe}], ["copied"]],
    )
