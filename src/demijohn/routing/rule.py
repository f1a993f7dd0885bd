"""`Rule`: one URL pattern and what it leads to; `RuleFactory`: whatever yields rules.

A rule is bound to one `Map`, parsed then, and from then on only read (by any thread). It neither matches nor knows other rules:
`matcher` and `adapter` do.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Protocol, Self

from .builder import SortKey, UrlBuilder, render_query
from .converters import BaseConverter, ValidationError
from .pattern import ROOT, Part, parse_pattern

_SLASHES: Final = re.compile("/{2,}")
_WEBSOCKET_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class RuleTable(Protocol):
    """A `Map`, for what a rule needs of it."""

    strict_slashes: bool
    merge_slashes: bool
    default_subdomain: str
    host_matching: bool
    sort_parameters: bool
    sort_key: SortKey | None
    converters: Mapping[str, type[BaseConverter]]

    def rule_changed(self) -> None:
        """Note that a rule was changed in place."""


class RuleFactory:
    """Whatever yields rules: a rule itself, or a subclass with a `get_rules` of its own."""

    def get_rules(self, map: Any) -> Iterable["Rule"]:  # Any: the Map, which is above this file
        """Yield unbound rules for `map`."""
        raise NotImplementedError


class Rule(RuleFactory):
    """One URL pattern: `Rule("/user/<int:id>", endpoint="user", methods=["GET"])`.

    Args:
        string: the path, `<converter(arguments):name>` where it varies. A slash at its end makes it a branch: without the slash
            the request is redirected (`strict_slashes`) or taken as well.
        defaults: values that are not in the URL. A URL that spells them out is redirected to the one that does not.
        subdomain: pattern of the subdomain; else the map's default. `host`, with host matching, is that of the whole host.
        methods: the methods it takes, else all. `GET` brings `HEAD`.
        build_only: it never matches.
        endpoint: any hashable object to tell the application what to do.
        strict_slashes, merge_slashes: override the map's.
        redirect_to: a URL, relative to the application's root, with `<name>` in it, or a callable (adapter, **values) of one.
        alias: another URL of the endpoint, which redirects to the canonical one.
        websocket: it takes WebSocket requests and no others.

    Raises:
        ValueError: no slash in front, or a method that a WebSocket cannot have.
        TypeError: `methods` is one text.
    """

    def __init__(
        self,
        string: str,
        defaults: Mapping[str, Any] | None = None,  # Any: values of any type
        subdomain: str | None = None,
        methods: Iterable[str] | None = None,
        build_only: bool = False,
        endpoint: Any | None = None,  # Any: see above
        strict_slashes: bool | None = None,
        merge_slashes: bool | None = None,
        redirect_to: str | Callable[..., str] | None = None,
        alias: bool = False,
        host: str | None = None,
        websocket: bool = False,
    ) -> None:
        if not string.startswith("/"):
            raise ValueError(f"URL rule {string!r} must start with a slash.")
        self.rule = string
        self.is_branch = string.endswith("/")
        self.is_leaf = not self.is_branch
        self.map: RuleTable | None = None
        self.strict_slashes = strict_slashes
        self.merge_slashes = merge_slashes
        self.subdomain = subdomain
        self.host = host
        self.defaults = defaults
        self.build_only = build_only
        self.alias = alias
        self.websocket = websocket
        self.methods = _methods(methods, websocket)
        self.endpoint: Any = endpoint
        self.redirect_to = redirect_to
        self.arguments: set[str] = set(map(str, defaults or ()))
        self._parts: list[Part] = []  # the domain's first; `_domain_parts` of them
        self._domain_parts = 1
        self._converters: dict[str, BaseConverter] = {}
        self._trace: list[tuple[bool, str]] = []
        self._builder: UrlBuilder | None = None

    def get_rules(self, map: Any) -> Iterable["Rule"]:  # Any: see RuleFactory
        """Yield the rule itself."""
        yield self

    def empty(self) -> Self:
        """Return an unbound copy, for another map."""
        return type(self)(self.rule, **self.get_empty_kwargs())

    def get_empty_kwargs(self) -> dict[str, Any]:  # Any: arguments of the constructor
        """Return the arguments, without the text, that `empty` makes a copy with. Subclasses add theirs."""
        return {
            "defaults": dict(self.defaults) if self.defaults else None,
            "subdomain": self.subdomain,
            "methods": self.methods,
            "build_only": self.build_only,
            "endpoint": self.endpoint,
            "strict_slashes": self.strict_slashes,
            "merge_slashes": self.merge_slashes,
            "redirect_to": self.redirect_to,
            "alias": self.alias,
            "host": self.host,
            "websocket": self.websocket,
        }

    def bind(self, map: Any, rebind: bool = False) -> None:  # Any: see RuleFactory
        """Take `map`'s settings where this rule has none, and parse. `Map.add` calls this.

        Raises:
            RuntimeError: it belongs to a map already.
            ValueError: the text is malformed.
            LookupError: it names a converter that the map does not have.
        """
        if not (rebind or self.map is None):
            raise RuntimeError(f"{self!r} belongs to a map already: {self.map!r}")
        for name, default in (
            ("strict_slashes", map.strict_slashes),
            ("merge_slashes", map.merge_slashes),
            ("subdomain", map.default_subdomain),
        ):
            if getattr(self, name) is None:
                setattr(self, name, default)
        self.map = map
        self.compile()

    def refresh(self) -> None:
        """Parse again after a change in place, and have the map sort again."""
        table = self._bound_to()
        self.bind(table, rebind=True)
        table.rule_changed()

    def _bound_to(self) -> RuleTable:
        if self.map is None:
            raise RuntimeError(f"{self!r} is not bound to a map yet")
        return self.map

    def get_converter(
        self,
        variable_name: str,
        converter_name: str,
        args: tuple[Any, ...],  # Any: what the rule's text says
        kwargs: Mapping[str, Any],
    ) -> BaseConverter:
        """Return a converter for one variable.

        Raises:
            LookupError: the map has none of this name.
        """
        table = self._bound_to()
        if converter_name not in table.converters:
            raise LookupError(f"the converter {converter_name!r} does not exist")
        return table.converters[converter_name](table, *args, **kwargs)

    def compile(self) -> None:
        """Parse the domain and the path, and make the builder."""
        table = self._bound_to()
        domain_text = (self.host if table.host_matching else self.subdomain) or ""
        path_text = _SLASHES.sub("/", self.rule) if self.merge_slashes else self.rule
        domain = parse_pattern(domain_text, self.get_converter)
        path = parse_pattern(path_text, self.get_converter)
        twice = domain.converters.keys() & path.converters.keys()
        if twice:
            raise ValueError(f"url rule {self.rule!r} has {sorted(twice)!r} in the domain and in the path")
        domain_parts = domain.parts if domain_text else [ROOT]
        self._parts = domain_parts + path.parts
        self._domain_parts = len(domain_parts)
        self._converters = domain.converters | path.converters
        self._trace = [*domain.trace, (False, "|"), *path.trace]
        defaults = self.defaults or {}
        self.arguments = {*map(str, defaults), *self._converters}
        self._builder = UrlBuilder(domain.trace, path.trace, self._converters, defaults, self._encode_query_vars)

    def _encode_query_vars(self, query_vars: Mapping[str, Any]) -> str:  # Any: values of any type
        table = self.map or self._bound_to()
        return render_query(query_vars, table.sort_parameters, table.sort_key)

    def build(self, values: Mapping[str, Any], append_unknown: bool = True) -> tuple[str, str] | None:  # Any: any type
        """Return (domain, path) of a URL, or None if a converter refuses a value with `ValidationError`."""
        if self._builder is None:
            raise RuntimeError(f"{self!r} is not bound to a map yet")
        try:
            return self._builder.build(values, append_unknown)
        except ValidationError:
            return None

    def provides_defaults_for(self, rule: "Rule") -> bool:
        """Return True if a URL of `rule` whose values are this rule's defaults should redirect to this rule's URL."""
        return bool(
            not self.build_only
            and self.defaults
            and self.endpoint == rule.endpoint
            and self != rule
            and self.arguments == rule.arguments
        )

    def suitable_for(self, values: Mapping[str, Any], method: str | None = None) -> bool:  # Any: values of any type
        """Return True if the values are enough for a URL, contradict no default, and the method (if given) is taken."""
        if method is not None and self.methods is not None and method not in self.methods:
            return False
        defaults = self.defaults
        if not defaults:
            # PERF: a rule has few arguments; sets would be compared by way of Mapping.
            for name in self.arguments:  # noqa: SIM110 - a generator costs as much as the whole of this
                if name not in values:
                    return False
            return True
        if any(name not in values and name not in defaults for name in self.arguments):
            return False
        return all(name not in values or values[name] == value for name, value in defaults.items())

    def build_compare_key(self) -> tuple[int, int, int]:
        """Return the order in which the rules of an endpoint are tried: aliases last, more arguments first."""
        return (1 if self.alias else 0, -len(self.arguments), -len(self.defaults or ()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self._trace == other._trace

    __hash__ = None  # type: ignore[assignment]  # COMPAT: equal by pattern, which changes when the rule is bound

    def __str__(self) -> str:
        return self.rule

    def __repr__(self) -> str:
        name = type(self).__name__
        if self.map is None:
            return f"<{name} (unbound)>"
        text = "".join(f"<{text}>" if is_variable else text for is_variable, text in self._trace).lstrip("|")
        methods = "" if self.methods is None else f" ({', '.join(sorted(self.methods))})"
        return f"<{name} {text!r}{methods} -> {self.endpoint}>"


def _methods(methods: Iterable[str] | None, websocket: bool) -> set[str] | None:
    if methods is None:
        return None
    if isinstance(methods, str):
        raise TypeError("The methods of a rule are several: give a list, not a text.")
    taken = {method.upper() for method in methods}
    if "GET" in taken:
        taken.add("HEAD")
    if websocket and not taken <= _WEBSOCKET_METHODS:
        raise ValueError("A rule for WebSockets takes GET, HEAD and OPTIONS only.")
    return taken
