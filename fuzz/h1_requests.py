"""Harness: any bytes on an HTTP/1.1 connection.

INVARIANT: fed whole, byte by byte and cut in two, a stream has one and the same outcome: the requests, the rejection and its
RFC section, and the bytes of the answers. Nothing but `ProtocolReject` is raised. With the default limits the outcome is
the reference reader's (`tests/corpus/http1/reference.py`). Nothing is read behind a rejection.

The first byte chooses the limits, the second where the stream is cut.
"""

from collections.abc import Iterator

from tests.corpus.http1.agreement import check_agreement
from tests.corpus.http1.cases import SMALL, Driver, load

from demijohn.wire import H1Limits

MAX_LEN = 2048

LIMITS = (H1Limits(), SMALL)


def check(data: bytes) -> None:
    if len(data) < 2:
        return
    limits = LIMITS[data[0] % 2]
    stream = data[2:]
    whole = feed([stream], limits)
    assert feed([stream[at : at + 1] for at in range(len(stream))], limits) == whole
    at = data[1] * len(stream) // 255
    assert feed([stream[:at], stream[at:]], limits) == whole
    if limits is LIMITS[0]:
        check_agreement(stream)


def feed(pieces: list[bytes], limits: H1Limits) -> tuple[object, bytes]:
    driver = Driver(limits)
    for piece in pieces:
        driver.feed(piece)
    driver.end()
    return driver.outcome, driver.answers


def seeds() -> Iterator[bytes]:
    for case in (*load("accept"), *load("reject")):
        if len(case.data) < MAX_LEN - 2:
            yield b"\0\x80" + case.data
            yield b"\1\x40" + case.data
