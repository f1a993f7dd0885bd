"""Which answers get the script, where, and that the rest of them stays right. No sockets."""

import logging
import re

import pytest

from demijohn import Demijohn, Response, make_response, request, send_file
from demijohn._base.changefeed import ChangeFeed
from demijohn.debug.refresh import refreshing
from demijohn.debug.refresh.handler import script_tag
from demijohn.doors.choose import handler_for
from demijohn.seam import Feed, FileSegment, Peer
from demijohn.testing.exchange import RecordingExchange

BROWSER = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none"}
TAG = b'<script src="/__demijohn__/refresh.js" data-since="g1.0" async></script>'
PAGE = b"<!doctype html><title>x</title><body><p>Hello</body></html>"
HTML = ("Content-Type", "text/html; charset=utf-8")


def ask(handler, method="GET", target="/", headers=BROWSER, **options):
    exchange = RecordingExchange(method, target, headers, **options)
    refreshing(handler, lambda: ChangeFeed("g1"))(exchange)
    return exchange


def answer(*headers, status="200 OK", body=PAGE):
    return lambda exchange: exchange.respond(status, list(headers), body)


def body_of(exchange):
    return b"".join(exchange.pieces)


def field(exchange, name):
    return {key.lower(): value for key, value in exchange.headers}.get(name)


def test_a_page_gets_the_script_before_its_end():
    exchange = ask(answer(HTML, ("Content-Length", str(len(PAGE)))))
    assert body_of(exchange) == PAGE.replace(b"</body>", TAG + b"</body>")
    assert field(exchange, "content-length") == str(len(PAGE) + len(TAG))


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (b"<p>Hello", b"<p>Hello" + TAG),
        (b"<p></BODY ></html>", b"<p>" + TAG + b"</BODY ></html>"),
        (
            b"<pre>&lt;/body></pre><script>'</body>'</script></body>",
            b"<pre>&lt;/body></pre><script>'</body>'</script>" + TAG + b"</body>",
        ),
    ],
)
def test_where_the_script_is_put(page, expected):
    assert body_of(ask(answer(HTML, body=page))) == expected


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "500 Internal Server Error", "403 Forbidden"])
def test_pages_of_errors_get_it_too(status):
    assert TAG in body_of(ask(answer(HTML, status=status)))


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([("Content-Type", "application/json")], "200 OK"),
        ([("Content-Type", "text/htmlx")], "200 OK"),
        ([("Content-Type", "text/plain")], "200 OK"),
        ([], "200 OK"),
        ([HTML, ("Content-Encoding", "gzip")], "200 OK"),
        ([HTML, ("Content-Range", "bytes 0-3/100")], "206 Partial Content"),
        ([HTML, ("Content-Disposition", "attachment; filename=x.html")], "200 OK"),
        ([HTML, ("Repr-Digest", "sha-256=:AAAA:")], "200 OK"),
        ([("Content-Type", "text/html; charset=utf-16")], "200 OK"),
        ([HTML, ("Content-Security-Policy", "default-src 'none'")], "200 OK"),
    ],
)
def test_answers_that_stay_as_they_are(headers, status):
    exchange = ask(answer(*headers, status=status))
    assert body_of(exchange) == PAGE
    assert exchange.headers == headers or field(exchange, "content-length") == str(len(PAGE))


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Dest": "empty", "Accept": "text/html"},
        {"Sec-Fetch-Dest": "image"},
        {},
        {"Accept": "*/*"},
        {"Accept": "text/html", "X-Requested-With": "XMLHttpRequest"},
        {"Accept": "text/html", "HX-Request": "true"},
        {**BROWSER, "Host": "evil.example"},
    ],
)
def test_requests_whose_answers_stay_as_they_are(headers):
    assert body_of(ask(answer(HTML), headers=headers)) == PAGE


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Dest": "iframe"},
        {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"},  # a browser that does not trust the site
        {**BROWSER, "Host": "192.168.1.5:5000"},
    ],
)
def test_requests_for_pages(headers):
    assert TAG in body_of(ask(answer(HTML), headers=headers))


def test_head_is_answered_as_ever():
    assert "content-length" not in dict(ask(answer(HTML, body=b""), "HEAD").headers)


def test_a_page_that_was_sent_for_a_form_is_not_loaded_anew_unasked():
    assert b' data-method="POST"' in body_of(ask(answer(HTML), "POST"))


def test_the_nonce_of_the_page():
    policy = ("Content-Security-Policy", "script-src 'nonce-abc'; connect-src 'self'")
    assert b' nonce="abc"></script>' in body_of(ask(answer(HTML, policy)))


def test_a_policy_that_forbids_it_is_told_once(caplog):
    handler = refreshing(answer(HTML, ("Content-Security-Policy", "default-src 'none'")), lambda: ChangeFeed("g1"))
    with caplog.at_level(logging.INFO, "demijohn.debug"):
        for _ in range(3):
            handler(RecordingExchange("GET", "/", BROWSER))
    assert [record.getMessage().split(".")[0] for record in caplog.records] == [
        "Pages whose Content-Security-Policy forbids it do not refresh themselves"
    ]


def test_a_host_that_is_not_known_is_told_once_and_in_one_line(caplog):
    handler = refreshing(answer(HTML), lambda: ChangeFeed("g1"))
    with caplog.at_level(logging.INFO, "demijohn.debug"):
        for number in range(30):
            for _ in range(2):
                handler(RecordingExchange("GET", "/", {**BROWSER, "Host": f"evil{number}.example"}))
    assert len(caplog.records) == 10
    assert "evil0.example" in caplog.text


def test_behind_a_proxy_that_cuts_a_prefix_off():
    peer = Peer(("127.0.0.1", 1), ("127.0.0.1", 2), root_path="/a b")
    assert b'src="/a%20b/__demijohn__/refresh.js"' in body_of(ask(answer(HTML), peer=peer))


def test_the_etag_becomes_weak_and_goes_on_to_work():
    app = Demijohn(__name__)

    @app.get("/")
    def page():
        response = make_response(PAGE.decode())
        response.set_etag("v1")
        return response.make_conditional(request)

    handler = handler_for(app)
    first = ask(handler)
    assert field(first, "etag") == 'W/"v1"'
    again = ask(handler, headers={**BROWSER, "If-None-Match": 'W/"v1"'})
    assert again.status.startswith("304")
    assert body_of(again) == b""
    assert field(again, "etag") == 'W/"v1"'
    strange = ask(handler, headers={**BROWSER, "If-None-Match": '"v1"'})
    assert field(strange, "etag") == '"v1"'
    other = ask(handler, headers={**BROWSER, "If-None-Match": 'W/"v0"'})
    assert other.status.startswith("200")


def test_pages_that_are_files(tmp_path):
    path = tmp_path / "page.html"
    path.write_bytes(PAGE)
    app = Demijohn(__name__)
    app.add_url_rule("/", view_func=lambda: send_file(path))
    exchange = ask(handler_for(app))
    assert body_of(exchange) == PAGE.replace(b"</body>", TAG + b"</body>")
    assert exchange.sent_segment is None
    assert field(exchange, "content-length") == str(len(PAGE) + len(TAG))
    assert field(exchange, "etag").startswith("W/")
    part = ask(handler_for(app), headers={**BROWSER, "Range": "bytes=0-3"})
    assert part.status.startswith("206")
    assert TAG not in body_of(part)


def test_a_file_that_ends_early_is_the_servers_to_report(tmp_path):
    path = tmp_path / "page.html"
    path.write_bytes(PAGE)
    file = path.open("rb")
    exchange = RecordingExchange("GET", "/", BROWSER)
    sent = []
    exchange_class = type("Sender", (RecordingExchange,), {"send_file": lambda self, *given: sent.append(given)})
    exchange = exchange_class("GET", "/", BROWSER)
    segment = FileSegment(file, 0, 1000)
    refreshing(lambda exchange: exchange.send_file("200 OK", [HTML], segment), lambda: ChangeFeed("g1"))(exchange)
    assert sent == [("200 OK", [HTML], segment)]
    file.close()


def test_streams_stay_streams():
    app = Demijohn(__name__)
    app.add_url_rule("/", view_func=lambda: Response(iter(["<p>", "Hello", "</body>"]), mimetype="text/html"))
    exchange = ask(handler_for(app))
    assert b"".join(exchange.pieces) == b"<p>Hello</body>"
    assert exchange.calls[0] == "stream"


def test_a_stream_that_says_its_length_is_whole():
    closed = []

    class Body:
        def __iter__(self):
            return iter([PAGE[:10], PAGE[10:]])

        def close(self):
            closed.append(1)

    def application(environ, start_response):
        start_response("200 OK", [HTML, ("Content-Length", str(len(PAGE)))])
        return Body()

    exchange = ask(handler_for(application))
    assert TAG in body_of(exchange)
    assert field(exchange, "content-length") == str(len(body_of(exchange)))
    assert closed == [1]


def test_a_feed_is_never_collected():
    feed = Feed()
    feed.send(PAGE)
    feed.end()
    exchange = ask(lambda exchange: exchange.stream("200 OK", [HTML, ("Content-Length", str(len(PAGE)))], feed))
    assert body_of(exchange) == PAGE


def test_everything_else_is_passed_on():
    def handler(exchange):
        exchange.limit_time(5)
        assert exchange.time_limit is not None
        assert exchange.request_id == exchange.request_id
        assert not exchange.has_started
        assert not exchange.disconnected
        exchange.after(lambda: None)
        exchange.on_disconnect(lambda: None)
        exchange.inform("103 Early Hints", [])
        exchange.start("200 OK", [HTML])
        exchange.write(b"</body>")
        exchange.finish()

    exchange = ask(handler)
    assert body_of(exchange) == b"</body>"


def test_what_the_handler_has_besides_is_there():
    app = Demijohn(__name__)
    handler = handler_for(app)
    assert refreshing(handler, lambda: ChangeFeed("g1")).label == handler.label
    assert not hasattr(refreshing(answer(HTML), lambda: ChangeFeed("g1")), "label")


def test_the_tag_cannot_be_broken_out_of():
    tag = script_tag('"><i>', root_path='/"><i>', nonce='"><i>', method='"><i>')
    assert re.fullmatch(r"<script [^<>]*></script>", tag)


def test_the_script_is_served_to_our_own_pages_only():
    handler = answer(HTML)
    exchange = ask(handler, target="/__demijohn__/refresh.js", headers={"Sec-Fetch-Site": "same-origin"})
    assert exchange.status == "200 OK"
    assert field(exchange, "content-type").startswith("text/javascript")
    assert b"EventSource" in body_of(exchange)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Host": "evil.example"}, {"Origin": "http://evil.example"}):
        for target in ("/__demijohn__/refresh.js", "/__demijohn__/refresh"):
            refused = ask(handler, target=target, headers=headers)
            assert refused.status == "403 Forbidden"
            assert b"g1" not in body_of(refused)
    assert ask(handler, "POST", "/__demijohn__/refresh").status == "405 Method Not Allowed"
