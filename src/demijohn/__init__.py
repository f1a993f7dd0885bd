"""demijohn: Flask's API on its own production HTTP server.

These are the names an application needs; the rooms below have the rest. Jinja2, click, the server and the test client are
imported when something asks for them.
"""

from typing import Any, cast

from .app import globals as _globals
from .app import json
from .app.appglobals import _AppCtxGlobals
from .app.application import Demijohn
from .app.blueprint import Blueprint
from .app.compiled import TWINS as _TWINS  # noqa: F401 - importing it puts them in their places
from .app.config import Config
from .app.context import AppContext
from .app.flashing import flash, get_flashed_messages
from .app.globals import _app_ctx_stack, _request_ctx_stack, app_ctx, request_ctx  # noqa: F401 - COMPAT: tutorials do
from .app.helpers import abort, make_response, redirect, url_for
from .app.json import jsonify
from .app.logging import RequestIdFilter, request_id
from .app.rendering import (
    get_template_attribute,
    render_template,
    render_template_string,
    stream_template,
    stream_template_string,
)
from .app.requests import Request, Response
from .app.sessions import SessionMixin
from .app.signals import (
    appcontext_popped,
    appcontext_pushed,
    appcontext_tearing_down,
    before_render_template,
    got_request_exception,
    message_flashed,
    request_finished,
    request_started,
    request_tearing_down,
    template_rendered,
)
from .app.slot import has_app_context, has_request_context
from .app.static import send_file, send_from_directory
from .app.timelimits import RequestTimedOut
from .app.travel import after_this_request, copy_current_request_context, stream_with_context
from .message import error_response as _error_response  # noqa: F401 - gives the HTTP errors their responses
from .seam import Feed

# Proxies pass for what they stand for; Any: the type of each is what the annotation says.
current_app: Demijohn = cast("Any", _globals.current_app)
g: _AppCtxGlobals = cast("Any", _globals.g)
request: Request = cast("Any", _globals.request)
session: SessionMixin = cast("Any", _globals.session)

__version__ = "0.1.0"

__all__ = [
    "AppContext",
    "Blueprint",
    "Config",
    "Demijohn",
    "Feed",
    "Request",
    "RequestIdFilter",
    "RequestTimedOut",
    "Response",
    "abort",
    "after_this_request",
    "app_ctx",
    "appcontext_popped",
    "appcontext_pushed",
    "appcontext_tearing_down",
    "before_render_template",
    "copy_current_request_context",
    "current_app",
    "flash",
    "g",
    "get_flashed_messages",
    "get_template_attribute",
    "got_request_exception",
    "has_app_context",
    "has_request_context",
    "json",
    "jsonify",
    "make_response",
    "message_flashed",
    "redirect",
    "render_template",
    "render_template_string",
    "request",
    "request_ctx",
    "request_finished",
    "request_id",
    "request_started",
    "request_tearing_down",
    "send_file",
    "send_from_directory",
    "session",
    "stream_template",
    "stream_template_string",
    "stream_with_context",
    "template_rendered",
    "url_for",
]
