"""Sessions: the interface an application opens and saves them through, and the default, a signed cookie.

How a cookie is signed is signing.py's. A session belongs to one context and is used by its thread.
COMPAT: salt, key derivation and serializer are Flask's; a cookie that one signed with a key the other reads.
"""

import hashlib
from collections.abc import MutableMapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NoReturn
from urllib.parse import quote

from ..http.errors import ServiceUnavailable
from ..http.multidict import CallbackDict
from .json.tag import TaggedJSONSerializer
from .mounts import chain_of
from .signing import BadSignature, CookieSerializer
from .slot import current

_STEPS = frozenset({"open_session", "save_session", "should_set_cookie"})


class SessionMixin(MutableMapping[str, Any]):  # Any: a session holds what the application puts there
    """What a session has besides being a dict."""

    new = False
    """Created by this request. Not kept up to date by the default interface."""

    modified = True
    """It has to be saved. An interface that notices changes starts with `False`."""

    accessed = True
    """It was looked into or changed, so the answer depends on the cookie (`Vary: Cookie`)."""

    @property
    def permanent(self) -> bool:
        """Whether it lives `PERMANENT_SESSION_LIFETIME`, and not just until the browser is closed; kept in the session."""
        return bool(self.get("_permanent", False))

    @permanent.setter
    def permanent(self, value: bool) -> None:
        self["_permanent"] = bool(value)


class SecureCookieSession(CallbackDict[str, Any], SessionMixin):
    """The default session. Changes of a value inside of it (a list, say) are not noticed: then set `modified = True`."""

    modified = False
    accessed = False

    def __init__(self, initial: Any = None) -> None:  # Any: a mapping or pairs, as for a dict
        super().__init__(initial, _note_change)


def _note_change(session: Any) -> None:  # Any: CallbackDict calls back with itself
    session.modified = True
    session.accessed = True


def _refuse(*args: Any, **kwargs: Any) -> NoReturn:
    raise RuntimeError(
        "The session is unavailable for writing because the application has no secret key."
        " Set `app.secret_key` to something random and secret: `python -c 'import secrets; print(secrets.token_hex())'`."
    )


class NullSession(SecureCookieSession):
    """The session of an application without a secret key: empty, and writing to it says why that cannot be."""

    __setitem__ = __delitem__ = clear = pop = popitem = update = setdefault = _refuse
    __ior__ = _refuse


class SessionUnavailable(ServiceUnavailable):
    """503: where sessions are kept cannot be asked. For interfaces whose sessions are elsewhere; from `save_session`, too."""

    description = "Sessions are not available at the moment. Try again soon."


class SessionInterface:
    """How sessions are opened and saved. `app.session_interface = YourInterface()` replaces the default.

    `open_session` is called before the request is matched (if the interface is lazy: when the session is first touched),
    `save_session` with the finished response. `None` from `open_session` gives a null session, which is not saved.
    """

    null_session_class: type[Any] = NullSession
    """What `make_null_session` makes and `is_null_session` looks for."""

    pickle_based = False
    """The sessions are pickled; extensions may ask."""

    is_lazy = False
    """A session that was not touched need not be opened and saved, unless its cookie came along.

    COMPAT: Flask opens and saves every session. An interface that does not set this gets the same.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "is_lazy" not in cls.__dict__ and _STEPS & cls.__dict__.keys():
            # What it does there may matter for every request.
            cls.is_lazy = False

    def __setattr__(self, name: str, value: Any) -> None:  # Any: object's signature
        super().__setattr__(name, value)
        if name in _STEPS:
            # As above: one that was replaced on the object is to be called for every request.
            super().__setattr__("is_lazy", False)

    def make_null_session(self, app: Any) -> Any:  # Any: the application imports this file
        """Return the replacement of a session that could not be opened."""
        return self.null_session_class()

    def is_null_session(self, obj: object) -> bool:
        """Tell whether a session is such a replacement."""
        return isinstance(obj, self.null_session_class)

    def get_cookie_name(self, app: Any) -> str:
        """`SESSION_COOKIE_NAME`."""
        return str(app.config["SESSION_COOKIE_NAME"])

    def get_cookie_domain(self, app: Any) -> str | None:
        """`SESSION_COOKIE_DOMAIN`; `None` gives a cookie for this very host only."""
        domain: str | None = app.config["SESSION_COOKIE_DOMAIN"]
        return domain

    def get_cookie_path(self, app: Any) -> str:
        """`SESSION_COOKIE_PATH`, else `APPLICATION_ROOT`; in a mounted application that sets neither, where it is mounted."""
        path = app.config["SESSION_COOKIE_PATH"] or app.config["APPLICATION_ROOT"]
        if path == "/" and not app.config["SESSION_COOKIE_PATH"] and getattr(app, "_mounted_as", None):
            ctx = current(None)
            if ctx is not None and ctx.has_request and ctx.app is app and chain_of(ctx.request):
                # The applications around it keep their own cookie, which may have the same name.
                path = quote(ctx.request.root_path) or "/"
        return str(path)

    def get_cookie_httponly(self, app: Any) -> bool:
        """`SESSION_COOKIE_HTTPONLY`: hide the cookie from scripts."""
        return bool(app.config["SESSION_COOKIE_HTTPONLY"])

    def get_cookie_secure(self, app: Any) -> bool:
        """`SESSION_COOKIE_SECURE`: send the cookie over https only."""
        return bool(app.config["SESSION_COOKIE_SECURE"])

    def get_cookie_samesite(self, app: Any) -> str | None:
        """`SESSION_COOKIE_SAMESITE`: `"Lax"`, `"Strict"` or `None`."""
        samesite: str | None = app.config["SESSION_COOKIE_SAMESITE"]
        return samesite

    def get_cookie_partitioned(self, app: Any) -> bool:
        """`SESSION_COOKIE_PARTITIONED`: keep the cookie apart per top-level site."""
        return bool(app.config["SESSION_COOKIE_PARTITIONED"])

    def get_expiration_time(self, app: Any, session: SessionMixin) -> datetime | None:
        """Return when a permanent session ends, `None` for one that ends with the browser."""
        if not session.permanent:
            return None
        expires: datetime = datetime.now(UTC) + app.permanent_session_lifetime
        return expires

    def _cookie_options(self, app: Any) -> dict[str, Any]:
        return {
            "domain": self.get_cookie_domain(app),
            "path": self.get_cookie_path(app),
            "secure": self.get_cookie_secure(app),
            "partitioned": self.get_cookie_partitioned(app),
            "samesite": self.get_cookie_samesite(app),
            "httponly": self.get_cookie_httponly(app),
        }

    def should_set_cookie(self, app: Any, session: SessionMixin) -> bool:
        """Tell whether a cookie has to be sent: after a change, and always for a permanent session that is refreshed."""
        return session.modified or (session.permanent and bool(app.config["SESSION_REFRESH_EACH_REQUEST"]))

    def open_session(self, app: Any, request: Any) -> Any:
        """Return the session of a request, or `None`."""
        raise NotImplementedError

    def save_session(self, app: Any, session: Any, response: Any) -> None:
        """Store a session and set its cookie; only called for sessions that are not null."""
        raise NotImplementedError


_PLAIN_OPTIONS = (
    SessionInterface.get_cookie_domain,
    SessionInterface.get_cookie_secure,
    SessionInterface.get_cookie_partitioned,
    SessionInterface.get_cookie_samesite,
    SessionInterface.get_cookie_httponly,
)
_OPTION_NAMES = frozenset(method.__name__ for method in _PLAIN_OPTIONS)

session_json_serializer = TaggedJSONSerializer()
_MAX_SERIALIZERS = 16


def _no_sha1(data: bytes = b"") -> NoReturn:
    raise ValueError("This Python has no SHA-1; give the session interface another `digest_method`.")


class SecureCookieSessionInterface(SessionInterface):
    """Sessions in a cookie: everybody can read it, only who has the secret key can change it."""

    salt = "cookie-session"
    """Keeps these signatures apart from others made with the same key."""

    # COMPAT: SHA-1 inside of HMAC is sound, and what Flask's cookies use. Builds in FIPS mode may lack it.
    digest_method = staticmethod(getattr(hashlib, "sha1", _no_sha1))
    key_derivation = "hmac"
    serializer: Any = session_json_serializer  # Any: whatever itsdangerous takes, a module such as `json` included
    session_class: type[Any] = SecureCookieSession
    is_lazy = True

    @cached_property
    def _serializers(self) -> dict[tuple[Any, ...], CookieSerializer]:
        # By what they are made of. A serializer has no state of its own, so threads may share it.
        return {}

    def get_signing_serializer(self, app: Any) -> CookieSerializer | None:
        """Return what signs with `SECRET_KEY`, and reads with that and `SECRET_KEY_FALLBACKS`; `None` without a key."""
        # COMPAT: subclasses have `secret_key = "..."` in their body.
        secret_key = app.config["SECRET_KEY"] or app.secret_key
        if not secret_key:
            return None
        fallbacks = app.config["SECRET_KEY_FALLBACKS"]
        # itsdangerous signs with the last key and reads with all.
        keys = (*fallbacks, secret_key) if fallbacks else (secret_key,)
        # PERF: making one costs 20 calls, of which most go into a trial of the JSON library.
        made_of = (keys, self.salt, self.serializer, self.key_derivation, self.digest_method)
        try:
            serializer = self._serializers.get(made_of)
        except TypeError:
            # Some of it may change, such as a key that is a bytearray, so what is made of it is not kept.
            return self._make_serializer([bytes(key) if isinstance(key, bytearray) else key for key in keys])
        if serializer is None:
            if len(self._serializers) >= _MAX_SERIALIZERS:
                self._serializers.clear()
            serializer = self._serializers[made_of] = self._make_serializer(list(keys))
        return serializer

    def _make_serializer(self, keys: list[Any]) -> CookieSerializer:  # Any: texts and bytes, which may be mixed
        return CookieSerializer(
            keys,
            salt=self.salt,
            serializer=self.serializer,
            signer_kwargs={"key_derivation": self.key_derivation, "digest_method": self.digest_method},
        )

    def open_session(self, app: Any, request: Any) -> Any:
        """Return the cookie's session; an empty one if there is none, it is too old or not ours; `None` without a key."""
        serializer = self.get_signing_serializer(app)
        if serializer is None:
            return None
        # PERF: most first requests have no cookies at all, and need no Headers for finding that out.
        cookie = request.cookies.get(self.get_cookie_name(app)) if request._has_cookies else None
        if not cookie:
            return self.session_class()
        max_age = int(app.permanent_session_lifetime.total_seconds())
        try:
            return self.session_class(serializer.loads(cookie, max_age=max_age))
        except BadSignature:
            return self.session_class()

    def save_session(self, app: Any, session: Any, response: Any) -> None:
        """Set, refresh or delete the cookie; `Vary: Cookie` for every answer that the session had a part in."""
        has_part = session.accessed
        if not session:
            # It was emptied: the browser need not keep it. One that was empty all along needs no cookie at all.
            if session.modified:
                has_part = True
                response.delete_cookie(self.get_cookie_name(app), **self._cookie_options(app))
        elif self.should_set_cookie(app, session):
            has_part = True
            value = self.get_signing_serializer(app).dumps(dict(session))  # type: ignore[union-attr]  # a key: it was opened
            response.set_cookie(
                self.get_cookie_name(app),
                value,
                expires=self.get_expiration_time(app, session),
                **self._cookie_options(app),
            )
        if has_part:
            _vary_by_cookie(response)

    def is_null_session(self, obj: object) -> bool:
        """Tell whether a session is a replacement; see the base."""
        # PERF: asking an abstract class costs a Python call.
        return type(obj) is not self.session_class and isinstance(obj, self.null_session_class)

    def _cookie_options(self, app: Any) -> dict[str, Any]:
        cls = type(self)
        methods = (
            cls.get_cookie_domain,
            cls.get_cookie_secure,
            cls.get_cookie_partitioned,
            cls.get_cookie_samesite,
            cls.get_cookie_httponly,
        )
        if methods == _PLAIN_OPTIONS and _OPTION_NAMES.isdisjoint(self.__dict__):
            # PERF: what the methods, which nobody has replaced, would say, in one call.
            config = app.config
            return {
                "domain": config["SESSION_COOKIE_DOMAIN"],
                "path": self.get_cookie_path(app),
                "secure": bool(config["SESSION_COOKIE_SECURE"]),
                "partitioned": bool(config["SESSION_COOKIE_PARTITIONED"]),
                "samesite": config["SESSION_COOKIE_SAMESITE"],
                "httponly": bool(config["SESSION_COOKIE_HTTPONLY"]),
            }
        return super()._cookie_options(app)


def _vary_by_cookie(response: Any) -> None:
    # PERF: a response rarely varies by anything else, and then needs no parsed set of fields.
    if "Vary" in response.headers:
        response.vary.add("Cookie")
    else:
        response.headers.add("Vary", "Cookie")
