"""What `flask.app` has, from its homes."""

from demijohn import AppContext, Request, Response, get_flashed_messages, send_from_directory
from demijohn.app.application import Demijohn as App
from demijohn.app.application import Demijohn as Flask
from demijohn.app.context import RequestContext
from demijohn.app.globals import _cv_request, current_app, g, request, request_ctx, session
from demijohn.app.helpers import get_debug_flag, get_load_dotenv
from demijohn.app.sessions import SecureCookieSessionInterface, SessionInterface
from demijohn.app.setup import _as_timedelta as _make_timedelta
from demijohn.app.signals import (
    appcontext_tearing_down,
    got_request_exception,
    request_finished,
    request_started,
    request_tearing_down,
)
from demijohn.app.slot import _cv_app
from demijohn.app.templating import Environment
from demijohn.http.error_base import HTTPException
from demijohn.http.errors import BadRequestKeyError, InternalServerError
from demijohn.http.headers import Headers
from demijohn.http.immutable import ImmutableDict
from demijohn.message.response import Response as BaseResponse
from demijohn.message.wsgi import get_host
from demijohn.routing import BuildError, MapAdapter, RequestRedirect, RoutingException, Rule
