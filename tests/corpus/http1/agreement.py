"""The connection and the reference reader compared: what is a request, what it says, and whether all was right."""

from .cases import drive
from .reference import read_requests


def check_agreement(data: bytes) -> None:
    """Feed `data`, and the end of input, to both; they must agree."""
    outcome = drive([data])
    requests, is_right = read_requests(data)
    assert (outcome.reject is None) == is_right, outcome.reject
    whole = [seen for seen in outcome.requests if seen.is_complete]
    assert len(whole) == len(requests)
    for seen, request in zip(whole, requests, strict=True):
        assert seen.method.encode() == request.method
        assert seen.target.encode() == request.target
        assert seen.version == [1, min(request.minor, 1)]
        assert seen.fields == texts(request.fields)
        assert seen.body.encode("latin-1") == request.body
        assert seen.trailers == texts(request.trailers)
        assert seen.keep_alive == request.keep_alive


def texts(fields: list[tuple[bytes, bytes]]) -> list[list[str]]:
    return [[name.decode("latin-1"), value.decode("latin-1")] for name, value in fields]
