import pytest

from demijohn import request
from demijohn.app.views import MethodView, View


def test_a_view_is_made_for_each_request(app, client):
    made = []

    class Greeting(View):
        methods = ["GET", "POST"]

        def __init__(self, word):
            made.append(self)
            self.word = word

        def dispatch_request(self, name):
            return f"{self.word} {name} {request.method}"

    view = Greeting.as_view("greeting", "hello")
    app.add_url_rule("/<name>", view_func=view)
    assert client.get("/joe").text == "hello joe GET"
    assert client.post("/joe").text == "hello joe POST"
    assert client.put("/joe").status_code == 405
    assert len(made) == 2
    assert (view.view_class, view.__name__, view.__doc__) == (Greeting, "greeting", Greeting.__doc__)


def test_or_once_for_all(app, client):
    made = []

    class Once(View):
        init_every_request = False

        def __init__(self):
            made.append(self)

        def dispatch_request(self):
            return "x"

    app.add_url_rule("/", view_func=Once.as_view("once"))
    client.get("/")
    client.get("/")
    assert len(made) == 1


def test_method_views_answer_by_method(app, client):
    class Base(MethodView):
        def get(self):
            return "get"

    class Derived(Base):
        def delete(self):
            return "delete"

        def options(self):
            return "own options"

    class Named(MethodView):
        methods = {"PROPFIND"}

        def propfind(self):
            return "propfind"

    for view in (Base, Derived, Named):
        app.add_url_rule(f"/{view.__name__}", view_func=view.as_view(view.__name__))
    assert Base.methods == {"GET"}
    assert Derived.methods == {"GET", "DELETE", "OPTIONS"}
    assert client.get("/Derived").text == "get"
    assert client.head("/Derived").content_length == 3
    assert client.delete("/Derived").text == "delete"
    assert client.options("/Derived").text == "own options"
    assert client.delete("/Base").status_code == 405
    assert client.open("/Named", method="PROPFIND").text == "propfind"


def test_decorators_from_the_inside_out(app, client):
    def adding(letter):
        def decorator(view):
            def decorated(**kwargs):
                return letter + view(**kwargs)

            return decorated

        return decorator

    class Decorated(View):
        decorators = [adding("a"), adding("b")]
        provide_automatic_options = False

        def dispatch_request(self):
            return "view"

    app.add_url_rule("/", view_func=Decorated.as_view("decorated"))
    assert client.get("/").text == "baview"
    assert client.options("/").status_code == 405


def test_a_view_says_what_it_does():
    with pytest.raises(NotImplementedError):
        View().dispatch_request()
