"""What `flask.sessions` has, from its homes."""

import hashlib
from typing import Any

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


def _lazy_sha1(string: bytes = b"") -> Any:  # Any: a hash, whose type hashlib does not name
    """Return `hashlib.sha1(string)`; a Python without it is one only when it is asked for."""
    return hashlib.sha1(string)  # noqa: S324 - what signed cookies of Flask have been made with all along
