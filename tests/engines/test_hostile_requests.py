"""Hostile requests over real sockets: whatever a view asks of its request, the client gets a value, a 400 or a 413. Never a 500.

What the connection itself refuses is in test_bad_input.py; here its limits are raised, so that everything gets to `Request`.
"""

import tracemalloc

import pytest
from engines.serving import Client, serving

from demijohn import Demijohn, request
from demijohn.doors.choose import handler_for
from demijohn.wire.limits import H1Limits

MIB = 1 << 20
LIMITS = H1Limits(request_line=4 * MIB, head_bytes=8 * MIB, field_count=200_000)

FIELDS = {
    "Accept": "accept_mimetypes",
    "Accept-Charset": "accept_charsets",
    "Accept-Encoding": "accept_encodings",
    "Accept-Language": "accept_languages",
    "Access-Control-Request-Headers": "access_control_request_headers",
    "Authorization": "authorization",
    "Cache-Control": "cache_control",
    "Content-Encoding": "content_encoding",
    "Content-MD5": "content_md5",
    "Content-Type": "mimetype_params",
    "Cookie": "cookies",
    "Date": "date",
    "If-Match": "if_match",
    "If-Modified-Since": "if_modified_since",
    "If-None-Match": "if_none_match",
    "If-Range": "if_range",
    "If-Unmodified-Since": "if_unmodified_since",
    "Max-Forwards": "max_forwards",
    "Origin": "origin",
    "Pragma": "pragma",
    "Range": "range",
    "Referer": "referrer",
    "User-Agent": "user_agent",
    "X-Forwarded-For": "access_route",
}

VALUES = {
    "letters": b"a" * MIB,
    "commas": b"," * MIB,
    "quotes": b'"' * MIB,
    "a quote without end": b'a="' + b"\\" * MIB,
    "quotes in quotes": b'x;a="b\\"c",' * (MIB // 12),
    "elements": b"a/b;q=0.5;c=d," * (MIB // 14),
    "cookies": b"; ".join(b"name%d=value" % number for number in range(60_000)),
    "ranges": b"bytes=" + b"0-1," * (MIB // 4),
    "digits": b"9" * MIB,
    "etags": b'W/"a", ' * (MIB // 7),
    "credentials": b"Basic " + b"QUJD" * (MIB // 4),
    "bytes that are no text": b"a=" + bytes(range(0x80, 0x100)) * (MIB // 128),
}

app = Demijohn("hostile")
app.config["TRAP_BAD_REQUEST_ERRORS"] = False


@app.get("/touch/<name>")
def touch(name):
    value = getattr(request, name)
    shown = repr(value)
    return f"{type(value).__name__} {len(shown)}"


@app.get("/<path:path>")
def target(path):
    return f"{len(path)} {len(request.args)} {len(request.full_path)} {len(request.url)} {len(request.base_url)}"


@app.post("/form")
def form():
    return f"{len(list(request.form.items(multi=True)))} {len(list(request.files.items(multi=True)))}"


@app.post("/many")
def many():
    request.max_form_parts = 20_000
    return form()


@app.post("/parts")
def parts():
    request.max_form_parts = 20_000
    return str(sum(1 for part in request.iter_parts() for _ in [part.read(100)]))


@app.post("/json")
def json():
    return type(request.get_json(force=True)).__name__


@pytest.fixture(scope="module")
def server():
    with serving(handler_for(app), "pool", limits=LIMITS) as running:
        yield running


@pytest.fixture
def client(server):
    with Client(server) as connected:
        yield connected


def post(client, path, body, content_type=b"multipart/form-data; boundary=b"):
    head = b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
    client.send(head % (path, content_type, len(body)) + body)
    return client.read_answer()


@pytest.mark.slow
@pytest.mark.parametrize("shape", VALUES)
def test_a_mebibyte_in_every_field(client, shape):
    for field, name in FIELDS.items():
        client.send(b"GET /touch/%s HTTP/1.1\r\nHost: a\r\n" % name.encode())
        client.send(b"%s: %s\r\n\r\n" % (field.encode(), VALUES[shape]))
        answer = client.read_answer()
        assert answer.status == 200, (field, answer.body)


@pytest.mark.parametrize(
    "path",
    [
        b"/" + b"a" * MIB,
        b"/" + b"%C3%A4" * (MIB // 6),
        b"/" + b"%ff" * (MIB // 3),
        b"/" + b"a/" * (MIB // 2),
        b"/" + b"../" * 10_000 + b"etc/passwd",
        b"/" + b"%00" * 10_000,
        b"/?" + b"&" * 1_000_000,
        b"/?" + b"a=b&" * 250_000,
        b"/?" + b"%" * MIB,
        b"/?" + b"%ED%A0%80" * 100_000,
        b"/?" + b"=" * MIB,
        b"/a?" + b"?" * MIB,
    ],
    ids=lambda path: path[:12].decode(),
)
def test_targets(client, path):
    client.send(b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % path)
    assert client.read_answer().status in {200, 308, 404}
    client.send(b"GET /b HTTP/1.1\r\nHost: a\r\n\r\n")
    assert client.read_answer().body.startswith(b"1 ")


def test_a_hundred_thousand_cookies(client):
    lines = b"".join(b"Cookie: name%d=value\r\n" % number for number in range(100_000))
    client.send(b"GET /touch/cookies HTTP/1.1\r\nHost: a\r\n" + lines + b"\r\n")
    assert client.read_answer().status == 200


def part(name, content=b"x", more=b""):
    return b'--b\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n' % (name, more, content)


END = b"--b--\r\n"


def test_ten_thousand_parts(client):
    body = part(b"a") * 10_000 + END
    refused = post(client, b"/form", body)
    assert refused.status == 413
    assert b"Maximum segment count exceeded." in refused.body
    client.reconnect()
    assert post(client, b"/many", body).body == b"10000 0"
    assert post(client, b"/parts", body).body == b"10000"
    files = part(b"f", b"x", b'; filename="a.txt"') * 10_000 + END
    assert post(client, b"/parts", files).body == b"10000"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 200),
        (b"--b", 400),
        (b"--b" * 100_000, 200),
        (b"--b\r\n" * 100_000, 400),
        (b"-" * MIB, 400),
        (b"\r\n" * (MIB // 2), 400),
        (b"\r\n--" * (MIB // 4), 400),
        (part(b"a", b"\r\n--" * (MIB // 40)), 400),
        (part(b"a", b"--b-" * 1000) + END, 400),
        (b"--b\r\nContent-Disposition: " + b"x" * MIB, 413),
        (b"--b\r\n" + b"X: y\r\n" * 100_000, 413),
        (b"--b\r\n" + b"X" * MIB, 413),
        (b"--b\r\n\r\nno head\r\n" + END, 400),
        (b"--b\r\nContent-Disposition: form-data; name=\xff\r\n\r\n\r\n" + END, 400),
        (b"--b\r\nContent-Disposition: form-data; name=a\0b\r\n\r\n\r\n" + END, 400),
        (part(b"a", b"x" * 600_000) + END, 413),
        (part(b"a", b"\xff\xfe\xfd") + END, 200),
        (part(b"a" * 5000) + END, 200),
        (part(b"f", b"x", b'; filename="' + b"../" * 2000 + b'"') + END, 200),
        (part(b"f", b"x", b'; filename="' + b"../" * 10_000 + b'"') + END, 413),
        (part(b"f", b"x", b'; filename="' + b'\\"' * 3000 + b'"') + END, 200),
        (part(b"f", b"x", b'; filename="' + b'\\"' * 3000) + END, 200),
        (part(b"f", b"x", b"; filename*=utf-16''%00") + END, 200),
        (
            b"--b\r\nContent-Disposition: form-data; name=a\r\nContent-Type: text/plain; charset=zlib\r\n\r\nx\r\n"
            + END,
            200,
        ),
        (
            b"--b\r\nContent-Disposition: form-data; name=a\r\nContent-Type: text/plain; charset=utf-7\r\n\r\n+AGE-\r\n"
            + END,
            200,
        ),
        (
            b"--b\r\nContent-Disposition: form-data; name=a\r\nContent-Length: 99999999999999999999\r\n\r\nx\r\n" + END,
            400,
        ),
    ],
    ids=lambda value: f"{len(value)}:{value[:30]!r}" if isinstance(value, bytes) else str(value),
)
def test_multipart_bodies(client, body, status):
    answer = post(client, b"/form", body)
    assert answer.status == status, answer.body
    if status != 200:
        assert b"<p>" in answer.body
    client.reconnect()
    assert post(client, b"/parts", body).status in {200, 400, 413}


@pytest.mark.parametrize(
    "boundary",
    [b"", b'""', b'"' + b"b" * 5000, b"b" * 5000, b"\xff\xfe", b'"a\\"b"', b"a b", b"*=utf-8''%00"],
    ids=lambda boundary: repr(boundary[:20]),
)
def test_boundaries(client, boundary):
    answer = post(client, b"/form", part(b"a") + END, b"multipart/form-data; boundary=" + boundary)
    assert answer.status == 400
    assert b"boundary" in answer.body or b"ends before the form does" in answer.body


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"&" * 400_000, b"0 0"),
        (b"a&" * 200_000, b"200000 0"),
        (b"%" * 400_000, b"1 0"),
        (b"a=%FF" * 50_000, b"1 0"),
        (b"\xff\xfe=\xfd&\0=\0", b"2 0"),
        (b"a=%ED%A0%80", b"1 0"),
    ],
    ids=lambda value: repr(value[:12]),
)
@pytest.mark.parametrize("charset", [b"", b"; charset=utf-16", b"; charset=zlib", b"; charset=\xff"])
def test_urlencoded_bodies(client, body, expected, charset):
    answer = post(client, b"/form", body, b"application/x-www-form-urlencoded" + charset)
    assert (answer.status, answer.body) == (200, expected)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"9" * 10_000,
        b'"\\ud800"',
        b"\xff",
        b"\xff\xfe[\0",
        b"nul",
        b"1e999999",
    ],
    ids=lambda body: repr(body[:12]),
)
def test_json_bodies(client, body):
    assert post(client, b"/json", body, b"application/json").status in {200, 400}


def test_a_million_ampersands_in_a_body(client):
    assert post(client, b"/form", b"&" * 1_000_000, b"application/x-www-form-urlencoded").status in {200, 413}


def test_memory_is_bounded_by_the_limits(client):
    """A field above its limit is refused when the limit is reached, not when it has been read; a file goes to disk."""
    post(client, b"/form", part(b"a") + END)
    field = part(b"a", b"x" * (16 * MIB)) + END
    file = part(b"f", b"x" * (16 * MIB), b'; filename="a"') + END
    for body, status in ((field, 413), (file, 200)):
        tracemalloc.start()
        try:
            assert post(client, b"/form", body).status == status
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        client.reconnect()
        # The client's own copy of the request, and four mebibytes for all else.
        assert peak < len(body) + 4 * MIB
