"""The signals that an application sends. Senders ask `if signal.receivers` first: sending to nobody costs eight times as much.

The only importer of blinker.
"""

from blinker import Namespace as Namespace  # noqa: PLC0414 - flask.signals has it, too

_signals = Namespace()

template_rendered = _signals.signal("template-rendered")
"""After a template was rendered: `template`, `context`."""

before_render_template = _signals.signal("before-render-template")
"""Before a template is rendered: `template`, `context`."""

request_started = _signals.signal("request-started")
"""The request context is there; no hook has run yet."""

request_finished = _signals.signal("request-finished")
"""All after-request functions have run: `response`."""

request_tearing_down = _signals.signal("request-tearing-down")
"""After the teardown functions of the request: `exc`."""

got_request_exception = _signals.signal("got-request-exception")
"""An exception that no error handler took: `exception`."""

appcontext_tearing_down = _signals.signal("appcontext-tearing-down")
"""After the teardown functions of the application context: `exc`."""

appcontext_pushed = _signals.signal("appcontext-pushed")
"""A context was pushed."""

appcontext_popped = _signals.signal("appcontext-popped")
"""A context was popped for good."""

message_flashed = _signals.signal("message-flashed")
"""`flash` was called: `message`, `category`."""
