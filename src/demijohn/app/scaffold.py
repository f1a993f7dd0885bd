"""`Scaffold`: what an application and a blueprint have in common: registries of routes' views, hooks and error handlers.

Filled during setup, by one thread; once the first request came, the decorators refuse (`setupmethod`).
"""

import functools
import os
from collections import defaultdict
from collections.abc import Callable
from inspect import isclass
from typing import Any, cast

from ..http.errors import HTTPException, default_exceptions
from .registry import H, Hook, HookRegistry, Revision, ViewRegistry, Watched
from .resources import Resources


def setupmethod(method: H) -> H:
    """Decorate a method that belongs to the setup: calling it after the first request (or registration) is an error."""
    name = method.__name__

    @functools.wraps(method)
    def checked(self: "Scaffold", /, *args: Any, **kwargs: Any) -> Any:
        self._check_setup_finished(name)
        return method(self, *args, **kwargs)

    return cast("H", checked)


def endpoint_of(view_func: Hook | None) -> str:
    """Return the endpoint a view gets by default, its name.

    Raises:
        AssertionError: there is no view to take it from.
    """
    if view_func is None:
        raise AssertionError("A rule needs an endpoint or a view function to name it after.")
    return view_func.__name__


class Scaffold(Resources):
    """Registries and the decorators that fill them. Keys of the registries: blueprint name, `None` for everything here."""

    cli: Any
    """click group of the commands that come with this; Any: click is imported when somebody asks for it."""

    name: str

    view_functions = Watched[ViewRegistry[str, Hook]](ViewRegistry)
    """Endpoint -> view. May be changed at any time."""

    # What endpoint plans are built from. Of a change the application hears through its `_revision`.
    before_request_funcs = Watched[HookRegistry[Hook]](HookRegistry)
    after_request_funcs = Watched[HookRegistry[Hook]](HookRegistry)
    teardown_request_funcs = Watched[HookRegistry[Hook]](HookRegistry)
    url_value_preprocessors = Watched[HookRegistry[Hook]](HookRegistry)

    def __init__(
        self,
        import_name: str,
        static_folder: str | os.PathLike[str] | None = None,
        static_url_path: str | None = None,
        template_folder: str | os.PathLike[str] | None = None,
        root_path: str | None = None,
    ) -> None:
        super().__init__(import_name, static_folder, static_url_path, template_folder, root_path)
        self._revision = Revision()
        self.view_functions = {}
        # scope -> status code or None -> exception class -> handler
        self.error_handler_spec: dict[str | None, dict[int | None, dict[type[Exception], Hook]]] = defaultdict(
            lambda: defaultdict(dict)
        )
        self.before_request_funcs = {}
        self.after_request_funcs = {}
        self.teardown_request_funcs = {}
        self.template_context_processors: HookRegistry[Hook] = HookRegistry(self._revision)
        self.url_value_preprocessors = {}
        self.url_default_functions: HookRegistry[Hook] = HookRegistry(self._revision)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    def _check_setup_finished(self, f_name: str) -> None:
        raise NotImplementedError

    def _method_route(self, method: str, rule: str, options: dict[str, Any]) -> Callable[[H], H]:
        if "methods" in options:
            raise TypeError("The shortcut decorators fix the method; give `methods` to `route` instead.")
        return self.route(rule, methods=[method], **options)

    @setupmethod
    def get(self, rule: str, **options: Any) -> Callable[[H], H]:
        """Route GET requests (and so HEAD) for `rule` to the decorated view."""
        return self._method_route("GET", rule, options)

    @setupmethod
    def post(self, rule: str, **options: Any) -> Callable[[H], H]:
        """Route POST requests for `rule` to the decorated view."""
        return self._method_route("POST", rule, options)

    @setupmethod
    def put(self, rule: str, **options: Any) -> Callable[[H], H]:
        """Route PUT requests for `rule` to the decorated view."""
        return self._method_route("PUT", rule, options)

    @setupmethod
    def delete(self, rule: str, **options: Any) -> Callable[[H], H]:
        """Route DELETE requests for `rule` to the decorated view."""
        return self._method_route("DELETE", rule, options)

    @setupmethod
    def patch(self, rule: str, **options: Any) -> Callable[[H], H]:
        """Route PATCH requests for `rule` to the decorated view."""
        return self._method_route("PATCH", rule, options)

    @setupmethod
    def route(self, rule: str, **options: Any) -> Callable[[H], H]:
        """Route requests for `rule` to the decorated view; options are those of `add_url_rule` and of the rule class."""

        def decorator(view: H) -> H:
            endpoint = options.pop("endpoint", None)
            self.add_url_rule(rule, endpoint, view, **options)
            return view

        return decorator

    @setupmethod
    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Hook | None = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        """Add a rule for an endpoint, by default named after the view; the view may be given later, see `endpoint`.

        `methods` are by default those of the view (`view_func.methods`), else GET. `provide_automatic_options` decides
        whether OPTIONS is answered for the view; by default it is, unless the view takes OPTIONS itself. `timeout`: seconds
        that requests of this endpoint may take before they are interrupted with `RequestTimedOut` and answered with 504; `None`
        for no limit, also where the config's `REQUEST_TIMEOUT` or the server has one. Enforced by demijohn's server.

        `stream_body`: requests of this endpoint reach the view as soon as their head is there; `request.stream`, `iter_parts` and
        `form` then wait for the body while it arrives. A slow client holds the view's thread; without it the server waits for it.
        """
        raise NotImplementedError

    @setupmethod
    def endpoint(self, endpoint: str) -> Callable[[H], H]:
        """Make the decorated function the view of an endpoint whose rules are added elsewhere."""

        def decorator(view: H) -> H:
            self.view_functions[endpoint] = view
            return view

        return decorator

    @setupmethod
    def before_request(self, f: H) -> H:
        """Call `f()` before the view. What it returns, if not `None`, is the answer, and the view is not called."""
        self.before_request_funcs.setdefault(None, []).append(f)
        return f

    @setupmethod
    def after_request(self, f: H) -> H:
        """Call `f(response)` after the view, last registered first; it returns the response to go on with.

        Not called if an exception went unhandled before; `teardown_request` always is.
        """
        self.after_request_funcs.setdefault(None, []).append(f)
        return f

    @setupmethod
    def teardown_request(self, f: H) -> H:
        """Call `f(error)` when the context goes, last registered first; `error` is an unhandled exception or `None`."""
        self.teardown_request_funcs.setdefault(None, []).append(f)
        return f

    @setupmethod
    def context_processor(self, f: H) -> H:
        """Call `f()` before a template is rendered; it returns a dict of variables for it."""
        self.template_context_processors[None].append(f)
        return f

    @setupmethod
    def url_value_preprocessor(self, f: H) -> H:
        """Call `f(endpoint, values)` before all other hooks; it may change the values that the view gets."""
        self.url_value_preprocessors[None].append(f)
        return f

    @setupmethod
    def url_defaults(self, f: H) -> H:
        """Call `f(endpoint, values)` when a URL is built; it may add values."""
        self.url_default_functions[None].append(f)
        return f

    @setupmethod
    def errorhandler(self, code_or_exception: type[Exception] | int) -> Callable[[H], H]:
        """Let the decorated function answer a status code, or an exception class and its subclasses."""

        def decorator(f: H) -> H:
            self.register_error_handler(code_or_exception, f)
            return f

        return decorator

    @setupmethod
    def register_error_handler(self, code_or_exception: type[Exception] | int, f: Hook) -> None:
        """Let `f(error)` answer a status code or an exception class; `errorhandler` without the decorator."""
        exception_class, code = self._get_exc_class_and_code(code_or_exception)
        self.error_handler_spec[None][code][exception_class] = f

    @staticmethod
    def _get_exc_class_and_code(exc_class_or_code: type[Exception] | int) -> tuple[type[Exception], int | None]:
        """Return the exception class to look for and its status code, `None` for one that is no HTTP error."""
        if isinstance(exc_class_or_code, int):
            if exc_class_or_code not in default_exceptions:
                raise ValueError(
                    f"{exc_class_or_code} is not the code of an HTTP error. Use a subclass of HTTPException with it,"
                    " and register that, for a code of your own."
                )
            exception_class: Any = default_exceptions[exc_class_or_code]  # Any: checked below, that is what for
        else:
            exception_class = exc_class_or_code
        if not isclass(exception_class):
            raise TypeError(
                f"{exception_class!r} is an instance, not a class. Handlers are for exception classes or status codes."
            )
        if not issubclass(exception_class, Exception):
            raise ValueError(  # noqa: TRY004 - COMPAT
                f"{exception_class.__name__!r} is not a subclass of Exception. Handlers are for these, or for status codes."
            )
        code = exception_class.code if issubclass(exception_class, HTTPException) else None
        return exception_class, code
