"""Converters: from the text of one variable of a rule to a Python value, and back.

Each instance belongs to one variable of one rule. It is made when the rule is bound and only read afterwards, so `to_python`
and `to_url` may run in many threads at once. How a variable is *written* in a rule is the business of `pattern`.
"""

import re
from typing import TYPE_CHECKING, Any, Final

from demijohn.http.urls import quote_text

if TYPE_CHECKING:
    from uuid import UUID

# RFC: RFC 3986 §3.3, pchar, plus the slash: what may stand in a path unescaped.
PATH_SAFE: Final = "!$&'()*+,/:;=@"


class ValidationError(ValueError):
    """Raised by `to_python` when the text is no value of this kind: the URL is then not found.

    Raised by `to_url` it makes the builder try the next rule of the endpoint.
    """


class BaseConverter:
    """What all converters share; by itself any text of one path segment.

    A subclass sets `regex` (without anchors) and, where the text is not the value, `to_python` and `to_url`.
    `weight` orders rules: lower is tried first. `part_isolating` says that the text never has a slash in it; a class whose
    own `regex` has a slash gets False unless it says otherwise.
    """

    regex: str = "[^/]+"
    weight: int = 100
    part_isolating: bool = True

    def __init_subclass__(cls, **kwargs: Any) -> None:  # Any: passed on
        super().__init_subclass__(**kwargs)
        regex = cls.__dict__.get("regex")
        # A regex that each instance makes (a property) cannot be looked into here.
        if isinstance(regex, str) and "part_isolating" not in cls.__dict__:
            cls.part_isolating = "/" not in regex

    def __init__(
        self, map: Any, *args: Any, **kwargs: Any
    ) -> None:  # Any: the Map is above this file; the rule gives the rest
        self.map = map

    def to_python(self, value: str) -> Any:  # Any: each converter has its own type
        """Return the value of a matched text.

        Raises:
            ValidationError: there is none; the answer is 404.
        """
        return value

    def to_url(self, value: Any) -> str:  # Any: see to_python
        """Return the text of a value, percent-encoded for a path."""
        text = str(value)
        # PERF: most values are words and numbers; `quote` costs five Python calls.
        if text.isalnum() and text.isascii():
            return text
        return quote_text(text, PATH_SAFE)


class UnicodeConverter(BaseConverter):
    """The default: text of one segment, `<name>` or `<string(minlength=1, maxlength=None, length=None):name>`."""

    def __init__(self, map: Any, minlength: int = 1, maxlength: int | None = None, length: int | None = None) -> None:
        super().__init__(map)
        if length is not None:
            count = f"{{{int(length)}}}"
        else:
            count = f"{{{int(minlength)},{'' if maxlength is None else int(maxlength)}}}"
        self.regex = f"[^/]{count}"


class AnyConverter(BaseConverter):
    """One of a list of texts: `<any(about, help, "foo,bar"):page>`."""

    def __init__(self, map: Any, *items: str | float) -> None:
        super().__init__(map)
        texts = [str(item) for item in items]
        self.items = set(texts)
        self.regex = f"(?:{'|'.join(re.escape(text) for text in texts)})"

    def to_url(self, value: Any) -> str:  # Any: see BaseConverter
        """Return the text of an item, percent-encoded.

        Raises:
            ValueError: it is none of the items.
        """
        if str(value) in self.items:
            return super().to_url(value)
        valid = ", ".join(f"'{item}'" for item in sorted(self.items))
        raise ValueError(f"'{value}' is not one of {valid}")


class PathConverter(BaseConverter):
    """Text that may have slashes in it, but not in front: `<path:page>`. Tried after all others."""

    part_isolating = False
    regex = "[^/].*?"
    weight = 200


class NumberConverter(BaseConverter):
    """What `int` and `float` share: limits, signs, and digits enough."""

    weight = 50
    num_convert: Any = int  # Any: text or number to number; a class, so that it does not become a method

    def __init__(
        self,
        map: Any,  # Any: see BaseConverter
        fixed_digits: int = 0,
        min: float | None = None,
        max: float | None = None,
        signed: bool = False,
    ) -> None:
        if signed:
            self.regex = self.signed_regex
        super().__init__(map)
        self.fixed_digits = fixed_digits
        self.min = min
        self.max = max
        self.signed = signed

    @property
    def signed_regex(self) -> str:
        """The regex with an optional minus sign."""
        return f"-?{self.regex}"

    def to_python(self, value: str) -> Any:  # Any: see BaseConverter
        """Return the number.

        Raises:
            ValidationError: too short, outside of the limits, or more digits than Python converts (CPU time is an attack).
        """
        if self.fixed_digits and len(value) != self.fixed_digits:
            raise ValidationError
        try:
            number = self.num_convert(value)
        except ValueError:
            # SECURITY: beyond sys.get_int_max_str_digits(): there is no such page, rather than an error of the server.
            raise ValidationError from None
        if (self.min is not None and number < self.min) or (self.max is not None and number > self.max):
            raise ValidationError
        return number

    def to_url(self, value: Any) -> str:  # Any: see BaseConverter
        """Return the number as text, with leading zeros up to `fixed_digits`."""
        text = str(self.num_convert(value))
        return text.zfill(self.fixed_digits) if self.fixed_digits else text


class IntegerConverter(NumberConverter):
    """Whole numbers: `<int:page>`, `<int(fixed_digits=4, min=1, max=9, signed=True):page>`."""

    regex = r"\d+"


class FloatConverter(NumberConverter):
    """Decimal fractions with a point: `<float:ratio>`, `<float(min=0.5, max=1.5, signed=True):ratio>`."""

    regex = r"\d+\.\d+"
    num_convert = float

    def __init__(
        self,
        map: Any,  # Any: see BaseConverter
        min: float | None = None,
        max: float | None = None,
        signed: bool = False,
    ) -> None:
        super().__init__(map, min=min, max=max, signed=signed)


class UUIDConverter(BaseConverter):
    """UUIDs in their 8-4-4-4-12 form, either case: `<uuid:identifier>`."""

    regex = "[A-Fa-f0-9]{8}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{12}"

    def to_python(self, value: str) -> "UUID":
        """Return the UUID."""
        from uuid import UUID  # PERF: much comes with it

        return UUID(value)

    def to_url(self, value: Any) -> str:  # Any: COMPAT: a text is taken as well
        """Return the UUID as text."""
        return str(value)


DEFAULT_CONVERTERS: Final[dict[str, type[BaseConverter]]] = {
    "default": UnicodeConverter,
    "string": UnicodeConverter,
    "any": AnyConverter,
    "path": PathConverter,
    "int": IntegerConverter,
    "float": FloatConverter,
    "uuid": UUIDConverter,
}
"""The converters every `Map` starts with; `default` is the one of a bare `<name>`."""
