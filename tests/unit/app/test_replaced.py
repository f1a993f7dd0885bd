"""Methods that are replaced late: on an application, its class or the framework's own, after requests were answered.

Whatever is left out for speed where it would do nothing must be called as soon as it is somebody else's.
"""

import pytest

from demijohn import Demijohn, Response, session, url_for
from demijohn.app.sessions import SecureCookieSessionInterface
from demijohn.routing import Map

WAYS = ("object", "class", "framework")
STEPS = (
    "full_dispatch_request preprocess_request dispatch_request finalize_request make_response process_response"
    " do_teardown_request do_teardown_appcontext create_url_adapter inject_url_defaults"
).split()
OPTIONS = "domain httponly partitioned path samesite secure".split()


class Own(Demijohn):
    pass


def make_app():
    app = Own(__name__)
    app.secret_key = "k"
    app.add_url_rule("/", "index", lambda: "")
    app.add_url_rule("/url", "url", lambda: url_for("index", a="b"))
    app.add_url_rule("/session", "session", lambda: session.setdefault("a", "b"))
    ask(app)
    return app


def ask(app):
    client = app.test_client()
    for path in ("/", "/url", "/session", "/missing"):
        client.get(path)


def replace(monkeypatch, owner, name, seen):
    """Replace a method by one that notes it was called, and calls it."""
    original = getattr(owner, name)

    def replaced(*args, **kwargs):
        seen.append(name)
        return original(*args, **kwargs)

    monkeypatch.setattr(owner, name, replaced)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", STEPS)
def test_a_step_is_called_as_soon_as_it_is_replaced(monkeypatch, name, way):
    app = make_app()
    seen = []
    replace(monkeypatch, {"object": app, "class": Own, "framework": Demijohn}[way], name, seen)
    ask(app)
    before = len(seen)
    assert before
    monkeypatch.undo()
    ask(app)
    assert len(seen) == before or way == "object"


@pytest.mark.parametrize("way", WAYS)
def test_a_teardown_of_ones_own_is_called_for_a_context_without_a_request(monkeypatch, way):
    app = make_app()
    seen = []
    replace(monkeypatch, {"object": app, "class": Own, "framework": Demijohn}[way], "do_teardown_appcontext", seen)
    with app.app_context():
        pass
    assert seen == ["do_teardown_appcontext"]


@pytest.mark.parametrize("name", ["open_session", "save_session", "should_set_cookie"])
def test_a_step_of_the_session_is_called_for_every_request_once_the_interface_has_another(monkeypatch, name):
    app = make_app()
    # The default one is shared by all applications.
    app.session_interface = SecureCookieSessionInterface()
    ask(app)
    seen = []
    assert app.session_interface.is_lazy
    replace(monkeypatch, app.session_interface, name, seen)
    app.test_client().get("/")
    assert seen == ([] if name == "should_set_cookie" else [name])
    assert not app.session_interface.is_lazy
    assert SecureCookieSessionInterface.is_lazy


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("option", OPTIONS)
def test_an_attribute_of_the_cookie_is_asked_of_whoever_says_it(monkeypatch, option, way):
    class Interface(SecureCookieSessionInterface):
        pass

    app = make_app()
    app.session_interface = interface = Interface()
    ask(app)
    seen = []
    owner = {"object": interface, "class": Interface, "framework": SecureCookieSessionInterface}[way]
    replace(monkeypatch, owner, f"get_cookie_{option}", seen)
    app.test_client().get("/session")
    assert seen == [f"get_cookie_{option}"]


@pytest.mark.parametrize("name", ["bind", "bind_to_environ"])
def test_a_map_that_binds_otherwise_is_asked_for_its_adapter(monkeypatch, name):
    app = make_app()
    seen = []
    replace(monkeypatch, app.url_map, name, seen)
    ask(app)
    assert name in seen
    assert Map.binds_plainly


def test_the_response_class_is_given_what_flask_gives_it():
    class Strict(Response):
        def __init__(self, response, status, headers, **kwargs):
            super().__init__(response, status, headers, **kwargs)
            self.headers["X-Strict"] = "yes"

    app = make_app()
    app.response_class = Strict
    assert app.test_client().get("/").headers["X-Strict"] == "yes"


@pytest.mark.parametrize("name", ["__call__", "wsgi_app", "request_context"])
def test_tracing_tools_that_patch_the_framework_are_not_served_past(monkeypatch, name):
    app = Demijohn(__name__)
    assert app.exchange_handler() is not None
    replace(monkeypatch, Demijohn, name, [])
    assert app.exchange_handler() is None
    assert make_app().exchange_handler() is None
