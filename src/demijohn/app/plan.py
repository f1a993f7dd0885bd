"""`EndpointPlan`: everything that one endpoint's requests need of the registries, in frozen tuples.

Built at an endpoint's first request and kept in the application's `Revision` until a registry changes. A plan is immutable,
so any number of threads may use it; two that build the same one at once build equal ones.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .registry import Hook, blueprint_scopes
from .timelimits import timeout_of


class EndpointPlan:
    """Hooks in the order they are called, every one of them callable from sync code; async ones are wrapped."""

    __slots__ = (
        "after", "before", "endpoint", "scopes", "teardown", "timeout", "url_values", "view",
    )  # fmt: skip

    def __init__(self, app: Any, endpoint: str | None) -> None:  # Any: the application is above this file
        ensure_sync: Callable[[Hook], Hook] = app.ensure_sync
        self.endpoint = endpoint
        self.scopes: tuple[str | None, ...] = (*_blueprints_of(endpoint), None)
        """Where error handlers and hooks are looked up: innermost blueprint first, the application last."""

        outside_in = tuple(reversed(self.scopes))
        self.url_values: tuple[Hook, ...] = tuple(_hooks(app.url_value_preprocessors, outside_in))
        self.before: tuple[Hook, ...] = tuple(map(ensure_sync, _hooks(app.before_request_funcs, outside_in)))
        view = app.view_functions.get(endpoint)
        self.view: Hook | None = None if view is None else ensure_sync(view)
        self.after: tuple[Hook, ...] = tuple(
            map(ensure_sync, _hooks(app.after_request_funcs, self.scopes, last_first=True))
        )
        self.teardown: tuple[Hook, ...] = tuple(
            map(ensure_sync, _hooks(app.teardown_request_funcs, self.scopes, last_first=True))
        )
        self.timeout = timeout_of(app, endpoint)


def _blueprints_of(endpoint: str | None) -> list[str]:
    return blueprint_scopes(endpoint.rpartition(".")[0]) if endpoint is not None and "." in endpoint else []


def _hooks(
    registry: dict[str | None, list[Hook]], scopes: Iterable[str | None], last_first: bool = False
) -> Iterator[Hook]:
    for scope in scopes:
        functions = registry.get(scope, ())
        yield from reversed(functions) if last_first else functions


def plan_for(app: Any, endpoint: str | None) -> EndpointPlan:
    """Return the plan of an endpoint, `None` for requests that no rule matched."""
    # The dict is taken before the registries are read: a change meanwhile replaces the dict, and this plan is forgotten.
    plans: dict[str | None, EndpointPlan] = app._revision.plans
    plan = plans.get(endpoint)
    if plan is None:
        plan = plans[endpoint] = EndpointPlan(app, endpoint)
    return plan
