"""Factories that change the rules of other factories: a prefix for the path, the endpoint or the subdomain, or a template.

They copy (`Rule.empty`); the rules they are given stay unbound.
"""

from collections.abc import Iterable, Iterator
from string import Template
from typing import Any

from .rule import Rule, RuleFactory


class Submount(RuleFactory):
    """Rules below a path: `Submount("/blog", [Rule("/", ...)])` has `/blog/`."""

    def __init__(self, path: str, rules: Iterable[RuleFactory]) -> None:
        self.path = path.rstrip("/")
        self.rules = rules

    def get_rules(self, map: Any) -> Iterator[Rule]:  # Any: see RuleFactory
        """Yield copies with the path in front."""
        for rule in _copies(self.rules, map):
            rule.rule = self.path + rule.rule
            yield rule


class Subdomain(RuleFactory):
    """Rules of a subdomain, which may be a pattern: `Subdomain("<user>", [...])`."""

    def __init__(self, subdomain: str, rules: Iterable[RuleFactory]) -> None:
        self.subdomain = subdomain
        self.rules = rules

    def get_rules(self, map: Any) -> Iterator[Rule]:  # Any: see RuleFactory
        """Yield copies with the subdomain."""
        for rule in _copies(self.rules, map):
            rule.subdomain = self.subdomain
            yield rule


class EndpointPrefix(RuleFactory):
    """Rules with something in front of their endpoints, which are text: `EndpointPrefix("blog/", [...])`."""

    def __init__(self, prefix: str, rules: Iterable[RuleFactory]) -> None:
        self.prefix = prefix
        self.rules = rules

    def get_rules(self, map: Any) -> Iterator[Rule]:  # Any: see RuleFactory
        """Yield copies with the prefix."""
        for rule in _copies(self.rules, map):
            rule.endpoint = self.prefix + rule.endpoint
            yield rule


def _copies(factories: Iterable[RuleFactory], map: Any) -> Iterator[Rule]:  # Any: see RuleFactory
    for factory in factories:
        for rule in factory.get_rules(map):
            yield rule.empty()


class RuleTemplate:
    """Rules with `$name` in their path, endpoint, defaults, subdomain or host; a call gives a factory with them filled in.

    `RuleTemplate([Rule("/$name/", endpoint="$name.list")])(name="user")`
    """

    def __init__(self, rules: Iterable[RuleFactory]) -> None:
        self.rules = list(rules)

    def __call__(self, *args: Any, **kwargs: Any) -> "RuleTemplateFactory":  # Any: whatever dict() takes
        """Return the factory for these values."""
        return RuleTemplateFactory(self.rules, dict(*args, **kwargs))


class RuleTemplateFactory(RuleFactory):
    """Made by calling a `RuleTemplate`."""

    def __init__(self, rules: Iterable[RuleFactory], context: dict[str, Any]) -> None:  # Any: rendered as text
        self.rules = rules
        self.context = context

    def get_rules(self, map: Any) -> Iterator[Rule]:  # Any: see RuleFactory
        """Yield copies with the texts filled in.

        Raises:
            KeyError: the context lacks a name.
        """
        for rule in _copies(self.rules, map):
            rule.rule = self._fill(rule.rule)
            rule.endpoint = self._fill(rule.endpoint)
            rule.subdomain = self._fill(rule.subdomain)
            rule.host = self._fill(rule.host)
            if rule.defaults:
                rule.defaults = {name: self._fill(value) for name, value in rule.defaults.items()}
            yield rule

    def _fill(self, value: Any) -> Any:  # Any: only texts are templates
        return Template(value).substitute(self.context) if isinstance(value, str) else value
