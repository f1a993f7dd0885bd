"""Who says what to do at the beginning and end of serving, and when a server leaves it out."""

import pytest

from demijohn import Demijohn
from demijohn.manage.devserver import make_server
from demijohn.manage.hooks import HookedServer, lifecycle_of


class Server:
    def __init__(self, fails=False):
        self.calls = []
        self.fails = fails

    def serve_forever(self):
        self.calls.append("serve")
        if self.fails:
            raise KeyboardInterrupt

    def shutdown(self, *, is_patient=True):
        self.calls.append("shutdown")

    def shutdown_now(self):
        self.calls.append("now")


def test_afterwards():
    server = Server()
    hooked = HookedServer(server, lambda: server.calls.append("afterwards"))
    hooked.shutdown()
    hooked.serve_forever()
    assert server.calls == ["shutdown", "serve", "afterwards"]


def test_afterwards_also_if_it_was_interrupted():
    server = Server(fails=True)
    with pytest.raises(KeyboardInterrupt):
        HookedServer(server, lambda: server.calls.append("afterwards")).serve_forever()
    assert server.calls == ["serve", "afterwards"]


def test_not_in_haste():
    server = Server()
    hooked = HookedServer(server, lambda: server.calls.append("afterwards"))
    hooked.shutdown_now()
    hooked.serve_forever()
    assert server.calls == ["now", "serve"]


def test_an_application_says_so_by_an_attribute():
    app = Demijohn(__name__)
    assert lifecycle_of(app) is app.lifecycle


@pytest.mark.parametrize("lifecycle", [None, "something else"])
def test_other_applications_have_nothing_to_do(lifecycle):
    def application(environ, start_response):
        pass

    application.lifecycle = lifecycle
    nothing = lifecycle_of(application)
    for moment in ("startup", "before_fork", "worker_start", "worker_stop", "shutdown"):
        assert getattr(nothing, moment)() is None


@pytest.mark.parametrize("processes", [1, 2])
def test_a_server_that_is_used_by_code_raises_what_the_start_raised(processes):
    app = Demijohn(__name__)
    seen = []

    @app.on_startup
    def begin():
        seen.append("startup")
        raise LookupError("no database")

    with make_server("127.0.0.1", 0, app, processes=processes) as server:
        for _ in range(2):
            with pytest.raises(LookupError, match="no database"):
                server.serve_forever()
    assert seen == ["startup"] * 2
