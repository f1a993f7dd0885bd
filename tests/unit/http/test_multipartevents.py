"""The multipart machine: the same events however the bytes are cut."""

import pytest

from demijohn.http.errors import RequestEntityTooLarge
from demijohn.http.headers import Headers
from demijohn.http.multipartevents import (
    Data,
    Epilogue,
    Field,
    File,
    MultipartDecoder,
    MultipartEncoder,
    NeedData,
    Preamble,
)

BODY = (
    b'before\r\n--b\r\nContent-Disposition: form-data; name="a"\r\nX: 1\r\n 2\r\n\r\none\r\n--\r\n-b\rtwo'
    b'\r\n--b  \r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n\r\n--b--\r\nafter'
)


def events_of(body, sizes, **limits):
    """Events, pieces of content put together."""
    decoder = MultipartDecoder(b"b", **limits)
    found = []
    places = [0, *sizes, len(body)]
    for start, end in zip(places, places[1:], strict=False):
        decoder.receive_data(body[start:end])
        while not isinstance(event := decoder.next_event(), NeedData):
            found.append(event)
    decoder.receive_data(None)
    while not isinstance(event := decoder.next_event(), Epilogue):
        found.append(event)
    joined = []
    for each in [*found, event]:
        if isinstance(each, Data) and joined and isinstance(joined[-1], Data):
            each = Data(joined.pop().data + each.data, each.more_data)
        joined.append(each)
    return joined


EXPECTED = [
    Preamble(b"before"),
    Field("a", Headers([("Content-Disposition", 'form-data; name="a"'), ("X", "1 2")])),
    Data(b"one\r\n--\r\n-b\rtwo", more_data=False),
    File("f", "x", Headers([("Content-Disposition", 'form-data; name="f"; filename="x"')])),
    Data(b"", more_data=False),
    Epilogue(b"after"),
]


def test_whole():
    assert events_of(BODY, []) == EXPECTED


@pytest.mark.parametrize("at", range(1, len(BODY)))
def test_cut_anywhere(at):
    assert events_of(BODY, [at]) == EXPECTED


def test_byte_by_byte():
    assert events_of(BODY, list(range(1, len(BODY)))) == EXPECTED


def test_what_is_written_is_read():
    encoder = MultipartEncoder(b"b")
    body = b"".join(map(encoder.send_event, EXPECTED))
    headers = Headers([*EXPECTED[1].headers])
    assert events_of(body, [])[1:] == [Field("a", headers), *EXPECTED[2:]]
    with pytest.raises(ValueError, match="cannot come"):
        encoder.send_event(Data(b"x", more_data=False))


@pytest.mark.parametrize("limits", [{"max_parts": 1}, {"max_form_memory_size": 40}])
def test_limits(limits):
    with pytest.raises(RequestEntityTooLarge):
        events_of(BODY, [], **limits)


def test_a_head_has_an_end():
    with pytest.raises(RequestEntityTooLarge):
        events_of(b"--b\r\n" + b"x" * 70_000, [])


@pytest.mark.parametrize("body", [b"", BODY[:80], b"--b\r\nX: 1\r\n\r\n\r\n--b--"])
def test_what_is_no_form(body):
    with pytest.raises(ValueError, match=r"Invalid form-data|Content-Disposition"):
        events_of(body, [])


def test_time_is_linear():
    decoder = MultipartDecoder(b"b")
    decoder.receive_data(b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n')
    for _ in range(2):
        decoder.next_event()
    for _ in range(200):
        decoder.receive_data(b"\r\n" * 5_000)
        while not isinstance(decoder.next_event(), NeedData):
            pass
    assert len(decoder.buffer) < 50
