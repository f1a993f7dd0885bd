"""Functions and objects, called step by step."""

import copy
import operator
import pickle
from typing import Any

from differential.plain import attempt, decode, make, plain


def call(lib, name, *arguments, **options):
    """A function of the library."""
    return attempt(make, lib, [name, list(arguments), options])


def call_with(lib, name, arguments, options):
    """A function of the library, with options."""
    return attempt(make, lib, [name, arguments, options])


def operate(lib, recipe, steps):
    """Make an object, do the steps, and tell the outcome of each and of the state at the end."""
    try:
        target = make(lib, recipe)
    except Exception as error:
        return {"made": plain(error)}
    outcomes = []
    for step in steps:
        outcome = attempt(_step, lib, target, *step)
        outcomes.append(outcome)
    return {"outcomes": outcomes, "state": plain(target)}


_OPERATORS: dict[str, Any] = {
    "item": operator.getitem,
    "setitem": operator.setitem,
    "delitem": operator.delitem,
    "in": operator.contains,
    "eq": operator.eq,
    "ne": operator.ne,
    "or": operator.or_,
    "ior": operator.ior,
    "len": len,
    "list": list,
    "bool": bool,
    "str": str,
    "repr": repr,
    "hash": lambda target: isinstance(hash(target), int),
    "copied": copy.copy,
    "deep": copy.deepcopy,
    "pickled": lambda target: pickle.loads(pickle.dumps(target)),
    "dict": dict,
    "get": getattr,
    "set": setattr,
    "call": lambda target, value: target(value),
    "reversed": lambda target: list(reversed(target)),
}


def _step(lib, target, kind, *arguments):
    """One step: an operator from the table, or a method with arguments and options."""
    if kind in _OPERATORS:
        return _OPERATORS[kind](target, *decode(lib, list(arguments)))
    positional, options = [*arguments, {}][:2] if arguments else ([], {})
    method = getattr(target, kind.removeprefix("."))
    return method(*decode(lib, positional), **{key: decode(lib, item) for key, item in options.items()})


def operate_on_parsed(lib, kind, text, steps):
    """What a header class makes of a text, then as `operate`."""
    target = getattr(lib, kind).from_header(text)
    return {"made": plain(target), "outcomes": [attempt(_step, lib, target, *step) for step in steps]}
