"""What `werkzeug.routing.exceptions` has, from its homes."""

from demijohn.http.error_base import HTTPException
from demijohn.http.errors import BadRequest
from demijohn.message.properties import cached_property
from demijohn.message.redirect import redirect
from demijohn.routing import (
    BuildError,
    NoMatch,
    RequestAliasRedirect,
    RequestPath,
    RequestRedirect,
    RoutingException,
    WebsocketMismatch,
)
