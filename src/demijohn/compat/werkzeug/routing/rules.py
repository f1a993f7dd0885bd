"""What `werkzeug.routing.rules` has, from its homes."""

from demijohn.http.multidict_base import iter_multi_items
from demijohn.routing import (
    EndpointPrefix,
    Rule,
    RuleFactory,
    RuleTemplate,
    RuleTemplateFactory,
    Subdomain,
    Submount,
    ValidationError,
    parse_converter_args,
)
