"""Laws of HTTP's values: what is rendered parses to itself, nothing breaks a line, and no input costs more than linear time."""

import copy
import pickle
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demijohn.http.accept import Accept, LanguageAccept, MIMEAccept, parse_accept_header
from demijohn.http.auth import Authorization, WWWAuthenticate
from demijohn.http.cache_control import ResponseCacheControl, parse_cache_control_header
from demijohn.http.conditional import is_resource_modified
from demijohn.http.cookies import dump_cookie, parse_cookie
from demijohn.http.csp import ContentSecurityPolicy, parse_csp_header
from demijohn.http.dates import dump_age, http_date, parse_age, parse_date
from demijohn.http.etag import ETags, parse_etags, quote_etag, unquote_etag
from demijohn.http.forwarded import ForwardedElement, Node, parse_forwarded, render_forwarded
from demijohn.http.headers import Headers
from demijohn.http.headerset import HeaderSet, parse_set_header
from demijohn.http.multidict import CombinedMultiDict, ImmutableMultiDict, MultiDict
from demijohn.http.options import (
    parse_dict_header,
    parse_list_header,
    parse_options_header,
    quote_header_value,
    render_dict_header,
    render_list_header,
    render_options_header,
    unquote_header_value,
)
from demijohn.http.ranges import (
    ContentRange,
    IfRange,
    Range,
    parse_content_range_header,
    parse_if_range_header,
    parse_range_header,
)

TCHARS = "!#$%&+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
tokens = st.text(TCHARS, min_size=1, max_size=8)
anything = st.text(max_size=30)
lone_surrogates = st.text(st.characters(), max_size=30)
# Text that is likely to be nearly grammatical.
noise = st.lists(
    st.sampled_from(
        [*'"\\,;=*/ -', "\t", "a", "q=0.5", "utf-8''%41", "*0*=", "W/", "bytes", "é", "0", "\r\n", "%22", "€"]
    ),
    max_size=20,
).map("".join)
hostile = anything | lone_surrogates | noise
pairs = st.lists(st.tuples(st.sampled_from("abcAB"), st.text("xyz12", max_size=2)), max_size=8)

PARSERS = [
    parse_accept_header,
    lambda text: parse_accept_header(text, MIMEAccept).best_match(["text/html"]),
    lambda text: parse_accept_header(text, LanguageAccept).best_match(["en"]),
    parse_age,
    lambda text: repr(Authorization.from_header(text)) + str(Authorization.from_header(text)),
    lambda text: repr(WWWAuthenticate.from_header(text)),
    lambda text: parse_cache_control_header(text).max_stale,
    lambda text: str(parse_cache_control_header(text)),
    lambda text: repr(parse_content_range_header(text)),
    parse_cookie,
    lambda text: str(parse_csp_header(text)),
    parse_date,
    parse_dict_header,
    lambda text: str(parse_etags(text)),
    parse_forwarded,
    lambda text: repr(parse_if_range_header(text)),
    parse_list_header,
    parse_options_header,
    lambda text: repr(parse_range_header(text)),
    lambda text: str(parse_set_header(text)),
    unquote_etag,
    unquote_header_value,
    lambda text: is_resource_modified(
        {"REQUEST_METHOD": "GET", "HTTP_IF_MATCH": text, "HTTP_IF_NONE_MATCH": text, "HTTP_IF_MODIFIED_SINCE": text}
        | {"HTTP_RANGE": text, "HTTP_IF_RANGE": text},
        "a",
        None,
        datetime(2020, 1, 1),
        ignore_if_range=False,
    ),
]


@given(hostile)
def test_no_parser_raises(text):
    for parse in PARSERS:
        parse(text)


@given(anything)
def test_quoted_strings(text):
    quoted = quote_header_value(text)
    assert unquote_header_value(quoted) == text
    assert quote_header_value(text, allow_token=False)[0] == '"'


@given(st.lists(anything))
def test_lists(items):
    assert parse_list_header(render_list_header(items)) == items


@given(st.dictionaries(tokens, st.none() | anything))
def test_dicts(items):
    assert parse_dict_header(render_dict_header(items)) == items


@given(tokens, st.dictionaries(tokens, anything.filter(lambda text: "%22" not in text)))
def test_options(value, options):
    assert parse_options_header(render_options_header(value, options)) == (value, options)


@given(st.lists(tokens))
def test_sets(words):
    words = HeaderSet(words)
    assert list(parse_set_header(words.to_header())) == list(words)


@given(st.datetimes(min_value=datetime(1000, 1, 1)).map(lambda moment: moment.replace(microsecond=0, tzinfo=UTC)))
def test_dates(moment):
    assert parse_date(http_date(moment)) == moment
    assert http_date(moment) == http_date(moment.replace(tzinfo=None))


@given(st.integers(-(10**9), 10**10))
def test_timestamps(seconds):
    assert http_date(seconds) == http_date(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))


@given(st.timedeltas(min_value=timedelta()).map(lambda age: timedelta(days=age.days, seconds=age.seconds)))
def test_ages(age):
    assert parse_age(dump_age(age)) == age


names = st.text(
    st.characters(min_codepoint=33, max_codepoint=0xFFFF, exclude_categories=["Cs"], exclude_characters='";=\x7f\x85'),
    min_size=1,
    max_size=10,
)


@given(names, st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_cookies(name, value):
    field = dump_cookie(name, value, path=None, max_size=0)
    assert field.isascii() or not name.isascii()
    assert list(parse_cookie(field).items(multi=True)) == [(name, value)]
    assert list(parse_cookie(f"a=b; {field};c").items(multi=True)) == list(
        MultiDict([("a", "b"), (name, value), ("c", "")]).items(multi=True)
    )


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_cookie_attributes_stay_in_their_place(value, path):
    parts = dump_cookie("k", value, path="/" + path, domain="x.org", max_size=0).split(";")
    assert [part.strip().partition("=")[0] for part in parts] == ["k", "Domain", "Path"]


qualities = st.integers(0, 1000).map(lambda q: q / 1000)


@given(st.lists(st.tuples(tokens, qualities)))
def test_accept(values):
    accept = Accept(values)
    assert parse_accept_header(accept.to_header()) == accept
    assert sorted(accept) == sorted(values)
    for value, quality in values:
        assert value in accept
        assert accept.best_match([value]) == (value if accept[value] > 0 else None)
        assert accept[value] >= quality or value.lower() != value


@given(st.lists(st.tuples(st.sampled_from(["a/b", "a/c", "a/*", "*/*", "a/b;x=1", "d/e;x=1;y=2"]), qualities)))
def test_media_types(values):
    accept = MIMEAccept(values)
    assert list(parse_accept_header(accept.to_header(), MIMEAccept)) == list(
        MIMEAccept([(value.replace(";", "; "), quality) for value, quality in accept])
    )
    offered = ["a/b", "a/c", "d/e", "a/b;x=1"]
    best = accept.best_match(offered)
    assert max(accept[value] for value in offered) == (accept[best] if best else 0)


tags = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_characters='"\x7f'), max_size=8)


@given(st.lists(tags), st.lists(tags), st.booleans())
def test_etags(strong, weak, star):
    etags = ETags(strong, weak)
    parsed = parse_etags(etags.to_header())
    assert parsed == etags
    assert all(tag in parsed for tag in strong)
    assert all(parsed.contains_weak(tag) for tag in [*strong, *weak])
    for tag in strong:
        assert unquote_etag(quote_etag(tag, star)) == (tag, star)


ascending = st.lists(st.integers(1, 50), min_size=2, max_size=8).map(
    lambda steps: [(sum(steps[:i]), sum(steps[: i + 1])) for i in range(0, len(steps) - 1, 2)]
)


@given(ascending, st.none() | st.just((1000, None)) | st.integers(-100, -1).map(lambda n: (n, None)))
def test_ranges(ranges, last):
    wanted = Range("bytes", ranges if last is None else [*ranges, last])
    assert parse_range_header(wanted.to_header()) == wanted


@given(st.integers(0, 20), st.integers(1, 20) | st.none(), st.integers(0, 20))
def test_a_part_is_within_its_length(start, count, length):
    part = Range("bytes", [(start, None if count is None else start + count)]).range_for_length(length)
    expected = range(length)[start : None if count is None else start + count]
    assert (range(length)[slice(*part)] if part else range(0)) == expected


@given(st.integers(0, 99), st.integers(1, 99), st.none() | st.integers(200, 300))
def test_content_ranges(start, count, length):
    content = ContentRange("bytes", start, start + count, length)
    parsed = parse_content_range_header(content.to_header())
    assert (parsed.start, parsed.stop, parsed.length) == (start, start + count, length)


@given(tags, st.booleans())
def test_if_range(tag, weak):
    value = IfRange(tag, is_weak=weak)
    assert parse_if_range_header(value.to_header()) == value


@given(st.dictionaries(tokens, st.none() | anything))
def test_cache_control(directives):
    value = ResponseCacheControl(directives)
    assert parse_cache_control_header(value.to_header(), cls=ResponseCacheControl) == value


@given(st.dictionaries(tokens, st.lists(tokens).map(" ".join)))
def test_csp(directives):
    value = ContentSecurityPolicy(directives)
    assert parse_csp_header(value.to_header()) == value


@given(st.dictionaries(tokens, st.none() | anything, min_size=1))
def test_auth(parameters):
    # What begins with a star is an extended value, and a bare key might as well be a token.
    for cls in (Authorization, WWWAuthenticate):
        value = cls("x", {"realm": "", **parameters})
        assert cls.from_header(value.to_header()) == value
    digest = WWWAuthenticate("digest", {"realm": "", **parameters})
    assert WWWAuthenticate.from_header(digest.to_header()) == digest


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters=":")), st.text(st.characters(exclude_categories=["Cs"])))  # fmt: skip
def test_basic(username, password):
    value = Authorization("basic", {"username": username, "password": password})
    assert Authorization.from_header(value.to_header()) == value


nodes = st.builds(
    Node,
    st.sampled_from(["unknown", "_x.y-z", "1.2.3.4", "::1", "2001:db8::"]),
    st.none() | st.integers(0, 65535) | st.just("_p"),
)


@given(
    st.lists(
        st.builds(
            ForwardedElement,
            nodes,
            st.none() | nodes,
            st.none() | anything,
            st.sampled_from([None, "http", "https"]),
            st.dictionaries(tokens.filter(lambda name: name not in {"by", "for", "host", "proto"}), anything),
        )
    )
)
def test_forwarded(elements):
    assert parse_forwarded(render_forwarded(elements)) == elements


WRITES = [
    lambda h, k, v: h.add(k, v),
    lambda h, k, v: h.set(k, v),
    lambda h, k, v: h.add(k, "x", option=v),
    lambda h, k, v: h.setlist(k, [v, v]),
    lambda h, k, v: h.setdefault(k, v),
    lambda h, k, v: h.setlistdefault(k, [v]),
    lambda h, k, v: h.extend([(k, v)]),
    lambda h, k, v: h.update({k: [v]}),
    lambda h, k, v: h.__setitem__(k, v),
    lambda h, k, v: h.__setitem__(slice(None), [(k, v)]),
    lambda h, k, v: h.__ior__({k: v}),
]


@given(st.lists(st.tuples(st.sampled_from(WRITES), hostile, hostile), max_size=10))
def test_headers_never_let_a_line_break_through(writes):
    headers = Headers()
    for write, name, value in writes:
        before = list(headers)
        try:
            write(headers, name, value)
        except ValueError:
            assert list(headers) == before
    assert all(char not in text for line in headers for text in line for char in "\r\n\0")
    assert len(str(headers).split("\r\n")) == len(headers) + 2


@given(st.lists(st.tuples(st.text("abAB-", min_size=1, max_size=3), st.text("xyz", max_size=2)), max_size=8))
def test_headers_keep_every_line(lines):
    headers = Headers(lines)
    assert list(headers) == lines
    fields = Headers.from_fields([(name.encode(), value.encode()) for name, value in lines])
    for name, _ in lines:
        own = [value for other, value in lines if other.lower() == name.lower()]
        assert headers.getlist(name.swapcase()) == fields.getlist(name) == own
        assert headers[name.upper()] == own[0]
        assert fields[name.upper()] == ", ".join(own)
    assert pickle.loads(pickle.dumps(headers)) == copy.deepcopy(headers) == headers == Headers(reversed(lines))


@given(pairs, pairs)
def test_multi_dicts(one, other):
    first, second = MultiDict(one), MultiDict(other)
    union = first | second
    combined = CombinedMultiDict([first, second])
    assert combined == union
    assert hash(combined) == hash(ImmutableMultiDict(union))
    assert list(combined.items()) == list(union.items())
    for key in {key for key, _ in one + other}:
        values = [value for name, value in one + other if name == key]
        assert union.getlist(key) == combined.getlist(key) == values
        assert union[key] == combined[key] == union.get(key) == combined.get(key) == values[0]
    for frozen in (ImmutableMultiDict(one), first):
        assert pickle.loads(pickle.dumps(frozen)) == copy.deepcopy(frozen) == frozen
    assert sorted(first.items(multi=True)) == sorted(one)


# Each builds a text of about `n` characters that a careless parser takes quadratic time or worse for.
ATTACKS = {
    "one long token": lambda n: "a" * n,
    "one long quoted string": lambda n: 'a;b="' + "x" * n + '"',
    "a quote that never closes": lambda n: 'a; b="' + "x" * n,
    "quotes": lambda n: '"' * n,
    "quotes that never close": lambda n: 'a="b,;' * (n // 6),
    "backslashes": lambda n: 'a; b="' + "\\" * n,
    "escaped quotes": lambda n: 'a; b="' + '\\"' * (n // 2),
    "nested quotes": lambda n: 'a; b="' + '\\"x\\"' * (n // 5) + '"',
    "commas": lambda n: "," * n,
    "semicolons": lambda n: "a" + ";" * n,
    "spaces": lambda n: "a" + " " * n + "b",
    "tabs and equal signs": lambda n: "a;" + "\t=" * (n // 2),
    "stars": lambda n: "a; b" + "*" * n + "=x",
    "percent signs": lambda n: "a; b*=utf-8''" + "%" * n,
    "continuations": lambda n: "a" + "".join([f"; b*{i % 1000}*=utf-8''%e4" for i in range(n // 20)]),
    "cookies": lambda n: "; ".join([f"c{i}=v" for i in range(n // 9)]),
    "bad cookies": lambda n: "a b=c;" * (n // 6),
    "quoted cookies": lambda n: 'a="\\073";' * (n // 9),
    "cookies in quotes": lambda n: 'a="b;' * (n // 5),
    "accept": lambda n: ",".join([f"a/b{i};q=0.{i % 1000}" for i in range(n // 12)]),
    "weak etags": lambda n: 'W/"x",' * (n // 6),
    "bad etags": lambda n: '"x,"y,' * (n // 6),
    "ranges": lambda n: "bytes=" + ",".join([f"{i * 2}-{i * 2}" for i in range(n // 12)]),
    "digits": lambda n: "bytes=" + "9" * n + "-",
    "forwarded": lambda n: "for=_a," * (n // 7),
    "pairs of forwarded": lambda n: ";".join([f"a{i}=b" for i in range(n // 8)]),
    "non-ASCII": lambda n: "a; b*=utf-8''" + "%c3%a9" * (n // 6),
    "base64": lambda n: "Basic " + "A" * n,
    "Sundays": lambda n: "Sun, 06 Nov 1994 " * (n // 17),
    "slashes": lambda n: "/" * n,
    "hyphens": lambda n: "bytes " + "-" * n,
}


def cost(attack, size):
    """The processor time of all parsers on the attack, the best of three."""
    text = attack(size)
    times = []
    for _ in range(3):
        begin = time.process_time()
        for parse in PARSERS:
            parse(text)
        times.append(time.process_time() - begin)
    return min(times)


@pytest.mark.parametrize("name", ATTACKS)
def test_time_grows_no_faster_than_the_input(name):
    small, large = 4_000, 32_000
    # Eight times the input: linear is about 8, quadratic 64.
    assert cost(ATTACKS[name], large) < 30 * cost(ATTACKS[name], small) + 0.002


@pytest.mark.parametrize(
    "name", ["quotes that never close", "backslashes", "cookies in quotes", "commas", "percent signs"]
)
def test_a_mebibyte_is_parsed(name):
    text = ATTACKS[name](1 << 20)
    for parse in (parse_options_header, parse_list_header, parse_dict_header, parse_cookie, parse_etags):
        parse(text)


def test_a_hundred_thousand_cookies():
    cookies = parse_cookie("; ".join([f"c{i}=v" for i in range(100_000)]))
    assert len(cookies) == 100_000
    same = parse_cookie("; ".join(["c=v"] * 100_000))
    assert len(same.getlist("c")) == 100_000


@settings(max_examples=20)
@given(st.text(min_size=0, max_size=5))
def test_headers_of_a_mebibyte(text):
    value = "x" * (1 << 20) + text
    headers = Headers()
    if any(char in text for char in "\r\n\0"):
        with pytest.raises(ValueError):
            headers.add("a", value)
    else:
        headers.add("a", value)
        assert headers["A"] == value
