"""Laws of the http room: URLs, hosts, status lines, forms, streams, paths, passwords."""

import io
import os
import posixpath
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demijohn.http.errors import HTTPException, RequestEntityTooLarge
from demijohn.http.forms import FormDataParser, FormLimits, parse_form
from demijohn.http.host import get_current_url, get_host, host_is_trusted
from demijohn.http.multipart import TruncatedForm, iter_parts
from demijohn.http.security import check_password_hash, generate_password_hash, safe_join, secure_filename
from demijohn.http.status import parse_status, status_line
from demijohn.http.stream import LimitedStream
from demijohn.http.urls import decode_query, encode_query, iri_to_uri, quote_text, unquote, uri_to_iri

encodable = st.text(st.characters(exclude_categories=["Cs"]))
anything = st.text(st.characters())

URL_PIECES = [
    "a",
    "É",
    "☃",
    "%",
    "%41",
    "%2f",
    "%FF",
    "%c3%bc",
    "/",
    "//",
    "?",
    "#",
    ":",
    "@",
    "&",
    "=",
    "+",
    " ",
    "\\",
    ".",
    "\ud800",
]
urls = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", "/", "http://h/", "http://ü.de:8/", "http://xn--tda.de/", "https://[::1]/", "mailto:"]),
        st.lists(st.sampled_from(URL_PIECES), max_size=8).map("".join),
    ),
)


@given(st.lists(st.tuples(encodable, encodable)))
def test_queries_round_trip(pairs):
    assert decode_query(encode_query(pairs)) == [(name, value) for name, value in pairs if name or value or pairs]


@given(st.binary())
def test_any_query_decodes(query):
    for name, value in decode_query(query):
        assert "&" not in name or "%26" in query.decode("latin-1")
        name.encode()
        value.encode()


QUERY_PIECES = [
    "a",
    "&",
    "=",
    "%",
    "%3",
    "%3D",
    "%26",
    "%00",
    "\0",
    "%C3",
    "%BC",
    "%c3%bc",
    "+",
    "%2B",
    "ü",
    "4",
    "1",
    "%zz",
]


@given(st.lists(st.sampled_from(QUERY_PIECES), max_size=12).map("".join))
def test_each_field_is_decoded_by_itself(query):
    alone = [decode_query(field)[0] for field in query.split("&") if field]
    assert decode_query(query) == alone
    assert alone == [
        (unquote(name.replace("+", " ")), unquote(value.replace("+", " ")))
        for name, _, value in (field.partition("=") for field in query.split("&") if field)
    ]


@given(anything)
def test_any_text_can_be_quoted(text):
    assert quote_text(text, "").isascii()
    assert unquote(quote_text(text, "")) == re.sub("[\ud800-\udfff]", "\ufffd", text)


@given(urls)
def test_a_uri_is_ascii_and_stays_as_it_is(url):
    try:
        uri = iri_to_uri(url)
    except ValueError:
        return
    assert uri.isascii()
    assert iri_to_uri(uri) == uri


@given(urls)
def test_an_iri_stays_as_it_is(url):
    try:
        iri = uri_to_iri(iri_to_uri(url))
    except ValueError:
        return
    assert uri_to_iri(iri_to_uri(iri)) == iri


@given(anything.filter(lambda text: not text.startswith("/")), anything)
def test_the_current_url_holds_the_path(path, query):
    url = get_current_url("http", "h", "", "/" + path, query.encode("utf-8", "replace"))
    assert url.startswith("http://h/")
    assert "#" not in url
    assert iri_to_uri(url).isascii()


host_pieces = st.lists(
    st.sampled_from(
        ["a", "b.c", ".", "-", "_", ":", "80", "443", "0", "65536", "[", "]", "::1", "é", "%", " ", "\n", "@", "/"]
    ),
    max_size=5,
).map("".join)


@given(st.sampled_from(["http", "https", "ws", "wss"]), host_pieces | anything)
def test_a_host_is_valid_or_none(scheme, header):
    host = get_host(scheme, header)
    assert re.fullmatch(r"(([a-zA-Z0-9.-]+|\[[0-9a-fA-F:.]+\])(:[1-9][0-9]{0,4})?)?", host)
    assert host_is_trusted(host) is bool(host)
    assert get_host(scheme, header, None, []) == host


@given(st.integers(0, 999))
def test_status_lines_round_trip(code):
    assert parse_status(status_line(code)) == (status_line(code), code)


@given(anything)
def test_any_status_is_read_or_empty(status):
    try:
        line, code = parse_status(status)
    except ValueError:
        assert not status.strip()
    else:
        assert parse_status(line)[1] == code


def close(files):
    for name in files:
        for file in files.getlist(name):
            file.close()


# Boundaries, what looks like them, and everything that may stand between.
PIECES = [
    b"--x", b"--x--", b"--x\r\n", b"\r\n--x\r\n", b"\r\n--x--\r\n", b"\r\n", b"\r", b"\n", b"-", b"--", b"x", b"xx",
    b'Content-Disposition: form-data; name="a"\r\n', b"content-disposition: form-data; name=b; filename=c\r\n", b"\r\n\r\n",
    b'--x\r\nContent-Disposition: form-data; name="d"\r\n\r\nvalue\r\n', b"X: y\r\n", b" folded\r\n", b"Content-Length: 5\r\n",
    b"Content-Type: text/plain; charset=iso-8859-1\r\n", b"\xff", b"\0", b"z" * 300, b"junk",
]  # fmt: skip
bodies = st.lists(st.sampled_from(PIECES), max_size=14).map(b"".join)
well_formed_starts = bodies.map(lambda body: b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + body)


class Chunked:
    """A stream that gives what it was told to, in those pieces."""

    def __init__(self, body, cuts):
        ends = sorted({cut % (len(body) + 1) for cut in cuts} | {len(body)})
        starts = [0, *ends[:-1]]
        self.chunks = [body[a:b] for a, b in zip(starts, ends, strict=True) if a < b]
        self.chunks.reverse()

    def read(self, size):
        return self.chunks.pop() if self.chunks else b""


def outcome(stream):
    """What a body is read as: the parts that arrived, and the error that ended them, if any."""
    parts = []
    try:
        for part in iter_parts(stream, "x"):
            content = bytearray()
            parts.append((part.name, part.filename, list(part.headers), content))
            for chunk in part.iter_chunks():
                assert chunk
                content += chunk
    except HTTPException as error:
        # How much of the last part came before the error depends on the chunks; that it is an error does not.
        return [part[:3] for part in parts], type(error)
    return parts, None


@settings(max_examples=400)
@given(bodies | well_formed_starts, st.lists(st.integers(0, 10_000), max_size=40))
def test_any_split_of_a_body_gives_the_same_parts(body, cuts):
    assert outcome(Chunked(body, cuts)) == outcome(Chunked(body, []))


@settings(max_examples=200)
@given(bodies | well_formed_starts)
def test_byte_by_byte_gives_the_same_parts(body):
    assert outcome(Chunked(body, range(len(body)))) == outcome(Chunked(body, []))


names = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters='"\\%'), max_size=20)
contents = (st.binary(max_size=200) | bodies).filter(lambda data: b"--x" not in data)


def render(name, filename, content):
    head = f'--x\r\nContent-Disposition: form-data; name="{name}"'
    if filename is not None:
        head += f'; filename="{filename}"'
    return head.encode() + b"\r\n\r\n" + content + b"\r\n"


@given(
    st.lists(st.tuples(names, st.none() | names, contents), max_size=5), st.lists(st.integers(0, 10_000), max_size=20)
)
def test_forms_round_trip(parts, cuts):
    body = b"".join(render(*part) for part in parts) + b"--x--\r\n"
    read = [(part.name, part.filename, part.read(1000)) for part in iter_parts(Chunked(body, cuts), "x")]
    assert read == parts
    _, form, files = parse_form(Chunked(body, cuts), "multipart/form-data; boundary=x")
    fields = [(name, content.decode("utf-8", "replace")) for name, filename, content in parts if filename is None]
    assert sorted(form.items(multi=True)) == sorted(fields)
    close(files)
    assert len(fields) + len(list(files.items(multi=True))) == len(parts)


@given(st.lists(st.tuples(names, st.none() | names, contents), min_size=1, max_size=3), st.integers(1, 10_000))
def test_a_cut_form_is_refused(parts, cut):
    body = b"".join(render(*part) for part in parts) + b"--x--"
    with pytest.raises(TruncatedForm):
        for part in iter_parts(io.BytesIO(body[: 1 + cut % (len(body) - 1)]), "x"):
            part.read(1000)


content_types = st.sampled_from(
    [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "multipart/form-data; boundary*=''%FF",
    ]
) | st.text(st.characters(max_codepoint=255))


@given(st.binary(max_size=300) | bodies, content_types)
def test_any_body_is_a_form_or_a_client_error(body, content_type):
    try:
        _, _, files = parse_form(io.BytesIO(body), content_type, len(body), FormLimits(200, 50, 2))
    except HTTPException as error:
        assert error.code in {400, 413}
    else:
        close(files)


@given(st.binary(max_size=100), st.integers(0, 120), st.booleans(), st.lists(st.integers(-1, 50)))
def test_a_limited_stream_gives_a_prefix(data, limit, is_max, sizes):
    stream = LimitedStream(io.BytesIO(data), limit, is_max)
    read = b""
    try:
        for size in sizes:
            chunk = stream.read(size) if size % 2 else stream.readline(size)
            assert size < 0 or len(chunk) <= size
            read += chunk
            assert stream.tell() == len(read)
    except RequestEntityTooLarge:
        assert is_max
        assert len(data) > limit
    except HTTPException as error:
        assert error.code == 400
        assert not is_max
        assert len(data) < limit
    assert data[:limit].startswith(read)


@given(
    st.lists(
        anything | st.lists(st.sampled_from(["a", "..", ".", "/", "~", "\\"]), max_size=8).map("".join), max_size=3
    )
)
def test_a_joined_path_stays_inside(parts):
    joined = safe_join("/base", *parts)
    if joined is not None:
        assert (posixpath.normpath(joined) + "/").startswith("/base/")
        os.fsencode(joined.encode("utf-8", "replace"))
        assert "\0" not in joined


@given(anything)
def test_a_secure_filename_is_one(name):
    secure = secure_filename(name)
    assert re.fullmatch(r"(?![.])[A-Za-z0-9_.-]*", secure)
    assert secure_filename(secure) == secure


@settings(max_examples=25)
@given(encodable, encodable)
def test_a_password_matches_its_own_hash_only(one, other):
    stored = generate_password_hash(one, "pbkdf2:sha256:1")
    assert check_password_hash(stored, one)
    assert check_password_hash(stored, other) is (one == other)


@given(bodies)
def test_a_silent_parser_raises_for_cut_and_too_large_bodies_only(body):
    try:
        _, _, files = FormDataParser().parse(io.BytesIO(body), "multipart/form-data", None, {"boundary": "x"})
    except (TruncatedForm, RequestEntityTooLarge):
        return
    close(files)
