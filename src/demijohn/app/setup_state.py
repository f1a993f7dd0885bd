"""`BlueprintSetupState`: one registration of a blueprint, as the functions that a blueprint has recorded see it."""

from collections.abc import Mapping
from typing import Any

from .registry import Hook
from .scaffold import endpoint_of


class BlueprintSetupState:
    """The application, the options of this registration, and what they make of prefix, subdomain, name and defaults."""

    def __init__(self, blueprint: Any, app: Any, options: Mapping[str, Any], first_registration: bool) -> None:
        # Any: blueprint.py and application.py import this file.
        self.app = app
        self.blueprint = blueprint
        self.options = options
        self.first_registration = first_registration
        """This blueprint was not registered with this application before, under whatever name."""

        subdomain, url_prefix = options.get("subdomain"), options.get("url_prefix")
        self.subdomain: str | None = blueprint.subdomain if subdomain is None else subdomain
        self.url_prefix: str | None = blueprint.url_prefix if url_prefix is None else url_prefix
        self.name: str = options.get("name", blueprint.name)
        self.name_prefix: str = options.get("name_prefix", "")
        self.url_defaults: dict[str, Any] = {**blueprint.url_values_defaults, **dict(options.get("url_defaults", ()))}

    def add_url_rule(
        self, rule: str, endpoint: str | None = None, view_func: Hook | None = None, **options: Any
    ) -> None:
        """Add a rule to the application, with this registration's prefix, subdomain, defaults and endpoint prefix."""
        if self.url_prefix is not None:
            rule = f"{self.url_prefix.rstrip('/')}/{rule.lstrip('/')}" if rule else self.url_prefix
        options.setdefault("subdomain", self.subdomain)
        if endpoint is None:
            endpoint = endpoint_of(view_func)
        defaults = {**self.url_defaults, **(options.pop("defaults", None) or {})}
        full_endpoint = f"{self.name_prefix}.{self.name}.{endpoint}".lstrip(".")
        self.app.add_url_rule(rule, full_endpoint, view_func, defaults=defaults, **options)
