"""Several ranges at once: which parts a Range field asks for, and the body that has them."""

import email
import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demijohn.http.errors import RequestedRangeNotSatisfiable
from demijohn.http.ranges import select_ranges
from demijohn.message import Response, send_file
from demijohn.message.byteranges import ByteRanges
from demijohn.message.wsgi import FileWrapper

CONTENT = bytes(range(256)) * 40


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bytes=0-1", [(0, 2)]),
        ("bytes=0-1,4-5", [(0, 2), (4, 6)]),
        ("bytes=4-5,0-1", [(4, 6), (0, 2)]),
        ("bytes=0-1, ,-2,", [(0, 2), (98, 100)]),
        ("bytes=0-1,200-", [(0, 2)]),
        ("bytes=200-,300-", []),
        ("bytes=50-,0-", [(0, 100)]),
        ("bytes=0-10,5-20,90-,15-30", [(0, 31), (90, 100)]),
        ("bytes=90-,20-29,0-9,25-35", [(90, 100), (20, 36), (0, 10)]),
        ("bytes=0-1,2-3", [(0, 2), (2, 4)]),
        ("bytes=0-1,x", []),
        ("bytes=,", []),
        ("bytes=", []),
        ("bytes", []),
        ("items=0-1,4-5", None),
        ("bytes=0-0,1-1,2-2,3-3", None),
        ("bytes=" + "0-," * 1000, None),
        ("bytes=-0,99999999999999999999999-", []),
    ],
)
def test_selected_ranges(text, expected):
    assert select_ranges(text, 100, 3 if expected is None else 4) == expected


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=12))
def test_law_selected_ranges_have_each_byte_once(pairs):
    asked = [(min(pair), max(pair)) for pair in pairs]
    parts = select_ranges("bytes=" + ",".join(f"{first}-{last}" for first, last in asked), 50, 12)
    sent = [at for start, stop in parts for at in range(start, stop)]
    assert len(sent) == len(set(sent))
    assert set(sent) == {at for first, last in asked for at in range(first, last + 1) if at < 50}


def parts_of(response):
    """The parts of a multipart answer, parsed by another parser: (Content-Type, Content-Range, bytes)."""
    body = b"".join(response.response)
    assert response.headers["Content-Length"] == str(len(body))
    head = f"Content-Type: {response.headers['Content-Type']}\r\n\r\n".encode()
    message = email.message_from_bytes(head + body)
    assert message.is_multipart()
    assert not message.defects
    boundary = message.get_boundary()
    raw = [part.partition(b"\r\n\r\n")[2] for part in body.split(f"\r\n--{boundary}".encode())[1:-1]]
    return [
        (part["Content-Type"], part["Content-Range"], data)
        for part, data in zip(message.get_payload(), raw, strict=True)
    ]


@pytest.fixture
def path(tmp_path):
    (tmp_path / "f.bin").write_bytes(CONTENT)
    return tmp_path / "f.bin"


def environ(text, **more):
    return {"REQUEST_METHOD": "GET", "HTTP_RANGE": text, **more}


def test_rfc9110_s14_6_parts_of_a_file(path):
    with send_file(path, environ("bytes=-3,0-9,1000-1999")) as response:
        assert response.status_code == 206
        assert "Content-Range" not in response.headers
        assert response.headers["Accept-Ranges"] == "bytes"
        assert parts_of(response) == [
            ("application/octet-stream", "bytes 10237-10239/10240", CONTENT[-3:]),
            ("application/octet-stream", "bytes 0-9/10240", CONTENT[:10]),
            ("application/octet-stream", "bytes 1000-1999/10240", CONTENT[1000:2000]),
        ]
        file = response.response._source.file
    assert file.closed


def test_rfc9110_s15_3_7_2_one_range_that_is_left_is_no_multipart(path):
    for text in ("bytes=0-9,99999-", "bytes=0-5,3-9"):
        with send_file(path, environ(text)) as response:
            assert response.headers["Content-Range"] == "bytes 0-9/10240"
            assert response.headers["Content-Type"] == "application/octet-stream"


def test_nothing_left_is_416(path):
    with pytest.raises(RequestedRangeNotSatisfiable) as caught:
        send_file(path, environ("bytes=99999-,88888-"))
    assert caught.value.get_response({}).headers["Content-Range"] == "bytes */10240"


def test_if_range_and_head_come_first(path):
    with send_file(path, environ("bytes=0-1,4-5", HTTP_IF_RANGE='"other"')) as response:
        assert response.status_code == 200
    with send_file(path, environ("bytes=0-1,4-5", REQUEST_METHOD="HEAD")) as response:
        assert response.status_code == 200


def test_more_than_the_limit_get_the_whole(path):
    class Strict(Response):
        max_ranges = 2

    for text, code in {"bytes=0-0,2-2": 206, "bytes=0-0,2-2,4-4": 200}.items():
        with send_file(path, environ(text), response_class=Strict) as response:
            assert response.status_code == code
    for count, code in {32: 206, 33: 200}.items():
        text = "bytes=" + ",".join(f"{10 * at}-{10 * at}" for at in range(count))
        with send_file(path, environ(text)) as response:
            assert response.status_code == code


def test_cve_2011_3192_ranges_that_overlap_are_one(path):
    text = "bytes=0-," + ",".join(f"5-{at}" for at in range(5, 35))
    with send_file(path, environ(text)) as response:
        assert response.headers["Content-Length"] == "10240"


def test_parts_of_other_bodies():
    for body in ("0123456789", ["01234", "56789"]):
        response = Response(body).make_conditional(environ("bytes=0-1,8-9"), accept_ranges=True, complete_length=10)
        assert [data for _, _, data in parts_of(response)] == [b"01", b"89"]
    streamed = Response(iter(["0123456789"]))
    streamed.make_conditional(environ("bytes=0-1,8-9"), accept_ranges=True, complete_length=10)
    assert (streamed.status_code, streamed.get_data()) == (200, b"0123456789")


def test_a_server_with_a_wrapper_of_its_own_gets_a_body_to_pull(path):
    class Wrapper(FileWrapper):
        pass

    with send_file(path, environ("bytes=0-1,8-9", **{"wsgi.file_wrapper": Wrapper})) as response:
        assert [data for _, _, data in parts_of(response)] == [CONTENT[:2], CONTENT[8:10]]


def test_a_file_that_shrank_raises(path):
    with path.open("rb", buffering=0) as file:
        body = ByteRanges(FileWrapper(file), [(0, 10), (10000, 10240)], 10240, None)
        os.truncate(path, 10100)
        pulled = b""
        with pytest.raises(EOFError, match="140 bytes before"):
            for block in body:
                pulled += block
        assert pulled.endswith(CONTENT[10000:10100])


def test_large_parts_come_in_blocks():
    content = os.urandom(300_000)
    body = ByteRanges(FileWrapper(io.BytesIO(content)), [(0, 200_000), (250_000, 300_000)], 300_000, "a/b")
    blocks = list(body)
    assert max(map(len, blocks)) < 70_000
    assert sum(map(len, blocks)) == body.content_length
