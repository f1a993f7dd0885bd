"""What `flask.sessions` has, from its homes."""

from demijohn.app.json.tag import TaggedJSONSerializer
from demijohn.app.sessions import (
    NullSession,
    SecureCookieSession,
    SecureCookieSessionInterface,
    SessionInterface,
    SessionMixin,
    session_json_serializer,
)
from demijohn.http.callbackdict import CallbackDict
