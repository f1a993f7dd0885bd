"""How a server is different in a child."""

import pytest

from demijohn import Blueprint, Demijohn
from demijohn._base.changefeed import ChangeFeed
from demijohn.debug import DebuggedApplication
from demijohn.manage.refreshing import RefreshedApplication
from demijohn.manage.reloader import current
from demijohn.manage.reloader.current import wants_parent
from demijohn.manage.reloader.fitting import (
    IDLE_GRACE,
    fitted,
    fitted_tls,
    page_directories,
    report,
    start_facts,
)
from demijohn.manage.reloader.handshake import Handshake
from demijohn.manage.settings.load import settings_of_call
from demijohn.middleware.shared_data import SharedDataMiddleware


class FakeChild:
    def __init__(self, **changed):
        self.handshake = Handshake(
            **{"parent": 1, "channel": 3, "number": 0, "is_first": True, "way": "stat", "files": 12, **changed}
        )
        self.said = []

    def ready(self, *words):
        self.said.append(("ready", *words))

    def failed(self, error):
        self.said.append(("failed", error))

    def failed_for(self, *words):
        self.said.append(("failed_for", *words))

    def stopping(self):
        self.said.append(("stopping",))


def settings(**said):
    return settings_of_call(said, "test")


@pytest.mark.parametrize(
    "reload, is_debug, expected",
    [(True, False, True), (False, True, False), ("auto", True, True), ("auto", False, False)],
)
def test_who_wants_a_parent(monkeypatch, reload, is_debug, expected):
    monkeypatch.setattr(current, "current_child", lambda: None)
    assert wants_parent(settings(reload=reload), is_debug=is_debug) is expected
    monkeypatch.setattr(current, "current_child", FakeChild)
    assert not wants_parent(settings(reload=reload), is_debug=is_debug)


def test_a_child_stops_quickly_and_leaves_to_the_parent_what_is_the_parents():
    found = fitted(settings(pidfile="/a", reuse_port=True, drain_delay=3, drain_timeout=60, keep_alive=7), FakeChild())
    assert (found["pidfile"], found["reuse_port"], found["drain_delay"]) == (None, False, 0.0)
    assert (found["drain_timeout"], found["drain_idle_grace"], found["keep_alive"]) == (5.0, IDLE_GRACE, 7.0)
    assert fitted(settings(drain_timeout=60, reloader_drain=20), FakeChild())["drain_timeout"] == 20.0
    assert fitted(settings(drain_timeout=2, reloader_drain=20), FakeChild())["drain_timeout"] == 2.0


def test_certificates_made_on_the_spot_are_the_parents():
    child = FakeChild(adhoc=("a.crt", "a.key"))
    assert fitted_tls("adhoc", child) == ("a.crt", "a.key")
    assert fitted_tls(("b.crt", "b.key"), child) == ("b.crt", "b.key")
    assert fitted_tls(None, child) is None
    assert fitted_tls("adhoc", FakeChild()) == "adhoc"


def test_a_server_tells_its_parent():
    class Server:
        app = object()
        on_up = on_stop = staticmethod(lambda: None)
        on_failure = None

    server, child = Server(), FakeChild()
    report(server, child)
    server.on_up()
    server.on_stop()
    error = RuntimeError()
    server.on_failure(error)
    server.on_failure("Traceback ...\nValueError: no\n")
    assert child.said == [
        ("ready", [], []),
        ("stopping",),
        ("failed", error),
        ("failed_for", "ValueError: no", "Traceback ...\nValueError: no\n"),
    ]


def test_facts_for_the_start():
    assert start_facts(FakeChild()) == ["Reloader: 12 files are watched (looking at their times)"]
    assert start_facts(FakeChild(way="watchfiles")) == ["Reloader: 12 files are watched (watchfiles)"]


def test_directories_of_pages(tmp_path):
    for name in ("templates", "static", "blue/pages", "blue/css", "mounted/templates"):
        (tmp_path / name).mkdir(parents=True)
    app = Demijohn("a", root_path=str(tmp_path))
    blue = Blueprint("b", "b", root_path=str(tmp_path / "blue"), template_folder="pages", static_folder="css")
    app.register_blueprint(blue)
    app.register_blueprint(Blueprint("c", "c", root_path=str(tmp_path / "c"), template_folder="absent"))
    app.mount("/m", Demijohn("m", root_path=str(tmp_path / "mounted")))
    app.mount("/w", lambda environ, start_response: [])
    templates, statics = page_directories(app)
    assert templates == [str(tmp_path / name) for name in ("templates", "blue/pages", "mounted/templates")]
    assert statics == [str(tmp_path / name) for name in ("static", "blue/css")]
    assert page_directories(SharedDataMiddleware(SharedDataMiddleware(app, {}), {})) == (templates, statics)
    assert page_directories(lambda environ, start_response: []) == ([], [])
    around = RefreshedApplication(DebuggedApplication(app), lambda: ChangeFeed("g"), ())
    assert page_directories(around) == (templates, statics)
