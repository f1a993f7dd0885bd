from http import HTTPStatus

import pytest

from demijohn.http.status import HTTP_STATUS_CODES, parse_status, status_line


@pytest.mark.parametrize(
    ("given", "line", "code"),
    [
        (200, "200 OK", 200),
        (HTTPStatus.NOT_FOUND, "404 NOT FOUND", 404),
        (299, "299 UNKNOWN", 299),
        (True, "1 UNKNOWN", 1),
        ("404", "404 NOT FOUND", 404),
        ("404 Not Here", "404 Not Here", 404),
        (" 200 OK ", "200 OK", 200),
        ("200 ", "200 OK", 200),
        ("404  Two", "404  Two", 404),
        ("0 x", "0 x", 0),
        ("299", "299 UNKNOWN", 299),
        ("wtf", "0 wtf", 0),
        ("20x foo", "0 20x foo", 0),
        ("200\tOK", "0 200\tOK", 0),
    ],
)
def test_parse_status(given, line, code):
    assert parse_status(given) == (line, code)
    assert type(parse_status(given)[1]) is int


@pytest.mark.parametrize("empty", ["", " ", "\t\n"])
def test_an_empty_status_is_refused(empty):
    with pytest.raises(ValueError, match="Empty status argument"):
        parse_status(empty)


def test_status_line():
    assert status_line(418) == "418 I'M A TEAPOT"
    assert status_line(799) == "799 UNKNOWN"


def test_the_standard_library_knows_no_code_that_we_do_not():
    assert {status.value for status in HTTPStatus} <= set(HTTP_STATUS_CODES)
