"""Describe the public names of modules as JSON: `python describe.py module...`. Runs in any environment; imports nothing else.

Of each module: its own public functions, classes and constants; of each class its public members; of what can be called the
parameters, each as name, kind and default.
"""

import importlib
import inspect
import io
import json
import sys
import typing

NO_MEMORY_ADDRESS = " at 0x"


def parameters(function):
    """The parameters of a function or class; None if Python cannot say."""
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    return [
        [each.name, each.kind.name, None if each.default is each.empty else default(each.default)] for each in found
    ]


def default(value):
    """A default that means the same on both sides looks the same."""
    if isinstance(value, type) or callable(value):
        return value.__name__
    if isinstance(value, io.TextIOBase):
        return "a stream"  # sys.stdout, which pytest has replaced
    # Each library has a marker of its own for "not given".
    marks = ("no value", "<missing>", "Sentinel.MISSING", "<Sentinel.MISSING", "<object object")
    return "not given" if repr(value).startswith(marks) else repr(value).partition(NO_MEMORY_ADDRESS)[0]


def members(cls):
    """The public members of a class, those of Python's own base classes too."""
    found = {}
    for name in dir(cls):
        if not name.startswith("_"):
            member = inspect.getattr_static(cls, name)
            bound = getattr(cls, name) if isinstance(member, staticmethod | classmethod) else member
            found[name] = parameters(bound) if callable(bound) and not isinstance(bound, type) else None
    return found


def describe_module(module_name):
    """The public names that a module defines or, being a package, offers."""
    module = importlib.import_module(module_name)
    found = {}
    for name, value in vars(module).items():
        home = getattr(value, "__module__", None)
        if name.startswith("_") or inspect.ismodule(value) or isinstance(value, typing.TypeVar):
            continue
        if home is None:
            is_own = not callable(value)  # a constant
        elif hasattr(module, "__path__"):
            is_own = home.startswith(module_name.partition(".")[0] + ".")
        else:
            is_own = home == module_name or home.startswith(module_name + ".")
        if is_own:
            found[name] = describe(value)
    found.pop("annotations", None)
    return found


def describe(value):
    """What a name stands for."""
    return {
        "is_callable": callable(value),
        "parameters": parameters(value) if callable(value) else None,
        "members": members(value) if isinstance(value, type) else {},
    }


if __name__ == "__main__":
    json.dump({name: describe_module(name) for name in sys.argv[1:]}, sys.stdout)
