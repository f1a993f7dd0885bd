"""URLs to endpoints and back: rules, the table, its matcher and its builder. Names are those of `werkzeug.routing`."""

from .adapter import MapAdapter
from .converters import (
    DEFAULT_CONVERTERS,
    AnyConverter,
    BaseConverter,
    FloatConverter,
    IntegerConverter,
    NumberConverter,
    PathConverter,
    UnicodeConverter,
    UUIDConverter,
    ValidationError,
)
from .factories import EndpointPrefix, RuleTemplate, RuleTemplateFactory, Subdomain, Submount
from .matcher import Matcher
from .outcomes import (
    BuildError,
    DuplicateRuleError,
    NoMatch,
    RedirectNeeded,
    RequestAliasRedirect,
    RequestPath,
    RequestRedirect,
    RoutingException,
    WebsocketMismatch,
)
from .pattern import parse_converter_args
from .rule import Rule, RuleFactory
from .table import Map

StateMachineMatcher = Matcher
"""COMPAT: Werkzeug's name. It is made of rules and not filled one by one."""

__all__ = [
    "DEFAULT_CONVERTERS",
    "AnyConverter",
    "BaseConverter",
    "BuildError",
    "DuplicateRuleError",
    "EndpointPrefix",
    "FloatConverter",
    "IntegerConverter",
    "Map",
    "MapAdapter",
    "Matcher",
    "NoMatch",
    "NumberConverter",
    "PathConverter",
    "RedirectNeeded",
    "RequestAliasRedirect",
    "RequestPath",
    "RequestRedirect",
    "RoutingException",
    "Rule",
    "RuleFactory",
    "RuleTemplate",
    "RuleTemplateFactory",
    "StateMachineMatcher",
    "Subdomain",
    "Submount",
    "UUIDConverter",
    "UnicodeConverter",
    "ValidationError",
    "WebsocketMismatch",
    "parse_converter_args",
]
