"""Several applications behind one address, as `--mount` says."""

import pytest

from demijohn import Demijohn
from demijohn.app.mounts import MountHandler
from demijohn.doors.choose import handler_for
from demijohn.manage.mounting import with_mounts
from demijohn.testing import Client


def foreign(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"foreign {environ['SCRIPT_NAME']}|{environ['PATH_INFO']}".encode()]


def make(name):
    app = Demijohn(name, static_folder=None)
    app.add_url_rule("/x", "x", lambda: f"{name} x")
    return app


APPS = {"shop": lambda: make("shop"), "wiki": lambda: make("wiki"), "foreign": lambda: foreign}


def get(app, path, host="localhost"):
    answer = Client(app).get(path, base_url=f"http://{host}/")
    return answer.status_code, answer.get_data(as_text=True)


def test_in_an_application():
    root = make("root")
    app = with_mounts(
        root, {"/shop": "shop", "wiki.test": "wiki", "wiki.test/f": "foreign"}, lambda words: APPS[words]()
    )
    assert app is root
    assert get(app, "/x") == (200, "root x")
    assert get(app, "/shop/x") == (200, "shop x")
    assert get(app, "/x", "wiki.test") == (200, "wiki x")
    assert get(app, "/f/y", "wiki.test") == (200, "foreign /f|/y")


@pytest.mark.parametrize("rest", [None, foreign])
def test_beside_a_foreign_application_or_none(rest):
    app = with_mounts(rest, {"/shop": "shop", "wiki.test": "wiki"}, lambda words: APPS[words]())
    assert isinstance(handler_for(app), MountHandler), "served natively"
    assert get(app, "/shop/x") == (200, "shop x")
    assert get(app, "/x", "wiki.test") == (200, "wiki x")
    assert get(app, "/other") == ((200, "foreign |/other") if rest else (404, get(app, "/other")[1]))


@pytest.mark.parametrize("places", [{"/<x>": "shop"}, {"*.test": "shop"}, {"/a": "shop", "/a/": "wiki"}])
def test_places_that_are_none(places):
    with pytest.raises(ValueError):
        with_mounts(make("root"), places, lambda words: APPS[words]())
