"""`OlderNames`: what applications had in Flask 0.12 to 2.x. It works, and warns with today's name.

Nothing here runs for an application that uses none of it. Set up by one thread; `before_first_request` is safe in several.
"""

import json
import os
from collections.abc import Callable
from threading import RLock
from typing import Any, Final

from .._base.older import warn_older
from .json.provider import DefaultJSONProvider
from .registry import H

_PROVIDER: Final = "Use 'flask.json.provider' and 'app.json'."
_JSON_SETTINGS: Final = {
    "JSON_AS_ASCII": "ensure_ascii",
    "JSON_SORT_KEYS": "sort_keys",
    "JSONIFY_MIMETYPE": "mimetype",
    "JSONIFY_PRETTYPRINT_REGULAR": "compact",
}

OLDER_SETTINGS: Final = frozenset({*_JSON_SETTINGS, "ENV"})
"""Keys of the config that were removed in Flask 2.3."""


def take_older_setting(app: Any, key: str, value: Any) -> None:  # Any: the application imports this file; any value
    """Have the application do what an older key of its config says; a provider of another make is left alone."""
    name = _JSON_SETTINGS.get(key)
    if name is None:
        return
    warn_older(f"The setting {key!r} was removed in Flask 2.3. Set 'app.json.{name}'.")
    if isinstance(app.json, DefaultJSONProvider):
        setattr(app.json, name, not value if name == "compact" else value)


def read_older_setting(app: Any, key: str) -> Any:  # Any: as above
    """Return what an older key of the config would be that nobody has set.

    Raises:
        KeyError: there was no such key.
    """
    if key not in OLDER_SETTINGS:
        raise KeyError(key)
    if key == "ENV":
        warn_older("The setting 'ENV' was removed in Flask 2.3. Use 'app.debug'.")
        return os.environ.get("FLASK_ENV") or "production"
    name = _JSON_SETTINGS[key]
    warn_older(f"The setting {key!r} was removed in Flask 2.3. Read 'app.json.{name}'.")
    value = getattr(app.json, name)
    return value is False if name == "compact" else value


class CodedJSONProvider(DefaultJSONProvider):
    """JSON by the classes of `json_encoder` and `json_decoder`."""

    encoder: type[json.JSONEncoder] | None = None
    decoder: type[json.JSONDecoder] | None = None

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Return `obj` as JSON."""
        cls = kwargs.pop("cls", None) or self.encoder
        if cls is None:
            return super().dumps(obj, **kwargs)
        # Without `default`, which would stand in the way of the class's own.
        return json.dumps(obj, cls=cls, **{"ensure_ascii": self.ensure_ascii, "sort_keys": self.sort_keys, **kwargs})

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Return what JSON text means."""
        if self.decoder is not None:
            kwargs.setdefault("cls", self.decoder)
        return super().loads(s, **kwargs)


def _setting(name: str, key: str) -> property:
    """Return an attribute that was a setting."""
    text = f"'app.{name}' was removed in Flask 2.3. Use 'app.config[{key!r}]'."

    def get(self: Any) -> Any:
        warn_older(text)
        return self.config[key]

    def put(self: Any, value: Any) -> None:
        warn_older(text)
        self.config[key] = value

    return property(get, put, doc=f"The setting `{key}`.")


def _coder(name: str, slot: str) -> property:
    """Return `json_encoder` or `json_decoder`."""
    text = f"'app.{name}' was removed in Flask 2.3. {_PROVIDER}"

    def get(self: Any) -> Any:
        warn_older(text)
        found = getattr(self.json, slot, None)
        return found or (json.JSONEncoder if slot == "encoder" else json.JSONDecoder)

    def put(self: Any, value: Any) -> None:
        warn_older(text)
        if not isinstance(self.json, CodedJSONProvider):
            before, self.json = self.json, CodedJSONProvider(self)
            for each in ("ensure_ascii", "sort_keys", "compact", "mimetype"):
                if each in vars(before):
                    setattr(self.json, each, vars(before)[each])
        setattr(self.json, slot, value)

    return property(get, put, doc=f"The {slot} of `app.json`.")


class OlderNames:
    """Names that were removed from the application."""

    config: Any
    before_request_funcs: Any
    session_interface: Any

    session_cookie_name = _setting("session_cookie_name", "SESSION_COOKIE_NAME")
    send_file_max_age_default = _setting("send_file_max_age_default", "SEND_FILE_MAX_AGE_DEFAULT")
    use_x_sendfile = _setting("use_x_sendfile", "USE_X_SENDFILE")
    propagate_exceptions = _setting("propagate_exceptions", "PROPAGATE_EXCEPTIONS")
    templates_auto_reload = _setting("templates_auto_reload", "TEMPLATES_AUTO_RELOAD")
    json_encoder: Any = _coder("json_encoder", "encoder")
    json_decoder: Any = _coder("json_decoder", "decoder")

    @property
    def env(self) -> str:
        """The environment: FLASK_ENV, `production` by default. It changes nothing; debug mode is `debug`."""
        warn_older("'app.env' was removed in Flask 2.3. Use 'app.debug'.")
        return str(self.config.get("ENV") or os.environ.get("FLASK_ENV") or "production")

    @env.setter
    def env(self, value: str) -> None:
        warn_older("'app.env' was removed in Flask 2.3. Set 'app.debug'.")
        self.config["ENV"] = value

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        coders = {
            slot: cls.__dict__[name]
            for name, slot in (("json_encoder", "encoder"), ("json_decoder", "decoder"))
            if isinstance(cls.__dict__.get(name), type)
        }
        if coders:
            warn_older(f"'json_encoder' and 'json_decoder' of a class were removed in Flask 2.3. {_PROVIDER}")
            made: Any = type("CodedJSONProvider", (CodedJSONProvider,), coders)  # Any: of a class that is made here
            cls.json_provider_class = made  # type: ignore[attr-defined]  # the application has it
            for slot in coders:
                delattr(cls, f"json_{slot}")

    # ------------------------------------------------------------------ the first request

    @property
    def before_first_request_funcs(self) -> list[Callable[[], Any]]:
        """The functions of `before_first_request`."""
        functions: list[Callable[[], Any]] = self.__dict__.setdefault("_first_functions", [])
        return functions

    def before_first_request(self, f: H) -> H:
        """Call `f()` in each process before its first request, in that request's context; others wait meanwhile."""
        warn_older(
            "'before_first_request' was removed in Flask 2.3. Do it where the application is made, or in 'on_worker_start'."
        )
        check: Any = self
        check._check_setup_finished("before_first_request")
        if "_first_hook" not in self.__dict__:
            self._first_hook = self._make_first_hook()
            self.before_request_funcs.setdefault(None, []).insert(0, self._first_hook)
        self.before_first_request_funcs.append(f)
        return f

    def try_trigger_before_first_request_functions(self) -> None:
        """Call the functions of `before_first_request` now, unless they have been."""
        warn_older("'try_trigger_before_first_request_functions' was removed in Flask 2.3.")
        hook = self.__dict__.get("_first_hook")
        if hook is not None:
            hook()

    def _make_first_hook(self) -> Callable[[], None]:
        lock = RLock()
        done: list[bool] = []
        app: Any = self

        def first() -> None:
            if done:
                return
            with lock:
                if done:
                    return
                for function in app.before_first_request_funcs:
                    app.ensure_sync(function)()
                done.append(True)
            # From now on it costs nothing.
            app.before_request_funcs[None].remove(first)

        return first

    @property
    def got_first_request(self) -> bool:
        """Whether the application has answered a request."""
        warn_older("'app.got_first_request' was removed in Flask 3.1.")
        return bool(self.__dict__["_got_first_request"])

    # ------------------------------------------------------------------ sessions, and others that moved

    def open_session(self, request: Any) -> Any:
        """Open a session."""
        warn_older("'app.open_session' was removed in Flask 2.0. Use 'app.session_interface.open_session'.")
        return self.session_interface.open_session(self, request)

    def save_session(self, session: Any, response: Any) -> None:
        """Save a session."""
        warn_older("'app.save_session' was removed in Flask 2.0. Use 'app.session_interface.save_session'.")
        self.session_interface.save_session(self, session, response)

    def make_null_session(self) -> Any:
        """Make a session that nobody can write to."""
        warn_older("'app.make_null_session' was removed in Flask 2.0. Use 'app.session_interface.make_null_session'.")
        return self.session_interface.make_null_session(self)

    @property
    def logger_name(self) -> str:
        """The name of `app.logger`."""
        warn_older("'app.logger_name' was removed in Flask 1.0. Use 'app.logger.name'.")
        app: Any = self
        return str(app.logger.name)

    @property
    def preserve_context_on_exception(self) -> bool:
        """Whether contexts outlive errors: never."""
        warn_older("'app.preserve_context_on_exception' was removed in Flask 2.2. The debugger keeps what it shows.")
        return False
