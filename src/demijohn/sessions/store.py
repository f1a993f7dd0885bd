"""`RedisStore`: the only file that knows the library `redis`: connections of this process, scripts, and what failures mean.

Any thread. Connections are made when they are first needed, in the process that needs them, so after any fork.
"""

import functools
import hashlib
import logging
import os
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from ..app.sessions import SessionUnavailable
from . import scripts
from .settings import RedisSessionSettings, milliseconds

try:
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry
except ImportError as error:  # pragma: no cover - the tests have it
    raise ImportError(
        "Sessions in Redis need the library redis: pip install 'demijohn[redis]'", name="redis"
    ) from error

logger = logging.getLogger("demijohn.sessions")

# Redis is not there, is starting, is a replica that takes no changes, or has no memory left: all may pass.
_UNAVAILABLE: Final = (
    redis.exceptions.ConnectionError,
    redis.exceptions.TimeoutError,
    redis.exceptions.ReadOnlyError,
    redis.exceptions.OutOfMemoryError,
    redis.exceptions.MasterDownError,
)


class RedisStore:
    """Sessions by id. SECURITY: Redis gets a digest of the id, so whoever reads it can take over no session, and how long a
    look-up takes tells nothing about ids.
    """

    def __init__(
        self,
        settings: RedisSessionSettings,
        permanent_lifetime: timedelta,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        idle = permanent_lifetime if settings.idle_lifetime is None else settings.idle_lifetime
        absolute = settings.absolute_lifetime
        self._common: Final = (
            settings.redis_prefix,
            milliseconds(idle),
            milliseconds(permanent_lifetime),
            0 if absolute is None else max(1, milliseconds(absolute)),
        )
        self._monotonic = monotonic
        # By process id: a child must not talk on its parent's connections. Any thread adds, by setdefault.
        self._clients: dict[int, redis.Redis] = {}
        # Until when nobody asks. Any thread; a lost update costs one more attempt.
        self._resume_at = 0.0
        # Whether the last attempt failed, for the log. Any thread.
        self._is_down = False

    def load(self, session_id: str, *, prolong: bool) -> tuple[dict[str, str], str | None] | None:
        """Return a session's values as JSON text by key, and its user; `None` if there is none.

        Raises:
            SessionUnavailable: Redis cannot be asked.
        """
        found = self._run(scripts.LOAD, [self._key(session_id)], int(prolong))
        if not found:
            return None
        fields = dict(zip(found[::2], found[1::2], strict=True))
        return {name[1:]: value for name, value in fields.items() if name[0] == "d"}, fields.get("u")

    def save(
        self,
        session_id: str,
        old_id: str | None,
        *,
        user: str,
        clears: bool,
        removed: list[str],
        changed: dict[str, str],
    ) -> int:
        """Apply changes, see `scripts.SAVE`; without `old_id`, create the session.

        Raises:
            SessionUnavailable: Redis cannot be asked; whether it has done it is not known.
        """
        keys = [self._key(session_id), self._key(old_id or session_id)]
        pairs = [text for pair in changed.items() for text in pair]
        done: int = self._run(
            scripts.SAVE, keys, int(old_id is None), user, int(clears), len(removed), *removed, *pairs
        )
        return done

    def change(self, session_id: str, name: str, old: str, new: str) -> tuple[int, str]:
        """Set a value if it still is `old`, see `scripts.CHANGE`.

        Raises:
            SessionUnavailable: Redis cannot be asked; whether it has done it is not known.
        """
        # Not sent again if the answer is lost: the second time it would find its own change, and make it once more.
        answer = self._run(scripts.CHANGE, [self._key(session_id)], name, old, new, attempts=1)
        return answer[0], answer[1] if len(answer) > 1 else ""

    def revoke(self, session_id: str) -> bool:
        """End a session; return whether there was one.

        Raises:
            SessionUnavailable: Redis cannot be asked.
        """
        return bool(self._run(scripts.REVOKE, [self._key(session_id)]))

    def revoke_user(self, user: str, keep_id: str | None = None) -> int:
        """End all sessions of a user but one; return how many there were.

        Raises:
            SessionUnavailable: Redis cannot be asked.
        """
        keep = "" if keep_id is None else _digest(keep_id)
        count: int = self._run(scripts.REVOKE_USER, [f"{self.settings.redis_prefix}user:{user}"], keep)
        return count

    def close(self) -> None:
        """Close this process's connections; another request would make new ones."""
        client = self._clients.pop(os.getpid(), None)
        if client is not None:
            client.close()

    def _key(self, session_id: str) -> str:
        return self.settings.redis_prefix + _digest(session_id)

    def _client(self) -> redis.Redis:
        pid = os.getpid()
        client = self._clients.get(pid)
        if client is None:
            settings = self.settings
            made: redis.Redis = redis.Redis.from_url(
                settings.redis_url,
                decode_responses=True,
                protocol=2,
                socket_timeout=settings.redis_timeout,
                socket_connect_timeout=settings.redis_timeout,
                retry=Retry(NoBackoff(), 0),  # attempts are counted in _run
            )
            # One that lost the race has no connections yet.
            client = self._clients.setdefault(pid, made)
        return client

    def _run(self, script: str, keys: list[str], *args: str | int, attempts: int = 2) -> Any:  # Any: the script knows
        # Twice: the first connection may be one that Redis has closed since, by a restart for example.
        if self._monotonic() < self._resume_at:
            raise SessionUnavailable(retry_after=1)
        sha = _name_of(script)
        while True:
            attempts -= 1
            client = self._client()
            try:
                try:
                    answer = client.evalsha(sha, len(keys), *keys, *self._common, *args)
                except redis.exceptions.NoScriptError:
                    answer = client.eval(script, len(keys), *keys, *self._common, *args)
            except _UNAVAILABLE as error:
                if attempts and isinstance(error, redis.exceptions.ConnectionError):
                    continue
                self._note_failure(error)
                raise SessionUnavailable(retry_after=1) from error
            if self._is_down:
                self._is_down = False
                logger.warning("Redis answers again; sessions are available")
            return answer

    def _note_failure(self, error: redis.exceptions.RedisError) -> None:
        if isinstance(error, redis.exceptions.TimeoutError):
            self._resume_at = self._monotonic() + self.settings.redis_pause
        if not self._is_down:
            self._is_down = True
            logger.error("Sessions are unavailable, requests that need them fail until Redis answers: %s", error)


@functools.cache
def _name_of(script: str) -> str:
    """Return what Redis calls a script that it has seen."""
    return hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()


def _digest(session_id: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(session_id.encode()).digest()).decode().rstrip("=")
