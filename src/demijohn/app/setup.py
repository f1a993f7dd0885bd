"""`AppSetup`: an application before its first request: its settings, rules, templates, blueprints and what makes its parts.

The lowest of the classes that make up `Demijohn` (setup, urls, failures, dispatch, application: each builds on the one
before). Filled by one thread.
"""

import logging
import os
import sys
import weakref
from collections.abc import Callable, Mapping, ValuesView
from datetime import timedelta
from functools import cached_property
from importlib.util import find_spec
from inspect import iscoroutinefunction
from typing import IO, Any, ClassVar, overload

from ..http.errors import Aborter
from ..routing import Map, Rule
from .appglobals import _AppCtxGlobals
from .blueprint import Blueprint, decorator_for
from .config import DEFAULT_CONFIG, Config, ConfigAttribute
from .helpers import get_debug_flag
from .json.provider import DefaultJSONProvider, JSONProvider
from .older import OLDER_SETTINGS, take_older_setting
from .registry import H, Hook, HookList, ViewRegistry
from .rendering import default_variables
from .requests import Request, Response
from .scaffold import Scaffold, endpoint_of, setupmethod
from .sessions import SecureCookieSessionInterface, SessionInterface
from .timelimits import check_timeout


class _LazyClass:
    """A class attribute whose default is only imported when it is read; subclasses and instances may set their own."""

    def __init__(self, load: Callable[[], type]) -> None:
        self._load = load

    def __get__(self, instance: object, owner: type) -> type:
        return self._load()


def _environment_class() -> type:
    from .templating import Environment

    return Environment


def _as_timedelta(value: timedelta | int) -> timedelta:
    return value if isinstance(value, timedelta) else timedelta(seconds=value)


class AppSetup(Scaffold):
    """Everything of an application that is decided before it answers requests. Class attributes are there to be replaced."""

    request_class: type[Request] = Request
    """What requests are made of."""

    response_class: type[Response] = Response
    """What responses are made of."""

    session_interface: SessionInterface = SecureCookieSessionInterface()
    """How sessions are opened and saved."""

    aborter_class = Aborter
    app_ctx_globals_class: type[Any] = _AppCtxGlobals
    """What `g` is made of."""

    config_class = Config
    default_config: Mapping[str, Any] = DEFAULT_CONFIG
    json_provider_class: type[JSONProvider] = DefaultJSONProvider
    url_rule_class = Rule
    url_map_class = Map
    jinja_environment: Any = _LazyClass(
        _environment_class
    )  # Any: a class of jinja2's, which is not imported before needed
    jinja_options: ClassVar[dict[str, Any]] = {}
    """Options of the Jinja environment; assign before the first template."""

    testing = ConfigAttribute[bool]("TESTING")
    """Test mode: exceptions are passed on to the caller. The key `TESTING`."""

    secret_key = ConfigAttribute[str | bytes | None]("SECRET_KEY")
    """What sessions are signed with. The key `SECRET_KEY`."""

    permanent_session_lifetime = ConfigAttribute[timedelta]("PERMANENT_SESSION_LIFETIME", get_converter=_as_timedelta)
    """How long permanent sessions live; may be set in seconds. The key `PERMANENT_SESSION_LIFETIME`."""

    def __init__(
        self,
        import_name: str,
        static_url_path: str | None = None,
        static_folder: str | os.PathLike[str] | None = "static",
        static_host: str | None = None,
        host_matching: bool = False,
        subdomain_matching: bool = False,
        template_folder: str | os.PathLike[str] | None = "templates",
        instance_path: str | None = None,
        instance_relative_config: bool = False,
        root_path: str | None = None,
    ) -> None:
        super().__init__(import_name, static_folder, static_url_path, template_folder, root_path)
        if instance_path is None:
            instance_path = self.auto_find_instance_path()
        elif not os.path.isabs(instance_path):
            raise ValueError(f"The instance path must be absolute; {instance_path!r} is relative.")
        self.instance_path = instance_path
        """Folder for what belongs to this installation: configuration, databases."""

        self.config = self.make_config(instance_relative_config)
        self.aborter = self.make_aborter()
        self.json: JSONProvider = self.json_provider_class(self)
        self._adopt_config()
        self.url_build_error_handlers: list[Callable[[Exception, str, dict[str, Any]], str | None]] = []
        """Asked in turn when `url_for` finds no rule: `f(error, endpoint, values)` returns a URL, or `None`."""

        self.teardown_appcontext_funcs: HookList[Hook] = HookList(self._revision)
        self.streamed_endpoints: set[str] = set()
        """Endpoints whose views read the body while it arrives, see `route`'s `stream_body`."""
        self.view_timeouts: ViewRegistry[str, float | None] = ViewRegistry(self._revision)
        """Endpoint -> seconds its view may take, see `route`'s `timeout`; others have `REQUEST_TIMEOUT`."""
        self.shell_context_processors: list[Hook] = []
        self.blueprints: dict[str, Blueprint] = {}
        """By the name they were registered with, in order."""

        self.extensions: dict[str, Any] = {}
        """Whatever extensions keep for this application, by their names."""

        self.url_map = self.url_map_class(host_matching=host_matching)
        self.subdomain_matching = subdomain_matching
        self.template_context_processors[None].append(default_variables)
        self._got_first_request = False
        if self.has_static_folder:
            if bool(static_host) != host_matching:
                raise AssertionError(
                    "With host matching the static route needs a `static_host`; without, it cannot have one."
                )
            self.add_url_rule(f"{self.static_url_path}/<path:filename>", "static", _static_view(self), host=static_host)

    def _check_setup_finished(self, f_name: str) -> None:
        if self._got_first_request:
            raise AssertionError(
                f"The setup method '{f_name}' can no longer be called on the application {self.name!r}: it has handled its"
                " first request, and requests before and after the change would be treated differently. Do all imports,"
                " decorators and other setup before the application runs."
            )

    @cached_property
    def name(self) -> str:  # type: ignore[override]  # computed here, given in Blueprint
        """Name of the application: the import name, or the file's for one that was run as a script."""
        if self.import_name == "__main__":
            file: str | None = getattr(sys.modules["__main__"], "__file__", None)
            return "__main__" if file is None else os.path.splitext(os.path.basename(file))[0]
        return self.import_name

    @cached_property
    def logger(self) -> logging.Logger:
        """The logger named like the application; see `logging.py`."""
        from .logging import create_logger

        return create_logger(self)

    @cached_property
    def cli(self) -> Any:  # Any: see Scaffold; made when it is first touched
        """The click group of the application's own commands."""
        from .commands import AppGroup

        return AppGroup(self.name)

    @cached_property
    def jinja_env(self) -> Any:  # Any: of `jinja_environment`
        """The Jinja environment, made at its first use."""
        return self.create_jinja_environment()

    @property
    def debug(self) -> bool:
        """Debug mode: more is explained, also to clients; never in production. The key `DEBUG`."""
        return bool(self.config["DEBUG"])

    @debug.setter
    def debug(self, value: bool) -> None:
        self.config["DEBUG"] = value
        if self.config["TEMPLATES_AUTO_RELOAD"] is None and "jinja_env" in self.__dict__:
            self.jinja_env.auto_reload = value

    def make_config(self, instance_relative: bool = False) -> Config:
        """Make the config; its files are relative to the instance folder with `instance_relative`, else to `root_path`."""
        defaults = {**self.default_config, "DEBUG": get_debug_flag()}
        return self.config_class(self.instance_path if instance_relative else self.root_path, defaults)

    def _adopt_config(self) -> None:
        """COMPAT: older keys of the config act on the application."""
        if isinstance(self.config, Config):
            self.config._owner = weakref.ref(self)
            for key in OLDER_SETTINGS & self.config.keys():
                take_older_setting(self, key, self.config[key])

    def make_aborter(self) -> Aborter:
        """Make what `abort` calls."""
        return self.aborter_class()

    def auto_find_instance_path(self) -> str:
        """Return the default instance folder: `instance` beside the code, or `var/NAME-instance` where it is installed."""
        installed_in, folder = find_package(self.import_name)
        parts = (folder, "instance") if installed_in is None else (installed_in, "var", f"{self.name}-instance")
        return os.path.join(*parts)

    def open_instance_resource(self, resource: str, mode: str = "rb", encoding: str | None = "utf-8") -> IO[Any]:
        """Open a file of the instance folder, in any mode."""
        path = os.path.join(self.instance_path, resource)
        return open(path, mode) if "b" in mode else open(path, mode, encoding=encoding)

    def create_jinja_environment(self) -> Any:  # Any: see jinja_env
        """Make the Jinja environment; called once."""
        from .templating import create_environment

        return create_environment(self)

    def create_global_jinja_loader(self) -> Any:  # Any: see jinja_env
        """Make the loader that looks in all template folders."""
        from .templating import DispatchingJinjaLoader

        return DispatchingJinjaLoader(self)

    def select_jinja_autoescape(self, filename: str | None) -> bool:
        """Tell whether a template is escaped: by its name's ending if it has a name, always if not."""
        return filename is None or filename.endswith((".html", ".htm", ".xml", ".xhtml", ".svg"))

    @setupmethod
    def register_blueprint(self, blueprint: Blueprint, **options: Any) -> None:
        """Add all that a blueprint has recorded: `url_prefix`, `subdomain`, `url_defaults` and `name` override its own.

        Raises:
            ValueError: its name is taken.
        """
        blueprint.register(self, options)

    def iter_blueprints(self) -> ValuesView[Blueprint]:
        """Return the blueprints in the order of their registration."""
        return self.blueprints.values()

    @setupmethod
    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Hook | None = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        """See `Scaffold.add_url_rule`; further options go to the rule class.

        Raises:
            TypeError: `methods` is a string; `timeout` is no number.
            ValueError: `timeout` is not more than 0.
            AssertionError: the endpoint has another view already.
        """
        if endpoint is None:
            endpoint = endpoint_of(view_func)
        if "stream_body" in options and options.pop("stream_body"):
            self.streamed_endpoints.add(endpoint)
        if "timeout" in options:
            self.view_timeouts[endpoint] = check_timeout(options.pop("timeout"))
        methods = options.pop("methods", None)
        if methods is None:
            methods = getattr(view_func, "methods", None) or ("GET",)
        if isinstance(methods, str):
            raise TypeError(f"`methods` is a list of names; write methods=[{methods!r}].")
        names = {name.upper() for name in methods} | set(getattr(view_func, "required_methods", ()))
        if provide_automatic_options is None:
            provide_automatic_options = getattr(view_func, "provide_automatic_options", None)
        if provide_automatic_options is None:
            provide_automatic_options = self.config["PROVIDE_AUTOMATIC_OPTIONS"] and not any(
                name.upper() == "OPTIONS" for name in methods
            )
            if provide_automatic_options:
                names.add("OPTIONS")
        url_rule: Any = self.url_rule_class(rule, methods=names, endpoint=endpoint, **options)  # Any: gets an attribute
        url_rule.provide_automatic_options = provide_automatic_options
        self.url_map.add(url_rule)
        if view_func is None:
            return
        known = self.view_functions.get(endpoint)
        if known is not None and known != view_func:
            raise AssertionError(
                f"The endpoint {endpoint!r} has a view already, {known!r}; another one, {view_func!r}, needs another endpoint."
            )
        self.view_functions[endpoint] = view_func

    @overload
    def template_filter(self, name: H) -> H: ...
    @overload
    def template_filter(self, name: str | None = None) -> Callable[[H], H]: ...
    @setupmethod
    def template_filter(self, name: Hook | str | None = None) -> Any:  # Any: see the overloads
        """Make the decorated function a template filter, by default under its own name; with or without brackets."""
        return decorator_for(self.add_template_filter, name)

    @setupmethod
    def add_template_filter(self, f: Hook, name: str | None = None) -> None:
        """Add a template filter."""
        self.jinja_env.filters[name or f.__name__] = f

    @overload
    def template_test(self, name: H) -> H: ...
    @overload
    def template_test(self, name: str | None = None) -> Callable[[H], H]: ...
    @setupmethod
    def template_test(self, name: Hook | str | None = None) -> Any:  # Any: see the overloads
        """Make the decorated function a template test; with or without brackets."""
        return decorator_for(self.add_template_test, name)

    @setupmethod
    def add_template_test(self, f: Hook, name: str | None = None) -> None:
        """Add a template test."""
        self.jinja_env.tests[name or f.__name__] = f

    @overload
    def template_global(self, name: H) -> H: ...
    @overload
    def template_global(self, name: str | None = None) -> Callable[[H], H]: ...
    @setupmethod
    def template_global(self, name: Hook | str | None = None) -> Any:  # Any: see the overloads
        """Make the decorated function a global of all templates; with or without brackets."""
        return decorator_for(self.add_template_global, name)

    @setupmethod
    def add_template_global(self, f: Hook, name: str | None = None) -> None:
        """Add a function to all templates."""
        self.jinja_env.globals[name or f.__name__] = f

    @setupmethod
    def teardown_appcontext(self, f: H) -> H:
        """Call `f(error)` when any context goes, request or not, last registered first."""
        self.teardown_appcontext_funcs.append(f)
        return f

    @setupmethod
    def shell_context_processor(self, f: H) -> H:
        """Call `f()` for names that the shell command starts with; it returns a dict."""
        self.shell_context_processors.append(f)
        return f

    def make_shell_context(self) -> dict[str, Any]:
        """Return the names a shell starts with: `app`, `g` and those of the processors."""
        from .globals import g

        context: dict[str, Any] = {"app": self, "g": g}
        for processor in self.shell_context_processors:
            context.update(processor())
        return context

    def ensure_sync(self, func: Hook) -> Hook:
        """Return `func`, or something that calls it from sync code if it is async."""
        return self.async_to_sync(func) if iscoroutinefunction(func) else func

    def async_to_sync(self, func: Callable[..., Any]) -> Hook:
        """Return a sync function that runs a coroutine function to its end; on one event loop per process."""
        # Here and not above: most applications have no async views, and asyncio takes longer to import than all of this.
        from .asyncs import async_to_sync

        return async_to_sync(func)


def _static_view(app: AppSetup) -> Callable[..., Any]:  # Any: what `send_static_file` returns
    """Return the view of static files. COMPAT: it holds no application, which is gone when nobody else does."""
    reference = weakref.ref(app)
    # Looked up when called, so that it can be replaced on the instance.
    return lambda filename: reference().send_static_file(filename)  # type: ignore[union-attr]  # who calls it has it


def find_package(import_name: str) -> tuple[str | None, str]:
    """Return the prefix that a package is installed under (`None` if it is not installed), and the folder it is imported from."""
    path = os.path.abspath(_import_folder(import_name))
    prefix = os.path.abspath(sys.prefix)
    if path == prefix or path.startswith(prefix + os.sep):
        return prefix, path
    parent, folder = os.path.split(path)
    if folder.lower() not in {"site-packages", "dist-packages"}:
        return None, path
    grandparent, name = os.path.split(parent)
    if name.lower() == "lib":
        return grandparent, path
    if os.path.basename(grandparent).lower() == "lib":
        return os.path.dirname(grandparent), path
    return parent, path


def _import_folder(import_name: str) -> str:
    """Return the folder that the top-level package or module of a name lies in."""
    try:
        spec = find_spec(import_name.partition(".")[0])
        if spec is None:
            return os.getcwd()
        if spec.submodule_search_locations is None:
            return os.getcwd() if spec.origin is None else os.path.dirname(spec.origin)
        if spec.origin is not None and spec.origin != "namespace":
            return os.path.dirname(os.path.dirname(spec.origin))
        # A namespace package lies in several folders: take the one that the named module was found in.
        found = find_spec(import_name)
        file = None if found is None else found.origin
        for location in spec.submodule_search_locations:
            if file is not None and file.startswith(location + os.sep):
                return os.path.dirname(location)
        return os.path.dirname(next(iter(spec.submodule_search_locations)))
    except (ImportError, ValueError):
        return os.getcwd()
