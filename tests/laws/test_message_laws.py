"""Laws of requests and responses."""

import io
from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st

from demijohn.message import Request, Response
from demijohn.message.bodystream import BodyStream
from demijohn.message.environ import environ_from_head, head_from_environ
from demijohn.message.wsgi import FileWrapper, RangeWrapper
from demijohn.seam import BufferedBody, Peer, RequestHead

PEER = Peer(("10.0.0.7", 51234), ("192.0.2.1", 8080))

# What the server lets through: printable ASCII in targets, tokens as names, no controls in values.
target_text = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=20)
escapes = st.binary(min_size=1, max_size=4).map(lambda raw: "".join(f"%{byte:02X}" for byte in raw))
targets = st.lists(st.one_of(target_text, escapes), max_size=6).map(lambda parts: "/" + "".join(parts))
names = st.one_of(
    st.sampled_from(
        [b"Host", b"Cookie", b"cookie", b"Content-Type", b"Accept", b"Range", b"If-Range", b"Authorization"]
    ),
    st.text("abcXYZ019-!#$%&'*+.^`|~", min_size=1, max_size=8).map(str.encode),
)
values = st.binary(max_size=20).map(lambda raw: bytes(byte for byte in raw if byte >= 0x20 and byte != 0x7F).strip())
fields = st.lists(st.tuples(names, values), max_size=8)


def normal(pairs):
    """Fields as an environ can say them: by upper-case name, `-` and `_` alike, joined."""
    joined = {}
    for name, value in RequestHead("GET", "/", (1, 1), pairs).index.items():
        joined[name.upper()] = value
    return {name: value for name, value in joined.items() if name != b"PROXY"}


@given(targets, fields)
def test_a_head_survives_an_environ(target, pairs):
    head = RequestHead("PUT", target, (1, 1), pairs)
    back, _, peer = head_from_environ(environ_from_head(head, BufferedBody(b""), PEER))
    assert (back.method, back.target, back.version, peer) == ("PUT", target, (1, 1), PEER)
    # An empty Content-Type is none (PEP 3333).
    expected = {name: value for name, value in normal(pairs).items() if name != b"CONTENT-TYPE" or value}
    assert normal(back.fields) == expected


ATTRIBUTES = (
    "method scheme path query_string full_path host url base_url root_url remote_addr args cookies mimetype mimetype_params"
    " content_type content_length accept_mimetypes accept_encodings accept_languages accept_charsets if_match if_none_match"
    " if_range range authorization cache_control access_route is_json user_agent.string values"
).split()


@settings(max_examples=300)
@given(targets, fields)
def test_a_request_is_the_same_over_an_exchange_and_over_an_environ_and_never_fails(target, pairs):
    exchange = SimpleNamespace(head=RequestHead("GET", target, (1, 1), pairs), body=BufferedBody(b""), peer=PEER)
    direct = Request.from_exchange(exchange)
    indirect = Request(environ_from_head(exchange.head, exchange.body, PEER))
    for name in ATTRIBUTES:
        one, other = direct, indirect
        for step in name.split("."):
            one, other = getattr(one, step), getattr(other, step)
        if isinstance(one, (str, bytes, int, tuple, dict, type(None))):
            assert one == other, name
        else:
            assert repr(one) == repr(other), name


@given(st.lists(st.binary(max_size=9), max_size=8), st.integers(0, 40), st.none() | st.integers(0, 40))
def test_a_range_of_any_blocks_is_the_slice_of_the_whole(blocks, start, count):
    whole = b"".join(blocks)
    expected = whole[start:] if count is None else whole[start : start + count]
    assert b"".join(RangeWrapper(iter(blocks), start, count)) == expected
    assert b"".join(RangeWrapper(FileWrapper(io.BytesIO(whole), 3), start, count)) == expected


reads = st.lists(st.tuples(st.sampled_from(["read", "readline", "readinto"]), st.integers(0, 7)), max_size=30)


@given(st.binary(max_size=60), reads, st.none() | st.integers(60, 70))
def test_a_body_is_the_same_however_it_is_read(data, how, limit):
    stream = BodyStream(BufferedBody(data), limit)
    seen = b""
    for method, size in how:
        if method == "readinto":
            buffer = bytearray(size)
            seen += buffer[: stream.readinto(buffer)]
        else:
            seen += getattr(stream, method)(size)
        assert stream.tell() == len(seen)
    assert seen + stream.read() == data


bodies = st.one_of(
    st.text(max_size=9),
    st.binary(max_size=9),
    st.lists(st.one_of(st.text(max_size=5), st.binary(max_size=5)), max_size=4),
)
extra = st.lists(
    st.tuples(
        st.sampled_from(["Location", "Content-Location", "X-A", "Content-Length", "Last-Modified"]),
        st.text("/aö? 1", max_size=5),
    ),
    max_size=3,
)


@given(
    bodies,
    st.booleans(),
    st.sampled_from([100, 200, 204, 206, 301, 304, 404, 500]),
    st.sampled_from(["GET", "HEAD", "POST"]),
    extra,
)
def test_an_exchange_and_wsgi_get_the_same_answer(body, is_streamed, status, method, pairs):
    def make():
        return Response(iter(body) if is_streamed and isinstance(body, list) else body, status, pairs)

    answered = []
    chunks = make()({"REQUEST_METHOD": method, "wsgi.url_scheme": "http"}, lambda *args: answered.append(args))
    line, lines, prepared = make().prepare(method, str)
    assert (line, lines) == (answered[0][0], answered[0][1])
    assert (prepared if isinstance(prepared, bytes) else b"".join(prepared)) == b"".join(chunks)
