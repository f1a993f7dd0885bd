"""Sessions on the server: the cookie has only a random id, Redis has the rest. Needs `pip install 'demijohn[redis]'`.

`app.session_interface = RedisSessionInterface()`; `session` here is `demijohn.session` with the type that it then has.
"""

from typing import Any, cast

from ..app import globals as _globals
from ..app.sessions import SessionUnavailable
from .interface import RedisSessionInterface
from .session import ServerSession, SessionConflict, SessionTooLarge
from .settings import RedisSessionSettings

# Passes for what it stands for; Any: the annotation says its type.
session: ServerSession = cast("Any", _globals.session)

__all__ = [
    "RedisSessionInterface",
    "RedisSessionSettings",
    "ServerSession",
    "SessionConflict",
    "SessionTooLarge",
    "SessionUnavailable",
    "session",
]
