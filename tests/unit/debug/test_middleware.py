"""What becomes of requests through `DebuggedApplication`, and who may run code."""

import html
import json
import re
import threading
import time

import pytest

from demijohn import Demijohn, current_app, request, session
from demijohn.debug import DebuggedApplication
from demijohn.doors.choose import handler_for
from demijohn.manage.hooks import lifecycle_of
from demijohn.testing import Client, EnvironBuilder, run_wsgi_app

PIN = "123-456-789"
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(autouse=True)
def pin(monkeypatch):
    monkeypatch.delenv("DEMIJOHN_DEBUG_PIN", raising=False)
    monkeypatch.setenv("WERKZEUG_DEBUG_PIN", PIN)


@pytest.fixture
def evaluated():
    return []


@pytest.fixture
def app(evaluated):
    app = Demijohn(__name__)
    app.debug = True
    app.secret_key = "for a test"
    app.evaluated = evaluated

    @app.route("/fail/<int:number>", methods=["GET", "POST"])
    def fail(number):
        app = current_app._get_current_object()  # noqa: F841 - for code that is run here
        local = [number]
        raise ValueError(f"It is <{local}>")

    @app.get("/fine")
    def fine():
        return "fine"

    return app


@pytest.fixture
def debugged(app):
    return DebuggedApplication(app, evalex=True)


@pytest.fixture
def client(debugged):
    return Client(debugged)


def ask(client, debugged, *, headers=None, is_get=False, remote="127.0.0.1", **fields):
    fields = {"s": debugged.secret, **fields}
    how = {"query_string": {"__debugger__": "yes", **fields}} if is_get else {"data": fields, "method": "POST"}
    path = "/" if is_get else "/?__debugger__=yes"
    return client.open(path, headers=headers or {}, environ_overrides={"REMOTE_ADDR": remote}, **how)


def unlock(client, debugged):
    assert ask(client, debugged, cmd="pinauth", pin=PIN).json == {"auth": True, "exhausted": False}


def last_frame(client):
    """Fail, and return the id of the frame of the view."""
    page = client.get("/fail/7", headers=HTML)
    assert page.status_code == 500
    return re.findall(r'class="console" data-frame="([\d-]+)"', page.text)[-1]


def text_of(response):
    return html.unescape(re.sub("<[^>]+>", "", response.text))


# ---------------------------------------------------------------------- pages


def test_what_does_not_fail_is_left_alone(client):
    response = client.get("/fine")
    assert (response.status_code, response.text) == (200, "fine")
    assert "Content-Security-Policy" not in response.headers


def test_a_page_for_browsers(client, debugged, capsys):
    response = client.get("/fail/7?x=1", headers=HTML, environ_overrides={"REMOTE_ADDR": "127.0.0.1"})
    assert response.status_code == 500
    assert response.content_type == "text/html; charset=utf-8"
    assert "Accept" in response.vary
    assert response.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    for word in ("ValueError", "It is &lt;[7]&gt;", "GET /fail/7?x=1", "/fail/&lt;int:number&gt;", "number=7"):
        assert word in response.text
    assert debugged.secret in response.text
    assert '<table class="variables">' in response.text
    assert "ValueError: It is <[7]>" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "text/plain"),
        ("text/plain", "text/plain"),
        ("application/json", "application/json"),
        ("application/json, text/plain, */*", "application/json"),
        ("application/problem+json", "application/json"),
        ("text/html;q=0.5, application/json", "application/json"),
        ("text/html", "text/html"),
        ("image/png", "text/plain"),
        ("text/html;q=0, */*", "text/plain"),
        (
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
                "application/signed-exchange;v=b3;q=0.7"
            ),
            "text/html",
        ),
        ("text/plain, application/json;q=0.9", "text/plain"),
        (None, "text/html"),
    ],
)
def test_each_client_gets_what_it_takes(client, accept, kind):
    response = client.get("/fail/7", headers={} if accept is None else {"Accept": accept})
    assert (response.status_code, response.mimetype) == (500, kind)
    if kind == "text/plain":
        assert response.text.startswith("Traceback (most recent call last):\n")
        assert response.text.endswith("ValueError: It is <[7]>\n")
    elif kind == "application/json":
        data = json.loads(response.text)
        assert data["error"]["message"] == "It is <[7]>"
        assert data["request"] == {"method": "GET", "path": "/fail/7"}


def test_the_frame_of_the_middleware_is_not_shown(client):
    assert "in debug_application" not in client.get("/fail/7", headers={"Accept": "*/*"}).text


def test_only_exceptions_are_shown():
    def app(environ, start_response):
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        Client(DebuggedApplication(app)).get("/")


def streaming(*, before, call_first=True):
    closed = []

    def app(environ, start_response):
        if call_first:
            start_response("200 OK", [("Content-Type", "text/plain")])

        def body():
            try:
                yield from before
                raise ValueError("in the stream")
            finally:
                closed.append(True)

        return body()

    app.closed = closed
    return app


@pytest.mark.parametrize("call_first", [True, False])
def test_a_stream_that_fails_before_its_first_byte_becomes_a_page(call_first):
    app = streaming(before=[], call_first=call_first)
    response = Client(DebuggedApplication(app)).get("/", headers=HTML, buffered=True)
    assert response.status_code == 500
    assert "in the stream" in response.text
    assert app.closed == [True]


def test_a_stream_that_fails_later_fails():
    app = DebuggedApplication(streaming(before=[b"a"]))
    body, status, _ = run_wsgi_app(app, EnvironBuilder("/").get_environ(), buffered=False)
    assert next(body) == b"a"
    with pytest.raises(ValueError, match="in the stream"):
        next(body)


def test_files_stay_files(tmp_path):
    (tmp_path / "a.txt").write_text("abc")
    app = Demijohn(__name__, static_folder=str(tmp_path), static_url_path="/static")
    from demijohn.message.wsgi import FileWrapper

    environ = EnvironBuilder("/static/a.txt").get_environ()
    environ["wsgi.file_wrapper"] = FileWrapper
    plain = app.wsgi_app(dict(environ), lambda *_: None)
    through = DebuggedApplication(app)(dict(environ), lambda *_: None)
    assert type(through) is type(plain) is FileWrapper
    for each in (plain, through):
        each.close()


# ---------------------------------------------------------------------- consoles


def test_code_runs_in_a_frame_behind_the_pin(client, debugged, evaluated):
    frame = last_frame(client)
    assert ask(client, debugged, cmd="local", frm=frame).status_code == 403
    unlock(client, debugged)
    assert text_of(ask(client, debugged, cmd="local", frm=frame)) == ">>> local\n[7]"
    assert text_of(ask(client, debugged, cmd="_ + [number]", frm=frame)) == ">>> _ + [number]\n[7, 7]"
    ask(client, debugged, cmd="app.evaluated.append(number)", frm=frame)
    assert evaluated == [7]


def test_requests_may_be_gets(client, debugged):
    frame = last_frame(client)
    assert ask(client, debugged, cmd="pinauth", pin="123456789", is_get=True).json["auth"]
    assert text_of(ask(client, debugged, cmd="1 + 1", frm=frame, is_get=True)) == ">>> 1 + 1\n2"


def test_the_request_is_there_in_the_console(client, debugged, app):
    popped = []
    app.teardown_request(lambda error: popped.append(error))
    frame = last_frame(client)
    unlock(client, debugged)
    for code in ("request.path", "session.get('x')", "current_app.name", "url_for('fail', number=1)"):
        import_line = "from demijohn import request, session, current_app, url_for\n"
        assert "Error" not in text_of(ask(client, debugged, cmd=import_line + code, frm=frame)), code
    assert "/fail/7" in text_of(ask(client, debugged, cmd="request.path", frm=frame))
    assert not request and not session


def test_a_teardown_that_fails_is_said_in_the_console(client, debugged, app):
    problems = []

    @app.teardown_request
    def fails(error):
        for problem in problems:
            raise problem

    frame = last_frame(client)
    unlock(client, debugged)
    problems.append(KeyError("teardown"))
    answer = ask(client, debugged, cmd="1", frm=frame)
    assert answer.status_code == 500
    assert "KeyError: 'teardown'" in answer.text


def test_the_application_s_beginning_and_end_are_known(debugged, app):
    assert lifecycle_of(debugged) is app.lifecycle
    assert handler_for(debugged).label is not None
    assert lifecycle_of(DebuggedApplication(lambda environ, start_response: [])) is not None


def test_variables_are_asked_for_behind_the_pin(client, debugged):
    page = client.get("/fail/7", headers=HTML, environ_overrides={"REMOTE_ADDR": "192.0.2.1"})
    assert '<table class="variables">' not in page.text
    frame = re.findall(r'class="locals" data-frame="([\d-]+)"', page.text)[-1]
    assert ask(client, debugged, show="locals", frm=frame).status_code == 403
    unlock(client, debugged)
    assert "number" in ask(client, debugged, show="locals", frm=frame).text
    assert '<table class="variables">' in client.get("/fail/7", headers=HTML).text


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "Via"])
def test_a_proxy_on_this_machine_may_stand_for_anybody(client, name):
    page = client.get("/fail/7", headers={**HTML, name: "x"}, environ_overrides={"REMOTE_ADDR": "127.0.0.1"})
    assert '<table class="variables">' not in page.text


def test_a_console_of_its_own(client, debugged):
    page = client.get("/console")
    assert page.status_code == 200
    frame = re.search(r'data-frame="([\d-]+)"', page.text)[1]
    unlock(client, debugged)
    assert "test_middleware" in text_of(ask(client, debugged, cmd="app.name", frm=frame))
    assert "4" in text_of(ask(client, debugged, cmd="x = 4\nx", frm="0"))
    assert text_of(ask(client, debugged, cmd="x", frm=frame)) == ">>> x\n4"


def test_the_console_begins_with_what_is_wanted(app):
    debugged = DebuggedApplication(app, evalex=True, console_path="/c", console_init_func=lambda: {"answer": 42})
    client = Client(debugged)
    assert client.get("/console").status_code == 404
    assert client.get("/c").status_code == 200
    unlock(client, debugged)
    assert "42" in text_of(ask(client, debugged, cmd="answer", frm="0"))


def test_code_over_several_lines(client, debugged):
    frame = last_frame(client)
    unlock(client, debugged)
    first = ask(client, debugged, cmd="for i in range(2):", frm=frame)
    assert "data-more" in first.text
    second = ask(client, debugged, cmd="    print(i, number)", frm=frame)
    assert "data-more" in second.text
    assert text_of(ask(client, debugged, cmd="", frm=frame)) == "... \n0 7\n1 7\n"


def test_a_console_runs_one_thing_at_a_time(client, debugged, app):
    frame = last_frame(client)
    unlock(client, debugged)
    app.begun, app.go = threading.Event(), threading.Event()
    thread = threading.Thread(
        target=ask, args=(client, debugged), kwargs={"cmd": "app.begun.set(); app.go.wait(20)", "frm": frame}
    )
    thread.start()
    assert app.begun.wait(20)
    assert ask(client, debugged, cmd="1", frm=frame).status_code == 409
    app.go.set()
    thread.join(20)
    assert ask(client, debugged, cmd="1", frm=frame).status_code == 200


def test_what_is_too_old_or_too_much_is_forgotten(client, debugged):
    unlock(client, debugged)
    frame = last_frame(client)
    for _ in range(20):
        last_frame(client)
    answer = ask(client, debugged, cmd="1", frm=frame)
    assert answer.status_code == 410
    assert "Load the page again" in answer.text
    assert len(debugged.memory) == 20


# ---------------------------------------------------------------------- security: nothing is evaluated


ATTACKS = [
    ("foreign host", {"headers": {"Host": "evil.example"}}, 400),
    ("foreign host that ends like ours", {"headers": {"Host": "evillocalhost"}}, 400),
    ("all interfaces", {"headers": {"Host": "0.0.0.0:5000"}}, 400),
    ("all interfaces of IPv6", {"headers": {"Host": "[::]:5000"}}, 400),
    ("no host that is one", {"headers": {"Host": "localhost@evil.example"}}, 400),
    ("another site", {"headers": {"Sec-Fetch-Site": "cross-site"}}, 403),
    ("another port of this host", {"headers": {"Sec-Fetch-Site": "same-site"}}, 403),
    ("another origin", {"headers": {"Origin": "http://localhost:3000"}}, 403),
    ("no origin at all", {"headers": {"Origin": "null"}}, 403),
    ("no secret", {"s": ""}, 403),
    ("a wrong secret", {"s": "x" * 32}, 403),
    ("a secret of other characters", {"s": "ä" * 32}, 403),
]


@pytest.mark.parametrize("is_get", [False, True])
@pytest.mark.parametrize(("_", "how", "status"), ATTACKS, ids=[attack[0] for attack in ATTACKS])
def test_nothing_is_evaluated(client, debugged, evaluated, _, how, status, is_get):
    frame = last_frame(client)
    unlock(client, debugged)
    code = "app.evaluated.append(1)"
    for frm in (frame, "0"):
        assert ask(client, debugged, cmd=code, frm=frm, is_get=is_get, **how).status_code == status
    assert ask(client, debugged, show="locals", frm=frame, is_get=is_get, **how).status_code == status
    assert evaluated == []
    # The same without what is wrong does run.
    assert ask(client, debugged, cmd=code, frm=frame, is_get=is_get).status_code == 200
    assert evaluated == [1]


@pytest.mark.parametrize(("_", "how", "status"), ATTACKS, ids=[attack[0] for attack in ATTACKS])
def test_the_pin_cannot_be_tried(debugged, _, how, status):
    client = Client(debugged)
    for cmd in ("pinauth", "printpin"):
        answer = ask(client, debugged, cmd=cmd, pin=PIN, **how)
        assert answer.status_code == status
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("host", ["evil.example", "0.0.0.0:5000", "[::]", ""])
def test_pages_for_foreign_hosts_have_no_secret(client, debugged, host):
    page = client.get("/fail/7", headers={**HTML, "Host": host}, environ_overrides={"REMOTE_ADDR": "127.0.0.1"})
    assert page.status_code == 500
    assert debugged.secret not in page.text
    assert '<table class="variables">' not in page.text
    assert "trusted hosts" in page.text
    assert client.get("/console", headers={"Host": host}).status_code in {400, 404}
    assert len(debugged.memory) == 0


@pytest.mark.parametrize("host", ["localhost", "localhost:5000", "app.localhost:5000", "127.0.0.1", "[::1]:5000"])
def test_names_of_this_machine_are_trusted(client, debugged, host):
    assert debugged.secret in client.get("/fail/7", headers={**HTML, "Host": host}).text


def test_more_hosts_may_be_trusted(client, debugged):
    debugged.trusted_hosts.append("dev.example")
    assert debugged.secret in client.get("/fail/7", headers={**HTML, "Host": "dev.example:80"}).text
    debugged.trusted_hosts = []
    assert debugged.secret not in client.get("/fail/7", headers={**HTML, "Host": "localhost"}).text


def test_without_evalex_there_is_no_way_in(app, evaluated):
    debugged = DebuggedApplication(app)
    client = Client(debugged)
    assert "data-secret" not in client.get("/fail/7", headers=HTML).text
    assert client.get("/console").status_code == 404
    assert ask(client, debugged, cmd="pinauth", pin=PIN).status_code == 404
    assert ask(client, debugged, cmd="app.evaluated.append(1)", frm="0").status_code == 404
    assert evaluated == [] and len(debugged.memory) == 0


def test_after_ten_wrong_pins_no_pin_is_right(debugged):
    client = Client(debugged)
    for _ in range(10):
        assert ask(client, debugged, cmd="pinauth", pin="1").json == {"auth": False, "exhausted": False}
    assert ask(client, debugged, cmd="pinauth", pin=PIN).json == {"auth": False, "exhausted": True}
    assert ask(client, debugged, cmd="1", frm="0").status_code == 403


def test_the_right_pin_begins_the_count_anew(debugged):
    client = Client(debugged)
    for _ in range(2):
        for _ in range(9):
            ask(Client(debugged), debugged, cmd="pinauth", pin="1")
        unlock(Client(debugged), debugged)
    assert ask(client, debugged, cmd="pinauth", pin="1").json == {"auth": False, "exhausted": False}


def test_threads_cannot_try_more(debugged):
    answers = []
    gate = threading.Barrier(20)

    def attack():
        gate.wait(20)
        answers.append(ask(Client(debugged), debugged, cmd="pinauth", pin="1").json["exhausted"])

    threads = [threading.Thread(target=attack) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(answers) == [False] * 10 + [True] * 10


@pytest.mark.parametrize(
    "change",
    [
        lambda value: "",
        lambda value: value[:-1] + ("0" if value[-1] != "0" else "1"),
        lambda value: f"{int(time.time()) + 5}|{value.partition('|')[2]}",
        lambda value: value.partition("|")[0],
        lambda value: f"{value}x",
    ],
)
def test_a_cookie_of_ones_own_making_does_not_open(debugged, evaluated, change):
    client = Client(debugged)
    answer = ask(client, debugged, cmd="pinauth", pin=PIN)
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Path=/" in cookie
    value = client.get_cookie(debugged.pin_cookie_name).value
    client.set_cookie(debugged.pin_cookie_name, change(value))
    assert ask(client, debugged, cmd="app.evaluated.append(1)", frm="0").status_code == 403
    assert evaluated == []


def test_a_cookie_is_good_for_a_week(debugged):
    now = time.time()
    pin = debugged.run.pin
    assert pin.takes_cookie(pin.make_cookie(now - 6 * 86_400), now)
    assert not pin.takes_cookie(pin.make_cookie(now - 8 * 86_400), now)
    assert not pin.takes_cookie(pin.make_cookie(now + 3600), now)


def test_without_a_pin_nothing_is_asked_for(app, evaluated, monkeypatch):
    for debugged in (
        DebuggedApplication(app, evalex=True, pin_security=False),
        (monkeypatch.setenv("WERKZEUG_DEBUG_PIN", "off"), DebuggedApplication(app, evalex=True))[1],
    ):
        assert debugged.pin is None
        assert ask(Client(debugged), debugged, cmd="app.evaluated.append(1)", frm="0").status_code == 200
    assert evaluated == [1, 1]


def test_a_request_that_is_too_large_is_refused(client, debugged):
    assert ask(client, debugged, cmd="x" * 1_100_000, frm="0").status_code == 413


@pytest.mark.parametrize("frm", ["", "-1", "x", "1-1-1", "../../etc", "99999999999999999999-1-1", "1-", "٣-1-1"])
def test_frames_that_do_not_exist(client, debugged, frm):
    unlock(client, debugged)
    assert ask(client, debugged, cmd="1", frm=frm).status_code in {400, 410}


def test_the_pin_is_printed_where_the_server_is(client, debugged, caplog):
    caplog.set_level("INFO", logger="demijohn.debug")
    assert ask(client, debugged, cmd="printpin").text == ""
    assert PIN in caplog.text


def test_other_queries_of_that_name_are_the_applications(client):
    assert client.get("/fine?__debugger__=yes").text == "fine"
