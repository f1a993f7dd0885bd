"""Colours on a terminal, and none elsewhere."""

import io

import pytest

from demijohn.manage.colours import paint, paint_request, style_of, wants_colours


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("stream", "environ", "wanted"),
    [
        (Terminal(), {}, True),
        (io.StringIO(), {}, False),
        (object(), {}, False),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"NO_COLOR": ""}, True),
        (Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {"FORCE_COLOR": "1"}, True),
        (io.StringIO(), {"FORCE_COLOR": ""}, False),
        (Terminal(), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_when_there_are_colours(stream, environ, wanted):
    assert wants_colours(stream, environ) is wanted


def test_a_closed_stream_has_none():
    stream = io.StringIO()
    stream.close()
    assert not wants_colours(stream, {})


@pytest.mark.parametrize(
    ("status", "style"),
    [
        (101, "bold"),
        (200, None),
        (204, None),
        (302, "green"),
        (304, "cyan"),
        (400, "bold red"),
        (404, "yellow"),
        (499, "bold red"),
        (500, "bold magenta"),
    ],
)
def test_a_status_has_werkzeugs_colour(status, style):
    """Measured: Werkzeug 3.1.9 on a pseudo-terminal; it shows 204 as it shows 500, which is left out here."""
    assert style_of(status) == style


def test_only_the_request_is_painted():
    line = '127.0.0.1 - - [x] "GET / HTTP/1.1" 404 2 "agent"'
    assert paint_request(line, 404) == f'127.0.0.1 - - [x] "{paint("GET / HTTP/1.1", "yellow")}" 404 2 "agent"'
    assert paint_request(line, 200) == line
    assert paint_request("no quotes", 404) == "no quotes"
