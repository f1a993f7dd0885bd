"""`ServerSession`: one request's view of a session that is kept elsewhere; read when first looked into, written key by key.

Belongs to one request and is used by its thread. It knows its store, and nothing of cookies.
"""

import secrets
from collections.abc import Callable, Iterator
from typing import Any, Final, Self

from ..app.json.tag import TaggedJSONSerializer
from ..app.sessions import SessionMixin, SessionUnavailable
from .store import RedisStore, logger

_MAX_CHANGE_ATTEMPTS: Final = 100
ENDED, EMPTY = 0, 1  # what scripts.SAVE returns, beside stored


class SessionTooLarge(ValueError):
    """A session is larger than `SESSION_MAX_BYTES`."""


class SessionConflict(RuntimeError):
    """`ServerSession.change` met other changes of the same key each time."""


class ServerSession(SessionMixin):
    """A dict whose changes are merged, key by key, into what other requests of the same session have stored meanwhile.

    Of two requests that set the same key the later one to finish wins; `change` is for values that grow out of their old ones.
    Keys are text, values what tagged JSON takes. A change inside of a value (a list, say) is not noticed: then set
    `modified = True`. If the session was revoked or ended meanwhile, changes are dropped; it does not come back.
    """

    modified = False
    accessed = False

    def __init__(
        self, store: RedisStore, serializer: TaggedJSONSerializer, session_id: str | None, *, prolong: bool
    ) -> None:
        self._store = store
        self._serializer = serializer
        self._prolong = prolong
        # Where it is kept: the id from the cookie, `None` if there is nothing yet, or nothing any more.
        self._stored_id = session_id
        # Where it will be kept; another one after `regenerate`.
        self._id = session_id
        self._data: dict[str, Any] | None = None  # Any: what the application puts there; `None`: not read yet
        self._texts: dict[str, str] = {}  # as they were read
        self._touched: set[str] = set()
        self._is_cleared = False
        self._user: str | None = None
        self._new_user = ""  # as scripts.SAVE has it
        self.is_unavailable = False
        """The store could not be asked. Then it is empty, and cannot be changed."""
        self.was_permanent = False
        """It was permanent when it was read."""

    # ------------------------------------------------------------------ a dict

    @property
    def new(self) -> bool:  # type: ignore[override]  # the attribute of the base can be set; here it is a fact
        """There was no session yet: no cookie, or one whose session has ended."""
        self.load()
        return self._stored_id is None

    def load(self) -> dict[str, Any]:  # Any: what the application put there
        """Read the session if that has not been done.

        Raises:
            SessionUnavailable: the store cannot be asked, the first time in this request; the next time it is just empty. With
                SESSION_REDIS_DOWN `empty` it is so at once.
        """
        if self._data is None:
            self._data = {}
            if self._stored_id is not None:
                try:
                    found = self._store.load(self._stored_id, prolong=self._prolong)
                except SessionUnavailable:
                    self.is_unavailable = True
                    if self._store.settings.redis_down == "fail":
                        raise
                    return self._data
                self._take(found)
        return self._data

    def _take(self, found: tuple[dict[str, str], str | None] | None) -> None:
        if found is not None:
            try:
                self._data = {name: self._serializer.loads(text) for name, text in found[0].items()}
            except (ValueError, TypeError) as error:
                # Somebody else wrote it, or a tag that is no longer registered: nothing that trying again would mend.
                logger.error("A session cannot be read and is not used any more: %s", error)
                found = None
        if found is None:
            # SECURITY: an id that the client made up, or kept, is never used for a new session.
            self._stored_id = self._id = None
            return
        self._texts, self._user = found
        self.was_permanent = self.permanent

    def _changing(self, key: str | None = None) -> dict[str, Any]:
        if key is not None and not isinstance(key, str):
            raise TypeError(f"The keys of a session are text, not {key!r}.")
        data = self.load()
        if self.is_unavailable:
            raise SessionUnavailable(retry_after=1)
        self.modified = self.accessed = True
        if key is not None:
            self._touched.add(key)
        return data

    def __getitem__(self, key: str) -> Any:
        return self.load()[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._changing(key)[key] = value

    def __delitem__(self, key: str) -> None:
        if key not in self.load():
            raise KeyError(key)
        del self._changing(key)[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.load())

    def __len__(self) -> int:
        return len(self.load())

    def __contains__(self, key: object) -> bool:
        return key in self.load()

    def __ior__(self, other: Any) -> Self:
        self.update(other)
        return self

    def __repr__(self) -> str:
        # Not the id, which is a secret, and without asking the store.
        return f"<{type(self).__name__} {'not read yet' if self._data is None else self._data}>"

    def clear(self) -> None:
        """Remove all keys and the user, also keys that other requests add before this one is finished."""
        self._changing().clear()
        self._touched.clear()
        self._is_cleared = True
        self._user = None
        self._new_user = "-"

    # ------------------------------------------------------------------ what a dict has not

    @property
    def user(self) -> str | None:
        """Whose session it is, as `regenerate` was told."""
        self.load()
        return self._user

    def regenerate(self, user: str | None = None) -> None:
        """Give the session a new id, when somebody logs in or gets more rights; the old id is worth nothing any more.

        What is in it stays. With `user`, it is one of that user's sessions from now on, which can be revoked together; a session
        with a user is kept even if nothing else is in it.

        Raises:
            SessionUnavailable: the store cannot be asked.
        """
        self._changing()
        self._id = new_id()
        if user is not None:
            self._user = user
            self._new_user = "=" + user

    def revoke(self) -> None:
        """End the session now, for this client and whoever else has its id. What is set afterwards begins a new one.

        Raises:
            SessionUnavailable: the store cannot be asked; the session goes on.
        """
        self._changing().clear()
        if self._stored_id is not None:
            self._store.revoke(self._stored_id)
        self._stored_id = self._id = self._user = None
        self._new_user = ""
        self._texts = {}
        self._touched.clear()
        self._is_cleared = False

    def revoke_others(self) -> int:
        """End all other sessions of this session's user, now; return how many there were. 0 if it has no user.

        Raises:
            SessionUnavailable: the store cannot be asked.
        """
        user = self.user
        return 0 if user is None else self._store.revoke_user(user, self._stored_id)

    def change(self, key: str, function: Callable[[Any], Any], default: Any = None) -> Any:
        """Set `key` to `function(its value, or default)`, now and atomically, and return that.

        For counters and lists that concurrent requests add to: none of their changes is lost. `function` is called again with
        the newer value if another request was faster. A session that is not stored yet, or has a new id, is changed here only.

        Raises:
            SessionUnavailable: the store cannot be asked; the change may have been made.
            SessionConflict: others were faster a hundred times.
            SessionTooLarge: it would be above SESSION_MAX_BYTES.
        """
        data = self.load()
        if self._stored_id is None or self._id != self._stored_id or self._is_cleared or key in self._touched:
            self[key] = value = function(data.get(key, default))
            return value
        if self.is_unavailable:
            raise SessionUnavailable(retry_after=1)
        self.accessed = True
        text = self._texts.get(key, "")
        for _ in range(_MAX_CHANGE_ATTEMPTS):
            value = function(self._serializer.loads(text) if text else default)
            new_text = self._serializer.dumps(value)
            self._check_size(sum(len(name) + len(text) for name, text in {**self._texts, key: new_text}.items()))
            done, text = self._store.change(self._stored_id, key, text, new_text)
            if done != 2:
                data[key] = value
                self._texts[key] = new_text
                return value
        raise SessionConflict(f"The session's key {key!r} was changed by others {_MAX_CHANGE_ATTEMPTS} times in a row.")

    # ------------------------------------------------------------------ for the interface

    @property
    def cookie_id(self) -> str | None:
        """What the client's cookie must say. SECURITY: a secret."""
        return self._id

    @property
    def needs_new_cookie(self) -> bool:
        """The id is not the one the client sent, or the cookie must live for another time than it was told."""
        return self._id != self._stored_id or self.permanent != self.was_permanent

    def save(self) -> int:
        """Store what this request changed; return 0 if the session has ended meanwhile, 1 if it is empty and gone, 2 if stored.

        Raises:
            SessionUnavailable: the store cannot be asked.
            SessionTooLarge: it is above SESSION_MAX_BYTES.
        """
        data = self.load()
        if not data and self._stored_id is None and self._user is None:
            return EMPTY
        changed = {}
        size = 0
        for key, value in data.items():
            text = self._serializer.dumps(value)
            size += len(key) + len(text)
            # Not only what was set: `modified` may have been set because of a change inside of a value.
            if key in self._touched or self._is_cleared or text != self._texts.get(key):
                changed[key] = text
        self._check_size(size)
        removed = [key for key in self._touched if key not in data]
        if self._id is None:
            self._id = new_id()
        try:
            return self._store.save(
                self._id,
                self._stored_id,
                user=self._new_user,
                clears=self._is_cleared,
                removed=removed,
                changed=changed,
            )
        except SessionUnavailable:
            self.is_unavailable = True
            raise

    def _check_size(self, size: int) -> None:
        limit = self._store.settings.max_bytes
        if size > limit:
            raise SessionTooLarge(
                f"The session has {size} bytes, more than SESSION_MAX_BYTES ({limit})."
                " Keep in it what identifies things, and the things in a database."
            )


def new_id() -> str:
    """Return a session id: 256 random bits, 43 letters."""
    return secrets.token_urlsafe(32)
