"""What `werkzeug.routing.converters` has, from its homes."""

from demijohn.routing import (
    AnyConverter,
    BaseConverter,
    FloatConverter,
    IntegerConverter,
    PathConverter,
    UnicodeConverter,
    UUIDConverter,
    ValidationError,
)
from demijohn.routing.converters import DEFAULT_CONVERTERS, NumberConverter
