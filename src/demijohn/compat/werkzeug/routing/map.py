"""What `werkzeug.routing.map` has, from its homes."""

from demijohn.http.error_base import HTTPException
from demijohn.http.errors import BadHost, MethodNotAllowed, NotFound
from demijohn.http.immutable import ImmutableDict
from demijohn.http.multidict_base import MultiDict
from demijohn.message.wsgi import get_host
from demijohn.routing import (
    BuildError,
    Map,
    MapAdapter,
    NoMatch,
    RequestAliasRedirect,
    RequestPath,
    RequestRedirect,
    Rule,
    StateMachineMatcher,
    WebsocketMismatch,
)
from demijohn.routing.converters import DEFAULT_CONVERTERS
