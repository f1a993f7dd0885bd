"""`record`: what `dataclass(frozen=True, slots=True)` makes of a class, made quickly.

PERF: that compiles six functions for each class. The forty classes of a process that serves took a fifth of its start. Here one
is compiled, `__init__`; the others are the same for all records. `fields`, `replace`, `asdict` of `dataclasses` work with them.

What is not here: options, `kw_only`, `InitVar`, and data classes that derive from a record; a record may derive from one.
Making a class is for the thread that imports; objects never change.
"""

import dataclasses
import inspect
from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, field
from operator import attrgetter
from typing import Any, ClassVar, Final, TypeVar, dataclass_transform, get_origin

T = TypeVar("T")

_FIELDS = "__dataclass_fields__"
# Undocumented; the functions of `dataclasses` know by it what is a field.
_KIND: Any = getattr(dataclasses, "_FIELD")  # noqa: B009 - the stubs do not have it


class _Unset:
    """The default of what is made anew for each object."""

    def __repr__(self) -> str:
        return "<factory>"


_UNSET: Final = _Unset()

_COMMON: dict[str, Any] = {}
"""What all records have. Any: methods of different signatures."""


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[T]) -> type[T]:
    """Return the class with a slot for each annotated name, which `__init__` sets and nothing changes.

    Equality and hash are of all fields (but those with `compare=False`) and of the very class. `__post_init__` is called.
    """
    inherited: dict[str, Field[Any]] = {}
    for base in reversed(cls.__mro__[1:]):
        inherited |= getattr(base, _FIELDS, {})
    own = {name: _field(cls, name, kind) for name, kind in _annotations(cls).items()}
    every = inherited | own
    compared = [name for name, each in every.items() if each.compare]
    body = {name: value for name, value in cls.__dict__.items() if name not in {*own, "__dict__", "__weakref__"}}
    body |= {name: method for name, method in _COMMON.items() if name not in body}
    body |= {
        _FIELDS: every,
        "__slots__": tuple(name for name in own if name not in inherited),
        "__match_args__": tuple(every),
        # Two names at least: `attrgetter` gives a tuple then.
        "_compared": attrgetter("__class__", *(compared or ["__class__"])),
    }
    kind: Any = type(cls)  # Any: `ABCMeta`, say
    made: Any = kind(cls.__name__, cls.__bases__, body)  # Any: `__init__` is set
    made.__qualname__ = cls.__qualname__
    made.__init__ = _init(made, every)
    return made  # type: ignore[no-any-return]  # it is the same class, but for the slots


def _annotations(cls: type) -> dict[str, Any]:
    own: dict[str, Any] = inspect.get_annotations(cls)
    return {name: kind for name, kind in own.items() if kind is not ClassVar and get_origin(kind) is not ClassVar}


def _field(cls: type, name: str, kind: Any) -> "Field[Any]":
    """Return the field of an annotation."""
    default = cls.__dict__.get(name, MISSING)
    found: Any = default if isinstance(default, Field) else field(default=default)  # Any: what is private is set
    found.name, found.type, found._field_type = name, kind, _KIND
    return found  # type: ignore[no-any-return]  # see above


def _init(cls: type, every: "dict[str, Field[Any]]") -> Callable[..., None]:
    """Compile `__init__`: it sets each slot by its descriptor, as nobody else may."""
    scope: dict[str, Any] = {"_unset": _UNSET}
    parameters, lines = [], []
    for name, each in every.items():
        scope[f"_set_{name}"] = getattr(cls, name).__set__
        value = name
        if each.default is not MISSING:
            scope[f"_default_{name}"] = each.default
            parameters.append(f"{name}=_default_{name}")
        elif each.default_factory is not MISSING:
            scope[f"_make_{name}"] = each.default_factory
            parameters.append(f"{name}=_unset")
            value = f"_make_{name}() if {name} is _unset else {name}"
        else:
            parameters.append(name)
        lines.append(f"    _set_{name}(self, {value})\n")
    if hasattr(cls, "__post_init__"):
        lines.append("    self.__post_init__()\n")
    exec(f"def __init__(self, {', '.join(parameters)}):\n{''.join(lines) or '    pass'}", scope)  # noqa: S102 - of our own names
    made: Callable[..., None] = scope["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    made.__module__ = cls.__module__
    made.__annotations__ = {**{name: each.type for name, each in every.items()}, "return": None}
    return made


def _of_all(method: T) -> T:
    _COMMON[method.__name__] = method  # type: ignore[attr-defined]  # functions are what it is for
    return method


@_of_all
def __setattr__(self: Any, name: str, value: object) -> None:  # noqa: N807 - of the records
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


@_of_all
def __delattr__(self: Any, name: str) -> None:  # noqa: N807
    raise FrozenInstanceError(f"cannot delete field {name!r}")


@_of_all
def __eq__(self: Any, other: object) -> bool:  # noqa: N807
    compared = self._compared
    if other.__class__ is not self.__class__:
        return NotImplemented
    return bool(compared(self) == compared(other))


@_of_all
def __hash__(self: Any) -> int:  # noqa: N807
    return hash(self._compared(self))


@_of_all
def __repr__(self: Any) -> str:  # noqa: N807
    shown = (f"{name}={getattr(self, name)!r}" for name, each in self.__dataclass_fields__.items() if each.repr)
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


@_of_all
def __getstate__(self: Any) -> list[Any]:  # noqa: N807
    return [getattr(self, name) for name in self.__dataclass_fields__]


@_of_all
def __setstate__(self: Any, state: list[Any]) -> None:  # noqa: N807
    for name, value in zip(self.__dataclass_fields__, state, strict=True):
        object.__setattr__(self, name, value)
