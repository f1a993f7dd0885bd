"""`RedisSessionInterface`: opens and saves sessions that are kept in Redis; the cookie has a random id.

Without state of its own: any thread, any number of applications.
"""

import re
from typing import Any, Final

from ..app.json.tag import TaggedJSONSerializer
from ..app.sessions import SessionInterface, SessionUnavailable, _vary_by_cookie, session_json_serializer
from .session import EMPTY, ENDED, ServerSession
from .settings import RedisSessionSettings
from .store import RedisStore

_STATE: Final = "demijohn.sessions"
_SESSION_ID: Final = re.compile(r"[0-9A-Za-z_-]{43}")


class RedisSessionInterface(SessionInterface):
    """`app.session_interface = RedisSessionInterface()`. Settings: `RedisSessionSettings`, from the application's config when
    the first session is opened. No SECRET_KEY is needed: ids cannot be guessed, and one that is not known is not used.
    """

    is_lazy = True
    serializer: TaggedJSONSerializer = session_json_serializer
    """Writes and reads values; another one can have further tags."""

    session_class: type[ServerSession] = ServerSession

    def get_store(self, app: Any) -> RedisStore:
        """Return where this application's sessions are.

        Raises:
            ValueError: a setting is not possible.
        """
        store: RedisStore | None = app.extensions.get(_STATE)
        if store is None:
            made = RedisStore(RedisSessionSettings.from_config(app.config), app.permanent_session_lifetime)
            store = app.extensions.setdefault(_STATE, made)
        return store

    def open_session(self, app: Any, request: Any) -> ServerSession:
        """Return the session of a request. Redis is asked when somebody looks into it."""
        cookie = request.cookies.get(self.get_cookie_name(app)) if request._has_cookies else None
        session_id = cookie if cookie and _SESSION_ID.fullmatch(cookie) else None
        prolong = bool(app.config["SESSION_REFRESH_EACH_REQUEST"])
        return self.session_class(self.get_store(app), self.serializer, session_id, prolong=prolong)

    def save_session(self, app: Any, session: ServerSession, response: Any) -> None:
        """Store what was changed; set, refresh or delete the cookie; `Vary: Cookie` if the session had a part in the answer.

        Raises:
            SessionUnavailable: changes cannot be stored.
            SessionTooLarge: it is above SESSION_MAX_BYTES.
        """
        has_part = session.accessed
        if session.is_unavailable:
            pass  # whoever tried to change it has been told
        elif session.modified:
            has_part = True
            outcome = session.save()
            if outcome == EMPTY:
                response.delete_cookie(self.get_cookie_name(app), **self._cookie_options(app))
            elif outcome != ENDED and (session.needs_new_cookie or self._is_refreshed(app, session)):
                self._set_cookie(app, session, response)
            # Ended meanwhile: this client may have been given a newer cookie, which is not to be touched.
        elif self._is_refreshed(app, session):
            has_part = True
            self._set_cookie(app, session, response)
        if has_part:
            _vary_by_cookie(response)

    def _is_refreshed(self, app: Any, session: ServerSession) -> bool:
        """Tell whether this answer lets the client's cookie live on."""
        if session.cookie_id is None or not app.config["SESSION_REFRESH_EACH_REQUEST"]:
            return False
        try:
            # Reading it has let it live on in Redis.
            is_permanent = session.permanent
        except SessionUnavailable:
            return False  # nobody looked into it: no reason to fail
        return is_permanent and not session.is_unavailable

    def _set_cookie(self, app: Any, session: ServerSession, response: Any) -> None:
        # Only where it has to be: a slow answer to an earlier request must not bring the id of before a login back.
        response.set_cookie(
            self.get_cookie_name(app),
            session.cookie_id,
            expires=self.get_expiration_time(app, session),
            **self._cookie_options(app),
        )

    def revoke_user(self, app: Any, user: str) -> int:
        """End all sessions of a user, now, on every device; return how many there were. Works outside of requests, too.

        Raises:
            SessionUnavailable: Redis cannot be asked.
        """
        return self.get_store(app).revoke_user(user)

    def close(self, app: Any) -> None:
        """Close this process's connections to Redis; the next session that is opened makes new ones."""
        store: RedisStore | None = app.extensions.get(_STATE)
        if store is not None:
            store.close()
