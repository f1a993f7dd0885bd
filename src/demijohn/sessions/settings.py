"""`RedisSessionSettings`: what can be set about sessions in Redis, read from the application's config when it first needs them.

The names, lifetimes and flags of the cookie are the application's other `SESSION_COOKIE_*` keys. Frozen; any thread.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import Any, Literal, Self

_PREFIX = "SESSION_"


@dataclass(frozen=True, slots=True)
class RedisSessionSettings:
    """Each field is a config key in capitals with `SESSION_` in front; durations are seconds or a `timedelta`."""

    redis_url: str = field(default="redis://127.0.0.1:6379/0", repr=False)
    """`SESSION_REDIS_URL`: `redis://user:password@host:port/db`, `rediss://` for TLS, `unix:///path?db=0`. One primary, with or
    without replicas behind it; not a Redis Cluster, whose scripts may not touch the keys of a user and of a session at once."""

    redis_prefix: str = "session:"
    """`SESSION_REDIS_PREFIX`: how keys begin. Applications that share a database, and not their sessions, differ in it."""

    redis_timeout: float = 1.0
    """`SESSION_REDIS_TIMEOUT`: how long to wait for a connection, and for an answer."""

    redis_pause: float = 1.0
    """`SESSION_REDIS_PAUSE`: after Redis has let a request wait for all of `redis_timeout`, how long the others of this process
    take it for unavailable without asking. 0: each asks, and waits."""

    redis_down: Literal["fail", "empty"] = "fail"
    """`SESSION_REDIS_DOWN`: what a request sees that looks into its session while Redis cannot be asked. `fail`: 503. `empty`: a
    session without anything in it. With either, a change of a session that cannot be stored is a 503."""

    idle_lifetime: timedelta | float | None = None
    """`SESSION_IDLE_LIFETIME`: how long a session that is not permanent is kept without being used; its cookie ends with the
    browser. `None`: `PERMANENT_SESSION_LIFETIME`, as for permanent ones."""

    absolute_lifetime: timedelta | float | None = None
    """`SESSION_ABSOLUTE_LIFETIME`: how long a session is kept, however much it is used. `None`: no limit."""

    max_bytes: int = 1 << 20
    """`SESSION_MAX_BYTES`: how large keys and values of one session may be in JSON; above it, saving raises `SessionTooLarge`."""

    def __post_init__(self) -> None:
        if not self.redis_url.startswith(("redis://", "rediss://", "unix://")):
            # SECURITY: not the URL itself, for it may have a password.
            raise ValueError("SESSION_REDIS_URL must begin with redis://, rediss:// or unix://")
        if self.redis_down not in ("fail", "empty"):
            raise ValueError(f"SESSION_REDIS_DOWN is {self.redis_down!r}; it must be 'fail' or 'empty'")
        if not 0 < self.redis_timeout < math.inf:
            raise ValueError(f"SESSION_REDIS_TIMEOUT is {self.redis_timeout!r}; it must be more than 0 seconds")
        if not self.redis_pause >= 0:
            raise ValueError(f"SESSION_REDIS_PAUSE is {self.redis_pause!r}; it must not be negative")
        if self.max_bytes < 1:
            raise ValueError(f"SESSION_MAX_BYTES is {self.max_bytes!r}; it must be at least 1")
        for name in ("idle_lifetime", "absolute_lifetime"):
            value = getattr(self, name)
            if value is not None and milliseconds(value) < 1:
                raise ValueError(f"SESSION_{name.upper()} is {value!r}; it must be more than 0, or None")

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:  # Any: a setting may be anything
        """Take the keys that are there; the others have their defaults.

        Raises:
            ValueError: a value is not possible; the message names the key.
        """
        keys = {one.name: _PREFIX + one.name.upper() for one in fields(cls)}
        return cls(**{name: config[key] for name, key in keys.items() if key in config})


def milliseconds(duration: timedelta | float) -> int:
    """Return a duration as Redis takes it."""
    seconds = duration.total_seconds() if isinstance(duration, timedelta) else duration
    return int(seconds * 1000)
