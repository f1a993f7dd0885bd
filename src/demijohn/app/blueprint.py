"""`Blueprint`: a part of an application that is written before there is one: routes and hooks, recorded to be registered.

Filled and registered during setup, by one thread.
"""

import os
from collections import defaultdict
from collections.abc import Callable
from functools import cached_property
from typing import Any, overload

from .._base.older import warn_older
from .._base.sentinel import MISSING, Missing
from .registry import H, Hook
from .scaffold import Scaffold, setupmethod
from .setup_state import BlueprintSetupState

Deferred = Callable[[BlueprintSetupState], None]


class Blueprint(Scaffold):
    """A named group of routes, hooks, handlers, templates and static files. Its endpoints are `name.endpoint`.

    `url_prefix`, `subdomain` and `url_defaults` are for all its routes. `cli_group` names the command group of its commands
    (by default the blueprint's name; `None` merges them into the application's).

    Raises:
        ValueError: the name is empty or has a dot.
    """

    _got_registered_once = False

    def __init__(
        self,
        name: str,
        import_name: str,
        static_folder: str | os.PathLike[str] | None = None,
        static_url_path: str | None = None,
        template_folder: str | os.PathLike[str] | None = None,
        url_prefix: str | None = None,
        subdomain: str | None = None,
        url_defaults: dict[str, Any] | None = None,
        root_path: str | None = None,
        cli_group: str | Missing | None = MISSING,
    ) -> None:
        super().__init__(import_name, static_folder, static_url_path, template_folder, root_path)
        if not name:
            raise ValueError("A blueprint needs a name that is not empty.")
        if "." in name:
            raise ValueError(f"The name of a blueprint may not have a dot, which stands for nesting: {name!r}.")
        self.name = name
        self.url_prefix = url_prefix
        self.subdomain = subdomain
        self.deferred_functions: list[Deferred] = []
        self.url_values_defaults: dict[str, Any] = {} if url_defaults is None else url_defaults
        self.cli_group = cli_group
        self._blueprints: list[tuple[Blueprint, dict[str, Any]]] = []

    @cached_property
    def cli(self) -> Any:  # Any: see Scaffold; made when it is first touched
        """The click group of this blueprint's commands."""
        from .commands import AppGroup

        return AppGroup(self.name)

    def _check_setup_finished(self, f_name: str) -> None:
        if self._got_registered_once:
            raise AssertionError(
                f"The setup method '{f_name}' can no longer be called on the blueprint {self.name!r}: it was registered"
                " with an application already, which would not hear of the change. Do all imports, decorators and"
                " other setup of a blueprint before registering it."
            )

    @setupmethod
    def record(self, func: Deferred) -> None:
        """Call `func(state)` at each registration."""
        self.deferred_functions.append(func)

    @setupmethod
    def record_once(self, func: Deferred) -> None:
        """Call `func(state)` at the first registration with an application only."""

        def once(state: BlueprintSetupState) -> None:
            if state.first_registration:
                func(state)

        self.record(once)

    def make_setup_state(
        self, app: Any, options: dict[str, Any], first_registration: bool = False
    ) -> BlueprintSetupState:
        """Return what recorded functions are called with; override it for a class of your own."""
        return BlueprintSetupState(self, app, options, first_registration)

    @setupmethod
    def register_blueprint(self, blueprint: "Blueprint", **options: Any) -> None:
        """Nest a blueprint in this one; it is registered along with it. Options override what it was made with.

        Raises:
            ValueError: it is this very blueprint.
        """
        if blueprint is self:
            raise ValueError("A blueprint cannot be registered on itself.")
        self._blueprints.append((blueprint, options))

    def register(self, app: Any, options: dict[str, Any]) -> None:
        """Add everything that was recorded to an application; called by `app.register_blueprint`.

        Raises:
            ValueError: the application has a blueprint of this name.
        """
        name_prefix: str = options.get("name_prefix", "")
        own_name: str = options.get("name", self.name)
        name = f"{name_prefix}.{own_name}".lstrip(".")
        registered = app.blueprints.get(name)
        if registered is not None:
            which = "this" if registered is self else "another"
            raise ValueError(
                f"The name '{own_name}' is taken by {which} blueprint, registered as '{name}'."
                " Register one of them as something else: `register_blueprint(..., name='...')`."
            )
        is_first = all(blueprint is not self for blueprint in app.blueprints.values())
        app.blueprints[name] = self
        self._got_registered_once = True
        state = self.make_setup_state(app, options, is_first)
        if self.has_static_folder:
            state.add_url_rule(f"{self.static_url_path}/<path:filename>", "static", self.send_static_file)
        self._merge_blueprint_funcs(app, name)
        for deferred in self.deferred_functions:
            deferred(state)
        self._register_commands(app, name, options)
        for blueprint, nested_options in self._blueprints:
            blueprint.register(app, _nested_options(blueprint, nested_options, state, name))

    def _register_commands(self, app: Any, name: str, options: dict[str, Any]) -> None:
        if "cli" not in self.__dict__ or not self.cli.commands:
            return
        group = options.get("cli_group", self.cli_group)
        if group is None:
            app.cli.commands.update(self.cli.commands)
        else:
            self.cli.name = name if group is MISSING else group
            app.cli.add_command(self.cli)

    def _merge_blueprint_funcs(self, app: Any, name: str) -> None:
        def scope_of(key: str | None) -> str:
            return name if key is None else f"{name}.{key}"

        for key, by_code in self.error_handler_spec.items():
            spec: dict[int | None, dict[type[Exception], Hook]] = defaultdict(dict)
            spec.update({code: dict(handlers) for code, handlers in by_code.items()})
            app.error_handler_spec[scope_of(key)] = spec
        for endpoint, view in self.view_functions.items():
            app.view_functions[endpoint] = view
        for registry in (
            "before_request_funcs",
            "after_request_funcs",
            "teardown_request_funcs",
            "url_default_functions",
            "url_value_preprocessors",
            "template_context_processors",
        ):
            for key, hooks in getattr(self, registry).items():
                getattr(app, registry)[scope_of(key)].extend(hooks)

    @setupmethod
    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Hook | None = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        """Record a rule; see `Scaffold.add_url_rule`.

        Raises:
            ValueError: a dot in the endpoint or in the view's name.
        """
        if endpoint and "." in endpoint:
            raise ValueError(f"The endpoint of a blueprint's rule may not have a dot: {endpoint!r}.")
        if view_func is not None and "." in getattr(view_func, "__name__", ""):
            raise ValueError(f"The name of a blueprint's view may not have a dot: {view_func.__name__!r}.")
        self.record(
            lambda state: state.add_url_rule(
                rule, endpoint, view_func, provide_automatic_options=provide_automatic_options, **options
            )
        )

    def _record_app_hook(self, registry: str, f: H) -> H:
        self.record_once(lambda state: getattr(state.app, registry).setdefault(None, []).append(f))
        return f

    @setupmethod
    def before_app_request(self, f: H) -> H:
        """`before_request` for every request of the application."""
        return self._record_app_hook("before_request_funcs", f)

    def before_app_first_request(self, f: H) -> H:
        """`before_first_request` of the application; see `OlderNames`."""
        warn_older("'before_app_first_request' was removed in Flask 2.3. Do it where the application is made.")
        self.record_once(lambda state: state.app.before_first_request(f))
        return f

    @setupmethod
    def after_app_request(self, f: H) -> H:
        """`after_request` for every request of the application."""
        return self._record_app_hook("after_request_funcs", f)

    @setupmethod
    def teardown_app_request(self, f: H) -> H:
        """`teardown_request` for every request of the application."""
        return self._record_app_hook("teardown_request_funcs", f)

    @setupmethod
    def app_context_processor(self, f: H) -> H:
        """`context_processor` for every template of the application."""
        return self._record_app_hook("template_context_processors", f)

    @setupmethod
    def app_url_value_preprocessor(self, f: H) -> H:
        """`url_value_preprocessor` for every request of the application."""
        return self._record_app_hook("url_value_preprocessors", f)

    @setupmethod
    def app_url_defaults(self, f: H) -> H:
        """`url_defaults` for every URL of the application."""
        return self._record_app_hook("url_default_functions", f)

    @setupmethod
    def app_errorhandler(self, code: type[Exception] | int) -> Callable[[H], H]:
        """`errorhandler` for every request of the application."""

        def decorator(f: H) -> H:
            self.record_once(lambda state: state.app.register_error_handler(code, f))
            return f

        return decorator

    @overload
    def app_template_filter(self, name: H) -> H: ...
    @overload
    def app_template_filter(self, name: str | None = None) -> Callable[[H], H]: ...
    @setupmethod
    def app_template_filter(self, name: Hook | str | None = None) -> Any:  # Any: see the overloads
        """`template_filter` of the application, with or without brackets."""
        return decorator_for(self.add_app_template_filter, name)

    @setupmethod
    def add_app_template_filter(self, f: Hook, name: str | None = None) -> None:
        """Add a template filter to the application."""
        self.record_once(lambda state: state.app.add_template_filter(f, name))

    @overload
    def app_template_test(self, name: H) -> H: ...
    @overload
    def app_template_test(self, name: str | None = None) -> Callable[[H], H]: ...
    @setupmethod
    def app_template_test(self, name: Hook | str | None = None) -> Any:  # Any: see the overloads
        """`template_test` of the application, with or without brackets."""
        return decorator_for(self.add_app_template_test, name)

    @setupmethod
    def add_app_template_test(self, f: Hook, name: str | None = None) -> None:
        """Add a template test to the application."""
        self.record_once(lambda state: state.app.add_template_test(f, name))

    @overload
    def app_template_global(self, name: H) -> H: ...
    @overload
    def app_template_global(self, name: str | None = None) -> Callable[[H], H]: ...
    @setupmethod
    def app_template_global(self, name: Hook | str | None = None) -> Any:  # Any: see the overloads
        """`template_global` of the application, with or without brackets."""
        return decorator_for(self.add_app_template_global, name)

    @setupmethod
    def add_app_template_global(self, f: Hook, name: str | None = None) -> None:
        """Add a template global to the application."""
        self.record_once(lambda state: state.app.add_template_global(f, name))


def decorator_for(add: Callable[[Hook, str | None], None], name: str | Hook | None) -> Any:
    """Return a decorator that adds a function under `name`; add it at once if it came instead of a name."""
    if callable(name):
        add(name, None)
        return name

    def decorator(f: H) -> H:
        add(f, name)
        return f

    return decorator


def _nested_options(
    blueprint: Blueprint, options: dict[str, Any], state: BlueprintSetupState, name: str
) -> dict[str, Any]:
    """Return the options a nested blueprint is registered with: its own behind those of the outer one."""
    result = {**options, "name_prefix": name}
    subdomain = options["subdomain"] if options.get("subdomain") is not None else blueprint.subdomain
    parts = [part for part in (subdomain, state.subdomain) if part is not None]
    if parts:
        result["subdomain"] = ".".join(parts)
    prefix = options["url_prefix"] if options.get("url_prefix") is not None else blueprint.url_prefix
    if state.url_prefix is not None and prefix is not None:
        prefix = f"{state.url_prefix.rstrip('/')}/{prefix.lstrip('/')}"
    elif prefix is None:
        prefix = state.url_prefix
    if prefix is not None:
        result["url_prefix"] = prefix
    return result
