"""`Config`: the settings of one application, a dict with ways to fill it; and Flask's defaults.

Filled during setup by one thread, read afterwards by all.
"""

import errno
import json
import os
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from types import MappingProxyType, ModuleType
from typing import IO, Any, Final, Generic, TypeVar, overload

from .._base.imports import import_string
from .._base.sentinel import MISSING
from .older import OLDER_SETTINGS, read_older_setting, take_older_setting

T = TypeVar("T")
D = TypeVar("D")

DEFAULT_CONFIG: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "APPLICATION_ROOT": "/",
        "DEBUG": None,
        "EXPLAIN_TEMPLATE_LOADING": False,
        "MAX_CONTENT_LENGTH": None,
        "MAX_COOKIE_SIZE": 4093,
        "MAX_FORM_MEMORY_SIZE": 500_000,
        "MAX_FORM_PARTS": 1_000,
        "PERMANENT_SESSION_LIFETIME": timedelta(days=31),
        "PREFERRED_URL_SCHEME": "http",
        "PROPAGATE_EXCEPTIONS": None,
        "PROVIDE_AUTOMATIC_OPTIONS": True,
        "SECRET_KEY": None,
        "SECRET_KEY_FALLBACKS": None,
        "SEND_FILE_MAX_AGE_DEFAULT": None,
        "SERVER_NAME": None,
        "SESSION_COOKIE_DOMAIN": None,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_NAME": "session",
        "SESSION_COOKIE_PARTITIONED": False,
        "SESSION_COOKIE_PATH": None,
        "SESSION_COOKIE_SAMESITE": None,
        "SESSION_COOKIE_SECURE": False,
        "SESSION_REFRESH_EACH_REQUEST": True,
        "TEMPLATES_AUTO_RELOAD": None,
        "TESTING": False,
        "TRAP_BAD_REQUEST_ERRORS": None,
        "TRAP_HTTP_EXCEPTIONS": False,
        "TRUSTED_HOSTS": None,
        "USE_X_SENDFILE": False,
    }
)
"""COMPAT: every key of Flask 3.1.3 with its default."""


class ConfigAttribute(Generic[T]):
    """An attribute of the application that is a key of its config; `get_converter` changes what is read."""

    def __init__(self, name: str, get_converter: Callable[[Any], T] | None = None) -> None:
        self.__name__ = name
        self.get_converter = get_converter

    @overload
    def __get__(self, obj: None, owner: None) -> "ConfigAttribute[T]": ...
    @overload
    def __get__(self, obj: Any, owner: type) -> T: ...  # Any: whatever has a config

    def __get__(self, obj: Any, owner: type | None = None) -> "T | ConfigAttribute[T]":
        """Return the key's value, converted."""
        if obj is None:
            return self
        value: T = obj.config[self.__name__]
        return value if self.get_converter is None else self.get_converter(value)

    def __set__(self, obj: Any, value: Any) -> None:  # Any: a setting may be anything
        """Set the key."""
        obj.config[self.__name__] = value


class Config(dict[str, Any]):  # Any: a setting may be anything
    """Settings by upper-case name. Relative file names are looked up under `root_path`."""

    def __init__(self, root_path: str | os.PathLike[str], defaults: Mapping[str, Any] | None = None) -> None:
        super().__init__(defaults or {})
        self.root_path = root_path
        self._owner: Callable[[], Any] | None = None

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        if key in OLDER_SETTINGS and self._owner is not None:
            take_older_setting(self._owner(), key, value)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Set keys, as of a dict."""
        for key, value in dict(*args, **kwargs).items():
            self[key] = value

    def __missing__(self, key: str) -> Any:
        if self._owner is None:
            raise KeyError(key)
        return read_older_setting(self._owner(), key)

    def from_envvar(self, variable_name: str, silent: bool = False) -> bool:
        """Run the Python file that an environment variable names; return whether anything was loaded.

        Raises:
            RuntimeError: the variable is not set, and not `silent`.
            OSError: the file cannot be read (a missing one is no error if `silent`).
        """
        file_name = os.environ.get(variable_name)
        if file_name:
            return self.from_pyfile(file_name, silent=silent)
        if silent:
            return False
        raise RuntimeError(
            f"There is no configuration to load: the environment variable {variable_name!r} is not set."
            " Let it name a configuration file."
        )

    def from_prefixed_env(self, prefix: str = "FLASK", *, loads: Callable[[str], Any] = json.loads) -> bool:
        """Take every environment variable named `PREFIX_KEY`; what `loads` can parse is a value, the rest is text.

        `PREFIX_A__B` sets the key `B` of the dict `A`, which is created where it is missing. Always returns true.
        """
        start = prefix + "_"
        for name in sorted(os.environ):
            if not name.startswith(start):
                continue
            value: Any = os.environ[name]  # Any: what `loads` makes of it
            try:
                value = loads(value)
            except Exception:  # noqa: BLE001 - whatever a foreign `loads` raises for text that is not its format
                value = os.environ[name]
            target: Any = self  # Any: a nested setting need not be a dict; then the assignment says so
            *parents, key = name[len(start) :].split("__")
            for parent in parents:
                target = target.setdefault(parent, {})
            target[key] = value
        return True

    def from_pyfile(self, filename: str | os.PathLike[str], silent: bool = False) -> bool:
        """Run a Python file and take its upper-case names; return whether there was a file.

        Raises:
            OSError: the file cannot be read; with `silent`, a file (or folder on its way) that is missing is no error.
        """
        path = os.path.join(self.root_path, filename)
        try:
            with open(path, "rb") as file:
                source = file.read()
        except OSError as error:
            if silent and error.errno in {errno.ENOENT, errno.EISDIR, errno.ENOTDIR}:
                return False
            error.strerror = f"Unable to load configuration file ({error.strerror})"
            raise
        module = ModuleType("config")
        module.__file__ = path
        exec(compile(source, path, "exec"), module.__dict__)  # noqa: S102 - running it is what this method is for
        self.from_object(module)
        return True

    def from_object(self, obj: object | str) -> None:
        """Take the upper-case attributes of an object (a class, a module), or of what a dotted name imports."""
        source = import_string(obj) if isinstance(obj, str) else obj
        for name in filter(str.isupper, dir(source)):
            self[name] = getattr(source, name)

    def from_file(
        self,
        filename: str | os.PathLike[str],
        load: Callable[[IO[Any]], Mapping[str, Any]],
        silent: bool = False,
        text: bool = True,
    ) -> bool:
        """Let `load` (such as `json.load`, or `tomllib.load` with `text=False`) read a file, take its upper-case keys.

        Raises:
            OSError: the file cannot be read; with `silent`, a missing one is no error.
        """
        path = os.path.join(self.root_path, filename)
        try:
            with open(path, "r" if text else "rb", encoding="utf-8" if text else None) as file:
                values = load(file)
        except OSError as error:
            if silent and error.errno in {errno.ENOENT, errno.EISDIR}:
                return False
            error.strerror = f"Unable to load configuration file ({error.strerror})"
            raise
        return self.from_mapping(values)

    # Any: settings
    def from_mapping(self, mapping: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None, **kwargs: Any) -> bool:
        """Take the upper-case keys of a mapping, or of pairs, and of the keyword arguments; others are left out. Always true."""
        for key, value in {**dict(mapping or {}), **kwargs}.items():
            if key.isupper():
                self[key] = value
        return True

    @overload
    def typed(self, key: str, kind: type[T]) -> T: ...
    @overload
    def typed(self, key: str, kind: type[T], default: D) -> T | D: ...

    def typed(self, key: str, kind: type[Any], default: Any = MISSING) -> Any:  # Any: the overloads say it
        """Return a setting that is of type `kind`, so that a type checker knows it too; `default` if it is missing or `None`.

        An int is taken for a float; True and False are no numbers.

        Raises:
            KeyError: it is missing, or None, and there is no default.
            TypeError: it is of another type, such as a text of the environment that should have been a number.
        """
        value = self.get(key)
        if value is None:
            if default is MISSING:
                raise KeyError(f"The setting {key!r} is missing; a value of type {kind.__name__} is needed.")
            return default
        if kind is float and type(value) is int:
            return float(value)
        if not isinstance(value, kind) or (
            isinstance(value, bool) and issubclass(kind, int | float) and kind is not bool
        ):
            raise TypeError(f"The setting {key!r} has to be of type {kind.__name__}; it is {value!r}.")
        return value

    def get_namespace(self, namespace: str, lowercase: bool = True, trim_namespace: bool = True) -> dict[str, Any]:
        """Return the settings whose names start with `namespace`, by default in lower case and without it."""
        found: dict[str, Any] = {}  # Any: settings
        for name, value in self.items():
            if name.startswith(namespace):
                key = name[len(namespace) :] if trim_namespace else name
                found[key.lower() if lowercase else key] = value
        return found

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {dict.__repr__(self)}>"
