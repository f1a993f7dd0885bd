"""The connection and the reference reader agree on every input: what is a request, what it says, and whether all was right."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demijohn.wire import H1Limits

from ..corpus.http1.agreement import check_agreement
from ..corpus.http1.cases import drive, load
from ..corpus.http1.mutations import GOOD, mutated, requests, streams
from ..corpus.http1.reference import Request, read_requests

SOUND = [case for kind in ("accept", "reject") for case in load(kind) if case.limits == H1Limits()]

# One byte of each is replaced by every byte there is, and every byte is inserted before it.
PLACES = {
    "first byte": ("", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    "method": ("G", "T / HTTP/1.1\r\nHost: a\r\n\r\n"),
    "behind the method": ("GET", " / HTTP/1.1\r\nHost: a\r\n\r\n"),
    "target": ("GET /a", "b HTTP/1.1\r\nHost: a\r\n\r\n"),
    "absolute target": ("GET http://a", "/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    "version": ("GET / HTTP/1.", "1\r\nHost: a\r\n\r\n"),
    "behind the version": ("GET / HTTP/1.1", "\r\nHost: a\r\n\r\n"),
    "first byte of a line": ("GET / HTTP/1.1\r\nHost: a\r\n", "X: y\r\n\r\n"),
    "name": ("GET / HTTP/1.1\r\nHost: a\r\nX", "Y: z\r\n\r\n"),
    "before the colon": ("GET / HTTP/1.1\r\nHost: a\r\nX", ": y\r\n\r\n"),
    "behind the colon": ("GET / HTTP/1.1\r\nHost: a\r\nX:", " y\r\n\r\n"),
    "value": ("GET / HTTP/1.1\r\nHost: a\r\nX: y", "z\r\n\r\n"),
    "end of a value": ("GET / HTTP/1.1\r\nHost: a\r\nX: y", "\r\n\r\n"),
    "before the LF": ("GET / HTTP/1.1\r\nHost: a\r\nX: y\r", "\n\r\n"),
    "end of the head": ("GET / HTTP/1.1\r\nHost: a\r\n", "\r\n"),
    "inside the end of the head": ("GET / HTTP/1.1\r\nHost: a\r\n\r", "\n"),
    "Host": ("GET / HTTP/1.1\r\nHost: a", "b\r\n\r\n"),
    "port": ("GET / HTTP/1.1\r\nHost: a:8", "0\r\n\r\n"),
    "address": ("GET / HTTP/1.1\r\nHost: [::1", "]\r\n\r\n"),
    "Content-Length": ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ", "1\r\n\r\nx"),
    "behind Content-Length": ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1", "\r\n\r\nx"),
    "coding": ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ", "chunked\r\n\r\n0\r\n\r\n"),
    "behind the coding": ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked", "\r\n\r\n0\r\n\r\n"),
    "name of the coding": ("POST / HTTP/1.1\r\nHost: a\r\nTransfer", "-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "connection": ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    "expectation": ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue", "\r\n\r\nx"),
}
CHUNKED = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNK_PLACES = {
    "before a size": ("", "1\r\nx\r\n0\r\n\r\n"),
    "behind a size": ("1", "\r\nx\r\n0\r\n\r\n"),
    "size": ("1", "0\r\n0123456789abcdef\r\n0\r\n\r\n"),
    "before the LF of a size": ("1\r", "\nx\r\n0\r\n\r\n"),
    "data": ("1\r\n", "x\r\n0\r\n\r\n"),
    "behind the data": ("1\r\nx", "\r\n0\r\n\r\n"),
    "inside the end of the data": ("1\r\nx\r", "\n0\r\n\r\n"),
    "separator": ("1", ";a=b\r\nx\r\n0\r\n\r\n"),
    "extension": ("1;a", "b=c\r\nx\r\n0\r\n\r\n"),
    "value of an extension": ("1;a=", "b\r\nx\r\n0\r\n\r\n"),
    "quoted value": ('1;a="b', 'c"\r\nx\r\n0\r\n\r\n'),
    "escape": ('1;a="\\', 'c"\r\nx\r\n0\r\n\r\n'),
    "last size": ("1\r\nx\r\n", "0\r\n\r\n"),
    "trailer": ("0\r\nX", "Y: z\r\n\r\n"),
    "value of a trailer": ("0\r\nX: y", "z\r\n\r\n"),
    "last line": ("0\r\n", "\r\n"),
}


@pytest.mark.parametrize("case", SOUND, ids=repr)
def test_the_corpus(case):
    check_agreement(case.data)


@pytest.mark.parametrize(
    ("before", "behind"),
    [*PLACES.values(), *((CHUNKED + before, behind) for before, behind in CHUNK_PLACES.values())],
    ids=[*PLACES, *CHUNK_PLACES],
)
def test_every_byte_at_every_place(before, behind):
    for number in range(256):
        check_agreement((before + chr(number) + behind).encode("latin-1"))
        check_agreement((before + chr(number) + behind[1:]).encode("latin-1"))


@settings(max_examples=250, deadline=None)
@given(streams)
def test_any_stream(text):
    check_agreement(text.encode("latin-1"))


@settings(max_examples=250, deadline=None)
@given(st.one_of(mutated(), mutated(GOOD), requests))
def test_any_request(text):
    check_agreement(text.encode("latin-1"))


@settings(max_examples=200, deadline=None)
@given(streams)
def test_what_is_accepted_is_the_same_request_when_it_is_sent_again(text):
    """Written anew in the plainest way there is, a request says what it said before, to both readers."""
    requests, _ = read_requests(text.encode("latin-1"))
    for request in requests:
        plain = write(request)
        ((again,), is_right) = read_requests(plain)
        assert is_right
        assert (again.method, again.target, again.fields, again.body, again.trailers) == (
            request.method, request.target, request.fields, request.body, request.trailers,
        )  # fmt: skip
        (seen,) = drive([plain]).requests
        assert seen.body.encode("latin-1") == request.body
        check_agreement(plain)


def write(request: Request) -> bytes:
    """Render a request with one chunk, if it was chunked, and without any freedom of the grammar."""
    lines = [b"%b %b HTTP/1.%d" % (request.method, request.target, request.minor)]
    lines += [b"%b: %b" % pair for pair in request.fields]
    head = b"\r\n".join([*lines, b"", b""])
    if not request.values(b"transfer-encoding"):
        return head + request.body
    chunk = b"%x\r\n%b\r\n" % (len(request.body), request.body) if request.body else b""
    return head + chunk + b"0\r\n" + b"".join(b"%b: %b\r\n" % pair for pair in request.trailers) + b"\r\n"
