"""Binding arguments to the parameters of a function."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any


class ArgumentValidationError(ValueError):
    """Arguments do not fit: `missing` names, `extra` keywords, `extra_positional` values."""

    def __init__(self, missing: Any = None, extra: Any = None, extra_positional: Any = None) -> None:
        self.missing = set(missing or ())
        self.extra = extra or {}
        self.extra_positional = extra_positional or []
        super().__init__(f"function arguments invalid. ({len(self.missing)} missing, {len(self.extra)} additional)")


def bind_arguments(func: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return name -> value of all parameters, defaults included.

    Raises:
        ArgumentValidationError: they do not fit.
    """
    args, kwargs = validate_arguments(func, args, kwargs, drop_extra=False)
    bound = inspect.signature(func).bind(*args, **kwargs)
    bound.apply_defaults()
    return dict(bound.arguments)


def validate_arguments(
    func: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], drop_extra: bool = True
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return arguments to call `func` with; what it has no parameter for is left out, or with `drop_extra=False` refused.

    Raises:
        ArgumentValidationError: one is missing, or there are too many.
    """
    parameters = inspect.signature(func).parameters.values()
    plain = [each for each in parameters if each.kind in {each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD}]
    takes_more = any(each.kind is each.VAR_POSITIONAL for each in parameters)
    takes_keywords = any(each.kind is each.VAR_KEYWORD for each in parameters)
    named = dict(kwargs)
    values, missing = list(args[: len(plain)]), set()
    for each in plain[len(values) :]:
        if each.name in named:
            values.append(named.pop(each.name))
        elif each.default is not each.empty:
            values.append(each.default)
        else:
            missing.add(each.name)
    keyword_only = {each.name for each in parameters if each.kind is each.KEYWORD_ONLY}
    extra = {} if takes_keywords else {name: value for name, value in named.items() if name not in keyword_only}
    extra_positional = () if takes_more else args[len(plain) :]
    if missing or (not drop_extra and (extra or extra_positional)):
        raise ArgumentValidationError(missing, extra, extra_positional)
    rest = tuple(args[len(plain) :]) if takes_more else ()
    return (*values, *rest), {name: value for name, value in named.items() if name not in extra}
