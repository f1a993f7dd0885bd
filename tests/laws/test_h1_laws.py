"""Laws of the HTTP/1.1 connection: splits change nothing, nothing but ProtocolReject is raised, the two readers agree,
and what is rendered is what a client reads. What it all costs is in test_h1_work.py."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from demijohn.seam import RequestHead
from demijohn.seam.head import index_fields
from demijohn.wire import H1Limits, ProtocolReject
from demijohn.wire.h1 import CLOSED, H1Connection
from demijohn.wire.h1.scan import FIELD_LINES, REQUEST_LINE, HeadScanner

from ..corpus.http1.cases import SMALL, Driver, drive
from ..corpus.http1.mutations import GOOD, mutated, requests, streams
from ..corpus.http1.responses import parse_responses

LIMITS = st.sampled_from([H1Limits(), SMALL, H1Limits(leading_empty_lines=0), H1Limits(leading_empty_lines=3)])


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    bounds = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in zip(bounds, bounds[1:], strict=False)]


@settings(max_examples=400, deadline=None)
@given(streams, LIMITS, st.lists(st.integers(0, 10_000), max_size=8))
@example("GET / HTTP/1.1\r\nHost: a\r\nX: 12345678901\r\n\r\n", H1Limits(head_bytes=26), [])
@example("GET / HTTP/1.1\r\nHost: a\r\nX: 123456789012\r\n\r\n", H1Limits(head_bytes=26), [])
def test_any_split_gives_the_same_outcome(text, limits, cuts):
    """Also: nothing but ProtocolReject is ever raised, since the driver catches nothing else."""
    data = text.encode("latin-1")
    whole = drive([data], limits)
    assert drive(split(data, cuts), limits) == whole
    assert drive([data[at : at + 1] for at in range(len(data))], limits) == whole


@settings(max_examples=400, deadline=None)
@given(streams, LIMITS, st.lists(st.integers(0, 10_000), max_size=3), st.sampled_from([0, 1, 5, 1 << 20]))
@example(
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345GET / HTTP/1.1\r\nHost: a\r\n\r\n", H1Limits(), [], 5
)
@example("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345", H1Limits(), [], 4)
def test_content_that_is_taken_at_once_is_the_same(text, limits, cuts, most_taken):
    data = text.encode("latin-1")
    assert drive(split(data, cuts), limits, most_taken=most_taken) == drive([data], limits)


@settings(max_examples=200, deadline=None)
@given(streams, LIMITS, requests)
def test_nothing_behind_a_rejection_changes_anything(text, limits, more):
    """SECURITY: neither the rejection, nor what was served before it, nor one byte of the answers; and nothing is kept."""
    alone = Driver(limits)
    alone.feed(text.encode("latin-1"))
    if alone.outcome.reject is None:
        return
    for pieces in ([text + more], [text, more]):
        driver = Driver(limits)
        for piece in pieces:
            driver.feed(piece.encode("latin-1"))
        assert (driver.outcome, driver.answers) == (alone.outcome, alone.answers)
        assert not driver.connection.has_buffered
        assert driver.connection.next_event() is CLOSED


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=4))
def test_any_bytes_at_all(data, cuts):
    assert drive(split(data, cuts)) == drive([data])


@settings(max_examples=400, deadline=None)
@given(st.one_of(requests, mutated()))
def test_what_the_expressions_take_the_scanner_takes_alike(text):
    """Twins: the fast way accepts nothing that the authoritative one does not, and reads it in the same way."""
    data = text.encode("latin-1")
    end = data.find(b"\r\n\r\n") + 2
    line = REQUEST_LINE.match(data, 0, end)
    if line is None:
        return
    fields = FIELD_LINES.findall(data, line.end(), end)
    if fields and not fields[-1][0]:
        return
    scanner = HeadScanner(H1Limits())
    assert scanner.advance(data, 0) == end + 2
    assert (scanner.method, scanner.target, scanner.minor) == line.groups()
    assert scanner.fields == fields


@settings(max_examples=200, deadline=None)
@given(streams)
def test_the_index_is_that_of_the_fields(text):
    """The connection builds `RequestHead.index` itself, on its way; it must be what the seam would build."""
    connection = H1Connection(H1Limits())
    connection.receive_data(text.encode("latin-1"))
    try:
        event = connection.next_event()
    except ProtocolReject:
        return
    if isinstance(event, RequestHead):
        assert event.index == index_fields(event.fields)


@settings(max_examples=200, deadline=None)
@given(streams, LIMITS)
def test_facts_agree_with_each_other(text, limits):
    """SECURITY: what is served has one framing, and one Host if it is HTTP/1.1."""
    connection = H1Connection(limits)
    connection.receive_data(text.encode("latin-1"))
    try:
        event = connection.next_event()
    except ProtocolReject:
        return
    if not isinstance(event, RequestHead):
        return
    names = [name.lower() for name, _ in event.fields]
    assert names.count(b"host") <= 1
    assert names.count(b"host") == 1 or event.version == (1, 0)
    assert names.count(b"content-length") + names.count(b"transfer-encoding") <= 1
    assert connection.is_chunked == (b"transfer-encoding" in names)
    assert (connection.content_length is not None) == (b"content-length" in names)
    assert connection.has_body == (connection.is_chunked or bool(connection.content_length))
    assert connection.must_close == (not connection.keep_alive)
    assert not (connection.is_websocket and connection.has_body)
    assert not (connection.expects_continue and not connection.has_body)


TOKENS = st.text("!#$%&'*+-.^_`|~09AZaz", min_size=1, max_size=12)
VALUES = st.text(
    st.one_of(
        st.characters(min_codepoint=0x20, max_codepoint=0x7E),
        st.characters(min_codepoint=0x80, max_codepoint=0xFF),
        st.just("\t"),
    ),
    max_size=20,
).map(lambda value: value.strip(" \t"))
FRAMING = {
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "date",
    "server",
}


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["GET", "HEAD", "POST"]),
            st.sampled_from(["200 OK", "404 Not Found", "204 No Content", "304 Not Modified", "299 ", "500 \xe9"]),
            st.lists(st.tuples(TOKENS.filter(lambda name: name.lower() not in FRAMING), VALUES), max_size=4),
            st.lists(st.binary(max_size=40), max_size=4),
            st.sampled_from(["whole", "length", "stream"]),
        ),
        min_size=1,
        max_size=4,
    ),
    st.booleans(),
)
def test_what_is_rendered_is_what_a_client_reads(exchanges, is_http10):
    driver = H1Connection(H1Limits())
    out = b""
    answered = []
    for method, status, headers, parts, way in exchanges:
        version = "1.0\r\nConnection: keep-alive" if is_http10 else "1.1\r\nHost: a"
        driver.receive_data(f"{method} / HTTP/{version}\r\n\r\n".encode())
        assert isinstance(driver.next_event(), RequestHead)
        body = b"".join(parts)
        answered.append((method, status, headers, body))
        if way == "whole":
            out += driver.render_response(status, headers, body, date=b"D", server=b"S")
        else:
            length = len(body) if way == "length" else None
            out += driver.render_head(status, headers, length, date=b"D", server=b"S")
            out += b"".join(driver.render_data(part) for part in parts) + driver.render_end()
        if driver.must_close:
            break
        driver.start_next_cycle()
    responses = parse_responses(out, [method for method, *_ in answered])
    for (method, status, headers, body), response in zip(answered, responses, strict=True):
        assert f"{response.status} {response.reason}" == status
        assert response.is_complete
        assert [pair for pair in response.lines if pair[0].lower() not in FRAMING] == headers
        assert response.body == (b"" if method == "HEAD" or response.status in {204, 304} else body)
        assert (response.fields["date"], response.fields["server"]) == ("D", "S")


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=10), st.text(max_size=10), st.text(max_size=10))
def test_an_application_cannot_split_its_answer(reason, name, value):
    """Whatever it says, it is refused, or is one field line of one answer."""
    connection = H1Connection(H1Limits())
    connection.receive_data(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    connection.next_event()
    try:
        out = connection.render_response(f"200 {reason}", [(name, value), ("Z", "z")], b"ok", date=b"", server=b"")
    except ValueError:
        assert not connection.has_started
        return
    head, _, body = out.partition(b"\r\n\r\n")
    assert body == b"ok"
    assert b"\n" not in head.replace(b"\r\n", b"")
    assert b"\r" not in head.replace(b"\r\n", b"")
    assert head.count(b"\r\n") <= 4
    assert b"\x00" not in head


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.one_of(st.sampled_from(GOOD), requests), min_size=2, max_size=2),
    st.lists(st.integers(0, 1), min_size=2, max_size=6),
)
def test_what_was_read_before_changes_nothing(texts, order):
    """A connection remembers fields it has judged; each request comes out as on a connection of its own."""
    outcomes = [drive([text.encode("latin-1")], eof=False) for text in texts]
    driver = Driver()
    for number in order:
        before = len(driver.outcome.requests)
        driver.feed(texts[number].encode("latin-1"))
        alone = outcomes[number]
        assert driver.outcome.requests[before:] == alone.requests
        assert driver.outcome.reject == alone.reject
        if driver.outcome.is_closed or driver.connection.has_buffered or driver.connection.head is not None:
            break
