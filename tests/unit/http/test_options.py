import pytest

from demijohn.http.options import (
    dump_header,
    dump_options_header,
    parse_dict_header,
    parse_list_header,
    parse_options_header,
    quote_header_value,
    render_dict_header,
    render_list_header,
    render_options_header,
    unquote_header_value,
)


@pytest.mark.parametrize(
    ("value", "quoted"),
    [
        ("a", "a"),
        ("", '""'),
        ("a b", '"a b"'),
        ('a"\\', '"a\\"\\\\"'),
        ("é", '"é"'),
        (5, "5"),
        ("!#$%&'*+-.^_`|~", "!#$%&'*+-.^_`|~"),
        ("a/b", '"a/b"'),
        ("a\r\n", '"a\r\n"'),
    ],
)
def test_quote(value, quoted):
    assert quote_header_value(value) == quoted
    assert unquote_header_value(quoted) == str(value)
    assert quote_header_value(value, allow_token=False)[0] == '"'


@pytest.mark.parametrize(
    ("value", "plain"),
    [('"', '"'), ('""', ""), ('a"', 'a"'), ('"a\\b"', "ab"), (r'"\\\\x\\y"', r"\\x\y"), ("", "")],
)
def test_unquote(value, plain):
    assert unquote_header_value(value) == plain


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, []),
        ("", []),
        ("a,b , c", ["a", "b", "c"]),
        (",, a,,", ["a"]),
        ('a, "b, c", d"e,f", ,"q\\"x"', ["a", "b, c", 'd"e,f"', 'q"x']),
        ('"a" x, "\\\\"', ['"a" x', "\\"]),
        ('a, "', []),
        ('a, b "x, c', []),
        ('a\\"b, c', []),
        ("a\xa0, \tb", ["a\xa0", "b"]),
    ],
)
def test_list(value, expected):
    assert parse_list_header(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, {}),
        ('a=b, c="d, e", f, g=, =x', {"a": "b", "c": "d, e", "f": None, "g": ""}),
        ("a = b , c =d", {"a": "b", "c": "d"}),
        ("a=1, a=2, A=3", {"a": "2", "A": "3"}),
        ("a*=UTF-8''%e2%82%ac", {"a": "€"}),
        ("a*=iso-8859-1'en'%e4, b*=x, c*=utf-16''%e4", {"a": "ä", "b": "x", "c": "%e4"}),
        ('a="b', {}),
        ("a=b=c", {"a": "b=c"}),
    ],
)
def test_dict(value, expected):
    assert parse_dict_header(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ("", {})),
        ("", ("", {})),
        ("text/html", ("text/html", {})),
        (" text/html ;", ("text/html", {})),
        ("text/html; charset=utf-8", ("text/html", {"charset": "utf-8"})),
        ('A;B=c;D="e\\"f;g"', ("A", {"b": "c", "d": 'e"f;g'})),
        (";a=b", ("", {})),
        # White space around `=` and names that are no tokens are not in the grammar.
        ("a; b = 1; c= 2;d =3; e@=4", ("a", {})),
        ("a;=b;;c;d=;e=f", ("a", {"e": "f"})),
        ("a; b=x y; c=1/2; d=3", ("a", {"b": "x", "c": "1", "d": "3"})),
        ('a; b="x"y; c=z', ("a", {"b": "x", "c": "z"})),
        ("a; b=é; c=z", ("a", {"c": "z"})),
        ("a; b=1; b=2", ("a", {"b": "2"})),
        ('a; b=1; c="x; d=y', ("a", {"b": "1"})),
        ('form-data; name="a%22b"; x=%22', ("form-data", {"name": 'a"b', "x": "%22"})),
        ('a; filename="c:\\\\x\\\\y"', ("a", {"filename": "c:\\x\\y"})),
    ],
)
def test_options(value, expected):
    assert parse_options_header(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("b*=UTF-8''%e2%82%ac", "€"),
        ("b*=utf-8'de'a%20b", "a b"),
        ("b*=iso-8859-1''%e4", "ä"),
        ("b*=us-ascii''%41", "A"),
        ("b*=utf-8''%ff", "\ufffd"),
        # A charset that is not allowed is dropped, the text left as it was.
        ("b*=utf-16''%00a", "%00a"),
        ("b*=%41", "%41"),
        ("b*=UTF-8''x; b=y", "y"),
        ("b=y; b*=UTF-8''x", "x"),
        # RFC 2231 §3: continuations, in the order of their numbers.
        ("b*0=x; b*1=y", "xy"),
        ("b*1=y; b*0=x", "xy"),
        ('b*0="x y"; b*1="z;"', "x yz;"),
        # RFC 2231 §4.1: the charset is that of the first; a character may be cut in two.
        ("b*0*=utf-8''%e2%82; b*1*=%ac; b*2=%41", "€%41"),
        ("b*0*=iso-8859-1''%e4; b*1=x; b*2*=%e4", "äxä"),
        ("b*0=x; b=y", "y"),
        ("b=x; b*0=y", "y"),
    ],
)
def test_rfc2231_rfc8187(value, expected):
    assert parse_options_header("a; " + value) == ("a", {"b": expected})


def test_a_segment_number_is_bounded():
    assert parse_options_header("a; b*9999=x") == ("a", {"b*9999": "x"})


def test_render():
    assert render_options_header("a", {"b": "c d", "e": None, "f*": "UTF-8''x", "g": 5, "h": ""}) == (
        'a; b="c d"; f*=UTF-8\'\'x; g=5; h=""'
    )
    assert render_options_header(None, {"b": "c"}) == "b=c"
    assert render_list_header(["a", "b c", 5, ""]) == 'a, "b c", 5, ""'
    assert render_dict_header({"a": "b", "c": None, "d": "e f", "g*": "x y"}) == 'a=b, c, d="e f", g*=x y'


def test_names_of_werkzeug():
    assert dump_header({"a": None, "b": 1}) == "a, b=1"
    assert dump_header(["a", "b"]) == "a, b"
    assert dump_options_header("a", {"b": "c"}) == "a; b=c"
