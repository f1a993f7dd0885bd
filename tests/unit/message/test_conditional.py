"""Conditional requests and ranges (RFC 9110 §13, §14)."""

import pytest

from demijohn.http.errors import RequestedRangeNotSatisfiable
from demijohn.message import Request, Response

BODY = b"0123456789"
DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
EARLIER = "Sat, 05 Nov 1994 08:49:37 GMT"
LATER = "Mon, 07 Nov 1994 08:49:37 GMT"


@pytest.fixture(params=["environ", "request of environ", "request of exchange"])
def ask(request, exchange):
    """Answer a request with given fields by BODY, tagged "x" and dated."""

    def ask(fields=(), *, method="GET", body=BODY, status=200, headers=None, accept=True, length=10, **kwargs):
        pairs = [(name.encode(), value.encode()) for name, value in dict(fields).items()]
        asked = Request.from_exchange(exchange(method, "/", pairs))
        if request.param == "environ":
            asked = asked.environ
        elif request.param == "request of environ":
            asked = Request(asked.environ)
        given = {"ETag": '"x"', "Last-Modified": DATE} if headers is None else headers
        return Response(body, status, given, **kwargs).make_conditional(asked, accept, length)

    return ask


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 200),
        ({"If-None-Match": '"x"'}, 304),
        ({"If-None-Match": 'W/"x"'}, 304),
        ({"If-None-Match": '"a", "x"'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"y"'}, 200),
        ({"If-None-Match": '"y"', "If-Modified-Since": LATER}, 200),
        ({"If-Match": '"x"'}, 200),
        ({"If-Match": "*"}, 200),
        ({"If-Match": '"y"'}, 412),
        ({"If-Match": 'W/"x"'}, 412),
        ({"If-Modified-Since": DATE}, 304),
        ({"If-Modified-Since": LATER}, 304),
        ({"If-Modified-Since": EARLIER}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_conditions(ask, fields, status, method):
    response = ask(fields, method=method)
    assert response.status_code == status
    assert "Date" in response.headers
    assert response.headers["Accept-Ranges"] == "bytes"


def test_rfc9110_s13_1_conditions_of_other_methods_are_the_applications(ask):
    response = ask({"If-None-Match": '"x"', "Range": "bytes=0-1"}, method="POST")
    assert response.status_code == 200
    assert "Date" not in response.headers


def test_rfc9110_s13_2_1_conditions_do_not_change_a_failure(ask):
    assert ask({"If-None-Match": '"x"', "Range": "bytes=0-1"}, status=404).status_code == 404


@pytest.mark.parametrize(
    ("text", "start", "stop"),
    [("bytes=0-3", 0, 4), ("bytes=4-", 4, 10), ("bytes=-3", 7, 10), ("bytes=-30", 0, 10), ("BYTES=9-99", 9, 10)],
)
@pytest.mark.parametrize(
    "body",
    [BODY, [BODY[:3], BODY[3:].decode()], lambda: iter([BODY[:3], BODY[3:].decode()])],
    ids=["bytes", "parts", "generator"],
)
def test_ranges(ask, text, start, stop, body):
    response = ask({"Range": text}, body=body() if callable(body) else body)
    assert response.status == "206 PARTIAL CONTENT"
    assert response.get_data() == BODY[start:stop]
    assert response.headers["Content-Length"] == str(stop - start)
    assert response.headers["Content-Range"] == f"bytes {start}-{stop - 1}/10"


def test_ranges_count_bytes_of_text(ask):
    assert ask({"Range": "bytes=1-2"}, body=iter(["öä"]), length=4).get_data() == "öä".encode()[1:3]


@pytest.mark.parametrize(
    "text", ["bytes=10-", "bytes=99-100", "bytes=-0", "bytes=5-4", "bytes=", "bytes", "nonsense", "bytes=a-b"]
)
def test_rfc9110_s15_5_17_ranges_outside_are_416(ask, text):
    with pytest.raises(RequestedRangeNotSatisfiable) as error:
        ask({"Range": text})
    assert ("Content-Range", "bytes */10") in error.value.get_headers()


@pytest.mark.parametrize("text", ["items=0-1", "bytes=" + ",".join(["0-1"] * 33)])
def test_rfc9110_s14_2_ranges_that_are_not_served_are_ignored(ask, text):
    assert ask({"Range": text}).data == BODY


@pytest.mark.parametrize(
    ("value", "status"),
    [('"x"', 206), ('"y"', 200), ('W/"x"', 200), (DATE, 206), (EARLIER, 200)],
)
def test_rfc9110_s13_1_5_if_range(ask, value, status):
    assert ask({"Range": "bytes=0-1", "If-Range": value}).status_code == status


def test_rfc9110_s13_2_2_conditions_come_before_ranges(ask):
    assert ask({"Range": "bytes=0-1", "If-None-Match": '"x"'}).status_code == 304
    assert ask({"Range": "bytes=0-1", "If-Match": '"y"'}).status_code == 412


def test_rfc9110_s14_2_a_range_of_head_is_ignored(ask):
    assert ask({"Range": "bytes=0-1"}, method="HEAD").status_code == 200


@pytest.mark.parametrize("how", [{"accept": False}, {"accept": "none"}, {"length": None}, {"length": 0}])
def test_ranges_that_are_not_offered(ask, how):
    response = ask({"Range": "bytes=0-1"}, **how)
    assert response.status_code == 200
    assert response.headers.get("Accept-Ranges") == {False: None, "none": "none"}.get(how.get("accept"), "bytes")


def test_the_length_of_a_stream_is_found(ask):
    response = ask(body=iter(["abc"]))
    assert response.headers["Content-Length"] == "3"
    assert "Content-Length" not in ask(body=iter([b"abc"]), direct_passthrough=True).headers


def test_a_range_of_a_stream_closes_it(ask):
    closed = []

    def body():
        try:
            yield BODY
        finally:
            closed.append(True)

    response = ask({"Range": "bytes=0-1"}, body=body())
    chunks = response.prepare("GET", str)[2]
    assert list(chunks) == [b"01"]
    chunks.close()
    assert closed == [True]


def test_without_validators_nothing_matches(ask):
    assert ask({"If-None-Match": '"x"', "If-Modified-Since": DATE}, headers={}).status_code == 200


def test_add_etag():
    response = Response("abc")
    response.add_etag()
    made = response.headers["ETag"]
    response.add_etag(weak=True)
    assert response.headers["ETag"] == made
    response.add_etag(overwrite=True, weak=True)
    assert response.headers["ETag"] == f"W/{made}"


def test_freezing():
    closed = []

    class Body:
        def __iter__(self):
            return iter(["a", "ö"])

        def close(self):
            closed.append(True)

    response = Response(Body())
    response.freeze()
    assert response.response == [b"a", "ö".encode()]
    assert response.headers["Content-Length"] == "3"
    assert "ETag" in response.headers
    response.close()
    assert closed == [True]
