"""Lines of the access log, to the byte; and that nothing a client sends makes them more or fewer than one."""

import json
import os
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demijohn.seam import Peer, RequestHead
from demijohn.serve import ServerOptions, logformat
from demijohn.serve.answered import Answered
from demijohn.serve.logformat import ATOMS, FORMATS, compile_format

FIELDS = [
    (b"Host", b"example.org"),
    (b"Referer", b'http://a/"quoted"'),
    (b"User-Agent", b"curl/8 \xe9"),
    (b"Authorization", b"Basic em/DqzpzZWNyZXQ="),  # zo\xc3\xab, as UTF-8
    (b"X-Tenant", b"t1"),
    (b"X-Tenant", b"t2"),
]
PEER = Peer(("192.0.2.7", 51234), ("192.0.2.1", 443), "https")


class Exchange:
    request_id = "id-7"


class Line:
    label = "blog.show"


def answered(**changes) -> Answered:
    values = {
        "line": Line(),
        "peer": PEER,
        "head": RequestHead("GET", '/a%20b?c="d"', (1, 1), FIELDS),
        "status": "200",
        "time": 1_700_000_000.9876,
        "exchange": Exchange(),
        "fields": [("Content-Type", "text/plain"), ("X-Cache", "hit"), ("x-cache", "two")],
        "body_bytes": 12,
        "bytes_in": 3,
        "seconds": 1.2345678,
        "queue_seconds": 0.0005,
        "number": 4,
    }
    return Answered(**(values | changes))


@pytest.fixture(autouse=True)
def _an_hour_east(monkeypatch):
    monkeypatch.setenv("TZ", "UTC-1")
    time.tzset()
    logformat._stamp_of.cache_clear()
    yield
    monkeypatch.undo()
    time.tzset()
    logformat._stamp_of.cache_clear()


BEFORE = '192.0.2.7 - zo\\xC3\\xAB [14/Nov/2023:23:13:20 +0100] "GET /a%20b?c=\\x22d\\x22 HTTP/1.1" 200 12'


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("common", BEFORE),
        ("combined", BEFORE + ' "http://a/\\x22quoted\\x22" "curl/8 \\xE9"'),
        ("timed", BEFORE + " 1234.568ms"),
    ],
)
def test_formats_with_a_name(name, line):
    assert compile_format(name)(answered()) == line


def test_json():
    line = compile_format("json", {"tenant": "{x-tenant}i", "status": "{X-Cache}o", "route": "endpoint"})(answered())
    assert "\n" not in line
    assert json.loads(line) == {
        "time": "2023-11-14T22:13:20.987Z",
        "remote": "192.0.2.7",
        "method": "GET",
        "path": "/a%20b",
        "query": 'c="d"',
        "version": "HTTP/1.1",
        "status": "hit, two",
        "bytes": 12,
        "bytes_in": 3,
        "duration_ms": 1234.568,
        "queue_ms": 0.5,
        "request_id": "id-7",
        "host": "example.org",
        "referer": 'http://a/"quoted"',
        "user_agent": "curl/8 \\xe9",
        "scheme": "https",
        "connection_request": 4,
        "cut": False,
        "pid": os.getpid(),
        "tenant": "t1, t2",
        "route": "blog.show",
    }


@pytest.mark.parametrize(
    ("atom", "text"),
    [
        ("%(h)s %(l)s %(u)s", "192.0.2.7 - zo\\xC3\\xAB"),
        ("%(m)s %(U)s %(q)s %(H)s", "GET /a%20b c=\\x22d\\x22 HTTP/1.1"),
        ("%(s)s %(b)s %(B)s", "200 12 12"),
        ("%(T)s %(D)s %(M)s %(L)s", "1 1234567 1234 1.234568"),
        pytest.param("%(p)s %(pid)s", f"{os.getpid()} {os.getpid()}", id="pid"),
        ("%({User-Agent}i)s %({none}i)s", "curl/8 \\xE9 -"),
        ("%({x-cache}o)s %({none}o)s", "hit, two -"),
        ("%({REMOTE_ADDR}e)s %({REMOTE_PORT}e)s %({SERVER_PORT}e)s", "192.0.2.7 51234 443"),
        ("%({HTTP_X_TENANT}e)s %({REQUEST_URI}e)s", "t1, t2 /a%20b?c=\\x22d\\x22"),
        ("100%% %(queue_ms)s %(endpoint)s %(cut)s", "100% 0.5 blog.show False"),
        ("%(local)s:%(local_port)s %(remote_port)s", "192.0.2.1:443 51234"),
    ],
)
def test_atoms(atom, text):
    assert compile_format(atom)(answered()) == text


def test_a_request_that_could_not_be_read():
    refusal = Answered(Line(), Peer(None, "/run/x"), None, "400", 0.0, body_bytes=9)
    assert compile_format("common")(refusal) == 'unix - - [01/Jan/1970:01:00:00 +0100] "-" 400 9'
    assert json.loads(compile_format("json")(refusal))["request_id"] is None
    for atom in ATOMS:
        assert compile_format(f"%({atom})s")(refusal)


def test_an_empty_body_is_a_hyphen_in_the_common_format():
    assert compile_format("%(b)s %(B)s")(answered(body_bytes=0)) == "- 0"


@pytest.mark.parametrize("value", [b"Basic", b"Basic =", b"Basic !!!", b"Bearer em86cw==", b"Basic Og=="])
def test_credentials_without_a_name(value):
    head = RequestHead("GET", "/", (1, 1), [(b"Authorization", value)])
    assert compile_format("%(u)s")(answered(head=head)) == "-"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"access_log_format": "%(x)s"}, r"no atom 'x'. There are h, l, u, .*duration_ms.*\{field\}i"),
        ({"access_log_format": "%({PATH}e)s"}, r"no atom '\{PATH\}e'"),
        ({"access_log_format": "%(h)d"}, r"stray % at '%\(h\)d'"),
        ({"access_log_format": "50%"}, "stray %"),
        ({"access_log_format": "%(h)s\n"}, "line break"),
        ({"access_log_format": "apache"}, "must be one of timed, common, combined, dev, json"),
        ({"access_log_fields": {"a": "status"}}, "adds to the format 'json'"),
        ({"access_log_format": "json", "access_log_fields": {"a": "nope"}}, "no atom 'nope'"),
        ({"access_log_skip": "/healthz"}, "access_log_skip has '/healthz'"),
        ({"access_log_skip": ["healthz"]}, "access_log_skip has 'healthz'"),
        ({"log_format": "xml"}, "log_format is 'xml'"),
        ({"log_queue_bytes": 0}, "log_queue_bytes is 0"),
        ({"request_id_header": "X Request"}, "request_id_header is 'X Request'"),
        ({"trust_request_id": True}, "without a request_id_header"),
    ],
)
def test_a_wrong_setting_is_named(settings, message):
    with pytest.raises(ValueError, match=message):
        ServerOptions(**settings)


def test_one_setting_makes_all_of_it_json():
    assert ServerOptions().access_line == "timed"
    assert ServerOptions(log_format="json").access_line == "json"
    assert ServerOptions(log_format="json", access_log_format="common").access_line == "common"


LINES = {name: compile_format(name) for name in [*FORMATS, "json"]}
LINES["own"] = compile_format(
    '"%({x-any}i)s" "%({x-any}o)s" "%({HTTP_X_ANY}e)s" "%(u)s" "%(endpoint)s" "%(request_id)s" "%(host)s"'
)
# What `"..."` may hold: visible ASCII and \xHH.
QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\x[0-9A-F]{2})*)"')


@pytest.mark.slow
@given(st.binary(), st.text(), st.text())
def test_one_answer_is_one_line_whatever_is_in_it(field, text, target):
    names = [b"X-Any", b"User-Agent", b"Referer", b"Host", b"Authorization"]
    entry = answered(
        head=RequestHead(text, target, (1, 1), [(name, field) for name in names]),
        peer=Peer((text, 1), text),
        fields=[("X-Any", text)],
    )
    entry.exchange = type("Exchange", (), {"request_id": text})()
    entry.line = type("Line", (), {"label": text})()
    for name, render in LINES.items():
        line = render(entry)
        assert line.isascii()
        assert line.isprintable(), name
        if name == "json":
            json.loads(line)
        elif name == "own":
            assert QUOTED.sub("", line).strip(" ") == ""
            assert len(QUOTED.findall(line)) == 7
