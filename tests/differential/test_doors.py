"""The cases of applications by the native door: what comes of them is what comes of them through WSGI, which Flask agrees with."""

import pytest
from differential.names import bind
from differential.probes import addresses, asyncs, features, setups, states, structures
from differential.probing import run

from demijohn import Demijohn
from demijohn.app import application
from demijohn.doors.native import NativeHandler
from demijohn.message.environ import decode_text, head_from_environ
from demijohn.testing import RecordingExchange

CASES = [
    f"{module.__name__.rpartition('.')[2]}.{name}"
    for module in (addresses, structures, states, features, setups, asyncs)
    for name in module.CASES
]
LIB = bind(is_original=False)


@pytest.fixture
def by_native_door(monkeypatch):
    """Test clients whose requests go to the native door, wherever a server's would. Gives the number of those that did."""
    through_wsgi = Demijohn.__call__
    count = [0]

    def call(app, environ, start_response):
        handler = app.exchange_handler()
        # A client in a `with` block asks for the context, which only WSGI has a way for.
        if type(handler) is not NativeHandler or "werkzeug.debug.preserve_context" in environ:
            return through_wsgi(app, environ, start_response)
        count[0] += 1
        head, body, peer = head_from_environ(environ)
        fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in head.fields]
        exchange = RecordingExchange(head.method, head.target, fields, body.read(), peer=peer)
        handler(exchange, decode_text(environ.get("SCRIPT_NAME", "")).rstrip("/"))
        start_response(exchange.status, list(exchange.headers))
        return [bytes(exchange.body_sent)]

    monkeypatch.setattr(Demijohn, "__call__", call)
    # Whoever replaces `__call__` is not served past it otherwise.
    monkeypatch.setitem(application._WSGI_SIDE, "__call__", call)
    return count


@pytest.mark.parametrize("case", CASES)
def test_both_doors(case, by_native_door, monkeypatch):
    module, _, name = case.partition(".")
    natively = run(LIB, f"{module}.run", [name])
    asked = by_native_door[0]
    monkeypatch.undo()
    assert natively == run(LIB, f"{module}.run", [name])
    if module == "addresses" and name not in {"environs", "suggestions", "built"}:
        assert asked, "no request went that way"
