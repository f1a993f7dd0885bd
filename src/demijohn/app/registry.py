"""Registries that notice changes: hooks and views as dicts and lists that raise the revision of their application.

Endpoint plans are built from these. Extensions edit them directly (`app.before_request_funcs.setdefault(None, []).append(f)`),
also after the first request; every such change drops the plans. A plain list or dict that is assigned is copied: later changes
must go through the registry.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, Self, SupportsIndex, TypeVar, overload

# Any: views and hooks may be sync or async, and take and return what Flask lets them.
Hook = Callable[..., Any]
H = TypeVar("H", bound=Hook)
K = TypeVar("K")
V = TypeVar("V")
R = TypeVar("R")


class Revision:
    """What the registries of one application or blueprint tell of a change. `plans` is dropped with each."""

    __slots__ = ("number", "plans")

    def __init__(self) -> None:
        self.number = 0
        # Any: plan.py, which has the type, is above this file. Endpoint -> plan.
        self.plans: dict[str | None, Any] = {}

    def bump(self) -> None:
        """Drop what was built from the registries."""
        self.number += 1
        # A new dict: a thread that is building a plan stores it in the old one, where nobody finds it.
        self.plans = {}


def _noticing(method: Callable[..., Any]) -> Callable[..., Any]:  # Any: wraps methods of list and dict alike
    def changed(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        finally:
            self.revision.bump()

    changed.__name__ = method.__name__
    changed.__doc__ = method.__doc__
    return changed


class HookList(list[V]):
    """A list of functions in the order of their registration."""

    __slots__ = ("revision",)

    def __init__(self, revision: Revision, values: Iterable[V] = ()) -> None:
        super().__init__(values)
        self.revision = revision

    for _name in (
        "append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort",
        "__delitem__", "__iadd__", "__imul__", "__setitem__",
    ):  # fmt: skip
        locals()[_name] = _noticing(getattr(list, _name))
    del _name

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[type[list[V]], tuple[list[V]]]:
        """Copies and pickles are plain lists."""
        return list, (list(self),)


class ViewRegistry(dict[K, V]):
    """A dict whose changes are noticed: endpoint -> view function."""

    __slots__ = ("revision",)

    def __init__(self, revision: Revision, values: Mapping[K, V] | Iterable[tuple[K, V]] = ()) -> None:
        super().__init__(values)
        self.revision = revision

    for _name in ("clear", "pop", "popitem", "setdefault", "update", "__delitem__", "__ior__", "__setitem__"):
        locals()[_name] = _noticing(getattr(dict, _name))
    del _name


class HookRegistry(dict[str | None, list[V]]):
    """Scope (blueprint name, `None` for the application) -> `HookList`. A missing scope is created by reading it, as in Flask."""

    __slots__ = ("revision",)

    def __init__(self, revision: Revision, values: Mapping[str | None, Iterable[V]] = {}) -> None:
        super().__init__()
        self.revision = revision
        self.update(values)

    def __missing__(self, scope: str | None) -> HookList[V]:
        hooks: HookList[V] = HookList(self.revision)
        super().__setitem__(scope, hooks)
        return hooks

    def __setitem__(self, scope: str | None, hooks: Iterable[V]) -> None:
        super().__setitem__(scope, HookList(self.revision, hooks))
        self.revision.bump()

    def setdefault(self, scope: str | None, default: Iterable[V] | None = ()) -> list[V]:
        """Return the list of a scope; make one from `default` if there is none."""
        if scope not in self:
            self[scope] = default or ()
        return self[scope]

    def update(self, values: Mapping[str | None, Iterable[V]] = {}) -> None:  # type: ignore[override]
        """Take over the lists of another registry."""
        for scope, hooks in values.items():
            self[scope] = hooks

    def __ior__(self, values: Mapping[str | None, Iterable[V]]) -> Self:  # type: ignore[override, misc]
        self.update(values)
        return self

    for _name in ("clear", "pop", "popitem", "__delitem__"):
        locals()[_name] = _noticing(getattr(dict, _name))
    del _name


class Watched(Generic[R]):
    """An attribute of a scaffold that is a registry: `make(revision, values)` makes one of whatever is assigned."""

    def __init__(self, make: Callable[[Revision, Any], R]) -> None:  # Any: what is assigned
        self._make = make

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, scaffold: None, owner: type) -> Self: ...
    @overload
    def __get__(self, scaffold: Any, owner: type) -> R: ...

    def __get__(self, scaffold: Any, owner: type) -> Self | R:  # Any: scaffold.py is above this file
        """Return the registry."""
        if scaffold is None:
            return self
        registry: R = scaffold.__dict__[self._name]
        return registry

    def __set__(self, scaffold: Any, values: Any) -> None:
        """Put another registry in its place."""
        scaffold.__dict__[self._name] = self._make(scaffold._revision, values)
        scaffold._revision.bump()


def blueprint_scopes(dotted: str) -> list[str]:
    """Return a nested blueprint's name and those it is nested in, innermost first: `a.b` -> `a.b`, `a`."""
    names = [dotted]
    while "." in dotted:
        dotted = dotted.rpartition(".")[0]
        names.append(dotted)
    return names
